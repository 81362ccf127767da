from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.decorators import action
from rest_framework.response import Response

from apps.core.api.views import EditView, ReadView
from apps.datasets.api.fields import only_seen
from apps.evidence.api import ReasonSerializer
from apps.operations import actions
from apps.operations.filters import PlanFilter, TeamCalendarFilter
from apps.operations.models import Cadence, ReviewPlan, ReviewTemplate, TeamCalendar
from apps.people.models import Team
from apps.people.rule_api import RULE_FIELDS, RuleViewSet, described
from apps.usecases.models import UseCase


class ReviewTemplateSerializer(serializers.ModelSerializer[ReviewTemplate]):
    class Meta:
        model = ReviewTemplate
        fields = RULE_FIELDS
        read_only_fields = RULE_FIELDS


@described(ReviewTemplateSerializer)
class ReviewTemplateViewSet(RuleViewSet):
    """Versions of review templates. Proposed by one governance lead, published by another."""

    model = ReviewTemplate
    queryset = ReviewTemplate.objects.all()
    serializer_class = ReviewTemplateSerializer
    propose = staticmethod(actions.propose_review_template)
    publish = staticmethod(actions.publish_review_template)
    withdraw = staticmethod(actions.withdraw_review_template)


class HolidaySerializer(serializers.Serializer[Any]):
    date = serializers.DateField()
    name = serializers.CharField(max_length=80)


class TeamCalendarSerializer(serializers.ModelSerializer[TeamCalendar]):
    team = serializers.PrimaryKeyRelatedField(queryset=Team.objects.all())
    weekend = serializers.ListField(
        child=serializers.IntegerField(min_value=1, max_value=7),
        required=False,
        help_text="From 1 (Monday) to 7 (Sunday); Saturday and Sunday where it is left out.",
    )
    holidays = HolidaySerializer(many=True, required=False)

    class Meta:
        model = TeamCalendar
        fields = [
            "id",
            "team",
            "time_zone",
            "weekend",
            "holidays",
            "created_by",
            "revision",
            "created_at",
            "updated_at",
        ]
        read_only_fields = ["id", "created_by", "revision", "created_at", "updated_at"]
        validators: list[Any] = []

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        only_seen(self, "team", Team)


class TeamCalendarViewSet(EditView):
    """When a team works: its time zone, its weekend, its holidays. One a team."""

    model = TeamCalendar
    serializer_class = TeamCalendarSerializer
    filterset_class = TeamCalendarFilter

    def _create(self, data: dict[str, Any]) -> TeamCalendar:
        return actions.make_team_calendar(data.pop("team"), by=self.request.user, **data)

    def _edit(self, pk: Any, revision: int, data: dict[str, Any]) -> TeamCalendar:
        data.pop("team", None)
        return actions.edit_team_calendar(pk, by=self.request.user, revision=revision, **data)


class ReviewPlanSerializer(serializers.ModelSerializer[ReviewPlan]):
    class Meta:
        model = ReviewPlan
        fields = [
            "id", "use_case", "cadence", "starts_on", "covered_until", "next_at", "planned_by", "ended_on", "ended_by",
            "ending_reason", "created_at",
        ]  # fmt: skip
        read_only_fields = fields


class NewReviewPlanSerializer(serializers.Serializer[Any]):
    use_case = serializers.PrimaryKeyRelatedField(queryset=UseCase.objects.all())
    cadence = serializers.ChoiceField(choices=Cadence.choices)
    starts_on = serializers.DateField(
        required=False, allow_null=True, default=None, help_text="Today in the team's time zone where it is left out."
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        only_seen(self, "use_case", UseCase)


class ReviewPlanViewSet(ReadView):
    """Which reviews take place for a use case, from when on, and until when they did."""

    model = ReviewPlan
    serializer_class = ReviewPlanSerializer
    filterset_class = PlanFilter
    orderings = {"starts_on": "starts_on", "created": "id"}

    def get_queryset(self) -> QuerySet[ReviewPlan]:
        rows: QuerySet[ReviewPlan] = super().get_queryset()
        return rows.select_related("use_case__team")

    @extend_schema(request=NewReviewPlanSerializer, responses={201: ReviewPlanSerializer})
    def create(self, request: Any) -> Response:
        """Plan the reviews of one cadence for a use case in operation."""
        serializer = NewReviewPlanSerializer(data=request.data, context=self.get_serializer_context())
        serializer.is_valid(raise_exception=True)
        data = dict(serializer.validated_data)
        plan = actions.plan_reviews(data.pop("use_case"), data.pop("cadence"), by=request.user, **data)
        plan.refresh_from_db()
        return Response(ReviewPlanSerializer(plan).data, status=status.HTTP_201_CREATED)

    @extend_schema(request=ReasonSerializer, responses={201: ReviewPlanSerializer})
    @action(detail=True, methods=["post"])
    def endings(self, request: Any, pk: str) -> Response:
        """End the plan today; what is open stays due."""
        plan = self.get_object()
        serializer = ReasonSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        ended = actions.end_plan(plan, by=request.user, **serializer.validated_data)
        return Response(ReviewPlanSerializer(ended).data, status=status.HTTP_201_CREATED)
