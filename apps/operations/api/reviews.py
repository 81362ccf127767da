import json
from typing import Any

from django.conf import settings
from django.db.models import QuerySet
from django.urls import reverse
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers, status
from rest_framework.decorators import action
from rest_framework.response import Response

from apps.core.api.views import ApiView, ReadView
from apps.evidence.api import FactSerializer
from apps.operations import actions, checklist
from apps.operations.actions.performing import ANSWERS, FollowUpTerms, ItemAnswer
from apps.operations.filters import FollowUpFilter, ReviewFilter
from apps.operations.models import FollowUp, Outcome, Review, ReviewComment
from apps.people.models import User
from apps.people.rule_api import NothingSerializer
from apps.people.visibility import visible_people


class ScheduledReviewSerializer(serializers.ModelSerializer[Review]):
    use_case = serializers.UUIDField(source="plan.use_case_id", read_only=True)
    cadence = serializers.CharField(source="plan.cadence", read_only=True)
    signed = serializers.SerializerMethodField(help_text="What was signed; null until it is performed.")

    class Meta:
        model = Review
        fields = [
            "id", "plan", "use_case", "cadence", "template", "first_day", "last_day", "time_zone", "opens_at", "due_at",
            "lapses_at", "responsibility", "state", "performed_by", "performed_at", "missed_at", "outcome", "notes",
            "signed", "digest", "signature", "confirmed_by", "created_at",
        ]  # fmt: skip
        read_only_fields = fields

    @extend_schema_field({"type": ["object", "null"], "additionalProperties": True})
    def get_signed(self, review: Review) -> dict[str, Any] | None:
        return json.loads(review.body) if review.body else None


class FollowUpSerializer(serializers.ModelSerializer[FollowUp]):
    class Meta:
        model = FollowUp
        fields = ["id", "review", "what", "owner", "due_on", "due_at", "done_at", "done_by", "done_note", "created_at"]
        read_only_fields = fields


class ReviewCommentSerializer(serializers.ModelSerializer[ReviewComment]):
    class Meta:
        model = ReviewComment
        fields = ["id", "review", "text", "by", "created_at"]
        read_only_fields = ["id", "review", "by", "created_at"]


class ChecklistItemSerializer(serializers.Serializer[Any]):
    id = serializers.CharField()
    title = serializers.CharField()
    about = serializers.CharField(allow_blank=True)
    fact = FactSerializer(allow_null=True)
    within_limit = serializers.BooleanField(allow_null=True)


class ChecklistSerializer(serializers.Serializer[Any]):
    digest = serializers.CharField(help_text="Send it as `shown`: it names exactly these items and facts.")
    items = ChecklistItemSerializer(many=True)


class ItemAnswerSerializer(serializers.Serializer[Any]):
    item = serializers.CharField(max_length=60)
    answer = serializers.ChoiceField(choices=ANSWERS)
    note = serializers.CharField(max_length=1000, required=False, default="", allow_blank=True)


class FollowUpTermsSerializer(serializers.Serializer[Any]):
    what = serializers.CharField(max_length=1000)
    owner = serializers.PrimaryKeyRelatedField(queryset=User.objects.all())
    due_on = serializers.DateField(help_text="Until the end of this day in the team's time zone.")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        request = self.context.get("request")
        if request is not None and request.user.is_authenticated:
            self.fields["owner"].queryset = visible_people(request.user)  # type: ignore[attr-defined]


class PerformanceSerializer(serializers.Serializer[Any]):
    shown = serializers.CharField(max_length=71, help_text="The digest of the checklist that was read.")
    answers = ItemAnswerSerializer(many=True)
    outcome = serializers.ChoiceField(choices=Outcome.choices)
    notes = serializers.CharField(max_length=4000, required=False, default="", allow_blank=True)
    confirmation = serializers.UUIDField(required=False, allow_null=True, default=None)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["follow_up"] = FollowUpTermsSerializer(
            required=False, allow_null=True, default=None, context=self.context
        )


class SettlementSerializer(serializers.Serializer[Any]):
    note = serializers.CharField(max_length=2000)


