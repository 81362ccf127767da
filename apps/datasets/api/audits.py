"""Sample audits over the API."""

from typing import Any

from django.db.models import Prefetch, QuerySet
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_field
from rest_framework import serializers, status
from rest_framework.decorators import action
from rest_framework.response import Response

from apps.core.api.pagination import CursorPages
from apps.core.api.views import ReadView
from apps.datasets import actions, auditing
from apps.datasets.actions.access import note_audit_seen
from apps.datasets.api.fields import NothingSerializer, only_seen
from apps.datasets.filters import AuditFilter, JudgedRowFilter
from apps.datasets.models import (
    Adjudication,
    AuditReviewer,
    DatasetVersion,
    Defect,
    Judgement,
    SampleAudit,
    SampledRow,
    Verdict,
)
from apps.datasets.models.audits import DECISIONS
from apps.datasets.views.findings import masked
from apps.people.models import User


class ReviewerSerializer(serializers.ModelSerializer[AuditReviewer]):
    class Meta:
        model = AuditReviewer
        fields = ["user", "is_author", "dismissed_at"]
        read_only_fields = fields


class SampleAuditSerializer(serializers.ModelSerializer[SampleAudit]):
    reviewers = ReviewerSerializer(many=True, read_only=True)

    class Meta:
        model = SampleAudit
        fields = [
            "id", "version", "number", "state", "confidence_percent", "margin_percent", "reviewers_per_row",
            "wanted_rows", "seed", "drawn_by", "created_at", "drawn_at", "job_id", "error", "by_label", "strata",
            "result", "conclusion", "ended_by", "ended_at", "reviewers",
        ]  # fmt: skip
        read_only_fields = fields


class ProgressSerializer(serializers.Serializer[Any]):
    rows = serializers.IntegerField()
    open = serializers.IntegerField()
    disputed = serializers.IntegerField()
    decided = serializers.IntegerField()


class OneAuditSerializer(SampleAuditSerializer):
    progress = serializers.SerializerMethodField()

    class Meta(SampleAuditSerializer.Meta):
        fields = [*SampleAuditSerializer.Meta.fields, "progress"]
        read_only_fields = fields

    @extend_schema_field(ProgressSerializer)
    def get_progress(self, audit: SampleAudit) -> dict[str, Any]:
        found = auditing.progress(audit)
        return {"rows": found.rows, "open": found.open, "disputed": found.disputed, "decided": found.decided}


class NewAuditSerializer(serializers.Serializer[Any]):
    version = serializers.PrimaryKeyRelatedField(queryset=DatasetVersion.objects.all())
    reviewers = serializers.ListField(child=serializers.UUIDField(), max_length=100)
    confidence_percent = serializers.ChoiceField(choices=SampleAudit.Confidence.choices, default=95)
    margin_percent = serializers.FloatField(min_value=0.1, max_value=30, default=5.0)
    reviewers_per_row = serializers.IntegerField(min_value=1, max_value=2, default=1)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        only_seen(self, "version", DatasetVersion)


class InvitationSerializer(serializers.Serializer[Any]):
    reviewers = serializers.ListField(child=serializers.UUIDField(), min_length=1, max_length=100)


class DismissalSerializer(serializers.Serializer[Any]):
    reviewer = serializers.UUIDField()


class NewJudgementSerializer(serializers.Serializer[Any]):
    row = serializers.IntegerField(min_value=1, max_value=2**31 - 1)
    verdict = serializers.ChoiceField(choices=Verdict.choices)
    defect = serializers.ChoiceField(choices=Defect.choices, required=False, default="", allow_blank=True)
    note = serializers.CharField(max_length=1000, required=False, default="", allow_blank=True)


class JudgementSerializer(serializers.ModelSerializer[Judgement]):
    row = serializers.IntegerField(source="sampled_row.position", read_only=True)

    class Meta:
        model = Judgement
        fields = ["row", "reviewer", "verdict", "defect", "note", "judged_at"]
        read_only_fields = fields


class NewAdjudicationSerializer(serializers.Serializer[Any]):
    row = serializers.IntegerField(min_value=1, max_value=2**31 - 1)
    verdict = serializers.ChoiceField(choices=DECISIONS)
    defect = serializers.ChoiceField(choices=Defect.choices, required=False, default="", allow_blank=True)
    note = serializers.CharField(max_length=1000)


class AdjudicationSerializer(serializers.ModelSerializer[Adjudication]):
    row = serializers.IntegerField(source="sampled_row.position", read_only=True)

    class Meta:
        model = Adjudication
        fields = ["row", "by", "verdict", "defect", "note", "decided_at"]
        read_only_fields = fields


