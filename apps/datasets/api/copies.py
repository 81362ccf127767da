from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.decorators import action
from rest_framework.response import Response

from apps.core.api.views import ReadView
from apps.datasets import actions
from apps.datasets.api.fields import only_seen
from apps.datasets.filters import CopyFilter
from apps.datasets.models import Copy, CopyDeletion, CopyExtension, DatasetVersion
from apps.evidence.models import Document
from apps.people.models import User
from apps.people.visibility import visible_people

DECLARED = [row for row in Copy.Kind.choices if row[0] != Copy.Kind.REGISTERED]
METHODS = [row for row in CopyDeletion.Method.choices if row[0] != CopyDeletion.Method.FOURGATE]


class DeletionSerializer(serializers.ModelSerializer[CopyDeletion]):
    class Meta:
        model = CopyDeletion
        fields = ["id", "recorded_by", "created_at", "method", "proof", "document", "proof_digest"]
        read_only_fields = fields


class ExtensionSerializer(serializers.ModelSerializer[CopyExtension]):
    class Meta:
        model = CopyExtension
        fields = ["id", "keep_until", "reason", "extended_by", "created_at"]
        read_only_fields = fields


class CopySerializer(serializers.ModelSerializer[Copy]):
    state = serializers.ChoiceField(choices=Copy.State.choices, read_only=True)
    delete_by = serializers.DateField(
        read_only=True, allow_null=True, help_text="The earliest of all that applies; empty when nothing does."
    )
    source_until = serializers.DateField(
        read_only=True, allow_null=True, help_text="The last day that the strictest source allows."
    )
    deletion = DeletionSerializer(read_only=True, allow_null=True)
    extensions = ExtensionSerializer(many=True, read_only=True)

    class Meta:
        model = Copy
        fields = [
            "id", "version", "kind", "place", "owner", "purpose", "made_on", "keep_until", "delete_by", "source_until",
            "state", "registered_by", "created_at", "deletion", "extensions",
        ]  # fmt: skip
        read_only_fields = fields


def people_seen(serializer: Any) -> None:
    """Let the field ``owner`` accept only people whom the caller sees."""
    request = serializer.context.get("request")
    if request is not None and request.user.is_authenticated:
        serializer.fields["owner"].queryset = visible_people(request.user)


class NewCopySerializer(serializers.Serializer[Any]):
    version = serializers.PrimaryKeyRelatedField(queryset=DatasetVersion.objects.all())
    kind = serializers.ChoiceField(choices=DECLARED)
    place = serializers.CharField(max_length=300)
    owner = serializers.PrimaryKeyRelatedField(queryset=User.objects.all())
    purpose = serializers.CharField(max_length=500)
    made_on = serializers.DateField(required=False, allow_null=True, default=None)
    keep_until = serializers.DateField(required=False, allow_null=True, default=None)
    keep_days = serializers.IntegerField(
        min_value=1, max_value=36500, required=False, allow_null=True, default=None, help_text="From made_on."
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        only_seen(self, "version", DatasetVersion)
        people_seen(self)


class NewDeletionSerializer(serializers.Serializer[Any]):
    method = serializers.ChoiceField(choices=METHODS)
    proof = serializers.CharField(max_length=4000, required=False, default="", allow_blank=True)
    document = serializers.PrimaryKeyRelatedField(
        queryset=Document.objects.all(), required=False, allow_null=True, default=None
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        only_seen(self, "document", Document)


class NewExtensionSerializer(serializers.Serializer[Any]):
    keep_until = serializers.DateField()
    reason = serializers.CharField(max_length=500)


class NewOwnerSerializer(serializers.Serializer[Any]):
    owner = serializers.PrimaryKeyRelatedField(queryset=User.objects.all())

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        people_seen(self)


def whole(rows: QuerySet[Copy]) -> QuerySet[Copy]:
    """Add to copies what their JSON shows."""
    found: Any = rows
    return found.with_terms().select_related("deletion").prefetch_related("extensions")  # type: ignore[no-any-return]


class CopyViewSet(ReadView):
    """Copies of versions: registered by people and pipelines, extended, handed over, deleted with proof."""

    model = Copy
    serializer_class = CopySerializer
    filterset_class = CopyFilter
    orderings = {"place": "place", "made": "made_on", "delete_by": "sort_day", "registered": "id"}

    def get_queryset(self) -> QuerySet[Copy]:
        return whole(super().get_queryset())

    def _read(self, pk: Any) -> Response:
        copy = whole(Copy.objects.filter(pk=pk)).get()
        return Response(CopySerializer(copy).data, status=status.HTTP_201_CREATED)

    def _asked(self, kind: type[serializers.Serializer[Any]], request: Any) -> dict[str, Any]:
        serializer = kind(data=request.data, context=self.get_serializer_context())
        serializer.is_valid(raise_exception=True)
        return dict(serializer.validated_data)

    @extend_schema(request=NewCopySerializer, responses={201: CopySerializer})
    def create(self, request: Any) -> Response:
        data = self._asked(NewCopySerializer, request)
        copy = actions.register_copy(
            data.pop("version"),
            data.pop("kind"),
            data.pop("place"),
            data.pop("owner"),
            data.pop("purpose"),
            by=request.user,
            **data,
        )
        return self._read(copy.pk)

    @extend_schema(request=NewDeletionSerializer, responses={201: CopySerializer})
    @action(detail=True, methods=["post"])
    def deletions(self, request: Any, pk: str) -> Response:
        """Record that the copy is gone, with its proof; Fourgate's own files are looked for first."""
        copy = self.get_object()
        actions.record_deletion(copy, by=request.user, **self._asked(NewDeletionSerializer, request))
        return self._read(copy.pk)

    @extend_schema(request=NewExtensionSerializer, responses={201: CopySerializer})
    @action(detail=True, methods=["post"])
    def extensions(self, request: Any, pk: str) -> Response:
        """Let the copy stand until a later day, with the reason."""
        copy = self.get_object()
        actions.extend_copy(copy, by=request.user, **self._asked(NewExtensionSerializer, request))
        return self._read(copy.pk)

    @extend_schema(request=NewOwnerSerializer, responses={201: CopySerializer})
    @action(detail=True, methods=["post"])
    def handovers(self, request: Any, pk: str) -> Response:
        """Name another person of the team who answers for the copy."""
        copy = self.get_object()
        actions.hand_over_copy(copy, self._asked(NewOwnerSerializer, request)["owner"], by=request.user)
        return self._read(copy.pk)
