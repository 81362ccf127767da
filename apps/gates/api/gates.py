import json
from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers, status
from rest_framework.decorators import action
from rest_framework.renderers import JSONRenderer
from rest_framework.response import Response

from apps.core import subjects
from apps.core.api.sheets import PdfRenderer
from apps.core.api.views import ReadView
from apps.core.sheets import pdf
from apps.core.subjects import SubjectRef
from apps.evidence.api import DocumentSerializer
from apps.evidence.models import Document
from apps.gates import actions, conditions, sheet
from apps.gates.api.shared import (
    NewSignOffSerializer,
    NewThreadSerializer,
    NewWaiverSerializer,
    SignOffSerializer,
    ThreadSerializer,
    WaiverSerializer,
)
from apps.gates.filters import GateFilter
from apps.gates.models import DossierSnapshot, Gate
from apps.gates.reading import read


class GateSerializer(serializers.ModelSerializer[Gate]):
    policy = serializers.SerializerMethodField()
    superseded_by = serializers.SerializerMethodField()

    class Meta:
        model = Gate
        fields = [
            "id", "policy", "kind", "team", "subject_type", "subject_id", "subject_label", "state", "state_since",
            "blocked_by", "unmet", "waived", "turns_at", "superseded_by", "revision", "dossier_digest", "opened_by",
            "created_at", "withdrawal_reason",
        ]  # fmt: skip
        read_only_fields = fields

    @extend_schema_field({"type": "object", "additionalProperties": True})
    def get_policy(self, gate: Gate) -> dict[str, Any]:
        version = gate.policy_version
        return {"id": str(version.pk), "kind": version.kind, "number": version.number, "title": version.title}

    @extend_schema_field({"type": ["string", "null"], "format": "uuid"})
    def get_superseded_by(self, gate: Gate) -> str | None:
        found = getattr(gate, "superseded_by", None)
        return str(found) if found else None


class OpenGateSerializer(serializers.Serializer[Any]):
    policy_kind = serializers.CharField(max_length=40)
    subject_type = serializers.CharField(max_length=40)
    subject_id = serializers.UUIDField()


class DossierSerializer(serializers.Serializer[Any]):
    digest = serializers.CharField()
    revision = serializers.IntegerField()
    dossier = serializers.JSONField(help_text="The canonical body (RFC 8785) whose SHA-256 is the digest.")


class WithdrawalSerializer(serializers.Serializer[Any]):
    reason = serializers.CharField(max_length=500)