class ConclusionSerializer(serializers.Serializer[Any]):
    conclusion = serializers.CharField(max_length=2000)


class AuditReasonSerializer(serializers.Serializer[Any]):
    reason = serializers.CharField(max_length=1000)


class SampledRowSerializer(serializers.ModelSerializer[SampledRow]):
    """A drawn row, its texts masked. Until the audit has ended only its lead sees what others said of it."""

    text = serializers.SerializerMethodField(help_text="Masked; empty once erased.")
    answer = serializers.SerializerMethodField(help_text="Masked; empty once erased.")
    others = serializers.SerializerMethodField(help_text="Other columns, masked.")
    outcome = serializers.SerializerMethodField(help_text="open, disputed, good, defective; empty while unknown to you")
    judgements = JudgementSerializer(many=True, read_only=True, source="seen_judgements")
    adjudication = serializers.SerializerMethodField()

    class Meta:
        model = SampledRow
        fields = [
            "position", "split", "label", "file_name", "row", "digest", "text", "answer", "others", "outcome",
            "judgements", "adjudication",
        ]  # fmt: skip
        read_only_fields = fields

    def get_text(self, row: SampledRow) -> str:
        content = getattr(row, "content", None)
        return masked(content.text) if content is not None else ""

    def get_answer(self, row: SampledRow) -> str:
        content = getattr(row, "content", None)
        return masked(content.answer) if content is not None else ""

    @extend_schema_field(serializers.DictField(child=serializers.CharField()))
    def get_others(self, row: SampledRow) -> dict[str, str]:
        content = getattr(row, "content", None)
        return {name: masked(text) for name, text in content.others.items()} if content is not None else {}

    def get_outcome(self, row: Any) -> str:
        return str(row.outcome) if self.context.get("knows") else ""

    @extend_schema_field(AdjudicationSerializer(allow_null=True))
    def get_adjudication(self, row: SampledRow) -> Any:
        decision = getattr(row, "adjudication", None) if self.context.get("knows") else None
        return AdjudicationSerializer(decision).data if decision is not None else None

    def to_representation(self, instance: Any) -> Any:
        found = super().to_representation(instance)
        return {**found, "label": masked(found["label"])}


class RowPages(CursorPages):
    """Pages in the order of the sample."""

    def get_ordering(self, request: Any, queryset: Any, view: Any) -> tuple[str, ...]:
        return ("position",)


