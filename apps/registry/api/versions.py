from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.decorators import action
from rest_framework.renderers import JSONRenderer
from rest_framework.response import Response

from apps.core.api.resources import JobSerializer
from apps.core.api.sheets import PdfRenderer, SheetSerializer
from apps.core.api.views import ReadView
from apps.core.sheets import pdf
from apps.datasets.api.fields import NothingSerializer, only_seen
from apps.evidence.api import ReasonSerializer
from apps.registry import actions, card
from apps.registry.actions.versions import LARGEST_SIZE
from apps.registry.api.shared import WithLineage
from apps.registry.filters import ModelVersionFilter
from apps.registry.models import ModelVersion, ModelVersionWithdrawal, TrainingRun


class WithdrawalSerializer(serializers.ModelSerializer[ModelVersionWithdrawal]):
    class Meta:
        model = ModelVersionWithdrawal
        fields = ["id", "version", "withdrawn_by", "reason", "created_at"]
        read_only_fields = fields


class ModelVersionSerializer(serializers.ModelSerializer[ModelVersion]):
    training_run = serializers.UUIDField(source="run_id", read_only=True)
    is_withdrawn = serializers.BooleanField(read_only=True)

    class Meta:
        model = ModelVersion
        fields = [
            "id", "model", "training_run", "number", "digest", "artefact_digest", "size", "place", "format",
            "quantisation", "notes", "registered_by", "created_at", "is_withdrawn",
        ]  # fmt: skip
        read_only_fields = fields


class NewModelVersionSerializer(serializers.Serializer[Any]):
    training_run = serializers.PrimaryKeyRelatedField(queryset=TrainingRun.objects.all())
    number = serializers.CharField(max_length=60, help_text="As in 1.2.0 or 2026-03-rc1; unique in the model.")
    artefact_digest = serializers.CharField(max_length=71, help_text="sha256: and 64 hexadecimal digits.")
    size = serializers.IntegerField(min_value=1, max_value=LARGEST_SIZE, help_text="Bytes.")
    place = serializers.CharField(
        max_length=500,
        help_text="s3://, gs://, abfss://, https://, oci://, hf://, or file:///folder/name in Fourgate’s storage.",
    )
    format = serializers.CharField(max_length=60, required=False, default="", allow_blank=True)
    quantisation = serializers.CharField(max_length=60, required=False, default="", allow_blank=True)
    notes = serializers.CharField(max_length=4000, required=False, default="", allow_blank=True)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        only_seen(self, "training_run", TrainingRun)


class ModelVersionViewSet(WithLineage, ReadView):
    """Model versions: immutable once registered, taken back by a withdrawal."""

    model = ModelVersion
    subject_type = "model_version"
    serializer_class = ModelVersionSerializer
    filterset_class = ModelVersionFilter
    orderings = {"number": "number", "created": "id"}

    def get_queryset(self) -> QuerySet[ModelVersion]:
        rows: QuerySet[ModelVersion] = super().get_queryset()
        return rows.select_related("model__use_case__team", "run", "registered_by", "withdrawal")

    @extend_schema(request=NewModelVersionSerializer, responses={201: ModelVersionSerializer})
    def create(self, request: Any) -> Response:
        """Register an artefact of a run; bytes in Fourgate’s storage are read and compared by a job."""
        serializer = NewModelVersionSerializer(data=request.data, context=self.get_serializer_context())
        serializer.is_valid(raise_exception=True)
        data = dict(serializer.validated_data)
        version = actions.register_model_version(data.pop("training_run"), data.pop("number"), by=request.user, **data)
        return Response(self.get_serializer(version).data, status=status.HTTP_201_CREATED)

    @extend_schema(request=ReasonSerializer, responses={201: WithdrawalSerializer})
    @action(detail=True, methods=["post"])
    def withdrawals(self, request: Any, pk: str) -> Response:
        """Say that the version is not to be used any more."""
        serializer = ReasonSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        found = actions.withdraw_model_version(self.get_object(), by=request.user, **serializer.validated_data)
        return Response(WithdrawalSerializer(found).data, status=status.HTTP_201_CREATED)

    @extend_schema(request=NothingSerializer, responses={202: JobSerializer})
    @action(detail=True, methods=["post"])
    def checks(self, request: Any, pk: str) -> Response:
        """Read the artefact’s bytes again; refused where Fourgate can’t read them."""
        job = actions.check_artefact(self.get_object(), by=request.user)
        return Response(JobSerializer(job).data, status=status.HTTP_202_ACCEPTED)

    @extend_schema(responses=SheetSerializer, filters=False)
    @action(detail=True, methods=["get"], filterset_class=None, pagination_class=None)
    def card(self, request: Any, pk: str) -> Response:
        """The model card in sections, as page and PDF show it."""
        return Response(card.read(self.get_object(), request.user).as_dict())

    @extend_schema(
        responses={(200, "application/pdf"): OpenApiTypes.BINARY}, filters=False, operation_id="model_versions_card_pdf"
    )
    @action(
        detail=True,
        methods=["get"],
        url_path="card/pdf",
        filterset_class=None,
        pagination_class=None,
        renderer_classes=[JSONRenderer, PdfRenderer],
    )
    def card_pdf(self, request: Any, pk: str) -> HttpResponse:
        """The model card as PDF/A-2a and PDF/UA-1."""
        return pdf.answer(card.read(self.get_object(), request.user), "model-card")
