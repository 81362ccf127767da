import django_filters
from django.utils.translation import gettext_lazy as _

from apps.assessments.framework import VERDICT_CHOICES
from apps.assessments.models import Assessment
from apps.people.filters import visible_teams
from apps.usecases.models import Phase, RiskTier, UseCase


class PortfolioFilter(django_filters.FilterSet):
    """By team, tier, phase and verdict; the same for the page and the API."""

    search = django_filters.CharFilter(field_name="name", lookup_expr="icontains", label=_("Use case"))
    team = django_filters.ModelChoiceFilter(queryset=visible_teams, label=_("Team"), empty_label=_("Every team"))
    risk_tier = django_filters.ChoiceFilter(choices=RiskTier, label=_("Risk tier"), empty_label=_("Every tier"))
    phase = django_filters.ChoiceFilter(choices=Phase, label=_("Phase"), empty_label=_("Every phase"))
    verdict = django_filters.ChoiceFilter(
        field_name="readiness__verdict",
        choices=VERDICT_CHOICES,
        label=_("Verdict"),
        empty_label=_("Every verdict"),
    )

    class Meta:
        model = UseCase
        fields: list[str] = []


class AssessmentFilter(django_filters.FilterSet):
    use_case = django_filters.UUIDFilter(field_name="use_case_id", label=_("Use case (identifier)"))
    state = django_filters.ChoiceFilter(choices=Assessment.State, label=_("State"), empty_label=_("Every state"))

    class Meta:
        model = Assessment
        fields: list[str] = []
