from typing import Any

from django.core.files.storage import default_storage
from django.db.models import QuerySet
from django.http import FileResponse
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema, extend_schema_field
from rest_framework import mixins, serializers, status
from rest_framework.decorators import action
from rest_framework.response import Response

from apps.core.api.resources import JobSerializer
from apps.core.api.views import ApiView, ReadView
from apps.core.errors import InvalidInput, NotFound
from apps.ledger import actions, proofs
from apps.ledger.filters import EntryFilter
from apps.ledger.models import Checkpoint, Entry, Export


class EntrySerializer(serializers.ModelSerializer[Entry]):
    body = serializers.CharField(help_text="The canonical bytes (RFC 8785): what is hashed.")
    leaf = serializers.SerializerMethodField(  # type: ignore[assignment]
        help_text="SHA-256 of 0x00 and the body, hexadecimal."
    )

    class Meta:
        model = Entry
        fields = [
            "seq", "id", "occurred", "actor_id", "actor_name", "action", "subject_type", "subject_id", "subject_label",
            "team_id", "leaf", "body",
        ]  # fmt: skip
        read_only_fields = fields

    def get_leaf(self, entry: Entry) -> str:
        return bytes(entry.leaf or b"").hex()


class ProofSerializer(serializers.Serializer[Any]):
    seq = serializers.IntegerField()
    leaf = serializers.CharField()
    tree_size = serializers.IntegerField()
    hashes = serializers.ListField(child=serializers.CharField())
    checkpoint = serializers.CharField()


class CheckpointSerializer(serializers.ModelSerializer[Checkpoint]):
    root = serializers.SerializerMethodField()  # type: ignore[assignment]

    class Meta:
        model = Checkpoint
        fields = ["size", "root", "note", "signed_at"]
        read_only_fields = fields

    def get_root(self, checkpoint: Checkpoint) -> str:
        return bytes(checkpoint.root).hex()


class ConsistencySerializer(serializers.Serializer[Any]):
    old = serializers.IntegerField()
    new = serializers.IntegerField()
    hashes = serializers.ListField(child=serializers.CharField())


class ExportSerializer(serializers.ModelSerializer[Export]):
    download = serializers.SerializerMethodField()

    class Meta:
        model = Export
        fields = [
            "id", "filters", "reason", "job_id", "entries", "size", "digest", "created_at", "finished_at", "download",
        ]  # fmt: skip
        read_only_fields = fields

    @extend_schema_field({"type": ["string", "null"]})
    def get_download(self, export: Export) -> str | None:
        return f"/api/v1/ledger/exports/{export.pk}/download/" if export.file else None


class NewExportSerializer(serializers.Serializer[Any]):
    filters = serializers.DictField(child=serializers.CharField(), required=False, default=dict)
    reason = serializers.CharField(max_length=300, required=False, default="", allow_blank=True)

    def validate_filters(self, value: dict[str, str]) -> dict[str, str]:
        unknown = set(value) - set(EntryFilter.base_filters)
        if unknown:
            raise serializers.ValidationError(_("Unknown filters: %(names)s.") % {"names": ", ".join(sorted(unknown))})
        return value


class NothingSerializer(serializers.Serializer[Any]):
    """An empty body."""


class EntryViewSet(ReadView):
    """Entries of the ledger that the caller may see, newest first."""

    model = Entry
    serializer_class = EntrySerializer
    filterset_class = EntryFilter
    default_ordering = "-seq"
    lookup_field = "seq"
    lookup_value_regex = "[0-9]{1,18}"

    def get_queryset(self) -> QuerySet[Entry]:
        if getattr(self, "swagger_fake_view", False):
            return Entry.objects.none()
        return Entry.objects.visible_to(self.request.user, "trail.view").filter(seq__isnull=False)

    @extend_schema(responses=ProofSerializer)
    @action(detail=True, methods=["get"])
    def proof(self, request: Any, seq: str) -> Response:
        """Return the inclusion proof of one entry in the newest signed tree."""
        entry = self.get_object()
        checkpoint = proofs.newest_checkpoint(entry.seq or 0)
        if checkpoint is None:
            raise NotFound(_("This entry is not signed yet. Ask again in ten seconds."))
        hashes = [step.hex() for step in proofs.inclusion(entry.seq or 0, checkpoint.size)]
        return Response(
            {
                "seq": entry.seq,
                "leaf": bytes(entry.leaf or b"").hex(),
                "tree_size": checkpoint.size,
                "hashes": hashes,
                "checkpoint": checkpoint.note,
            }
        )


