from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.decorators import action
from rest_framework.response import Response

from apps.core.api.views import ReadView
from apps.datasets.api.fields import only_seen
from apps.evaluations import actions
from apps.evaluations.filters import FailureFilter, FindingFilter
from apps.evaluations.models import FailureCase, FailureDecision, FindingClosure, FindingRetest, RedTeamFinding
from apps.registry.models import ModelVersion


class DecisionSerializer(serializers.ModelSerializer[FailureDecision]):
    class Meta:
        model = FailureDecision
        fields = ["decision", "note", "decided_by", "created_at"]
        read_only_fields = ["decided_by", "created_at"]


class FailureSerializer(serializers.ModelSerializer[FailureCase]):
    evaluation_run = serializers.UUIDField(source="run_id", read_only=True)
    decision = DecisionSerializer(read_only=True, allow_null=True, default=None)

    class Meta:
        model = FailureCase
        fields = ["id", "evaluation_run", "case", "metric", "cause", "note", "found_by", "created_at", "decision"]
        read_only_fields = fields


class NewFailureSerializer(serializers.Serializer[Any]):
    case = serializers.CharField(max_length=200)
    metric = serializers.CharField(max_length=60, required=False, default="", allow_blank=True)
    cause = serializers.ChoiceField(choices=FailureCase.Cause.choices)
    note = serializers.CharField(max_length=1000)


class FailureViewSet(ReadView):
    """Cases that went wrong: their cause, and what is done about them."""

    model = FailureCase
    serializer_class = FailureSerializer
    filterset_class = FailureFilter

    def get_queryset(self) -> QuerySet[FailureCase]:
        rows: QuerySet[FailureCase] = super().get_queryset()
        return rows.select_related("decision", "run__suite_version__suite__use_case__team", "run__model_version")

    @extend_schema(request=DecisionSerializer, responses={201: DecisionSerializer})
    @action(detail=True, methods=["post"])
    def decisions(self, request: Any, pk: str) -> Response:
        """Say what is done about it, once."""
        serializer = DecisionSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        found = actions.decide_failure(self.get_object(), by=request.user, **serializer.validated_data)
        return Response(DecisionSerializer(found).data, status=status.HTTP_201_CREATED)


class RetestSerializer(serializers.ModelSerializer[FindingRetest]):
    class Meta:
        model = FindingRetest
        fields = ["id", "outcome", "note", "retested_by", "created_at"]
        read_only_fields = ["id", "retested_by", "created_at"]


class ClosureSerializer(serializers.ModelSerializer[FindingClosure]):
    class Meta:
        model = FindingClosure
        fields = ["reason", "retest", "closed_by", "created_at"]
        read_only_fields = ["retest", "closed_by", "created_at"]


class FindingSerializer(serializers.ModelSerializer[RedTeamFinding]):
    retests = RetestSerializer(many=True, read_only=True)
    closure = ClosureSerializer(read_only=True, allow_null=True, default=None)

    class Meta:
        model = RedTeamFinding
        fields = [
            "id", "model_version", "number", "title", "description", "severity", "found_on", "reported_by",
            "created_at", "retests", "closure",
        ]  # fmt: skip
        read_only_fields = fields


class NewFindingSerializer(serializers.Serializer[Any]):
    model_version = serializers.PrimaryKeyRelatedField(queryset=ModelVersion.objects.all())
    title = serializers.CharField(max_length=200)
    description = serializers.CharField(max_length=8000)
    severity = serializers.ChoiceField(choices=RedTeamFinding.Severity.choices)
    found_on = serializers.DateField(required=False, allow_null=True, default=None)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        only_seen(self, "model_version", ModelVersion)


class FindingViewSet(ReadView):
    """What red teams found: reported, tried again, closed when it is gone."""

    model = RedTeamFinding
    serializer_class = FindingSerializer
    filterset_class = FindingFilter
    orderings = {"found": "found_on", "created": "id"}

    def get_queryset(self) -> QuerySet[RedTeamFinding]:
        rows: QuerySet[RedTeamFinding] = super().get_queryset().prefetch_related("retests")
        return rows.select_related("closure", "model_version__model__use_case__team", "model_version__run")

    @extend_schema(request=NewFindingSerializer, responses={201: FindingSerializer})
    def create(self, request: Any) -> Response:
        serializer = NewFindingSerializer(data=request.data, context=self.get_serializer_context())
        serializer.is_valid(raise_exception=True)
        data = dict(serializer.validated_data)
        finding = actions.report_finding(data.pop("model_version"), data.pop("title"), by=request.user, **data)
        return Response(FindingSerializer(finding).data, status=status.HTTP_201_CREATED)

    @extend_schema(request=RetestSerializer, responses={201: RetestSerializer})
    @action(detail=True, methods=["post"])
    def retests(self, request: Any, pk: str) -> Response:
        """Say that somebody tried it again, and what came of it."""
        serializer = RetestSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        found = actions.retest_finding(self.get_object(), by=request.user, **serializer.validated_data)
        return Response(RetestSerializer(found).data, status=status.HTTP_201_CREATED)

    @extend_schema(request=ClosureSerializer, responses={201: ClosureSerializer})
    @action(detail=True, methods=["post"])
    def closures(self, request: Any, pk: str) -> Response:
        """Close a finding that the last retest showed to be gone."""
        serializer = ClosureSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        found = actions.close_finding(self.get_object(), by=request.user, **serializer.validated_data)
        return Response(ClosureSerializer(found).data, status=status.HTTP_201_CREATED)
