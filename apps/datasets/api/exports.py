from typing import Any

from django.conf import settings
from django.db.models import QuerySet
from django.urls import reverse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers, status
from rest_framework.decorators import action
from rest_framework.response import Response

from apps.core import access
from apps.core.api.views import ReadView
from apps.datasets import actions, streaming
from apps.datasets.api.copies import people_seen
from apps.datasets.filters import ExportFilter
from apps.datasets.models import SplitFile, VersionExport
from apps.people.models import User


def link_of(export: VersionExport, name: str = "datasets:export_link") -> str:
    """Return the export's address, to be given on."""
    return str(settings.PUBLIC_URL.rstrip("/") + reverse(name, args=[actions.link_token(export)]))


class VersionExportSerializer(serializers.ModelSerializer[VersionExport]):
    what = serializers.CharField(read_only=True, help_text="The file's name, or the version's.")
    state = serializers.ChoiceField(choices=VersionExport.State.choices, read_only=True)
    download_count = serializers.IntegerField(read_only=True)
    link = serializers.SerializerMethodField(help_text="The page of the link; empty for all but who made it.")
    file_link = serializers.SerializerMethodField(help_text="Where the rows are streamed; each answer counts.")

    class Meta:
        model = VersionExport
        fields = [
            "id", "version", "file", "what", "format", "reason", "requested_by", "owner", "is_for_anyone", "expires_at",
            "most_downloads", "download_count", "delete_by", "state", "link", "file_link", "created_at",
        ]  # fmt: skip
        read_only_fields = fields

    def _own(self, export: VersionExport, name: str) -> str:
        request = self.context.get("request")
        return link_of(export, name) if request is not None and request.user.pk == export.requested_by_id else ""

    def get_link(self, export: VersionExport) -> str:
        return self._own(export, "datasets:export_link")

    def get_file_link(self, export: VersionExport) -> str:
        return self._own(export, "datasets:export_file")


class NewVersionExportSerializer(serializers.Serializer[Any]):
    file = serializers.UUIDField(required=False, allow_null=True, default=None, help_text="One of the version's files.")
    format = serializers.ChoiceField(choices=VersionExport.Format.choices)
    reason = serializers.CharField(max_length=500)
    owner = serializers.PrimaryKeyRelatedField(
        queryset=User.objects.all(),
        required=False,
        allow_null=True,
        default=None,
        help_text="Who deletes it again, a person of the team; a program has to name one.",
    )
    delete_by = serializers.DateField(help_text="By when what was downloaded is deleted again.")
    hours = serializers.IntegerField(min_value=1, max_value=168, required=False, default=24)
    most_downloads = serializers.IntegerField(min_value=1, max_value=100, required=False, default=3)
    is_for_anyone = serializers.BooleanField(required=False, default=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        people_seen(self)


class RevocationSerializer(serializers.Serializer[Any]):
    reason = serializers.CharField(max_length=500, required=False, default="", allow_blank=True)


def file_named(version: Any, pk: Any) -> SplitFile | None:
    """Return the version's file with this key, None for no key; raise a validation error for a stranger."""
    if pk is None:
        return None
    found: SplitFile | None = version.files.filter(pk=pk).first()
    if found is None:
        raise serializers.ValidationError({"file": ["This file is not one of the version's."]})
    return found


class VersionExportViewSet(ReadView):
    """Links to rows: who made them, whether they still work, how often they were followed."""

    model = VersionExport
    serializer_class = VersionExportSerializer
    filterset_class = ExportFilter

    def get_queryset(self) -> QuerySet[VersionExport]:
        rows: Any = super().get_queryset()
        found: QuerySet[VersionExport] = rows.with_state().select_related(
            "version__dataset__use_case__team", "requested_by", "file"
        )
        return found

    @extend_schema(responses={200: OpenApiResponse(OpenApiTypes.BINARY, "The rows, as CSV or JSON Lines")})
    @action(detail=True, methods=["get"])
    def download(self, request: Any, pk: str) -> Any:
        """Stream the rows to a program that holds a token; counted and recorded like a followed link."""
        export = self.get_object()
        access.require(request.user, "dataset.export", export.team.pk)
        return streaming.answer(export, actions.download_export(export, by=request.user))

    @extend_schema(request=RevocationSerializer, responses={201: VersionExportSerializer})
    @action(detail=True, methods=["post"])
    def revocations(self, request: Any, pk: str) -> Response:
        """Take the link back."""
        export = self.get_object()
        serializer = RevocationSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        actions.revoke_export(export, by=request.user, **serializer.validated_data)
        return Response(self.get_serializer(self.get_object()).data, status=status.HTTP_201_CREATED)
