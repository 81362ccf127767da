from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.decorators import action
from rest_framework.response import Response

from apps.core.api.views import ReadView
from apps.releases import actions
from apps.releases.filters import RehearsalFilter, RollbackFilter
from apps.releases.models import Rehearsal, Rollback, RollbackReview


class RollbackReviewSerializer(serializers.ModelSerializer[RollbackReview]):
    class Meta:
        model = RollbackReview
        fields = ["id", "verdict", "comment", "reviewed_by", "created_at"]
        read_only_fields = ["id", "reviewed_by", "created_at"]


class RollbackSerializer(serializers.ModelSerializer[Rollback]):
    review = RollbackReviewSerializer(read_only=True, allow_null=True, default=None)

    class Meta:
        model = Rollback
        fields = ["id", "release", "restored", "rolled_back_by", "reason", "review_due_at", "created_at", "review"]
        read_only_fields = fields


class RehearsalSerializer(serializers.ModelSerializer[Rehearsal]):
    class Meta:
        model = Rehearsal
        fields = [
            "id", "release", "target", "rehearsed_at", "duration_seconds", "outcome", "note", "document",
            "rehearsed_by", "recorded_by", "created_at",
        ]  # fmt: skip
        read_only_fields = fields


class RollbackViewSet(ReadView):
    """Rollbacks: made on a release, reviewed here by the governance owner."""

    model = Rollback
    serializer_class = RollbackSerializer
    filterset_class = RollbackFilter
    orderings = {"due": "review_due_at", "created": "id"}

    def get_queryset(self) -> QuerySet[Rollback]:
        rows: QuerySet[Rollback] = super().get_queryset()
        return rows.select_related("release__environment__team", "release__version__model", "review")

    @extend_schema(request=RollbackReviewSerializer, responses={201: RollbackReviewSerializer})
    @action(detail=True, methods=["post"])
    def reviews(self, request: Any, pk: str) -> Response:
        """Say as the governance owner whether the rollback was justified; once."""
        serializer = RollbackReviewSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        review = actions.review_rollback(self.get_object(), by=request.user, **serializer.validated_data)
        return Response(RollbackReviewSerializer(review).data, status=status.HTTP_201_CREATED)


class RehearsalViewSet(ReadView):
    """Rehearsals of the way back, recorded on a release."""

    model = Rehearsal
    serializer_class = RehearsalSerializer
    filterset_class = RehearsalFilter
    orderings = {"rehearsed": "rehearsed_at", "created": "id"}
