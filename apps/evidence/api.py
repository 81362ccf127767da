from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import parsers, serializers, status
from rest_framework.decorators import action
from rest_framework.response import Response

from apps.core import subjects
from apps.core.api.parsers import StrictJSONParser
from apps.core.api.views import ReadView
from apps.core.subjects import SubjectRef
from apps.evidence import actions
from apps.evidence.filters import AttestationFilter, DocumentFilter
from apps.evidence.kinds import ATTESTATIONS, DOCUMENT_KINDS
from apps.evidence.models import Attestation, Document


class DocumentSerializer(serializers.ModelSerializer[Document]):
    link = serializers.CharField(read_only=True, help_text="Empty for a file.")
    is_withdrawn = serializers.SerializerMethodField()

    class Meta:
        model = Document
        fields = [
            "id", "subject_type", "subject_id", "team", "kind", "title", "note", "file_name", "size", "link", "digest",
            "dated_on", "valid_until", "added_by", "created_at", "is_withdrawn",
        ]  # fmt: skip
        read_only_fields = fields

    def get_is_withdrawn(self, document: Document) -> bool:
        return hasattr(document, "withdrawal")


class NewDocumentSerializer(serializers.Serializer[Any]):
    subject_type = serializers.CharField(max_length=40)
    subject_id = serializers.UUIDField()
    kind = serializers.ChoiceField(choices=list(DOCUMENT_KINDS))
    title = serializers.CharField(max_length=160)
    note = serializers.CharField(max_length=500, required=False, default="", allow_blank=True)
    file = serializers.FileField(required=False, allow_null=True, default=None)
    link = serializers.CharField(max_length=500, required=False, default="", allow_blank=True)
    dated_on = serializers.DateField(
        required=False, allow_null=True, default=None, help_text="The day that it bears; without it, that of now."
    )
    valid_until = serializers.DateField(required=False, allow_null=True, default=None)


class ReasonSerializer(serializers.Serializer[Any]):
    reason = serializers.CharField(max_length=500)


class FactSerializer(serializers.Serializer[Any]):
    name = serializers.CharField()
    status = serializers.ChoiceField(choices=["known", "pending", "failed", "unknown"])
    sentence = serializers.CharField()
    figures = serializers.DictField()
    computed_from = serializers.DictField(child=serializers.CharField())


class DocumentViewSet(ReadView):
    """Documents on subjects: added (JSON with a link, or multipart with a file), read, taken back."""

    model = Document
    serializer_class = DocumentSerializer
    filterset_class = DocumentFilter
    parser_classes = [StrictJSONParser, parsers.MultiPartParser]

    def get_queryset(self) -> QuerySet[Document]:
        rows: QuerySet[Document] = super().get_queryset().select_related("withdrawal")
        return rows

    @extend_schema(request=NewDocumentSerializer, responses={201: DocumentSerializer})
    def create(self, request: Any) -> Response:
        serializer = NewDocumentSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        data = dict(serializer.validated_data)
        ref = SubjectRef.parse(data.pop("subject_type"), data.pop("subject_id"))
        subjects.get(ref, request.user)
        document = actions.add_document(ref, data.pop("kind"), data.pop("title"), by=request.user, **data)
        return Response(DocumentSerializer(document).data, status=status.HTTP_201_CREATED)

    @extend_schema(request=ReasonSerializer, responses={201: DocumentSerializer})
    @action(detail=True, methods=["post"])
    def withdrawals(self, request: Any, pk: str) -> Response:
        document = self.get_object()
        serializer = ReasonSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        actions.withdraw_document(document, by=request.user, **serializer.validated_data)
        return Response(DocumentSerializer(self.get_object()).data, status=status.HTTP_201_CREATED)


class AttestationSerializer(serializers.ModelSerializer[Attestation]):
    is_withdrawn = serializers.SerializerMethodField()

    class Meta:
        model = Attestation
        fields = [
            "id", "subject_type", "subject_id", "team", "kind", "statement", "responsibility", "subject_digest",
            "comment", "added_by", "created_at", "is_withdrawn",
        ]  # fmt: skip
        read_only_fields = fields

    def get_is_withdrawn(self, attestation: Attestation) -> bool:
        return hasattr(attestation, "withdrawal")


class NewAttestationSerializer(serializers.Serializer[Any]):
    subject_type = serializers.CharField(max_length=40)
    subject_id = serializers.UUIDField()
    kind = serializers.ChoiceField(choices=list(ATTESTATIONS))
    comment = serializers.CharField(max_length=1000, required=False, default="", allow_blank=True)
    statement = serializers.CharField(
        max_length=500, required=False, default="", allow_blank=True, help_text="For the kind `stated` alone."
    )
    responsibility = serializers.CharField(
        max_length=40, required=False, default="", allow_blank=True, help_text="For the kind `stated` alone."
    )


class AttestationViewSet(ReadView):
    """Statements that one person makes under a responsibility."""

    model = Attestation
    serializer_class = AttestationSerializer
    filterset_class = AttestationFilter

    def get_queryset(self) -> QuerySet[Attestation]:
        rows: QuerySet[Attestation] = super().get_queryset().select_related("withdrawal")
        return rows

    @extend_schema(request=NewAttestationSerializer, responses={201: AttestationSerializer})
    def create(self, request: Any) -> Response:
        serializer = NewAttestationSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        data = dict(serializer.validated_data)
        ref = SubjectRef.parse(data.pop("subject_type"), data.pop("subject_id"))
        subjects.get(ref, request.user)
        attestation = actions.attest(ref, data.pop("kind"), by=request.user, **data)
        return Response(AttestationSerializer(attestation).data, status=status.HTTP_201_CREATED)

    @extend_schema(request=ReasonSerializer, responses={201: AttestationSerializer})
    @action(detail=True, methods=["post"])
    def withdrawals(self, request: Any, pk: str) -> Response:
        attestation = self.get_object()
        serializer = ReasonSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        actions.withdraw_attestation(attestation, by=request.user, **serializer.validated_data)
        return Response(AttestationSerializer(self.get_object()).data, status=status.HTTP_201_CREATED)


def register(router: Any) -> None:
    """Add this app's resources to the API."""
    router.register("documents", DocumentViewSet, basename="document")
    router.register("attestations", AttestationViewSet, basename="attestation")
