from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.response import Response

from apps.core.api.views import ReadView
from apps.datasets.api.fields import only_seen
from apps.datasets.models import Guideline, SplitName
from apps.people.models import User
from apps.people.visibility import visible_people
from apps.registry import actions
from apps.registry.api.shared import WithLineage
from apps.registry.filters import RunFilter
from apps.registry.models import Model, RunDataset, RunGuideline, TrainingRun

MOST_PARTS = 100
AMOUNT = {"max_digits": 14, "decimal_places": 2, "min_value": 0, "coerce_to_string": False}


class RunDatasetSerializer(serializers.ModelSerializer[RunDataset]):
    splits = serializers.ListField(child=serializers.ChoiceField(choices=SplitName.choices))

    class Meta:
        model = RunDataset
        fields = ["version", "digest", "splits"]
        read_only_fields = ["version", "digest"]


class RunGuidelineSerializer(serializers.ModelSerializer[RunGuideline]):
    class Meta:
        model = RunGuideline
        fields = ["guideline", "digest"]
        read_only_fields = fields


class TrainingRunSerializer(serializers.ModelSerializer[TrainingRun]):
    datasets = RunDatasetSerializer(many=True, read_only=True)
    guidelines = RunGuidelineSerializer(many=True, read_only=True)
    hyperparameters = serializers.DictField(read_only=True)
    environment = serializers.DictField(read_only=True)
    cost_amount = serializers.DecimalField(**AMOUNT, read_only=True, allow_null=True)  # type: ignore[arg-type]
    gpu_hours = serializers.DecimalField(**AMOUNT, read_only=True, allow_null=True)  # type: ignore[arg-type]

    class Meta:
        model = TrainingRun
        fields = [
            "id", "model", "number", "digest", "datasets", "guidelines", "code_repository", "code_commit",
            "base_digest", "hyperparameters", "environment", "started_at", "finished_at", "cost_amount",
            "cost_currency", "gpu_hours", "seed", "openlineage_run_id", "note", "trained_by", "registered_by",
            "created_at",
        ]  # fmt: skip
        read_only_fields = fields


class DataUseSerializer(serializers.Serializer[Any]):
    version = serializers.UUIDField(required=False, allow_null=True, default=None)
    digest = serializers.CharField(max_length=71, required=False, default="", allow_blank=True)
    splits = serializers.ListField(
        child=serializers.ChoiceField(choices=SplitName.choices),
        required=False,
        default=list,
        max_length=3,
        help_text="Empty: the whole version.",
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if not attrs["version"] and not attrs["digest"]:
            raise serializers.ValidationError(_("Give version, digest, or both."))
        return attrs


class NewRunSerializer(serializers.Serializer[Any]):
    model = serializers.PrimaryKeyRelatedField(queryset=Model.objects.all())
    datasets = DataUseSerializer(many=True, max_length=MOST_PARTS)  # type: ignore[call-arg]
    guidelines = serializers.PrimaryKeyRelatedField(
        queryset=Guideline.objects.all(), many=True, required=False, default=list
    )
    code_repository = serializers.CharField(max_length=500, required=False, default="", allow_blank=True)
    code_commit = serializers.CharField(
        max_length=64, required=False, default="", allow_blank=True, help_text="Whole: 40 or 64 hexadecimal digits."
    )
    base_digest = serializers.CharField(
        max_length=71, required=False, default="", allow_blank=True, help_text="Of the base model that the run loaded."
    )
    hyperparameters = serializers.DictField(required=False, default=dict)
    environment = serializers.DictField(
        required=False,
        default=dict,
        help_text="Hardware, `image_digest`, library versions: any JSON object of at most 32 KiB.",
    )
    started_at = serializers.DateTimeField()
    finished_at = serializers.DateTimeField()
    cost_amount = serializers.DecimalField(**AMOUNT, required=False, allow_null=True, default=None)  # type: ignore[arg-type]
    cost_currency = serializers.CharField(max_length=3, required=False, default="", allow_blank=True)
    gpu_hours = serializers.DecimalField(
        max_digits=12,
        decimal_places=2,
        min_value=0,
        coerce_to_string=False,
        required=False,
        allow_null=True,
        default=None,
    )
    seed = serializers.IntegerField(min_value=0, max_value=2**63 - 1, required=False, allow_null=True, default=None)
    openlineage_run_id = serializers.UUIDField(required=False, allow_null=True, default=None)
    note = serializers.CharField(max_length=1000, required=False, default="", allow_blank=True)
    trained_by = serializers.PrimaryKeyRelatedField(queryset=User.objects.all())

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        only_seen(self, "model", Model)
        only_seen(self, "guidelines", Guideline)
        request = self.context.get("request")
        if request is not None and request.user.is_authenticated:
            self.fields["trained_by"].queryset = visible_people(request.user)  # type: ignore[attr-defined]


class TrainingRunViewSet(WithLineage, ReadView):
    """Training runs: immutable once registered."""

    model = TrainingRun
    subject_type = "training_run"
    serializer_class = TrainingRunSerializer
    filterset_class = RunFilter
    orderings = {"finished": "finished_at", "created": "id"}

    def get_queryset(self) -> QuerySet[TrainingRun]:
        rows: QuerySet[TrainingRun] = super().get_queryset()
        return rows.select_related("model__use_case__team").prefetch_related("datasets", "guidelines")

    @extend_schema(request=NewRunSerializer, responses={201: TrainingRunSerializer})
    def create(self, request: Any) -> Response:
        """Register a run that has finished; data without an approved start gate is taken, and said plainly."""
        serializer = NewRunSerializer(data=request.data, context=self.get_serializer_context())
        serializer.is_valid(raise_exception=True)
        data = dict(serializer.validated_data)
        uses = [actions.DataUse(**row) for row in data.pop("datasets")]
        run = actions.register_run(data.pop("model"), uses, by=request.user, **data)
        return Response(self.get_serializer(run).data, status=status.HTTP_201_CREATED)
