"""How sign-offs, conditions, waivers and threads read over the API, and what each act takes."""

from typing import Any, cast

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from apps.core.clock import today
from apps.gates import conditions
from apps.gates.actions import Terms
from apps.gates.models import Comment, Condition, Fulfilment, SignOff, Thread, Waiver

CONFIRMATION = "From `POST me/confirmations/`; ten minutes, one use."


class ConfirmedSerializer(serializers.Serializer[Any]):
    confirmation = serializers.UUIDField(required=False, allow_null=True, default=None, help_text=CONFIRMATION)


class FulfilmentSerializer(serializers.ModelSerializer[Fulfilment]):
    is_accepted = serializers.SerializerMethodField()
    answer_comment = serializers.SerializerMethodField()

    class Meta:
        model = Fulfilment
        fields = ["id", "by", "by_name", "note", "recorded_at", "is_accepted", "answer_comment"]
        read_only_fields = fields

    def get_is_accepted(self, row: Fulfilment) -> bool | None:
        return row.answer.is_accepted if hasattr(row, "answer") else None

    def get_answer_comment(self, row: Fulfilment) -> str:
        return row.answer.comment if hasattr(row, "answer") else ""


class ConditionSerializer(serializers.ModelSerializer[Condition]):
    gate = serializers.UUIDField(source="sign_off.gate_id", read_only=True)
    standing = serializers.SerializerMethodField()
    fulfilments = FulfilmentSerializer(many=True, read_only=True)

    class Meta:
        model = Condition
        fields = ["id", "gate", "sign_off", "text", "due_on", "responsibility", "standing", "fulfilments"]
        read_only_fields = fields

    def get_standing(self, row: Condition) -> str:
        kept = cast(dict[str, Any], self.context)
        if "today" not in kept:
            kept["today"] = today()
        return str(conditions.standing(row, kept["today"]))


class SignOffSerializer(serializers.ModelSerializer[SignOff]):
    condition = serializers.SerializerMethodField()

    class Meta:
        model = SignOff
        fields = [
            "id", "gate", "by", "by_name", "responsibility", "stands_in_for", "verdict", "meaning", "comment",
            "condition", "dossier_digest", "dossier_revision", "confirmed_by", "signed_at",
        ]  # fmt: skip
        read_only_fields = fields

    @extend_schema_field(ConditionSerializer(allow_null=True))
    def get_condition(self, row: SignOff) -> Any:
        return ConditionSerializer(row.condition, context=self.context).data if hasattr(row, "condition") else None


class TermsSerializer(serializers.Serializer[Any]):
    text = serializers.CharField(max_length=1000)
    due_on = serializers.DateField()
    responsibility = serializers.CharField(max_length=40)


class NewSignOffSerializer(ConfirmedSerializer):
    responsibility = serializers.CharField(max_length=40)
    verdict = serializers.ChoiceField(choices=SignOff.Verdict.choices)
    dossier_digest = serializers.CharField(max_length=71)
    comment = serializers.CharField(max_length=4000, required=False, default="", allow_blank=True)
    condition = TermsSerializer(required=False, allow_null=True, default=None)
    requirement = serializers.CharField(
        max_length=45,
        required=False,
        default="",
        allow_blank=True,
        help_text="With a request for changes: the requirement at which a thread is opened.",
    )

    def validate_condition(self, value: dict[str, Any] | None) -> Terms | None:
        return Terms(**value) if value else None


class WaiverSerializer(serializers.ModelSerializer[Waiver]):
    is_revoked = serializers.SerializerMethodField()

    class Meta:
        model = Waiver
        fields = [
            "id", "gate", "requirement", "by", "by_name", "stands_in_for", "reason", "until", "dossier_digest",
            "confirmed_by", "waived_at", "is_revoked",
        ]  # fmt: skip
        read_only_fields = fields

    def get_is_revoked(self, row: Waiver) -> bool:
        return hasattr(row, "revocation")


class NewWaiverSerializer(ConfirmedSerializer):
    requirement = serializers.CharField(max_length=45)
    reason = serializers.CharField(max_length=1000)
    until = serializers.DateField()
    dossier_digest = serializers.CharField(max_length=71)


class CommentSerializer(serializers.ModelSerializer[Comment]):
    class Meta:
        model = Comment
        fields = ["id", "by", "by_name", "text", "said_at"]
        read_only_fields = fields


class ThreadSerializer(serializers.ModelSerializer[Thread]):
    is_resolved = serializers.SerializerMethodField()
    comments = CommentSerializer(many=True, read_only=True)

    class Meta:
        model = Thread
        fields = ["id", "gate", "requirement", "opened_by", "sign_off", "created_at", "is_resolved", "comments"]
        read_only_fields = fields

    def get_is_resolved(self, row: Thread) -> bool:
        return hasattr(row, "resolution")


class NewThreadSerializer(serializers.Serializer[Any]):
    requirement = serializers.CharField(max_length=45)
    text = serializers.CharField(max_length=4000)
