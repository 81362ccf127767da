import json
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_field
from rest_framework import mixins, serializers, status
from rest_framework.decorators import action
from rest_framework.response import Response

from apps.assessments import actions, reading
from apps.assessments.comparing import compare
from apps.assessments.filters import AssessmentFilter, PortfolioFilter
from apps.assessments.framework import VERDICT_CHOICES
from apps.assessments.models import Answer, Assessment, FrameworkVersion, Readiness
from apps.assessments.reading import Reading
from apps.assessments.waived import with_waivers
from apps.core.api.views import ApiView, ReadView
from apps.core.errors import NotFound
from apps.people.rule_api import RULE_FIELDS, NothingSerializer, RuleViewSet, described
from apps.usecases.models import UseCase


class FrameworkSerializer(serializers.ModelSerializer[FrameworkVersion]):
    class Meta:
        model = FrameworkVersion
        fields = RULE_FIELDS
        read_only_fields = RULE_FIELDS


@described(FrameworkSerializer)
class FrameworkViewSet(RuleViewSet):
    """Versions of readiness frameworks. Proposed by one governance lead, published by another."""

    model = FrameworkVersion
    queryset = FrameworkVersion.objects.all()
    serializer_class = FrameworkSerializer
    propose = staticmethod(actions.propose_framework)
    publish = staticmethod(actions.publish_framework)
    withdraw = staticmethod(actions.withdraw_framework)


class AssessmentSerializer(serializers.ModelSerializer[Assessment]):
    snapshot = serializers.SerializerMethodField(  # type: ignore[assignment]
        help_text="What was submitted; null while it is open."
    )

    class Meta:
        model = Assessment
        fields = [
            "id", "use_case", "framework", "number", "state", "started_by", "reopened_from", "submitted_by",
            "submitted_at", "digest", "signed_by", "signed_at", "signature", "snapshot", "created_at",
        ]  # fmt: skip
        read_only_fields = fields

    @extend_schema_field({"type": ["object", "null"], "additionalProperties": True})
    def get_snapshot(self, assessment: Assessment) -> dict[str, Any] | None:
        return json.loads(assessment.snapshot) if assessment.snapshot else None


class NewAssessmentSerializer(serializers.Serializer[Any]):
    use_case = serializers.PrimaryKeyRelatedField(queryset=UseCase.objects.all())

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        request = self.context.get("request")
        if request is not None and request.user.is_authenticated:
            self.fields["use_case"].queryset = UseCase.objects.visible_to(request.user)  # type: ignore[attr-defined]


class EvidenceSerializer(serializers.Serializer[Any]):
    type = serializers.CharField()
    id = serializers.UUIDField()
    title = serializers.CharField()
    digest = serializers.CharField(allow_blank=True)


class AnswerSerializer(serializers.ModelSerializer[Answer]):
    evidence = EvidenceSerializer(many=True, read_only=True)

    class Meta:
        model = Answer
        fields = ["id", "question", "revision", "level", "comment", "evidence", "by", "by_name", "answered_at"]
        read_only_fields = fields


class NewAnswerSerializer(serializers.Serializer[Any]):
    question = serializers.CharField(max_length=60)
    level = serializers.ChoiceField(choices=Answer.Level.choices)
    revision = serializers.IntegerField(
        min_value=0, max_value=2**31 - 2, help_text="Of the answer that was read; 0 when there was none."
    )
    comment = serializers.CharField(max_length=2000, required=False, default="", allow_blank=True)
    evidence = serializers.ListField(
        child=serializers.UUIDField(), required=False, default=list, help_text="Documents on the use case."
    )
    link = serializers.CharField(max_length=500, required=False, default="", allow_blank=True)


class JudgedSerializer(serializers.Serializer[Any]):
    question = serializers.CharField()
    dimension = serializers.CharField()
    claimed = serializers.CharField(allow_null=True)
    proven = serializers.CharField(allow_null=True)
    counts = serializers.CharField()
    because = serializers.CharField()
    why = serializers.CharField()
    allows = serializers.ChoiceField(choices=VERDICT_CHOICES)
    contradicted = serializers.BooleanField()


class VerdictSerializer(serializers.Serializer[Any]):
    verdict = serializers.ChoiceField(choices=VERDICT_CHOICES)
    dimensions = serializers.DictField(child=serializers.CharField())
    reasons = serializers.ListField(child=serializers.CharField(), help_text="Questions that hold it down, in order.")
    next_step = serializers.CharField(allow_null=True)
    questions = JudgedSerializer(many=True)