class GateViewSet(ReadView):
    """Gates: opened on a subject, read with their dossier, signed, withdrawn."""

    model = Gate
    serializer_class = GateSerializer
    filterset_class = GateFilter
    orderings = {"since": "state_since", "state": "state", "subject": "subject_label", "opened": "id"}

    def required_scope(self, request: Any) -> str:
        return "sign" if self.action in ("sign_offs", "waivers") else "write"

    def get_queryset(self) -> QuerySet[Gate]:
        rows: QuerySet[Gate] = super().get_queryset().with_successor().with_turned()
        return rows.select_related("policy_version", "base_version", "team")

    def get_object(self) -> Gate:
        return actions.caught_up(super().get_object())

    def _data(self, serializer_class: Any) -> dict[str, Any]:
        serializer = serializer_class(data=self.request.data)
        serializer.is_valid(raise_exception=True)
        data: dict[str, Any] = serializer.validated_data
        return data

    @extend_schema(request=OpenGateSerializer, responses={201: GateSerializer})
    def create(self, request: Any) -> Response:
        data = self._data(OpenGateSerializer)
        ref = SubjectRef.parse(data["subject_type"], data["subject_id"])
        subjects.get(ref, request.user)
        gate = actions.open_gate(data["policy_kind"], ref, by=request.user)
        return Response(GateSerializer(gate).data, status=status.HTTP_201_CREATED)

    @extend_schema(responses=DossierSerializer)
    @action(detail=True, methods=["get"])
    def dossier(self, request: Any, pk: str) -> Response:
        """Return what a signer sees, with the digest to sign."""
        gate = self.get_object()
        snapshot = DossierSnapshot.objects.get(gate=gate, digest=gate.dossier_digest)
        return Response(
            {"digest": snapshot.digest, "revision": snapshot.revision, "dossier": json.loads(snapshot.body)}
        )

    @extend_schema(responses={(200, "application/pdf"): OpenApiTypes.BINARY}, filters=False)
    @action(
        detail=True,
        methods=["get"],
        filterset_class=None,
        pagination_class=None,
        renderer_classes=[JSONRenderer, PdfRenderer],
    )
    def pdf(self, request: Any, pk: str) -> HttpResponse:
        """The gate as PDF/A-2a and PDF/UA-1: the dossier as it is shown, with every decision on it."""
        gate = self.get_object()
        return pdf.answer(sheet.sheet(gate, read(gate, request.user)), "gate")

    @extend_schema(responses=DocumentSerializer(many=True), filters=False)
    @action(detail=True, methods=["get"], filterset_class=None, pagination_class=None)
    def evidence(self, request: Any, pk: str) -> Response:
        """Return the standing documents on the gate's subject and on what it belongs to."""
        gate = self.get_object()
        refs = [ref for ref, _obj in subjects.chain(gate.subject)]
        rows = Document.objects.on(*refs).standing().select_related("withdrawal").order_by("id")
        return Response(DocumentSerializer(rows, many=True).data)

    @extend_schema(methods=["GET"], responses=SignOffSerializer(many=True), filters=False)
    @extend_schema(methods=["POST"], request=NewSignOffSerializer, responses={201: SignOffSerializer}, filters=False)
    @action(detail=True, methods=["get", "post"], url_path="sign-offs", filterset_class=None, pagination_class=None)
    def sign_offs(self, request: Any, pk: str) -> Response:
        """List the decisions on a gate, or sign: a token of scope ``sign`` and a fresh confirmation are needed."""
        gate = self.get_object()
        if request.method == "GET":
            rows = gate.sign_offs.prefetch_related(*conditions.READ).order_by("id")
            return Response(SignOffSerializer(rows, many=True).data)
        data = self._data(NewSignOffSerializer)
        row = actions.sign_off(gate, by=request.user, confirmation_id=data.pop("confirmation"), **data)
        return Response(SignOffSerializer(row).data, status=status.HTTP_201_CREATED)

    @extend_schema(methods=["GET"], responses=WaiverSerializer(many=True), filters=False)
    @extend_schema(methods=["POST"], request=NewWaiverSerializer, responses={201: WaiverSerializer}, filters=False)
    @action(detail=True, methods=["get", "post"], filterset_class=None, pagination_class=None)
    def waivers(self, request: Any, pk: str) -> Response:
        """List the waivers of a gate, or waive a requirement: scope ``sign`` and a fresh confirmation are needed."""
        gate = self.get_object()
        if request.method == "GET":
            rows = gate.waivers.select_related("revocation").order_by("id")
            return Response(WaiverSerializer(rows, many=True).data)
        data = self._data(NewWaiverSerializer)
        row = actions.waive(gate, by=request.user, confirmation_id=data.pop("confirmation"), **data)
        return Response(WaiverSerializer(row).data, status=status.HTTP_201_CREATED)

    @extend_schema(methods=["GET"], responses=ThreadSerializer(many=True), filters=False)
    @extend_schema(methods=["POST"], request=NewThreadSerializer, responses={201: ThreadSerializer}, filters=False)
    @action(detail=True, methods=["get", "post"], filterset_class=None, pagination_class=None)
    def threads(self, request: Any, pk: str) -> Response:
        """List the threads on a gate's requirements, or open one."""
        gate = self.get_object()
        if request.method == "GET":
            rows = gate.threads.select_related("resolution").prefetch_related("comments").order_by("id")
            return Response(ThreadSerializer(rows, many=True).data)
        row = actions.open_thread(gate, by=request.user, **self._data(NewThreadSerializer))
        return Response(ThreadSerializer(row).data, status=status.HTTP_201_CREATED)

    @extend_schema(request=WithdrawalSerializer, responses={201: GateSerializer})
    @action(detail=True, methods=["post"])
    def withdrawals(self, request: Any, pk: str) -> Response:
        data = self._data(WithdrawalSerializer)
        gate = actions.withdraw(self.get_object(), by=request.user, **data)
        return Response(GateSerializer(gate).data, status=status.HTTP_201_CREATED)
