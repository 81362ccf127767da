"""Labelling guidelines over the API: draft, edit, publish, compare."""

from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers, status
from rest_framework.decorators import action
from rest_framework.response import Response

from apps.core.api.views import EditView, set_etag
from apps.core.errors import NotFound
from apps.datasets import actions
from apps.datasets.actions.guidelines import LONGEST_LABEL, LONGEST_TEXT, MOST_EXAMPLES, MOST_RULES
from apps.datasets.api.fields import only_seen
from apps.datasets.changes import changes
from apps.datasets.filters import GuidelineFilter
from apps.datasets.models import Dataset, Guideline


class ExampleSerializer(serializers.Serializer[Any]):
    text = serializers.CharField(max_length=LONGEST_TEXT)
    label = serializers.CharField(max_length=LONGEST_LABEL)  # type: ignore[assignment]
    why = serializers.CharField(max_length=LONGEST_TEXT)


class GuidelineSerializer(serializers.ModelSerializer[Guideline]):
    dataset = serializers.PrimaryKeyRelatedField(queryset=Dataset.objects.all())
    rules = serializers.ListField(
        child=serializers.CharField(max_length=LONGEST_TEXT), max_length=MOST_RULES, required=False
    )
    examples = serializers.ListField(child=ExampleSerializer(), max_length=MOST_EXAMPLES, required=False)

    class Meta:
        model = Guideline
        fields = [
            "id", "dataset", "number", "state", "note", "rules", "examples", "digest", "created_by", "published_by",
            "published_at", "revision", "created_at", "updated_at",
        ]  # fmt: skip
        read_only_fields = [
            "id", "number", "state", "digest", "created_by", "published_by", "published_at", "revision", "created_at",
            "updated_at",
        ]  # fmt: skip
        validators: list[Any] = []

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        only_seen(self, "dataset", Dataset)


class PublicationSerializer(serializers.Serializer[Any]):
    revision = serializers.IntegerField(min_value=1, help_text="The revision of the draft that was read.")


class ChangeSerializer(serializers.Serializer[Any]):
    kind = serializers.ChoiceField(choices=["added", "removed", "reworded", "moved", "relabelled"])
    sentence = serializers.CharField()
    before = serializers.CharField()
    after = serializers.CharField()


class GuidelineViewSet(EditView):
    """Labelling guidelines of datasets, version by version; a published one does not change."""

    model = Guideline
    serializer_class = GuidelineSerializer
    filterset_class = GuidelineFilter
    orderings = {"number": "number", "created": "id"}

    def get_queryset(self) -> QuerySet[Guideline]:
        rows: QuerySet[Guideline] = super().get_queryset().select_related("dataset__use_case__team")
        return rows

    def _create(self, data: dict[str, Any]) -> Guideline:
        return actions.draft_guideline(data.pop("dataset"), by=self.request.user, **data)

    def _edit(self, pk: Any, revision: int, data: dict[str, Any]) -> Guideline:
        data.pop("dataset", None)
        return actions.edit_guideline(pk, by=self.request.user, revision=revision, **data)

    @extend_schema(request=PublicationSerializer, responses={201: GuidelineSerializer})
    @action(detail=True, methods=["post"])
    def publications(self, request: Any, pk: str) -> Response:
        """Publish the draft that was read; for the holder of the annotation owner's responsibility."""
        guideline = self.get_object()
        serializer = PublicationSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        done = actions.publish_guideline(guideline.pk, by=request.user, **serializer.validated_data)
        response = Response(self.get_serializer(done).data, status=status.HTTP_201_CREATED)
        set_etag(response, done)
        return response

    @extend_schema(
        responses=ChangeSerializer(many=True),
        parameters=[
            OpenApiParameter("since", int, description="The number of the earlier version; else the one before.")
        ],
        filters=False,
    )
    @action(detail=True, methods=["get"], filterset_class=None, pagination_class=None)
    def changes(self, request: Any, pk: str) -> Response:
        """Say in words what is different from an earlier version of the same dataset's guideline."""
        guideline = self.get_object()
        return Response([row.as_dict() for row in changes(_earlier(guideline, request), guideline)])


def _earlier(guideline: Guideline, request: Any) -> Guideline:
    asked = request.query_params.get("since", "")
    rows = Guideline.objects.filter(dataset=guideline.dataset_id)
    if asked:
        found = rows.filter(number=int(asked)).first() if asked.isdecimal() and len(asked) < 10 else None
        if found is None:
            raise NotFound(_("There is no version “%(n)s” of this guideline.") % {"n": asked[:20]})
        return found
    before: Guideline | None = rows.filter(number__lt=guideline.number).order_by("-number").first()
    return before or Guideline(rules=[], examples=[])
