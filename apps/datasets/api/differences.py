"""Differences between versions over the API."""

from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_field
from rest_framework import serializers, status
from rest_framework.decorators import action
from rest_framework.response import Response

from apps.core.errors import NotFound
from apps.datasets import actions, comparing, samples
from apps.datasets.actions.access import note_comparisons_seen
from apps.datasets.actions.comparing import known_differences
from apps.datasets.actions.forgetting import erased_among
from apps.datasets.models import DatasetVersion, VersionDifference
from apps.datasets.views.findings import masked

RELATED = ("dataset__use_case__team",)
MOST_OTHERS = 50


class DifferenceSerializer(serializers.ModelSerializer[VersionDifference]):
    """A difference, its samples masked; ``result`` is empty until ``state`` is done."""

    against = serializers.SerializerMethodField()

    class Meta:
        model = VersionDifference
        fields = [
            "id", "against", "older_digest", "newer_digest", "key_column", "state", "job_id", "changed_percent",
            "result", "error", "error_code", "finished_at",
        ]  # fmt: skip
        read_only_fields = fields

    @extend_schema_field(OpenApiTypes.UUID)
    def get_against(self, difference: VersionDifference) -> str:
        return str(self.context["others"][difference.older_digest].pk)

    def to_representation(self, instance: VersionDifference) -> dict[str, Any]:
        older, newer = self.context["others"][instance.older_digest], self.context["version"]
        found: dict[str, Any] = super().to_representation(instance)
        return {**found, "result": comparing.shown(instance.result, older, newer, masked, self.context["erased"])}


class AgainstSerializer(serializers.Serializer[Any]):
    against = serializers.UUIDField()
    key_column = serializers.CharField(
        max_length=200, required=False, default="", allow_blank=True, help_text="Names each row; guessed when empty."
    )


class VersionDifferences:
    """What a version's resource answers about its differences from other versions."""

    get_object: Any
    get_serializer_context: Any

    @extend_schema(
        methods=["GET"],
        responses=DifferenceSerializer(many=True),
        parameters=[OpenApiParameter("against", OpenApiTypes.UUID, description="Only the one from this version")],
        filters=False,
    )
    @extend_schema(methods=["POST"], request=AgainstSerializer, responses={202: DifferenceSerializer})
    @action(detail=True, methods=["get", "post"], filterset_class=None, pagination_class=None)
    def differences(self, request: Any, pk: str) -> Response:
        """List what changed from other versions to this one (the newest 50), or have it computed (POST).

        That rows were seen is recorded once a person, pair of versions and hour.
        """
        version = self.get_object()
        others = {row.digest: row for row in _others(version, request.user)}
        erased = erased_among([version, *others.values()])
        context = {**self.get_serializer_context(), "version": version, "others": others, "erased": erased}
        if request.method == "GET":
            rows = known_differences(version, others.values())
            if against := request.query_params.get("against"):
                rows = [row for row in rows if str(others[row.older_digest].pk) == against]
            return Response(_shown(rows, context))
        older, key_column = _other(request)
        found = actions.compare_versions(version, older, by=request.user, key_column=key_column)
        others[older.digest] = older
        return Response(_shown([found], context)[0], status=status.HTTP_202_ACCEPTED)

    @extend_schema(request=AgainstSerializer, responses={201: DifferenceSerializer}, filters=False)
    @action(detail=True, methods=["post"], url_path="difference-stops", filterset_class=None)
    def difference_stops(self, request: Any, pk: str) -> Response:
        """Stop the comparison that runs; refused when none does."""
        version, (older, key_column) = self.get_object(), _other(request)
        found = actions.cancel_comparison(version, older, by=request.user, key_column=key_column)
        context = {"version": version, "others": {older.digest: older}, "erased": set()}
        return Response(DifferenceSerializer(found, context=context).data, status=status.HTTP_201_CREATED)


def _shown(rows: list[VersionDifference], context: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the differences as they are answered, after it was recorded whose rows they show."""
    answer = [dict(row) for row in DifferenceSerializer(rows, many=True, context=context).data]
    seen = [context["others"][row["older_digest"]] for row in answer if samples.count_shown(row["result"])]
    note_comparisons_seen(context["version"], seen, by=context["request"].user)
    return answer


def _others(version: DatasetVersion, user: Any) -> QuerySet[DatasetVersion]:
    rows = DatasetVersion.objects.visible_to(user).filter(dataset=version.dataset_id).exclude(pk=version.pk)
    return rows.select_related(*RELATED).prefetch_related("files").order_by("-number")[:MOST_OTHERS]


def _other(request: Any) -> tuple[DatasetVersion, str]:
    """Return the version that a request names, where the person may see it, and the key column."""
    serializer = AgainstSerializer(data=request.data)
    serializer.is_valid(raise_exception=True)
    rows = DatasetVersion.objects.visible_to(request.user).select_related(*RELATED)
    asked = serializer.validated_data
    return _only(rows.filter(pk=asked["against"])), asked["key_column"]


def _only(rows: QuerySet[DatasetVersion]) -> DatasetVersion:
    found = rows.first()
    if found is None:
        raise NotFound(_("There is no such version, or you may not see it."))
    return found