class SampleAuditViewSet(ReadView):
    """Random samples of versions' rows, judged by people."""

    model = SampleAudit
    serializer_class = SampleAuditSerializer
    filterset_class = AuditFilter
    orderings = {"number": "number", "ended": "ended_at", "created": "id"}

    def get_queryset(self) -> QuerySet[SampleAudit]:
        rows: QuerySet[SampleAudit] = super().get_queryset()
        return rows.select_related("version__dataset__use_case__team").prefetch_related("reviewers")

    def get_serializer_class(self) -> Any:
        return OneAuditSerializer if self.action == "retrieve" else SampleAuditSerializer

    def _data(self, kind: type[serializers.Serializer[Any]]) -> dict[str, Any]:
        serializer = kind(data=self.request.data, context=self.get_serializer_context())
        serializer.is_valid(raise_exception=True)
        return dict(serializer.validated_data)

    def _answer(self, code: int = status.HTTP_201_CREATED) -> Response:
        return Response(OneAuditSerializer(self.get_object()).data, status=code)

    @extend_schema(request=NewAuditSerializer, responses={202: SampleAuditSerializer})
    def create(self, request: Any) -> Response:
        """Draw a sample; ``job_id`` names the job that draws it."""
        data = self._data(NewAuditSerializer)
        reviewers = _people(data.pop("reviewers"))
        audit = actions.draw_sample(data.pop("version"), by=request.user, reviewers=reviewers, **data)
        return Response(SampleAuditSerializer(audit).data, status=status.HTTP_202_ACCEPTED)

    @extend_schema(
        responses=SampledRowSerializer(many=True),
        filters=False,
        parameters=[
            OpenApiParameter("outcome", str, enum=["open", "disputed", "good", "defective"]),
            OpenApiParameter("split", str, enum=["train", "validation", "test"]),
            OpenApiParameter("label", str),
        ],
    )
    @action(detail=True, methods=["get"], filterset_class=None, pagination_class=RowPages, url_path="rows")
    def sampled_rows(self, request: Any, pk: str) -> Response:
        """List the drawn rows in the order of the sample, masked; recorded once a person, audit and hour."""
        audit = self.get_object()
        knows = not audit.is_unfinished or auditing.leads(audit.version, request.user)
        own = Judgement.objects.select_related("sampled_row").order_by("judged_at")
        judgements = own if knows else own.filter(reviewer=request.user)
        rows = auditing.with_outcomes(SampledRow.objects.filter(audit=audit)).select_related("content", "adjudication")
        rows = rows.prefetch_related(Prefetch("judgements", judgements, to_attr="seen_judgements"))
        if knows:
            rows = JudgedRowFilter(request.query_params, queryset=rows, request=request).qs
        page = self.paginate_queryset(rows)
        if any(hasattr(row, "content") for row in page or []):
            note_audit_seen(audit, by=request.user)
        context = {**self.get_serializer_context(), "knows": knows}
        return self.get_paginated_response(SampledRowSerializer(page, many=True, context=context).data)

    @extend_schema(request=NothingSerializer, responses={202: OneAuditSerializer})
    @action(detail=True, methods=["post"])
    def draws(self, request: Any, pk: str) -> Response:
        """Draw again what could not be drawn, from the same seed."""
        actions.draw_again(self.get_object(), by=request.user)
        return self._answer(status.HTTP_202_ACCEPTED)

    @extend_schema(request=NothingSerializer, responses={201: OneAuditSerializer})
    @action(detail=True, methods=["post"], url_path="draw-stops")
    def draw_stops(self, request: Any, pk: str) -> Response:
        """Stop the draw that runs; refused when none does."""
        actions.cancel_draw(self.get_object(), by=request.user)
        return self._answer()

    @extend_schema(request=InvitationSerializer, responses={201: OneAuditSerializer})
    @action(detail=True, methods=["post"])
    def reviewers(self, request: Any, pk: str) -> Response:
        audit = self.get_object()
        people = _people(self._data(InvitationSerializer)["reviewers"])
        actions.invite_reviewers(audit, people, by=request.user)
        return self._answer()

    @extend_schema(request=DismissalSerializer, responses={201: OneAuditSerializer})
    @action(detail=True, methods=["post"])
    def dismissals(self, request: Any, pk: str) -> Response:
        audit = self.get_object()
        people = _people([self._data(DismissalSerializer)["reviewer"]])
        actions.dismiss_reviewer(audit, people[0], by=request.user)
        return self._answer()

    @extend_schema(request=NewJudgementSerializer, responses={201: JudgementSerializer})
    @action(detail=True, methods=["post"])
    def judgements(self, request: Any, pk: str) -> Response:
        """Judge one row as an invited reviewer; again for the same row changes the judgement."""
        data = self._data(NewJudgementSerializer)
        judgement = actions.judge(self.get_object(), data.pop("row"), by=request.user, **data)
        return Response(JudgementSerializer(judgement).data, status=status.HTTP_201_CREATED)

    @extend_schema(request=NewAdjudicationSerializer, responses={201: AdjudicationSerializer})
    @action(detail=True, methods=["post"])
    def adjudications(self, request: Any, pk: str) -> Response:
        """Decide one row on which reviewers differ, as review lead."""
        data = self._data(NewAdjudicationSerializer)
        decision = actions.adjudicate(self.get_object(), data.pop("row"), by=request.user, **data)
        return Response(AdjudicationSerializer(decision).data, status=status.HTTP_201_CREATED)

    @extend_schema(request=ConclusionSerializer, responses={201: OneAuditSerializer})
    @action(detail=True, methods=["post"])
    def closures(self, request: Any, pk: str) -> Response:
        actions.close_audit(self.get_object(), by=request.user, **self._data(ConclusionSerializer))
        return self._answer()

    @extend_schema(request=AuditReasonSerializer, responses={201: OneAuditSerializer})
    @action(detail=True, methods=["post"])
    def withdrawals(self, request: Any, pk: str) -> Response:
        actions.withdraw_audit(self.get_object(), by=request.user, **self._data(AuditReasonSerializer))
        return self._answer()

    @extend_schema(request=AuditReasonSerializer, responses={201: OneAuditSerializer})
    @action(detail=True, methods=["post"])
    def erasures(self, request: Any, pk: str) -> Response:
        """Erase the sampled texts of an ended audit; places, digests and verdicts stay."""
        actions.erase_texts(self.get_object(), by=request.user, **self._data(AuditReasonSerializer))
        return self._answer()


def _people(ids: list[Any]) -> list[User]:
    """Return the users; one that there is not is left to the action, which refuses whoever is not of the team."""
    found = {user.pk: user for user in User.objects.filter(pk__in=ids)}
    return [found.get(pk) or User(pk=pk) for pk in ids]
