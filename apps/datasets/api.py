import base64
import binascii
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import mixins, parsers, serializers, status
from rest_framework.decorators import action
from rest_framework.response import Response

from apps.core.api.parsers import StrictJSONParser
from apps.core.api.views import ApiView, ReadView, expected_revision, set_etag
from apps.core.errors import InvalidInput
from apps.datasets import actions, facts
from apps.datasets.actions import FileOffer
from apps.datasets.filters import DatasetFilter, SourceFilter, VersionFilter
from apps.datasets.models import Dataset, DatasetVersion, Inspection, Source, SplitFile, SplitName, Upload
from apps.datasets.parsers import PieceParser
from apps.evidence.api import FactSerializer
from apps.people.models import Team
from apps.usecases.models import UseCase


def _seen(serializer: Any, name: str, model: Any) -> None:
    """Let a field accept only what the caller may see."""
    request = serializer.context.get("request")
    if request is not None and request.user.is_authenticated:
        field = serializer.fields[name]
        getattr(field, "child_relation", field).queryset = model.objects.visible_to(request.user)


class SourceSerializer(serializers.ModelSerializer[Source]):
    team = serializers.PrimaryKeyRelatedField(queryset=Team.objects.all())

    class Meta:
        model = Source
        fields = [
            "id", "team", "name", "kind", "location", "owner_name", "licence", "is_authoritative", "exclusions",
            "revision", "created_at", "updated_at",
        ]  # fmt: skip
        read_only_fields = ["id", "revision", "created_at", "updated_at"]
        validators: list[Any] = []

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _seen(self, "team", Team)


class EditView(ReadView):
    """Create, read and change (with ``If-Match``) one kind of editable record."""

    def _answer(self, obj: Any, code: int) -> Response:
        response = Response(self.get_serializer(obj).data, status=code)
        set_etag(response, obj)
        return response

    def _create(self, data: dict[str, Any]) -> Any:
        raise NotImplementedError

    def _edit(self, pk: Any, revision: int, data: dict[str, Any]) -> Any:
        raise NotImplementedError

    def create(self, request: Any) -> Response:
        serializer = self.get_serializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        return self._answer(self._create(dict(serializer.validated_data)), status.HTTP_201_CREATED)

    def partial_update(self, request: Any, pk: str) -> Response:
        obj = self.get_object()
        serializer = self.get_serializer(obj, data=request.data, partial=True)
        serializer.is_valid(raise_exception=True)
        changed = self._edit(obj.pk, expected_revision(request), dict(serializer.validated_data))
        return self._answer(changed, status.HTTP_200_OK)


class SourceViewSet(EditView):
    """Systems of record that data comes from."""

    model = Source
    serializer_class = SourceSerializer
    filterset_class = SourceFilter
    orderings = {"name": "name", "created": "id"}

    def _create(self, data: dict[str, Any]) -> Source:
        return actions.create_source(data.pop("team"), by=self.request.user, **data)

    def _edit(self, pk: Any, revision: int, data: dict[str, Any]) -> Source:
        data.pop("team", None)
        return actions.edit_source(pk, by=self.request.user, revision=revision, **data)


class DatasetSerializer(serializers.ModelSerializer[Dataset]):
    use_case = serializers.PrimaryKeyRelatedField(queryset=UseCase.objects.all())
    sources = serializers.PrimaryKeyRelatedField(queryset=Source.objects.all(), many=True, required=False)

    class Meta:
        model = Dataset
        fields = ["id", "use_case", "name", "description", "sources", "revision", "created_at", "updated_at"]
        read_only_fields = ["id", "revision", "created_at", "updated_at"]
        validators: list[Any] = []

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _seen(self, "use_case", UseCase)
        _seen(self, "sources", Source)


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
            "id", "dataset", "number", "digest", "note", "fewer_splits_reason", "input_column", "label_column", "rows",
            "registered_by", "created_at", "files", "inspection",
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


class RegisterFilesSerializer(RegisterSerializer):
    splits = None  # type: ignore[assignment]
    train = serializers.ListField(child=serializers.FileField(), required=False)
    validation = serializers.ListField(child=serializers.FileField(), required=False)
    test = serializers.ListField(child=serializers.FileField(), required=False)


