from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.decorators import action
from rest_framework.response import Response

from apps.core.api.views import ReadView
from apps.datasets import actions
from apps.datasets.api.fields import NothingSerializer
from apps.datasets.api.sensitive import SensitiveActions
from apps.datasets.filters import VersionFilter
from apps.datasets.models import DatasetVersion, Inspection, RecordShape, SplitFile
from apps.datasets.refs import version_ref
from apps.datasets.views.findings import masked_place
from apps.evidence import facts
from apps.evidence.api import FactSerializer


class FileSerializer(serializers.ModelSerializer[SplitFile]):
    class Meta:
        model = SplitFile
        fields = ["split", "name", "digest", "size", "rows", "format", "is_packed"]
        read_only_fields = fields


class VersionSerializer(serializers.ModelSerializer[DatasetVersion]):
    files = FileSerializer(many=True, read_only=True)
    inspection = serializers.CharField(source="inspection.state", read_only=True)

    class Meta:
        model = DatasetVersion
        fields = [
            "id", "dataset", "number", "digest", "note", "fewer_splits_reason", "input_column", "label_column",
            "context_column", "date_column", "shape", "rows", "registered_by", "created_at", "files", "inspection",
        ]  # fmt: skip
        read_only_fields = fields


class OfferSerializer(serializers.Serializer[Any]):
    upload = serializers.UUIDField(required=False, allow_null=True, default=None)
    storage_key = serializers.CharField(max_length=300, required=False, default="", allow_blank=True)
    digest = serializers.RegexField(r"^sha256:[0-9a-f]{64}$", required=False, default="", allow_blank=True)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if bool(attrs["upload"]) == bool(attrs["storage_key"]):
            raise serializers.ValidationError(_("Give either upload or storage_key."))
        return attrs


class SplitsSerializer(serializers.Serializer[Any]):
    train = OfferSerializer(many=True, required=False, default=list)
    validation = OfferSerializer(many=True, required=False, default=list)
    test = OfferSerializer(many=True, required=False, default=list)


class RegisterSerializer(serializers.Serializer[Any]):
    splits = SplitsSerializer(required=False)
    note = serializers.CharField(max_length=500, required=False, default="", allow_blank=True)
    fewer_splits_reason = serializers.CharField(max_length=500, required=False, default="", allow_blank=True)
    input_column = serializers.CharField(max_length=200, required=False, default="", allow_blank=True)
    label_column = serializers.CharField(
        max_length=200, required=False, allow_null=True, default=None, allow_blank=True
    )
    context_column = serializers.CharField(max_length=200, required=False, default="", allow_blank=True)
    date_column = serializers.CharField(max_length=200, required=False, default="", allow_blank=True)
    shape = serializers.ChoiceField(choices=RecordShape.choices, required=False, default="", allow_blank=True)


class RegisterFilesSerializer(RegisterSerializer):
    splits = None  # type: ignore[assignment]
    train = serializers.ListField(child=serializers.FileField(), required=False)
    validation = serializers.ListField(child=serializers.FileField(), required=False)
    test = serializers.ListField(child=serializers.FileField(), required=False)


class InspectionSerializer(serializers.ModelSerializer[Inspection]):
    class Meta:
        model = Inspection
        fields = ["id", "state", "job_id", "attempt", "error", "finished_at"]
        read_only_fields = fields


class FindingsSerializer(serializers.Serializer[Any]):
    state = serializers.ChoiceField(choices=Inspection.State.choices)
    digest = serializers.CharField()
    engine = serializers.CharField()
    findings = serializers.DictField()


def masked_findings(found: Any) -> Any:
    """Return the findings with every sampled row masked."""
    if isinstance(found, dict):
        if "file" in found and "row" in found:
            return masked_place(found)
        return {name: masked_findings(value) for name, value in found.items()}
    return [masked_findings(value) for value in found] if isinstance(found, list) else found


class VersionViewSet(SensitiveActions, ReadView):
    """Registered versions: immutable, with what the machine found in them."""

    model = DatasetVersion
    serializer_class = VersionSerializer
    filterset_class = VersionFilter

    def get_queryset(self) -> QuerySet[DatasetVersion]:
        rows: QuerySet[DatasetVersion] = super().get_queryset()
        return rows.select_related("dataset__use_case__team", "inspection__result").prefetch_related("files")

    @extend_schema(responses=FactSerializer(many=True), filters=False)
    @action(detail=True, methods=["get"], filterset_class=None, pagination_class=None)
    def facts(self, request: Any, pk: str) -> Response:
        version = self.get_object()
        return Response([fact.as_dict() for fact in facts.read(version_ref(version), version).values()])

    @extend_schema(request=NothingSerializer, responses={202: InspectionSerializer})
    @action(detail=True, methods=["post"])
    def inspections(self, request: Any, pk: str) -> Response:
        """Compute the facts again; refused while an inspection runs."""
        found = actions.inspect_again(self.get_object(), by=request.user)
        return Response(InspectionSerializer(found).data, status=status.HTTP_202_ACCEPTED)

    @extend_schema(request=NothingSerializer, responses={201: InspectionSerializer})
    @action(detail=True, methods=["post"], url_path="inspection-stops")
    def inspection_stops(self, request: Any, pk: str) -> Response:
        """Stop the inspection that runs; refused when none does."""
        found = actions.cancel_inspection(self.get_object(), by=request.user)
        return Response(InspectionSerializer(found).data, status=status.HTTP_201_CREATED)

    @extend_schema(responses=FindingsSerializer, filters=False)
    @action(detail=True, methods=["get"], filterset_class=None, pagination_class=None)
    def findings(self, request: Any, pk: str) -> Response:
        """Everything that the inspection found, with its parameters and sample rows (masked)."""
        version = self.get_object()
        found = version.inspection
        result = found.result
        return Response(
            {
                "state": found.state,
                "digest": result.digest if result else "",
                "engine": result.engine if result else "",
                "findings": masked_findings(found.findings),
            }
        )
