import django_filters
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from apps.people.filters import visible_teams
from apps.usecases.models import Phase, RiskTier, UseCase


class UseCaseFilter(django_filters.FilterSet):
    search = django_filters.CharFilter(method="by_text", label=_("Search"))
    team = django_filters.ModelChoiceFilter(queryset=visible_teams, label=_("Team"), empty_label=_("Every team"))
    risk_tier = django_filters.ChoiceFilter(choices=RiskTier, label=_("Risk tier"), empty_label=_("Every tier"))
    phase = django_filters.ChoiceFilter(choices=Phase, label=_("Phase"), empty_label=_("Every phase"))

    class Meta:
        model = UseCase
        fields: list[str] = []

    def by_text(self, rows: QuerySet[UseCase], name: str, value: str) -> QuerySet[UseCase]:
        return rows.filter(Q(name__icontains=value) | Q(summary__icontains=value))
