"""Production feedback in a version: the decisions on it."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.decorators import action
from rest_framework.response import Response

from apps.datasets import actions
from apps.datasets.models import FeedbackDecision


class FeedbackDecisionSerializer(serializers.ModelSerializer[FeedbackDecision]):
    class Meta:
        model = FeedbackDecision
        fields = ["id", "decision", "reason", "decided_by", "created_at", "supersedes"]
        read_only_fields = fields


class NewFeedbackDecisionSerializer(serializers.Serializer[Any]):
    decision = serializers.ChoiceField(choices=FeedbackDecision.Decision.choices)
    reason = serializers.CharField(max_length=500, required=False, default="", allow_blank=True)


class FeedbackActions:
    """The sub-resource of a dataset version that is about production feedback."""

    request: Any
    get_object: Any

    @extend_schema(methods=["GET"], responses=FeedbackDecisionSerializer(many=True), filters=False)
    @extend_schema(
        methods=["POST"],
        request=NewFeedbackDecisionSerializer,
        responses={201: FeedbackDecisionSerializer},
        filters=False,
    )
    @action(
        detail=True,
        methods=["get", "post"],
        url_path="feedback-decisions",
        filterset_class=None,
        pagination_class=None,
    )
    def feedback_decisions(self, request: Any, pk: str) -> Response:
        """List every decision on the version's production feedback, oldest first, or decide as its data steward."""
        version = self.get_object()
        if request.method == "GET":
            rows = version.feedback_decisions.order_by("id")
            return Response(FeedbackDecisionSerializer(rows, many=True).data)
        serializer = NewFeedbackDecisionSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        row = actions.decide_feedback(version, by=request.user, **serializer.validated_data)
        return Response(FeedbackDecisionSerializer(row).data, status=status.HTTP_201_CREATED)
