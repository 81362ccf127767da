from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.response import Response

from apps.core.api.views import ReadView
from apps.datasets.api.fields import only_seen
from apps.evaluations import actions
from apps.evaluations.actions.comparing import MOST_OTHERS, runs_of
from apps.evaluations.filters import ComparisonFilter
from apps.evaluations.models import Comparison, SuiteVersion


class RunComparisonSerializer(serializers.ModelSerializer[Comparison]):
    others = serializers.ListField(child=serializers.UUIDField(), read_only=True)
    result = serializers.DictField(read_only=True)

    class Meta:
        model = Comparison
        fields = ["id", "suite_version", "candidate", "others", "result", "digest", "compared_by", "created_at"]
        read_only_fields = fields


class NewComparisonSerializer(serializers.Serializer[Any]):
    suite_version = serializers.PrimaryKeyRelatedField(queryset=SuiteVersion.objects.all())
    candidate = serializers.UUIDField(help_text="A model version, a baseline, or one of their runs.")
    others = serializers.ListField(
        child=serializers.UUIDField(),
        min_length=1,
        max_length=MOST_OTHERS,
        help_text="The same. Of a subject its newest run that counts is taken, else the newest.",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        only_seen(self, "suite_version", SuiteVersion)


class ComparisonViewSet(ReadView):
    """Comparisons of runs on one version of a suite: computed once, kept under their digest."""

    model = Comparison
    serializer_class = RunComparisonSerializer
    filterset_class = ComparisonFilter

    def get_queryset(self) -> QuerySet[Comparison]:
        rows: QuerySet[Comparison] = super().get_queryset()
        return rows

    @extend_schema(request=NewComparisonSerializer, responses={201: RunComparisonSerializer})
    def create(self, request: Any) -> Response:
        """Compare a candidate with one to three others; equal runs give the same comparison again."""
        serializer = NewComparisonSerializer(data=request.data, context=self.get_serializer_context())
        serializer.is_valid(raise_exception=True)
        data = serializer.validated_data
        candidate, *others = runs_of(data["suite_version"], [data["candidate"], *data["others"]])
        found = actions.compare_runs(candidate, others, by=request.user)
        return Response(RunComparisonSerializer(found).data, status=status.HTTP_201_CREATED)