class FitSerializer(serializers.Serializer[Any]):
    revision = serializers.IntegerField(min_value=0, max_value=2**31 - 2)
    values = serializers.DictField(child=serializers.CharField())
    recommended = serializers.CharField(read_only=True, allow_null=True)
    reasons = serializers.DictField(read_only=True, help_text="By option: the rules for and against it.")


class SignatureSerializer(serializers.Serializer[Any]):
    digest = serializers.CharField(max_length=71)
    confirmation = serializers.UUIDField(required=False, allow_null=True, default=None)


class ReopeningSerializer(serializers.Serializer[Any]):
    reason = serializers.CharField(max_length=500)


class ComparisonSerializer(serializers.Serializer[Any]):
    earlier = serializers.CharField()
    later = serializers.CharField()
    changed = serializers.ListField(child=serializers.CharField())
    same = serializers.ListField(child=serializers.CharField())


def verdict_of(found: Reading) -> dict[str, Any]:
    verdict = found.verdict
    return {
        "verdict": verdict.level,
        "dimensions": dict(verdict.dimensions),
        "reasons": [row.question.id for row in verdict.reasons],
        "next_step": verdict.next_step.question.id if verdict.next_step else None,
        "questions": [
            {
                "question": row.question.id,
                "dimension": row.question.dimension,
                "claimed": row.standing.claim,
                "proven": row.standing.proven,
                "counts": row.level,
                "because": row.cause,
                "why": reading.why(row),
                "allows": row.cap,
                "contradicted": row.is_contradicted,
            }
            for row in verdict.judged
        ],
    }


def fit_of(found: Reading) -> dict[str, Any]:
    best, statement = found.recommendation.best, found.statement
    return {
        "revision": statement.revision if statement else 0,
        "values": statement.values if statement else {},
        "recommended": best.option.id if best else None,
        "reasons": {
            row.option.id: {
                "for": [rule.because for rule in row.speaks_for],
                "against": [rule.because for rule in row.against],
            }
            for row in found.recommendation.options
        },
    }


