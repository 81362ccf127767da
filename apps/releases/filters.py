import django_filters
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from apps.core.filters import YesNoFilter
from apps.people.filters import visible_teams
from apps.releases.models import Ending, Environment, Rehearsal, Release, ReleaseState, Rollback, RollbackReview


class EnvironmentFilter(django_filters.FilterSet):
    search = django_filters.CharFilter(field_name="name", lookup_expr="icontains", label=_("Search"))
    team = django_filters.ModelChoiceFilter(queryset=visible_teams, label=_("Team"), empty_label=_("Every team"))
    kind = django_filters.ChoiceFilter(choices=Environment.Kind.choices, label=_("Kind"), empty_label=_("Every kind"))

    class Meta:
        model = Environment
        fields: list[str] = []


class ReleaseFilter(django_filters.FilterSet):
    search = django_filters.CharFilter(method="by_text", label=_("Search"))
    team = django_filters.ModelChoiceFilter(
        field_name="environment__team", queryset=visible_teams, label=_("Team"), empty_label=_("Every team")
    )
    state = django_filters.ChoiceFilter(choices=ReleaseState.choices, label=_("State"), empty_label=_("Every state"))
    ending = django_filters.ChoiceFilter(choices=Ending.choices, label=_("Ended"), empty_label=_("In any way"))
    environment = django_filters.UUIDFilter(field_name="environment_id", label=_("Environment (identifier)"))
    model = django_filters.UUIDFilter(field_name="model_id", label=_("Model (identifier)"))
    version = django_filters.UUIDFilter(field_name="version_id", label=_("Model version (identifier)"))
    use_case = django_filters.UUIDFilter(field_name="model__use_case_id", label=_("Use case (identifier)"))
    live_at = django_filters.IsoDateTimeFilter(method="by_moment", label=_("Live at"))

    class Meta:
        model = Release
        fields: list[str] = []

    def by_text(self, rows: QuerySet[Release], name: str, value: str) -> QuerySet[Release]:
        named = Q(version__number__icontains=value) | Q(model__name__icontains=value)
        return rows.filter(named | Q(environment__name__icontains=value))

    def by_moment(self, rows: QuerySet[Release], name: str, value: object) -> QuerySet[Release]:
        """Leave what was live at the moment: from ``live_from`` on, until just before it ended."""
        return rows.filter(Q(ended_at=None) | Q(ended_at__gt=value), live_from__lte=value)


class RehearsalFilter(django_filters.FilterSet):
    team = django_filters.ModelChoiceFilter(
        field_name="release__environment__team", queryset=visible_teams, label=_("Team"), empty_label=_("Every team")
    )
    release = django_filters.UUIDFilter(field_name="release_id", label=_("Release (identifier)"))
    environment = django_filters.UUIDFilter(field_name="release__environment_id", label=_("Environment (identifier)"))
    outcome = django_filters.ChoiceFilter(
        choices=Rehearsal.Outcome.choices, label=_("Outcome"), empty_label=_("Every outcome")
    )

    class Meta:
        model = Rehearsal
        fields: list[str] = []


class RollbackFilter(django_filters.FilterSet):
    team = django_filters.ModelChoiceFilter(
        field_name="release__environment__team", queryset=visible_teams, label=_("Team"), empty_label=_("Every team")
    )
    environment = django_filters.UUIDFilter(field_name="release__environment_id", label=_("Environment (identifier)"))
    model = django_filters.UUIDFilter(field_name="release__model_id", label=_("Model (identifier)"))
    reviewed = YesNoFilter(field_name="review", lookup_expr="isnull", exclude=True, label=_("Reviewed"))
    verdict = django_filters.ChoiceFilter(
        field_name="review__verdict",
        choices=RollbackReview.Verdict.choices,
        label=_("Verdict"),
        empty_label=_("Every verdict"),
    )

    class Meta:
        model = Rollback
        fields: list[str] = []
