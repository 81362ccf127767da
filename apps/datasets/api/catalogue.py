from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import parsers, serializers, status
from rest_framework.decorators import action
from rest_framework.response import Response

from apps.core.api.parsers import StrictJSONParser
from apps.core.api.views import EditView, expected_revision, set_etag
from apps.datasets import actions
from apps.datasets.actions import FileOffer
from apps.datasets.actions.reading import reading_of
from apps.datasets.api.custody import SourceCustody
from apps.datasets.api.fields import only_seen
from apps.datasets.api.lineage import SurroundingsSerializer
from apps.datasets.api.uploads import TableReadSerializer, UploadSerializer
from apps.datasets.api.versions import RegisterFilesSerializer, RegisterSerializer, VersionSerializer
from apps.datasets.filters import DatasetFilter, SourceFilter
from apps.datasets.lineage.surroundings import surroundings
from apps.datasets.models import Dataset, RecordShape, Source, SplitName, Upload
from apps.datasets.refs import source_ref
from apps.people.models import Team, User
from apps.people.visibility import visible_people
from apps.usecases.models import UseCase


class ExcludedSerializer(serializers.Serializer[Any]):
    what = serializers.CharField(max_length=300)
    why = serializers.CharField(max_length=300, required=False, default="", allow_blank=True)


class SourceSerializer(serializers.ModelSerializer[Source]):
    team = serializers.PrimaryKeyRelatedField(queryset=Team.objects.all())
    owner = serializers.PrimaryKeyRelatedField(queryset=User.objects.all(), required=False, allow_null=True)
    excluded = ExcludedSerializer(many=True, required=False, max_length=100)  # type: ignore[call-arg]

    class Meta:
        model = Source
        fields = [
            "id", "team", "name", "kind", "location", "owner_name", "owner", "licence", "is_authoritative",
            "covers_from", "cut_off", "eligibility", "eligibility_reason", "exclusions", "excluded", "retention_days",
            "revision", "created_at", "updated_at",
        ]  # fmt: skip
        read_only_fields = ["id", "revision", "created_at", "updated_at"]
        validators: list[Any] = []

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        only_seen(self, "team", Team)
        request = self.context.get("request")
        if request is not None and request.user.is_authenticated:
            self.fields["owner"].queryset = visible_people(request.user)  # type: ignore[attr-defined]


class SourceViewSet(SourceCustody, EditView):
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

    @extend_schema(responses=SurroundingsSerializer, filters=False)
    @action(detail=True, methods=["get"], filterset_class=None, pagination_class=None)
    def downstream(self, request: Any, pk: str) -> Response:
        """All that was made from it, as far as the caller may see: versions, and what apps above offer."""
        found = surroundings(source_ref(self.get_object()), request.user, up=False)
        return Response(SurroundingsSerializer(found.as_dict()).data)


class DatasetSerializer(serializers.ModelSerializer[Dataset]):
    use_case = serializers.PrimaryKeyRelatedField(queryset=UseCase.objects.all())
    sources = serializers.PrimaryKeyRelatedField(queryset=Source.objects.all(), many=True, required=False)

    class Meta:
        model = Dataset
        fields = [
            "id", "use_case", "name", "description", "retention_days", "sources", "revision", "created_at",
            "updated_at",
        ]  # fmt: skip
        read_only_fields = ["id", "revision", "created_at", "updated_at"]
        validators: list[Any] = []

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        only_seen(self, "use_case", UseCase)
        only_seen(self, "sources", Source)


class ColumnMappingSerializer(serializers.Serializer[Any]):
    shape = serializers.ChoiceField(choices=RecordShape.choices, required=False, allow_blank=True, default="")
    input_column = serializers.CharField(source="input", max_length=200, required=False, allow_blank=True, default="")
    label_column = serializers.CharField(source="label", max_length=200, required=False, allow_blank=True, default="")
    context_column = serializers.CharField(
        source="context", max_length=200, required=False, allow_blank=True, default=""
    )
    date_column = serializers.CharField(source="date", max_length=200, required=False, allow_blank=True, default="")


class InspectionPolicySerializer(serializers.Serializer[Any]):
    near_threshold = serializers.FloatField(min_value=0.5, max_value=1, required=False)
    near_words = serializers.IntegerField(min_value=1, max_value=20, required=False)
    ignore_punctuation = serializers.BooleanField(required=False)
    stale_days = serializers.IntegerField(min_value=1, max_value=100_000, required=False, allow_null=True)
    rare_rows = serializers.IntegerField(min_value=1, max_value=2**31, required=False)


class ReadingSerializer(serializers.Serializer[Any]):
    mapping = ColumnMappingSerializer(required=False, default=dict)
    policy = InspectionPolicySerializer(required=False, default=dict)


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

    @extend_schema(methods=["GET"], responses=ReadingSerializer, filters=False)
    @extend_schema(methods=["PUT"], request=ReadingSerializer, responses=ReadingSerializer, filters=False)
    @action(detail=True, methods=["get", "put"], filterset_class=None, pagination_class=None)
    def reading(self, request: Any, pk: str) -> Response:
        """How the files are read and what the inspection looks for; changed with ``If-Match``."""
        dataset = self.get_object()
        if request.method == "PUT":
            serializer = ReadingSerializer(data=request.data)
            serializer.is_valid(raise_exception=True)
            data = serializer.validated_data
            dataset = actions.set_reading(
                dataset.pk,
                by=request.user,
                revision=expected_revision(request),
                mapping=data["mapping"],
                policy=data["policy"],
            )
        response = Response(ReadingSerializer(reading_of(dataset)).data)
        set_etag(response, dataset)
        return response

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

    @extend_schema(methods=["GET"], responses=UploadSerializer(many=True), filters=False)
    @extend_schema(methods=["POST"], request=TableReadSerializer, responses={202: UploadSerializer}, filters=False)
    @action(detail=True, methods=["get", "post"], url_path="table-reads", filterset_class=None)
    def table_reads(self, request: Any, pk: str) -> Response:
        """List the files that were read from tables and wait to be registered, or read a table into one.

        The upload is ``reading`` until it is ``ready`` to be registered or ``refused`` (``error_code`` says why).
        ``DELETE uploads/{id}/`` stops the reading.
        """
        dataset = self.get_object()
        if request.method == "GET":
            page = self.paginate_queryset(Upload.objects.of_tables(dataset))
            return self.get_paginated_response(UploadSerializer(page, many=True).data)
        serializer = TableReadSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        upload = actions.take_table(dataset, by=request.user, **serializer.validated_data)
        return Response(UploadSerializer(upload).data, status=status.HTTP_202_ACCEPTED)


def _fields(request: Any) -> Any:
    if not (request.content_type or "").startswith("multipart/"):
        return request.data
    return {key: value for key, value in request.data.items() if key not in SplitName.values and key != "splits"}
