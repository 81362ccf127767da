from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.decorators import action
from rest_framework.response import Response

from apps.core.api.views import ReadView
from apps.datasets.api.fields import only_seen
from apps.evaluations import actions
from apps.evaluations.api.findings import FailureSerializer, NewFailureSerializer
from apps.evaluations.api.reviews import NewReviewSerializer, ReviewSerializer
from apps.evaluations.filters import BaselineFilter, EvaluationRunFilter
from apps.evaluations.models import Baseline, EvaluationRun, RunFile
from apps.usecases.models import UseCase


class BaselineSerializer(serializers.ModelSerializer[Baseline]):
    configuration = serializers.DictField(read_only=True)

    class Meta:
        model = Baseline
        fields = [
            "id", "use_case", "name", "kind", "description", "model_name", "prompts", "configuration", "digest",
            "registered_by", "created_at",
        ]  # fmt: skip
        read_only_fields = fields


class NewBaselineSerializer(serializers.Serializer[Any]):
    use_case = serializers.PrimaryKeyRelatedField(queryset=UseCase.objects.all())
    name = serializers.CharField(max_length=120)
    kind = serializers.ChoiceField(choices=Baseline.Kind.choices)
    description = serializers.CharField(max_length=4000)
    model_name = serializers.CharField(max_length=200)
    prompts = serializers.CharField(max_length=60_000, required=False, default="", allow_blank=True)
    configuration = serializers.DictField(required=False, default=dict, help_text="A JSON object of at most 32 KiB.")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        only_seen(self, "use_case", UseCase)


class BaselineViewSet(ReadView):
    """What use cases have without tuning: immutable once registered."""

    model = Baseline
    serializer_class = BaselineSerializer
    filterset_class = BaselineFilter
    orderings = {"name": "name", "created": "id"}

    @extend_schema(request=NewBaselineSerializer, responses={201: BaselineSerializer})
    def create(self, request: Any) -> Response:
        serializer = NewBaselineSerializer(data=request.data, context=self.get_serializer_context())
        serializer.is_valid(raise_exception=True)
        data = dict(serializer.validated_data)
        baseline = actions.register_baseline(data.pop("use_case"), by=request.user, **data)
        return Response(self.get_serializer(baseline).data, status=status.HTTP_201_CREATED)


class ValueSerializer(serializers.Serializer[Any]):
    metric = serializers.CharField()
    segment = serializers.CharField(help_text="Empty: over all cases.")
    value = serializers.FloatField(help_text="In the metric’s unit.")
    cases = serializers.IntegerField(allow_null=True)
    source = serializers.CharField(help_text="The tool’s own name.")  # type: ignore[assignment]


class UnmatchedSerializer(serializers.Serializer[Any]):
    name = serializers.CharField()
    segment = serializers.CharField()
    value = serializers.FloatField()


class RunFileSerializer(serializers.ModelSerializer[RunFile]):
    class Meta:
        model = RunFile
        fields = ["id", "kind", "name", "digest", "size", "rows"]
        read_only_fields = fields


class EvaluationRunSerializer(serializers.ModelSerializer[EvaluationRun]):
    values = ValueSerializer(many=True, read_only=True)
    unmatched = UnmatchedSerializer(many=True, read_only=True)
    parameters = serializers.DictField(read_only=True)
    files = RunFileSerializer(many=True, read_only=True)
    counts = serializers.BooleanField(
        read_only=True, help_text="Whether it began, and was told, after the thresholds were signed."
    )

    class Meta:
        model = EvaluationRun
        fields = [
            "id", "suite_version", "model_version", "baseline", "number", "digest", "tool", "tool_version", "values",
            "unmatched", "parameters", "files", "started_at", "finished_at", "seed", "note", "evaluated_by",
            "registered_by", "created_at", "counts",
        ]  # fmt: skip
        read_only_fields = fields


class EvaluationRunViewSet(ReadView):
    """Evaluation runs: registered by confirming an import, immutable from then on."""

    model = EvaluationRun
    serializer_class = EvaluationRunSerializer
    filterset_class = EvaluationRunFilter
    orderings = {"finished": "finished_at", "created": "id"}

    def get_queryset(self) -> QuerySet[EvaluationRun]:
        rows: QuerySet[EvaluationRun] = super().get_queryset().prefetch_related("files")
        return rows.select_related(
            "suite_version__suite__use_case__team", "suite_version__signature", "model_version__model", "baseline"
        )

    @extend_schema(request=NewFailureSerializer, responses={201: FailureSerializer})
    @action(detail=True, methods=["post"])
    def failures(self, request: Any, pk: str) -> Response:
        """Put a case that went wrong on the list, with its cause."""
        serializer = NewFailureSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        data = dict(serializer.validated_data)
        failure = actions.note_failure(self.get_object(), data.pop("case"), by=request.user, **data)
        return Response(FailureSerializer(failure).data, status=status.HTTP_201_CREATED)

    @extend_schema(request=NewReviewSerializer, responses={201: ReviewSerializer})
    @action(detail=True, methods=["post"])
    def reviews(self, request: Any, pk: str) -> Response:
        """Draw outputs at random and have people judge them."""
        run = self.get_object()
        serializer = NewReviewSerializer(data=request.data, context=self.get_serializer_context())
        serializer.is_valid(raise_exception=True)
        data = dict(serializer.validated_data)
        review = actions.draw_review(run, data.pop("judges"), by=request.user, **data)
        return Response(ReviewSerializer(review).data, status=status.HTTP_201_CREATED)
