"""Sensitive data of a version: what was found, the decisions on it, the version derived from them."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.decorators import action
from rest_framework.response import Response

from apps.core.api.resources import JobSerializer
from apps.datasets import actions
from apps.datasets.api.fields import NothingSerializer
from apps.datasets.facts import sensitive as facts
from apps.datasets.models import Derivation, SensitiveDecision


class SensitiveDecisionSerializer(serializers.ModelSerializer[SensitiveDecision]):
    class Meta:
        model = SensitiveDecision
        fields = ["id", "kind", "decision", "reason", "decided_by", "created_at", "supersedes"]
        read_only_fields = fields


class NewSensitiveDecisionSerializer(serializers.Serializer[Any]):
    kind = serializers.CharField(max_length=40)
    decision = serializers.ChoiceField(choices=SensitiveDecision.Decision.choices)
    reason = serializers.CharField(max_length=500, required=False, default="", allow_blank=True)


class SensitiveKindSerializer(serializers.Serializer[Any]):
    key = serializers.CharField()
    title = serializers.CharField()
    rows = serializers.IntegerField()
    values = serializers.IntegerField()  # type: ignore[assignment]
    likely = serializers.IntegerField(help_text="Values of which the inspection is rather sure.")
    by_column = serializers.DictField(child=serializers.IntegerField())
    by_split = serializers.DictField(child=serializers.IntegerField())
    decision = SensitiveDecisionSerializer(allow_null=True)


class DerivationSerializer(serializers.ModelSerializer[Derivation]):
    treatment = serializers.DictField(child=serializers.ChoiceField(choices=["masked", "excluded"]))
    values_masked = serializers.DictField(child=serializers.IntegerField())

    class Meta:
        model = Derivation
        fields = ["id", "version", "parent", "treatment", "values_masked", "rows_changed", "rows_removed", "created_at"]
        read_only_fields = fields


class SensitiveActions:
    """The sub-resources of a dataset version that are about sensitive data."""

    request: Any
    get_object: Any

    @extend_schema(responses=SensitiveKindSerializer(many=True), filters=False)
    @action(detail=True, methods=["get"], url_path="sensitive-data", filterset_class=None, pagination_class=None)
    def sensitive_data(self, request: Any, pk: str) -> Response:
        """Return the kinds that the inspection found, with the decision that stands on each."""
        version = self.get_object()
        return Response(SensitiveKindSerializer(facts.kinds_found(version, version.inspection), many=True).data)

    @extend_schema(methods=["GET"], responses=SensitiveDecisionSerializer(many=True), filters=False)
    @extend_schema(
        methods=["POST"],
        request=NewSensitiveDecisionSerializer,
        responses={201: SensitiveDecisionSerializer},
        filters=False,
    )
    @action(
        detail=True,
        methods=["get", "post"],
        url_path="sensitive-decisions",
        filterset_class=None,
        pagination_class=None,
    )
    def sensitive_decisions(self, request: Any, pk: str) -> Response:
        """List every decision on the version, oldest first, or decide on one kind as its compliance reviewer."""
        version = self.get_object()
        if request.method == "GET":
            rows = version.sensitive_decisions.order_by("id")
            return Response(SensitiveDecisionSerializer(rows, many=True).data)
        serializer = NewSensitiveDecisionSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        row = actions.decide_sensitive(version, by=request.user, **serializer.validated_data)
        return Response(SensitiveDecisionSerializer(row).data, status=status.HTTP_201_CREATED)

    @extend_schema(methods=["GET"], responses=DerivationSerializer(many=True), filters=False)
    @extend_schema(methods=["POST"], request=NothingSerializer, responses={202: JobSerializer}, filters=False)
    @action(detail=True, methods=["get", "post"], filterset_class=None, pagination_class=None)
    def derivations(self, request: Any, pk: str) -> Response:
        """List the versions derived from this one, or start the one that the decisions ask for."""
        version = self.get_object()
        if request.method == "GET":
            return Response(DerivationSerializer(version.derivations.order_by("id"), many=True).data)
        job = actions.derive_version(version, by=request.user)
        return Response(JobSerializer(job).data, status=status.HTTP_202_ACCEPTED)
