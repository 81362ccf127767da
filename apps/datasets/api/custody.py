"""What of custody hangs below a version and below a source."""

from typing import Any, ClassVar

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers, status
from rest_framework.decorators import action
from rest_framework.response import Response

from apps.datasets import access, actions
from apps.datasets.api.copies import CopySerializer, whole
from apps.datasets.api.exports import NewVersionExportSerializer, VersionExportSerializer, file_named
from apps.datasets.filters import AccessFilter, CopyFilter, ExportFilter
from apps.datasets.models import Copy, VersionExport
from apps.datasets.views.findings import plain_place, rows_shown


class PlaceSerializer(serializers.Serializer[Any]):
    split = serializers.CharField()
    file_name = serializers.CharField()
    row = serializers.IntegerField()
    text = serializers.CharField()

    def get_fields(self) -> dict[str, Any]:
        """Add ``label``, a name that the class itself uses for another thing."""
        return {**super().get_fields(), "label": serializers.CharField(allow_null=True, required=False)}


class SampleSerializer(serializers.Serializer[Any]):
    key = serializers.CharField(help_text="Which finding: split_leakage, duplicates, label_conflicts …")
    title = serializers.CharField()
    groups = serializers.ListField(child=PlaceSerializer(many=True))


class WhySerializer(serializers.Serializer[Any]):
    reason = serializers.CharField(max_length=500)


class ErasureSerializer(serializers.Serializer[Any]):
    confirm = serializers.CharField(max_length=200, help_text="The version's name as it is shown, e.g. “Questions v1”.")
    reason = serializers.CharField(max_length=500, required=False, default="", allow_blank=True)


class TouchSerializer(serializers.Serializer[Any]):
    seq = serializers.IntegerField(source="entry.seq", help_text="The entry of the ledger.")
    occurred = serializers.CharField(source="entry.occurred")
    actor_id = serializers.UUIDField(source="entry.actor_id")
    who = serializers.CharField()
    kind = serializers.CharField()
    what = serializers.CharField()
    reason = serializers.CharField()


def _parameters(filterset: Any) -> list[OpenApiParameter]:
    """Describe the filters of a list that hangs below another resource."""
    return [
        OpenApiParameter(name, str, description=str(field.label or ""))
        for name, field in filterset.base_filters.items()
    ]


class _Part:
    """What the parts of an endpoint share."""

    default_ordering: ClassVar[str] = "-id"
    request: Any
    get_object: Any
    paginate_queryset: Any
    get_paginated_response: Any
    get_serializer_context: Any

    def _asked(self, kind: type[serializers.Serializer[Any]], request: Any) -> dict[str, Any]:
        serializer = kind(data=request.data, context=self.get_serializer_context())
        serializer.is_valid(raise_exception=True)
        return dict(serializer.validated_data)

    def _page(self, rows: Any, filterset: Any, serializer: Any, turn: Any = list) -> Response:
        filters = filterset(self.request.query_params, queryset=rows, request=self.request)
        if not filters.is_valid():
            raise serializers.ValidationError(filters.errors)
        page = self.paginate_queryset(filters.qs)
        shown = serializer(turn(page), many=True, context=self.get_serializer_context())
        answer: Response = self.get_paginated_response(shown.data)
        return answer


class VersionCustody(_Part):
    """Samples, accesses, exports and the deletion of one version's files; a part of the version's endpoint."""

    @extend_schema(responses=SampleSerializer(many=True), filters=False)
    @action(detail=True, methods=["get"], filterset_class=None, pagination_class=None)
    def samples(self, request: Any, pk: str) -> Response:
        """Read the sample rows, masked; recorded once a person, version and hour."""
        found = actions.view_samples(self.get_object(), by=request.user)
        return Response(SampleSerializer(rows_shown(found), many=True).data)

    @extend_schema(request=WhySerializer, responses={201: SampleSerializer(many=True)}, filters=False)
    @action(detail=True, methods=["post"], filterset_class=None, pagination_class=None)
    def unmaskings(self, request: Any, pk: str) -> Response:
        """Read the sample rows as they are; recorded with the reason before they are sent."""
        version = self.get_object()
        found = actions.unmask_samples(version, by=request.user, **self._asked(WhySerializer, request))
        return Response(
            SampleSerializer(rows_shown(found, plain_place), many=True).data, status=status.HTTP_201_CREATED
        )

    @extend_schema(responses=TouchSerializer(many=True), parameters=_parameters(AccessFilter), filters=False)
    @action(detail=True, methods=["get"], filterset_class=None, orderings={"time": "seq"}, default_ordering="-seq")
    def access(self, request: Any, pk: str) -> Response:
        """List who looked at, unmasked, exported and downloaded rows of the version, newest first."""
        rows = access.entries(self.get_object(), request.user)
        return self._page(rows, AccessFilter, TouchSerializer, lambda page: [access.touch(row) for row in page])

    @extend_schema(
        methods=["GET"],
        responses=VersionExportSerializer(many=True),
        parameters=_parameters(ExportFilter),
        filters=False,
    )
    @extend_schema(
        methods=["POST"], request=NewVersionExportSerializer, responses={201: VersionExportSerializer}, filters=False
    )
    @action(detail=True, methods=["get", "post"], filterset_class=None)
    def exports(self, request: Any, pk: str) -> Response:
        """List the version's links, or make one: to a file's rows or to the whole version's."""
        version = self.get_object()
        rows = VersionExport.objects.filter(version=version).with_state().select_related("version__dataset", "file")
        if request.method == "GET":
            return self._page(rows, ExportFilter, VersionExportSerializer)
        data = self._asked(NewVersionExportSerializer, request)
        file = file_named(version, data.pop("file"))
        export = actions.create_export(version, data.pop("format"), by=request.user, file=file, **data)
        shown = VersionExportSerializer(rows.get(pk=export.pk), context=self.get_serializer_context())
        return Response(shown.data, status=status.HTTP_201_CREATED)

    @extend_schema(request=ErasureSerializer, responses={201: CopySerializer}, filters=False)
    @action(detail=True, methods=["post"], filterset_class=None)
    def erasures(self, request: Any, pk: str) -> Response:
        """Delete the version's files from the storage for good; facts and digests stay."""
        version = self.get_object()
        actions.erase_files(version, by=request.user, **self._asked(ErasureSerializer, request))
        copy = whole(Copy.objects.filter(version=version, kind=Copy.Kind.REGISTERED)).get()
        return Response(CopySerializer(copy).data, status=status.HTTP_201_CREATED)


class SourceCustody(_Part):
    """Every copy of what came from a source; a part of the source's endpoint."""

    @extend_schema(responses=CopySerializer(many=True), parameters=_parameters(CopyFilter), filters=False)
    @action(
        detail=True,
        methods=["get"],
        filterset_class=None,
        orderings={"place": "place", "made": "made_on", "delete_by": "sort_day", "registered": "id"},
    )
    def copies(self, request: Any, pk: str) -> Response:
        """List every copy of every version of the datasets that come from this source."""
        rows = Copy.objects.visible_to(request.user).of_source(self.get_object())
        return self._page(whole(rows), CopyFilter, CopySerializer)