class DatasetViewSet(EditView):
    """Datasets of use cases, and the registration of their versions."""

    model = Dataset
    serializer_class = DatasetSerializer
    filterset_class = DatasetFilter
    orderings = {"name": "name", "created": "id"}

    def get_queryset(self) -> QuerySet[Dataset]:
        rows: QuerySet[Dataset] = super().get_queryset().select_related("use_case__team").prefetch_related("sources")
        return rows

    def get_parsers(self) -> list[Any]:
        if getattr(self, "action", None) == "versions" or self.request is None:
            return [StrictJSONParser(), parsers.MultiPartParser()]
        return super().get_parsers()

    def initialize_request(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        self.action = self.action_map.get(request.method.lower(), "") if self.action_map else ""
        return super().initialize_request(request, *args, **kwargs)

    def _create(self, data: dict[str, Any]) -> Dataset:
        return actions.create_dataset(data.pop("use_case"), by=self.request.user, **data)

    def _edit(self, pk: Any, revision: int, data: dict[str, Any]) -> Dataset:
        data.pop("use_case", None)
        return actions.edit_dataset(pk, by=self.request.user, revision=revision, **data)

    @extend_schema(methods=["GET"], responses=VersionSerializer(many=True), filters=False)
    @extend_schema(
        methods=["POST"],
        request={"application/json": RegisterSerializer, "multipart/form-data": RegisterFilesSerializer},
        responses={201: VersionSerializer},
        filters=False,
    )
    @action(detail=True, methods=["get", "post"], filterset_class=None)
    def versions(self, request: Any, pk: str) -> Response:
        """List versions, or register one: from uploads or storage keys (JSON), or from files (multipart)."""
        dataset = self.get_object()
        if request.method == "GET":
            rows = dataset.versions.select_related("inspection").prefetch_related("files")
            page = self.paginate_queryset(rows)
            return self.get_paginated_response(VersionSerializer(page, many=True).data)
        serializer = RegisterSerializer(data=_fields(request))
        serializer.is_valid(raise_exception=True)
        data = dict(serializer.validated_data)
        splits = {
            name: [FileOffer(**offer) for offer in rows] for name, rows in (data.pop("splits", None) or {}).items()
        }
        for name in SplitName.values:
            for file in request.FILES.getlist(name):
                taken = actions.take_file(dataset, file, by=request.user)
                splits.setdefault(name, []).append(FileOffer(upload=taken.pk))
        version = actions.register_version(dataset, splits, by=request.user, **data)
        return Response(VersionSerializer(version).data, status=status.HTTP_201_CREATED)


def _fields(request: Any) -> Any:
    if not (request.content_type or "").startswith("multipart/"):
        return request.data
    return {key: value for key, value in request.data.items() if key not in SplitName.values and key != "splits"}


class InspectionSerializer(serializers.ModelSerializer[Inspection]):
    class Meta:
        model = Inspection
        fields = ["id", "state", "job_id", "attempt", "error", "finished_at"]
        read_only_fields = fields


class NothingSerializer(serializers.Serializer[Any]):
    """An empty body."""


class VersionViewSet(ReadView):
    """Registered versions: immutable, with what the machine found in them."""

    model = DatasetVersion
    serializer_class = VersionSerializer
    filterset_class = VersionFilter

    def get_queryset(self) -> QuerySet[DatasetVersion]:
        rows: QuerySet[DatasetVersion] = super().get_queryset()
        return rows.select_related("dataset__use_case__team", "inspection").prefetch_related("files")

    @extend_schema(responses=FactSerializer(many=True), filters=False)
    @action(detail=True, methods=["get"], filterset_class=None, pagination_class=None)
    def facts(self, request: Any, pk: str) -> Response:
        return Response([fact.as_dict() for fact in facts.read(self.get_object())])

    @extend_schema(request=NothingSerializer, responses={202: InspectionSerializer})
    @action(detail=True, methods=["post"])
    def inspections(self, request: Any, pk: str) -> Response:
        """Compute the facts again; refused while an inspection runs."""
        found = actions.inspect_again(self.get_object(), by=request.user)
        return Response(InspectionSerializer(found).data, status=status.HTTP_202_ACCEPTED)


class UploadSerializer(serializers.ModelSerializer[Upload]):
    dataset = serializers.PrimaryKeyRelatedField(queryset=Dataset.objects.all())
    declared_digest = serializers.RegexField(r"^sha256:[0-9a-f]{64}$", required=False, default="", allow_blank=True)
    size = serializers.IntegerField(min_value=0, max_value=2**53)

    class Meta:
        model = Upload
        fields = [
            "id", "dataset", "name", "size", "received", "declared_digest", "digest", "columns", "rows", "state",
            "job_id", "error", "created_at",
        ]  # fmt: skip
        read_only_fields = [
            "id", "received", "digest", "columns", "rows", "state", "job_id", "error", "created_at",
        ]  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _seen(self, "dataset", Dataset)


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


def register(router: Any) -> None:
    """Add this app's resources to the API."""
    router.register("sources", SourceViewSet, basename="source")
    router.register("datasets", DatasetViewSet, basename="dataset")
    router.register("dataset-versions", VersionViewSet, basename="dataset-version")
    router.register("uploads", UploadViewSet, basename="upload")
