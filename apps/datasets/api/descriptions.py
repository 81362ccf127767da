"""Metadata files over the API: read, looked at, taken over."""

from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import parsers, serializers, status
from rest_framework.decorators import action
from rest_framework.response import Response

from apps.core.api.parsers import StrictJSONParser
from apps.core.api.views import ReadView
from apps.datasets import actions
from apps.datasets.actions.descriptions import parts_of
from apps.datasets.api.fields import NothingSerializer, only_seen
from apps.datasets.filters import DescriptionFilter
from apps.datasets.lineage.metadata import LARGEST
from apps.datasets.models import Dataset, DatasetVersion, Description

PARTS = ("description", "source", "lineage")


class DescriptionSerializer(serializers.ModelSerializer[Description]):
    possible_parts = serializers.SerializerMethodField()

    class Meta:
        model = Description
        fields = [
            "id", "dataset", "version", "format", "file_name", "digest", "recognised", "possible_parts", "state",
            "parts", "source", "read_by", "decided_by", "decided_at", "created_at",
        ]  # fmt: skip
        read_only_fields = fields

    def get_possible_parts(self, row: Description) -> list[str]:
        return parts_of(row.recognised, row.version)


class ReadDescriptionSerializer(serializers.Serializer[Any]):
    dataset = serializers.PrimaryKeyRelatedField(queryset=Dataset.objects.all())
    version = serializers.PrimaryKeyRelatedField(
        queryset=DatasetVersion.objects.all(), required=False, allow_null=True, default=None
    )
    file = serializers.FileField(required=False, allow_null=True, default=None)
    content = serializers.CharField(
        required=False,
        default="",
        max_length=LARGEST,
        trim_whitespace=False,
        help_text="The file's text, without a file.",
    )
    file_name = serializers.CharField(required=False, default="", max_length=160)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        only_seen(self, "dataset", Dataset)
        only_seen(self, "version", DatasetVersion)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if attrs["version"] is not None and attrs["version"].dataset_id != attrs["dataset"].pk:
            raise serializers.ValidationError({"version": [_("This version belongs to another dataset.")]})
        if bool(attrs["file"]) == bool(attrs["content"]):
            raise serializers.ValidationError({"file": [_("Give either file or content.")]})
        return attrs


class TakeOverSerializer(serializers.Serializer[Any]):
    parts = serializers.ListField(child=serializers.ChoiceField(choices=PARTS), min_length=1)


class DescriptionViewSet(ReadView):
    """What Croissant files and Hugging Face cards say of a dataset; it counts once it is taken over."""

    model = Description
    serializer_class = DescriptionSerializer
    filterset_class = DescriptionFilter
    parser_classes = [StrictJSONParser, parsers.MultiPartParser]

    def get_queryset(self) -> QuerySet[Description]:
        rows: QuerySet[Description] = super().get_queryset()
        return rows.select_related("dataset__use_case__team", "version")

    @extend_schema(
        request={"application/json": ReadDescriptionSerializer, "multipart/form-data": ReadDescriptionSerializer},
        responses={201: DescriptionSerializer},
    )
    def create(self, request: Any) -> Response:
        """Read a metadata file; what is recognised is the answer, and nothing else changes."""
        serializer = ReadDescriptionSerializer(data=request.data, context=self.get_serializer_context())
        serializer.is_valid(raise_exception=True)
        data = serializer.validated_data
        file = data["file"] or SimpleUploadedFile(data["file_name"] or "metadata", data["content"].encode())
        found = actions.read_description(data["dataset"], file, by=request.user, version=data["version"])
        return Response(DescriptionSerializer(found).data, status=status.HTTP_201_CREATED)

    @extend_schema(request={"application/json": TakeOverSerializer}, responses={201: DescriptionSerializer})
    @action(detail=True, methods=["post"])
    def acceptances(self, request: Any, pk: str) -> Response:
        """Take the named parts over: `description`, `source`, `lineage`."""
        serializer = TakeOverSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        parts = serializer.validated_data["parts"]
        found = actions.take_over_description(self.get_object(), parts, by=request.user)
        return Response(DescriptionSerializer(found).data, status=status.HTTP_201_CREATED)

    @extend_schema(request={"application/json": NothingSerializer}, responses={201: DescriptionSerializer})
    @action(detail=True, methods=["post"])
    def refusals(self, request: Any, pk: str) -> Response:
        """Leave it aside."""
        found = actions.discard_description(self.get_object(), by=request.user)
        return Response(DescriptionSerializer(found).data, status=status.HTTP_201_CREATED)