class AssessmentViewSet(ReadView):
    """Assessments of use cases: answered question by question, submitted, signed, compared, reopened."""

    model = Assessment
    serializer_class = AssessmentSerializer
    filterset_class = AssessmentFilter

    def required_scope(self, request: Any) -> str:
        return "sign" if self.action == "signatures" else "write"

    def get_queryset(self) -> QuerySet[Assessment]:
        rows: QuerySet[Assessment] = super().get_queryset().select_related("framework", "use_case__team")
        return rows

    def _data(self, serializer_class: Any) -> dict[str, Any]:
        serializer = serializer_class(data=self.request.data, context=self.get_serializer_context())
        serializer.is_valid(raise_exception=True)
        data: dict[str, Any] = dict(serializer.validated_data)
        return data

    def _answer(self, assessment: Assessment) -> Response:
        return Response(AssessmentSerializer(assessment).data, status=status.HTTP_201_CREATED)

    @extend_schema(request=NewAssessmentSerializer, responses={201: AssessmentSerializer})
    def create(self, request: Any) -> Response:
        """Start an assessment under the newest published framework."""
        return self._answer(actions.start(self._data(NewAssessmentSerializer)["use_case"], by=request.user))

    @extend_schema(methods=["GET"], responses=AnswerSerializer(many=True), filters=False)
    @extend_schema(methods=["POST"], request=NewAnswerSerializer, responses={201: AnswerSerializer}, filters=False)
    @action(detail=True, methods=["get", "post"], filterset_class=None, pagination_class=None)
    def answers(self, request: Any, pk: str) -> Response:
        """List the newest claim on each question, or answer one: 409 when somebody else did in the meantime."""
        assessment = self.get_object()
        if request.method == "GET":
            return Response(AnswerSerializer(list(reading.newest_answers(assessment).values()), many=True).data)
        data = self._data(NewAnswerSerializer)
        chosen = data.pop("evidence")
        row = actions.answer(
            assessment, data.pop("question"), data.pop("level"), by=request.user, evidence_ids=chosen, **data
        )
        return Response(AnswerSerializer(row).data, status=status.HTTP_201_CREATED)

    @extend_schema(responses=VerdictSerializer)
    @action(detail=True, methods=["get"])
    def verdict(self, request: Any, pk: str) -> Response:
        """Return the verdict as of now, each question as claimed, proven and counted."""
        return Response(verdict_of(reading.read(self.get_object())))

    @extend_schema(methods=["GET"], responses=FitSerializer, filters=False)
    @extend_schema(methods=["POST"], request=FitSerializer, responses={201: FitSerializer}, filters=False)
    @action(detail=True, methods=["get", "post"], filterset_class=None, pagination_class=None)
    def fit(self, request: Any, pk: str) -> Response:
        """Read what the use-case fit recommends and why, or describe the task."""
        assessment = self.get_object()
        if request.method == "GET":
            return Response(fit_of(reading.read(assessment)))
        data = self._data(FitSerializer)
        actions.state_fit(assessment, data["values"], by=request.user, revision=data["revision"])
        return Response(fit_of(reading.read(assessment)), status=status.HTTP_201_CREATED)

    @extend_schema(request=NothingSerializer, responses={201: AssessmentSerializer})
    @action(detail=True, methods=["post"])
    def submissions(self, request: Any, pk: str) -> Response:
        """Close it with a snapshot; it does not change any more."""
        return self._answer(actions.submit(self.get_object(), by=request.user))

    @extend_schema(request=SignatureSerializer, responses={201: AssessmentSerializer})
    @action(detail=True, methods=["post"])
    def signatures(self, request: Any, pk: str) -> Response:
        """Sign what was submitted, as governance owner: scope ``sign`` and a fresh confirmation are needed."""
        data = self._data(SignatureSerializer)
        signed = actions.sign(
            self.get_object(), by=request.user, digest=data["digest"], confirmation_id=data["confirmation"]
        )
        return self._answer(signed)

    @extend_schema(request=ReopeningSerializer, responses={201: AssessmentSerializer})
    @action(detail=True, methods=["post"])
    def reopenings(self, request: Any, pk: str) -> Response:
        """Start the next one with these answers; this one stays as it is."""
        return self._answer(actions.reopen(self.get_object(), by=request.user, **self._data(ReopeningSerializer)))

    @extend_schema(
        parameters=[
            OpenApiParameter("with", str, description="Another assessment of the use case; without it the one before.")
        ],
        responses=ComparisonSerializer,
    )
    @action(detail=True, methods=["get"])
    def comparison(self, request: Any, pk: str) -> Response:
        """Return which questions changed between two assessments of one use case."""
        one = self.get_object()
        wanted = request.query_params.get("with", "")
        rows = self.get_queryset().filter(use_case=one.use_case_id).order_by("-number")
        before = next((row for row in rows if row.number < one.number), one)
        other = next((row for row in rows if str(row.pk) == wanted), None) if wanted else before
        if other is None:
            raise NotFound(_("There is no such assessment of this use case. Name one as ?with=."))
        earlier, later = sorted((one, other), key=lambda row: row.number)
        compared = compare(earlier, later)
        return Response(
            {
                "earlier": str(compared.earlier),
                "later": str(compared.later),
                "changed": [pair.id for pair in compared.changed],
                "same": [pair.id for pair in compared.same],
            }
        )


class ReadinessSerializer(serializers.ModelSerializer[Readiness]):
    class Meta:
        model = Readiness
        fields = ["assessment", "verdict", "dimensions", "blocking", "contradicted", "lapses_at", "computed_at"]
        read_only_fields = fields


class PortfolioSerializer(serializers.ModelSerializer[UseCase]):
    readiness = serializers.SerializerMethodField()
    waived = serializers.IntegerField(help_text="Requirements that are waived on the live gates of the use case.")

    class Meta:
        model = UseCase
        fields = ["id", "name", "team", "risk_tier", "phase", "readiness", "waived"]
        read_only_fields = fields

    @extend_schema_field(ReadinessSerializer(allow_null=True))
    def get_readiness(self, use_case: UseCase) -> dict[str, Any] | None:
        found = getattr(use_case, "readiness", None)
        return dict(ReadinessSerializer(found).data) if found is not None else None


class PortfolioViewSet(mixins.ListModelMixin, ApiView):
    """Every use case with its verdict by dimension, as the portfolio shows it."""

    model = UseCase
    serializer_class = PortfolioSerializer
    filterset_class = PortfolioFilter
    orderings = {"name": "name", "risk_tier": "risk_tier", "phase": "phase", "created": "id"}

    def get_queryset(self) -> QuerySet[UseCase]:
        rows: QuerySet[UseCase] = super().get_queryset().select_related("readiness")
        return with_waivers(rows)


def register(router: Any) -> None:
    """Add this app's resources to the API."""
    router.register("frameworks", FrameworkViewSet, basename="framework")
    router.register("assessments", AssessmentViewSet, basename="assessment")
    router.register("portfolio", PortfolioViewSet, basename="portfolio")
