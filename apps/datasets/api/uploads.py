"""Files on their way, over the API."""

import base64
import binascii
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import mixins, serializers, status
from rest_framework.response import Response

from apps.core.api.parsers import StrictJSONParser
from apps.core.api.views import ApiView
from apps.core.errors import InvalidInput
from apps.datasets import actions
from apps.datasets.api.fields import only_seen
from apps.datasets.models import Dataset, Upload
from apps.datasets.parsers import PieceParser


class TakenFromSerializer(serializers.Serializer[Any]):
    """The table that a file was read from; nothing for a file that was sent."""

    table = serializers.CharField(required=False)
    columns = serializers.ListField(child=serializers.CharField(), required=False)
    engine = serializers.CharField(required=False)
    rows = serializers.IntegerField(required=False)
    read_at = serializers.DateTimeField(required=False)


class TableReadSerializer(serializers.Serializer[Any]):
    table = serializers.CharField(max_length=200, help_text="schema.table")
    columns = serializers.ListField(
        child=serializers.CharField(max_length=200), required=False, default=list, max_length=2000
    )


class UploadSerializer(serializers.ModelSerializer[Upload]):
    dataset = serializers.PrimaryKeyRelatedField(queryset=Dataset.objects.all())
    declared_digest = serializers.RegexField(r"^sha256:[0-9a-f]{64}$", required=False, default="", allow_blank=True)
    size = serializers.IntegerField(min_value=0, max_value=2**53)
    taken_from = TakenFromSerializer(read_only=True)

    class Meta:
        model = Upload
        fields = [
            "id", "dataset", "name", "size", "received", "declared_digest", "digest", "columns", "rows", "state",
            "job_id", "error", "error_code", "taken_from", "created_at",
        ]  # fmt: skip
        read_only_fields = [
            "id", "received", "digest", "columns", "rows", "state", "job_id", "error", "error_code", "created_at",
        ]  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        only_seen(self, "dataset", Dataset)


def header_digest(value: str) -> str:
    """Return ``sha256:…`` of an RFC 9530 digest header, empty when it names no SHA-256."""
    for part in value.split(","):
        name, _equals, data = part.strip().partition("=")
        if name == "sha-256":
            try:
                return "sha256:" + base64.b64decode(data.strip(":"), validate=True).hex()
            except (binascii.Error, ValueError):
                raise InvalidInput(_("The digest header can't be read; write sha-256=:base64:.")) from None
    return ""


class UploadViewSet(mixins.RetrieveModelMixin, ApiView):
    """Files on their way: announce one, send it in pieces, go on after a break."""

    model = Upload
    serializer_class = UploadSerializer

    def get_parsers(self) -> list[Any]:
        sends_a_piece = self.request is None or self.request.method == "PATCH"
        return [PieceParser()] if sends_a_piece else [StrictJSONParser()]

    def get_queryset(self) -> QuerySet[Upload]:
        if getattr(self, "swagger_fake_view", False):
            return Upload.objects.none()
        return Upload.objects.filter(by=self.request.user).select_related("dataset__use_case")

    @extend_schema(
        parameters=[
            OpenApiParameter("Repr-Digest", str, OpenApiParameter.HEADER, description="RFC 9530, of the whole file")
        ]
    )
    def create(self, request: Any) -> Response:
        serializer = self.get_serializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        data = serializer.validated_data
        upload = actions.start_upload(
            data["dataset"],
            data["name"],
            data["size"],
            by=request.user,
            digest=data["declared_digest"] or header_digest(request.headers.get("Repr-Digest", "")),
        )
        return Response(self.get_serializer(upload).data, status=status.HTTP_201_CREATED)

    @extend_schema(
        request={"application/offset+octet-stream": OpenApiTypes.BINARY},
        parameters=[
            OpenApiParameter("Upload-Offset", int, OpenApiParameter.HEADER, required=True),
            OpenApiParameter("Content-Digest", str, OpenApiParameter.HEADER, description="RFC 9530, of this piece"),
        ],
        responses=UploadSerializer,
    )
    def partial_update(self, request: Any, pk: str) -> Response:
        """Add a piece at ``Upload-Offset``; the answer's ``received`` is where to go on.

        After the last piece ``state`` is ``ready``, or ``checking`` for a large file: read the upload again until it is
        ``ready`` or ``refused`` (``error`` says why).
        """
        upload = self.get_object()
        text = request.headers.get("Upload-Offset", "")
        if not text.isdigit() or len(text) > 18 or request.content_type != PieceParser.media_type:
            raise InvalidInput(
                _("Send the piece as application/offset+octet-stream with the header Upload-Offset (a number).")
            )
        digest = header_digest(request.headers.get("Content-Digest", ""))
        upload = actions.append_upload(upload, int(text), request.data, by=request.user, digest=digest)
        return Response(self.get_serializer(upload).data)

    def destroy(self, request: Any, pk: str) -> Response:
        actions.abandon_upload(self.get_object(), by=request.user)
        return Response(status=status.HTTP_204_NO_CONTENT)