class CheckpointViewSet(ReadView):
    """Signed checkpoints (C2SP), newest first; they hold no content and every signed-in caller may read them."""

    model = Checkpoint
    serializer_class = CheckpointSerializer
    default_ordering = "-size"
    lookup_field = "size"
    lookup_value_regex = "[0-9]{1,18}"
    queryset = Checkpoint.objects.all()
    filterset_fields: dict[str, list[str]] = {}

    def get_queryset(self) -> QuerySet[Checkpoint]:
        return Checkpoint.objects.all()


class ConsistencyViewSet(ApiView):
    """The proof that one signed tree is a prefix of a later one."""

    serializer_class = ConsistencySerializer
    pagination_class = None

    @extend_schema(
        parameters=[OpenApiParameter("old", int, required=True), OpenApiParameter("new", int, required=True)],
        responses=ConsistencySerializer,
    )
    def list(self, request: Any) -> Response:
        try:
            old, new = int(request.query_params.get("old", "")), int(request.query_params.get("new", ""))
        except ValueError:
            raise InvalidInput(_("Give the sizes of two checkpoints as ?old= and ?new=.")) from None
        sizes = (
            set(Checkpoint.objects.filter(size__in=[old, new]).values_list("size", flat=True)) if new < 2**62 else set()
        )
        if not {old, new} <= sizes or old > new:
            raise NotFound(_("There are no checkpoints of these sizes."))
        hashes = [step.hex() for step in proofs.consistency(old, new)]
        return Response({"old": old, "new": new, "hashes": hashes})


class ExportViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, ApiView):
    """One's own exports; made by a job, downloaded when it has ended."""

    serializer_class = ExportSerializer
    queryset = Export.objects.all()

    def get_queryset(self) -> QuerySet[Export]:
        if getattr(self, "swagger_fake_view", False):
            return Export.objects.none()
        return Export.objects.filter(requested_by=self.request.user.pk)

    @extend_schema(request=NewExportSerializer, responses={202: ExportSerializer})
    def create(self, request: Any) -> Response:
        serializer = NewExportSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        export = actions.request_export(by=request.user, **serializer.validated_data)
        return Response(ExportSerializer(export).data, status=status.HTTP_202_ACCEPTED)

    @extend_schema(responses={(200, "application/zip"): OpenApiResponse(OpenApiTypes.BINARY)})
    @action(detail=True, methods=["get"])
    def download(self, request: Any, pk: str) -> Any:
        export = self.get_object()
        if not export.file:
            raise NotFound(_("This export is not finished. Look at its job."))
        return FileResponse(default_storage.open(export.file), as_attachment=True, filename=f"{export.pk}.zip")


class VerificationViewSet(ApiView):
    """Verify the whole ledger: a job whose result says how far it is as signed."""

    serializer_class = JobSerializer

    @extend_schema(request=NothingSerializer, responses={202: JobSerializer})
    def create(self, request: Any) -> Response:
        job = actions.request_verification(by=request.user)
        return Response(JobSerializer(job).data, status=status.HTTP_202_ACCEPTED)


def register(router: Any) -> None:
    """Add this app's resources to the API."""
    router.register("ledger/entries", EntryViewSet, basename="ledger-entry")
    router.register("ledger/checkpoints", CheckpointViewSet, basename="ledger-checkpoint")
    router.register("ledger/consistency", ConsistencyViewSet, basename="ledger-consistency")
    router.register("ledger/exports", ExportViewSet, basename="ledger-export")
    router.register("ledger/verifications", VerificationViewSet, basename="ledger-verification")
