from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.decorators import action
from rest_framework.response import Response

from apps.core.api.views import ReadView
from apps.datasets.api.audits import ConclusionSerializer
from apps.datasets.models import Verdict
from apps.evaluations import actions, reviewing
from apps.evaluations.actions.reviews import MOST_OUTPUTS
from apps.evaluations.filters import ReviewFilter
from apps.evaluations.models import OutputJudgement, OutputReview, ReviewedOutput
from apps.people.models import User
from apps.people.visibility import visible_people


class ReviewSerializer(serializers.ModelSerializer[OutputReview]):
    evaluation_run = serializers.UUIDField(source="run_id", read_only=True)
    result = serializers.DictField(read_only=True)

    class Meta:
        model = OutputReview
        fields = [
            "id", "evaluation_run", "number", "state", "judges_per_output", "seed", "drawn_by", "result", "conclusion",
            "closed_by", "closed_at", "created_at",
        ]  # fmt: skip
        read_only_fields = fields


class NewReviewSerializer(serializers.Serializer[Any]):
    judges = serializers.PrimaryKeyRelatedField(queryset=User.objects.all(), many=True)
    wanted = serializers.IntegerField(min_value=1, max_value=MOST_OUTPUTS, required=False, default=50)
    judges_per_output = serializers.IntegerField(min_value=1, max_value=2, required=False, default=1)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        request = self.context.get("request")
        if request is not None and request.user.is_authenticated:
            self.fields["judges"].child_relation.queryset = visible_people(request.user)  # type: ignore[attr-defined]


class OutputSerializer(serializers.ModelSerializer[ReviewedOutput]):
    class Meta:
        model = ReviewedOutput
        fields = ["position", "case", "segment", "input", "output", "expected", "digest"]
        read_only_fields = fields


class NewOutputJudgementSerializer(serializers.Serializer[Any]):
    position = serializers.IntegerField(min_value=1)
    verdict = serializers.ChoiceField(choices=Verdict.choices)
    note = serializers.CharField(max_length=1000, required=False, default="", allow_blank=True)


class OutputJudgementSerializer(serializers.ModelSerializer[OutputJudgement]):
    position = serializers.IntegerField(source="output.position", read_only=True)

    class Meta:
        model = OutputJudgement
        fields = ["position", "reviewer", "verdict", "note", "judged_at"]
        read_only_fields = fields


class ReviewViewSet(ReadView):
    """Reviews of outputs: judged one by one, closed with a result."""

    model = OutputReview
    serializer_class = ReviewSerializer
    filterset_class = ReviewFilter

    def get_queryset(self) -> QuerySet[OutputReview]:
        rows: QuerySet[OutputReview] = super().get_queryset()
        return rows.select_related("run__suite_version__suite__use_case__team", "run__model_version")

    @extend_schema(responses=OutputSerializer(many=True), filters=False)
    @action(detail=True, methods=["get"], filterset_class=None, pagination_class=None)
    def outputs(self, request: Any, pk: str) -> Response:
        """The outputs that wait for the caller: none unless they are one of the judges."""
        review = self.get_object()
        is_judge = review.is_reviewing and review.reviewers.filter(user=request.user).exists()
        rows = reviewing.waiting_for(review, request.user) if is_judge else review.outputs.none()
        return Response(OutputSerializer(rows[:MOST_OUTPUTS], many=True).data)

    @extend_schema(request=NewOutputJudgementSerializer, responses={201: OutputJudgementSerializer})
    @action(detail=True, methods=["post"])
    def judgements(self, request: Any, pk: str) -> Response:
        """Judge one output, or change one’s mind."""
        serializer = NewOutputJudgementSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        data = dict(serializer.validated_data)
        found = actions.judge_output(self.get_object(), data.pop("position"), by=request.user, **data)
        return Response(OutputJudgementSerializer(found).data, status=status.HTTP_201_CREATED)

    @extend_schema(request=ConclusionSerializer, responses={201: ReviewSerializer})
    @action(detail=True, methods=["post"])
    def closures(self, request: Any, pk: str) -> Response:
        """Close a review whose outputs are all judged."""
        serializer = ConclusionSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        found = actions.close_review(self.get_object(), by=request.user, **serializer.validated_data)
        return Response(ReviewSerializer(found).data, status=status.HTTP_201_CREATED)
