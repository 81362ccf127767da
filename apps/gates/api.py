import json
from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers, status
from rest_framework.decorators import action
from rest_framework.response import Response

from apps.core import subjects
from apps.core.api.views import ReadView
from apps.core.subjects import SubjectRef
from apps.evidence.api import DocumentSerializer
from apps.evidence.models import Document
from apps.gates import actions
from apps.gates.filters import GateFilter
from apps.gates.models import DossierSnapshot, Gate, PolicyVersion, SignOff
from apps.people.rule_api import RULE_FIELDS, RuleViewSet, described


class PolicySerializer(serializers.ModelSerializer[PolicyVersion]):
    class Meta:
        model = PolicyVersion
        fields = RULE_FIELDS
        read_only_fields = RULE_FIELDS


@described(PolicySerializer)
class PolicyViewSet(RuleViewSet):
    """Versions of gate policies. Proposed by one governance lead, published by another."""

    model = PolicyVersion
    queryset = PolicyVersion.objects.all()
    serializer_class = PolicySerializer
    propose = staticmethod(actions.propose_policy)
    publish = staticmethod(actions.publish_policy)
    withdraw = staticmethod(actions.withdraw_proposal)


class GateSerializer(serializers.ModelSerializer[Gate]):
    policy = serializers.SerializerMethodField()

    class Meta:
        model = Gate
        fields = [
            "id", "policy", "kind", "team", "subject_type", "subject_id", "subject_label", "state", "state_since",
            "blocked_by", "unmet", "revision", "dossier_digest", "opened_by", "created_at", "withdrawal_reason",
        ]  # fmt: skip
        read_only_fields = fields

    @extend_schema_field({"type": "object", "additionalProperties": True})
    def get_policy(self, gate: Gate) -> dict[str, Any]:
        version = gate.policy_version
        return {"id": str(version.pk), "kind": version.kind, "number": version.number, "title": version.title}


class OpenGateSerializer(serializers.Serializer[Any]):
    policy_kind = serializers.CharField(max_length=40)
    subject_type = serializers.CharField(max_length=40)
    subject_id = serializers.UUIDField()


class DossierSerializer(serializers.Serializer[Any]):
    digest = serializers.CharField()
    revision = serializers.IntegerField()
    dossier = serializers.JSONField(help_text="The canonical body (RFC 8785) whose SHA-256 is the digest.")


class SignOffSerializer(serializers.ModelSerializer[SignOff]):
    class Meta:
        model = SignOff
        fields = [
            "id", "gate", "by", "by_name", "responsibility", "stands_in_for", "verdict", "meaning", "comment",
            "dossier_digest", "dossier_revision", "confirmed_by", "signed_at",
        ]  # fmt: skip
        read_only_fields = fields


class NewSignOffSerializer(serializers.Serializer[Any]):
    responsibility = serializers.CharField(max_length=40)
    verdict = serializers.ChoiceField(choices=SignOff.Verdict.choices)
    dossier_digest = serializers.CharField(max_length=71)
    confirmation = serializers.UUIDField(
        required=False, allow_null=True, default=None, help_text="From `POST me/confirmations/`; ten minutes, one use."
    )
    comment = serializers.CharField(max_length=4000, required=False, default="", allow_blank=True)


class WithdrawalSerializer(serializers.Serializer[Any]):
    reason = serializers.CharField(max_length=500)


class GateViewSet(ReadView):
    """Gates: opened on a subject, read with their dossier, signed, withdrawn."""

    model = Gate
    serializer_class = GateSerializer
    filterset_class = GateFilter
    orderings = {"since": "state_since", "state": "state", "subject": "subject_label", "opened": "id"}

    def required_scope(self, request: Any) -> str:
        return "sign" if self.action == "sign_offs" else "write"

    def get_queryset(self) -> QuerySet[Gate]:
        rows: QuerySet[Gate] = super().get_queryset().select_related("policy_version", "team")
        return rows

    def _data(self, serializer_class: Any) -> dict[str, Any]:
        serializer = serializer_class(data=self.request.data)
        serializer.is_valid(raise_exception=True)
        data: dict[str, Any] = serializer.validated_data
        return data

    @extend_schema(request=OpenGateSerializer, responses={201: GateSerializer})
    def create(self, request: Any) -> Response:
        data = self._data(OpenGateSerializer)
        ref = SubjectRef.parse(data["subject_type"], data["subject_id"])
        subjects.get(ref, request.user)
        gate = actions.open_gate(data["policy_kind"], ref, by=request.user)
        return Response(GateSerializer(gate).data, status=status.HTTP_201_CREATED)

    @extend_schema(responses=DossierSerializer)
    @action(detail=True, methods=["get"])
    def dossier(self, request: Any, pk: str) -> Response:
        """Return what a signer sees, with the digest to sign."""
        gate = self.get_object()
        snapshot = DossierSnapshot.objects.get(gate=gate, digest=gate.dossier_digest)
        return Response(
            {"digest": snapshot.digest, "revision": snapshot.revision, "dossier": json.loads(snapshot.body)}
        )

    @extend_schema(responses=DocumentSerializer(many=True), filters=False)
    @action(detail=True, methods=["get"], filterset_class=None, pagination_class=None)
    def evidence(self, request: Any, pk: str) -> Response:
        """Return the standing documents on the gate's subject and on what it belongs to."""
        gate = self.get_object()
        refs = [ref for ref, _obj in subjects.chain(gate.subject)]
        rows = Document.objects.on(*refs).standing().select_related("withdrawal").order_by("id")
        return Response(DocumentSerializer(rows, many=True).data)

    @extend_schema(methods=["GET"], responses=SignOffSerializer(many=True), filters=False)
    @extend_schema(methods=["POST"], request=NewSignOffSerializer, responses={201: SignOffSerializer}, filters=False)
    @action(detail=True, methods=["get", "post"], url_path="sign-offs", filterset_class=None, pagination_class=None)
    def sign_offs(self, request: Any, pk: str) -> Response:
        """List the decisions on a gate, or sign: a token of scope ``sign`` and a fresh confirmation are needed."""
        gate = self.get_object()
        if request.method == "GET":
            return Response(SignOffSerializer(gate.sign_offs.order_by("id"), many=True).data)
        data = self._data(NewSignOffSerializer)
        row = actions.sign_off(gate, by=request.user, confirmation_id=data.pop("confirmation"), **data)
        return Response(SignOffSerializer(row).data, status=status.HTTP_201_CREATED)

    @extend_schema(request=WithdrawalSerializer, responses={201: GateSerializer})
    @action(detail=True, methods=["post"])
    def withdrawals(self, request: Any, pk: str) -> Response:
        data = self._data(WithdrawalSerializer)
        gate = actions.withdraw(self.get_object(), by=request.user, **data)
        return Response(GateSerializer(gate).data, status=status.HTTP_201_CREATED)


def register(router: Any) -> None:
    """Add this app's resources to the API."""
    router.register("policies", PolicyViewSet, basename="policy")
    router.register("gates", GateViewSet, basename="gate")
