import django_filters
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from apps.core.clock import moment
from apps.core.filters import YesNoFilter
from apps.operations.models import Cadence, FollowUp, Outcome, Review, ReviewPlan, ReviewState, TeamCalendar
from apps.people.filters import visible_teams


class ReviewFilter(django_filters.FilterSet):
    """By team, cadence, state, outcome and use case; the same for the page and the API."""

    search = django_filters.CharFilter(field_name="plan__use_case__name", lookup_expr="icontains", label=_("Use case"))
    team = django_filters.ModelChoiceFilter(
        field_name="plan__use_case__team", queryset=visible_teams, label=_("Team"), empty_label=_("Every team")
    )
    cadence = django_filters.ChoiceFilter(
        field_name="plan__cadence", choices=Cadence.choices, label=_("Cadence"), empty_label=_("Every cadence")
    )
    state = django_filters.ChoiceFilter(choices=ReviewState.choices, label=_("State"), empty_label=_("Every state"))
    outcome = django_filters.ChoiceFilter(choices=Outcome.choices, label=_("Outcome"), empty_label=_("Every outcome"))
    overdue = YesNoFilter(method="by_overdue", label=_("Overdue"))
    use_case = django_filters.UUIDFilter(field_name="plan__use_case_id", label=_("Use case (identifier)"))
    plan = django_filters.UUIDFilter(field_name="plan_id", label=_("Plan (identifier)"))
    due_from = django_filters.IsoDateTimeFilter(field_name="due_at", lookup_expr="gte", label=_("Due from"))
    due_before = django_filters.IsoDateTimeFilter(field_name="due_at", lookup_expr="lt", label=_("Due before"))

    class Meta:
        model = Review
        fields: list[str] = []

    def by_overdue(self, rows: QuerySet[Review], name: str, value: bool) -> QuerySet[Review]:
        """Leave what is open past its due moment, or all the rest."""
        overdue = Q(state=ReviewState.OPEN, due_at__lte=moment())
        return rows.filter(overdue if value else ~overdue)


class PlanFilter(django_filters.FilterSet):
    team = django_filters.ModelChoiceFilter(
        field_name="use_case__team", queryset=visible_teams, label=_("Team"), empty_label=_("Every team")
    )
    cadence = django_filters.ChoiceFilter(choices=Cadence.choices, label=_("Cadence"), empty_label=_("Every cadence"))
    use_case = django_filters.UUIDFilter(field_name="use_case_id", label=_("Use case (identifier)"))
    ended = YesNoFilter(field_name="ended_on", lookup_expr="isnull", exclude=True, label=_("Ended"))

    class Meta:
        model = ReviewPlan
        fields: list[str] = []


class FollowUpFilter(django_filters.FilterSet):
    team = django_filters.ModelChoiceFilter(
        field_name="review__plan__use_case__team", queryset=visible_teams, label=_("Team"), empty_label=_("Every team")
    )
    review = django_filters.UUIDFilter(field_name="review_id", label=_("Review (identifier)"))
    use_case = django_filters.UUIDFilter(field_name="review__plan__use_case_id", label=_("Use case (identifier)"))
    owner = django_filters.UUIDFilter(field_name="owner_id", label=_("Owner (identifier)"))
    done = YesNoFilter(field_name="done_at", lookup_expr="isnull", exclude=True, label=_("Done"))

    class Meta:
        model = FollowUp
        fields: list[str] = []


class TeamCalendarFilter(django_filters.FilterSet):
    team = django_filters.ModelChoiceFilter(queryset=visible_teams, label=_("Team"), empty_label=_("Every team"))

    class Meta:
        model = TeamCalendar
        fields: list[str] = []