class ReviewViewSet(ReadView):
    """Reviews: opened when their period begins, performed by who answers for them, or recorded as missed."""

    model = Review
    serializer_class = ScheduledReviewSerializer
    filterset_class = ReviewFilter
    orderings = {"due": "due_at", "created": "id"}

    def required_scope(self, request: Any) -> str:
        return "sign" if self.action == "performances" else "write"

    def get_queryset(self) -> QuerySet[Review]:
        rows: QuerySet[Review] = super().get_queryset()
        return rows.whole()  # type: ignore[attr-defined,no-any-return]

    def _read(self, serializer_class: Any, request: Any) -> dict[str, Any]:
        serializer = serializer_class(data=request.data, context=self.get_serializer_context())
        serializer.is_valid(raise_exception=True)
        return dict(serializer.validated_data)

    @extend_schema(responses=ChecklistSerializer, filters=False)
    @action(detail=True, methods=["get"], filterset_class=None, pagination_class=None)
    def checklist(self, request: Any, pk: str) -> Response:
        """The checklist with what is computed for its items now."""
        found = checklist.read(self.get_object())
        return Response({"digest": found.digest, "items": [line.as_dict() for line in found.lines]})

    @extend_schema(request=PerformanceSerializer, responses={201: ScheduledReviewSerializer})
    @action(detail=True, methods=["post"])
    def performances(self, request: Any, pk: str) -> Response:
        """Perform it, as who holds its responsibility: scope ``sign`` and a fresh confirmation are needed."""
        review = self.get_object()
        data = self._read(PerformanceSerializer, request)
        terms = data["follow_up"]
        performed = actions.perform_review(
            review,
            by=request.user,
            shown=data["shown"],
            answers={row["item"]: ItemAnswer(row["answer"], row["note"]) for row in data["answers"]},
            outcome=data["outcome"],
            notes=data["notes"],
            follow_up=FollowUpTerms(**terms) if terms else None,
            confirmation_id=data["confirmation"],
        )
        return Response(ScheduledReviewSerializer(performed).data, status=status.HTTP_201_CREATED)

    @extend_schema(methods=["GET"], responses=ReviewCommentSerializer(many=True), filters=False)
    @extend_schema(
        methods=["POST"], request=ReviewCommentSerializer, responses={201: ReviewCommentSerializer}, filters=False
    )
    @action(detail=True, methods=["get", "post"], filterset_class=None, pagination_class=None)
    def comments(self, request: Any, pk: str) -> Response:
        """List the notes on a review, or add one to a closed review; a missed one stays missed."""
        review = self.get_object()
        if request.method == "GET":
            return Response(ReviewCommentSerializer(review.comments.order_by("id"), many=True).data)
        comment = actions.comment_on_review(review, by=request.user, **self._read(ReviewCommentSerializer, request))
        return Response(ReviewCommentSerializer(comment).data, status=status.HTTP_201_CREATED)


class FollowUpViewSet(ReadView):
    """What reviews found is to be done: by whom, until when, and whether it was."""

    model = FollowUp
    serializer_class = FollowUpSerializer
    filterset_class = FollowUpFilter
    orderings = {"due": "due_at", "created": "id"}

    def get_queryset(self) -> QuerySet[FollowUp]:
        rows: QuerySet[FollowUp] = super().get_queryset()
        return rows.select_related("review__plan__use_case__team", "owner")

    @extend_schema(request=SettlementSerializer, responses={201: FollowUpSerializer})
    @action(detail=True, methods=["post"])
    def settlements(self, request: Any, pk: str) -> Response:
        """Say what was done, as who was named to do it; once."""
        follow_up = self.get_object()
        serializer = SettlementSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        done = actions.settle_follow_up(follow_up, by=request.user, **serializer.validated_data)
        return Response(FollowUpSerializer(done).data, status=status.HTTP_201_CREATED)


class FeedAddressSerializer(serializers.Serializer[Any]):
    url = serializers.CharField(help_text="The address of the iCalendar feed. It is told this once.")
    renewed_at = serializers.DateTimeField()


class ReviewFeedViewSet(ApiView):
    """The caller's calendar feed."""

    serializer_class = FeedAddressSerializer

    @extend_schema(request=NothingSerializer, responses={201: FeedAddressSerializer})
    def create(self, request: Any) -> Response:
        """Make the address of the feed, or make it anew: an earlier one is none any more."""
        feed, token = actions.renew_feed(by=request.user)
        address = settings.PUBLIC_URL + reverse("operations:feed", args=[token])
        data = FeedAddressSerializer({"url": address, "renewed_at": feed.renewed_at}).data
        return Response(data, status=status.HTTP_201_CREATED)
