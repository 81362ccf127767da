"""Annotations over the API: added beside a version, read with what was computed from them."""

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.decorators import action
from rest_framework.response import Response

from apps.core.api.views import ReadView
from apps.datasets import actions
from apps.datasets.actions.access import note_items_seen
from apps.datasets.filters import AnnotationFilter, ContestedFilter
from apps.datasets.models import AnnotationTable, ContestedItem, DatasetVersion
from apps.datasets.shown import shown_item


class AnnotationSerializer(serializers.ModelSerializer[AnnotationTable]):
    columns = serializers.DictField(child=serializers.CharField(), read_only=True)
    label_order = serializers.ListField(child=serializers.CharField(), read_only=True)
    guideline = serializers.IntegerField(source="guideline.number", read_only=True, default=None, allow_null=True)
    state = serializers.CharField(source="result.state", read_only=True)
    error = serializers.CharField(source="result.error", read_only=True)
    error_row = serializers.IntegerField(source="result.row", read_only=True, allow_null=True)
    job_id = serializers.UUIDField(source="result.job_id", read_only=True)
    finished_at = serializers.DateTimeField(source="result.finished_at", read_only=True, allow_null=True)

    class Meta:
        model = AnnotationTable
        fields = [
            "id", "version", "number", "name", "digest", "size", "rows", "columns", "scale", "label_order", "guideline",
            "note", "added_by", "created_at", "state", "error", "error_row", "job_id", "finished_at",
        ]  # fmt: skip
        read_only_fields = fields


class AnnotationDetailSerializer(AnnotationSerializer):
    figures = serializers.DictField(source="result.figures", read_only=True, help_text="See docs/annotation.md.")

    class Meta(AnnotationSerializer.Meta):
        fields = [*AnnotationSerializer.Meta.fields, "figures"]
        read_only_fields = fields


class NewAnnotationsSerializer(serializers.Serializer[Any]):
    upload = serializers.UUIDField(required=False, allow_null=True, default=None)
    item_column = serializers.CharField(max_length=200, required=False, default="", allow_blank=True)
    annotator_column = serializers.CharField(max_length=200, required=False, default="", allow_blank=True)
    label_column = serializers.CharField(max_length=200, required=False, default="", allow_blank=True)
    time_column = serializers.CharField(max_length=200, required=False, default="", allow_blank=True)
    guideline_column = serializers.CharField(max_length=200, required=False, default="", allow_blank=True)
    scale = serializers.ChoiceField(choices=AnnotationTable.Scale.choices, default="nominal")
    label_order = serializers.ListField(
        child=serializers.CharField(max_length=200), max_length=1000, required=False, default=list
    )
    guideline = serializers.IntegerField(
        min_value=1, max_value=2**31 - 1, required=False, allow_null=True, default=None
    )
    note = serializers.CharField(max_length=500, required=False, default="", allow_blank=True)


class NewAnnotationFileSerializer(NewAnnotationsSerializer):
    upload = None  # type: ignore[assignment]
    file = serializers.FileField()


class ContestedSerializer(serializers.ModelSerializer[ContestedItem]):
    item = serializers.SerializerMethodField(help_text="A text with what looks personal masked.")
    labels = serializers.ListField(child=serializers.DictField(child=serializers.CharField()), read_only=True)

    class Meta:
        model = ContestedItem
        fields = ["id", "position", "item", "agreement", "majority", "labels"]
        read_only_fields = fields

    def get_item(self, row: ContestedItem) -> str:
        return shown_item(row.item)


def add(request: Any, version: DatasetVersion) -> Response:
    """Add the table of a request: an upload's (JSON), or a file's (multipart)."""
    serializer = NewAnnotationsSerializer(data=request.data)
    serializer.is_valid(raise_exception=True)
    data = dict(serializer.validated_data)
    upload, file = data.pop("upload"), request.FILES.get("file")
    if file is not None:
        upload = actions.take_file(version.dataset, file, by=request.user).pk
    columns = {key: data.pop(f"{key}_column") for key in ("item", "annotator", "label", "time", "guideline")}
    table = actions.add_annotations(version, upload, by=request.user, columns=columns, **data)
    return Response(AnnotationSerializer(table).data, status=status.HTTP_201_CREATED)


class AnnotationViewSet(ReadView):
    """Tables of annotations: immutable, with what was computed from them."""

    model = AnnotationTable
    serializer_class = AnnotationSerializer
    filterset_class = AnnotationFilter

    def get_queryset(self) -> QuerySet[AnnotationTable]:
        rows: QuerySet[AnnotationTable] = super().get_queryset()
        rows = rows.select_related("version__dataset__use_case", "guideline", "result")
        return rows if self.action == "retrieve" else rows.defer("result__figures")

    @extend_schema(responses=AnnotationDetailSerializer)
    def retrieve(self, request: Any, *args: Any, **kwargs: Any) -> Response:
        return Response(AnnotationDetailSerializer(self.get_object()).data)

    @extend_schema(responses=ContestedSerializer(many=True), filters=False)
    @action(detail=True, methods=["get"], filterset_class=None)
    def items(self, request: Any, pk: str) -> Response:
        """List the items on which annotators differ, most contested first."""
        table = self.get_object()
        rows = ContestedFilter(request.query_params, queryset=table.contested.all(), request=request)
        self.default_ordering = "position"
        page = self.paginate_queryset(rows.qs)
        if page:
            note_items_seen(table.version, by=request.user)
        return self.get_paginated_response(ContestedSerializer(page, many=True).data)
