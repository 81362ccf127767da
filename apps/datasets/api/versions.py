from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponse
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import parsers, serializers, status
from rest_framework.decorators import action
from rest_framework.renderers import JSONRenderer
from rest_framework.response import Response

from apps.core.api.parsers import StrictJSONParser
from apps.core.api.sheets import PdfRenderer, SheetSerializer
from apps.core.api.views import ReadView
from apps.core.sheets import pdf
from apps.datasets import actions
from apps.datasets.api import annotations as annotating
from apps.datasets.api.custody import VersionCustody
from apps.datasets.api.differences import VersionDifferences
from apps.datasets.api.feedback import FeedbackActions
from apps.datasets.api.fields import NothingSerializer
from apps.datasets.api.lineage import SurroundingsSerializer
from apps.datasets.api.sensitive import SensitiveActions
from apps.datasets.api.uploads import TakenFromSerializer
from apps.datasets.datasheet import content, croissant
from apps.datasets.filters import VersionFilter
from apps.datasets.lineage.surroundings import surroundings
from apps.datasets.models import DatasetVersion, FileOrigin, Inspection, RecordShape, SplitFile
from apps.datasets.refs import version_ref
from apps.datasets.views.findings import masked_place
from apps.evidence import facts as registry
from apps.evidence.api import FactSerializer


class FileSerializer(serializers.ModelSerializer[SplitFile]):
    taken_from = TakenFromSerializer(read_only=True)
    origin = serializers.ChoiceField(choices=FileOrigin.choices, allow_blank=True, read_only=True)

    class Meta:
        model = SplitFile
        fields = [
            "id",
            "split",
            "name",
            "digest",
            "size",
            "rows",
            "format",
            "is_packed",
            "taken_from",
            "origin",
            "origin_column",
        ]
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
    origin = serializers.ChoiceField(choices=FileOrigin.choices, required=False, default="", allow_blank=True)
    origin_column = serializers.CharField(
        max_length=200,
        required=False,
        default="",
        allow_blank=True,
        help_text="Says of each row of production feedback where it came from: an output, a ticket or an address.",
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if bool(attrs["upload"]) == bool(attrs["storage_key"]):
            raise serializers.ValidationError(_("Give either upload or storage_key."))
        if bool(attrs["origin"]) != bool(attrs["origin_column"]):
            raise serializers.ValidationError(_("Give origin and origin_column together."))
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


class CroissantRenderer(JSONRenderer):
    media_type, format = "application/ld+json", "jsonld"


class VersionViewSet(VersionCustody, VersionDifferences, SensitiveActions, FeedbackActions, ReadView):
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
        return Response([fact.as_dict() for fact in registry.read(version_ref(version), version).values()])

    @extend_schema(responses=SurroundingsSerializer, filters=False)
    @action(detail=True, methods=["get"], filterset_class=None, pagination_class=None)
    def lineage(self, request: Any, pk: str) -> Response:
        """What the version was made from and what was made from it, as far as the caller may see."""
        found = surroundings(version_ref(self.get_object()), request.user)
        return Response(SurroundingsSerializer(found.as_dict()).data)

    @extend_schema(responses=SheetSerializer, filters=False)
    @action(detail=True, methods=["get"], filterset_class=None, pagination_class=None)
    def datasheet(self, request: Any, pk: str) -> Response:
        """The datasheet in sections, as page and PDF show it."""
        return Response(content.read(self.get_object(), request.user).sheet().as_dict())

    @extend_schema(
        responses={(200, "application/pdf"): OpenApiTypes.BINARY}, filters=False, operation_id="dataset_versions_pdf"
    )
    @action(
        detail=True,
        methods=["get"],
        url_path="datasheet/pdf",
        filterset_class=None,
        pagination_class=None,
        renderer_classes=[JSONRenderer, PdfRenderer],
    )
    def datasheet_pdf(self, request: Any, pk: str) -> HttpResponse:
        """The datasheet as PDF/A-2a and PDF/UA-1."""
        return pdf.answer(content.read(self.get_object(), request.user).sheet(), "datasheet")

    @extend_schema(responses={(200, "application/ld+json"): OpenApiTypes.OBJECT}, filters=False)
    @action(
        detail=True,
        methods=["get"],
        filterset_class=None,
        pagination_class=None,
        renderer_classes=[JSONRenderer, CroissantRenderer],
    )
    def croissant(self, request: Any, pk: str) -> HttpResponse:
        """The datasheet as Croissant 1.1 JSON-LD."""
        return croissant.answer(content.read(self.get_object(), request.user))

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
        actions.view_samples(version, by=request.user)
        found = version.inspection
        result = found.result
        return Response(
            {
                "state": found.state,
                "digest": result.digest if result else "",
                "engine": result.engine if result else "",
                "findings": masked_findings(actions.view_samples(version, by=request.user)),
            }
        )

    @extend_schema(methods=["GET"], responses=annotating.AnnotationSerializer(many=True), filters=False)
    @extend_schema(
        methods=["POST"],
        request={
            "application/json": annotating.NewAnnotationsSerializer,
            "multipart/form-data": annotating.NewAnnotationFileSerializer,
        },
        responses={201: annotating.AnnotationSerializer},
        filters=False,
    )
    @action(
        detail=True,
        methods=["get", "post"],
        filterset_class=None,
        parser_classes=[StrictJSONParser, parsers.MultiPartParser],
    )
    def annotations(self, request: Any, pk: str) -> Response:
        """List the version's tables of annotations, or add one: from an upload (JSON) or a file (multipart)."""
        version = self.get_object()
        if request.method == "POST":
            return annotating.add(request, version)
        rows = version.annotation_tables.select_related("guideline", "result").defer("result__figures")
        page = self.paginate_queryset(rows)
        answer: Response = self.get_paginated_response(annotating.AnnotationSerializer(page, many=True).data)
        return answer
