import django_filters
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from apps.core.filters import YesNoFilter
from apps.evaluations.models import (
    Baseline,
    Comparison,
    EvaluationRun,
    FailureCase,
    OutputReview,
    RedTeamFinding,
    Suite,
    SuiteVersion,
)
from apps.people.filters import visible_teams

STATES = SuiteVersion.State.choices


def _team(path: str) -> django_filters.ModelChoiceFilter:
    return django_filters.ModelChoiceFilter(
        field_name=path, queryset=visible_teams, label=_("Team"), empty_label=_("Every team")
    )


class SuiteFilter(django_filters.FilterSet):
    search = django_filters.CharFilter(method="by_text", label=_("Search"))
    team = _team("use_case__team")
    use_case = django_filters.UUIDFilter(field_name="use_case_id", label=_("Use case (identifier)"))
    retired = YesNoFilter(field_name="retired_at", lookup_expr="isnull", exclude=True, label=_("Retired"))

    class Meta:
        model = Suite
        fields: list[str] = []

    def by_text(self, rows: QuerySet[Suite], name: str, value: str) -> QuerySet[Suite]:
        return rows.filter(Q(name__icontains=value) | Q(purpose__icontains=value))


class SuiteVersionFilter(django_filters.FilterSet):
    suite = django_filters.UUIDFilter(field_name="suite_id", label=_("Suite (identifier)"))
    state = django_filters.ChoiceFilter(choices=STATES, label=_("State"), empty_label=_("Every state"))
    signed = YesNoFilter(field_name="signature", lookup_expr="isnull", exclude=True, label=_("Thresholds signed"))
    digest = django_filters.CharFilter(label=_("Digest"))

    class Meta:
        model = SuiteVersion
        fields: list[str] = []


class BaselineFilter(django_filters.FilterSet):
    search = django_filters.CharFilter(field_name="name", lookup_expr="icontains", label=_("Search"))
    use_case = django_filters.UUIDFilter(field_name="use_case_id", label=_("Use case (identifier)"))
    digest = django_filters.CharFilter(label=_("Digest"))

    class Meta:
        model = Baseline
        fields: list[str] = []


class EvaluationRunFilter(django_filters.FilterSet):
    search = django_filters.CharFilter(method="by_text", label=_("Suite or model"))
    team = _team("suite_version__suite__use_case__team")
    suite = django_filters.UUIDFilter(field_name="suite_version__suite_id", label=_("Suite (identifier)"))
    suite_version = django_filters.UUIDFilter(
        field_name="suite_version_id", label=_("Version of the suite (identifier)")
    )
    model_version = django_filters.UUIDFilter(field_name="model_version_id", label=_("Model version (identifier)"))
    baseline = django_filters.UUIDFilter(field_name="baseline_id", label=_("Baseline (identifier)"))
    tool = django_filters.CharFilter(lookup_expr="icontains", label=_("Tool"))
    digest = django_filters.CharFilter(label=_("Digest"))

    class Meta:
        model = EvaluationRun
        fields: list[str] = []

    def by_text(self, rows: QuerySet[EvaluationRun], name: str, value: str) -> QuerySet[EvaluationRun]:
        return rows.filter(
            Q(suite_version__suite__name__icontains=value)
            | Q(model_version__model__name__icontains=value)
            | Q(baseline__name__icontains=value)
        )


class FailureFilter(django_filters.FilterSet):
    evaluation_run = django_filters.UUIDFilter(field_name="run_id", label=_("Evaluation run (identifier)"))
    model_version = django_filters.UUIDFilter(field_name="run__model_version_id", label=_("Model version (identifier)"))
    open = YesNoFilter(field_name="decision", lookup_expr="isnull", label=_("Without a decision"))

    class Meta:
        model = FailureCase
        fields: list[str] = []


class FindingFilter(django_filters.FilterSet):
    search = django_filters.CharFilter(field_name="title", lookup_expr="icontains", label=_("Search"))
    model_version = django_filters.UUIDFilter(field_name="model_version_id", label=_("Model version (identifier)"))
    severity = django_filters.ChoiceFilter(
        choices=RedTeamFinding.Severity.choices, label=_("Severity"), empty_label=_("Every severity")
    )
    open = YesNoFilter(field_name="closure", lookup_expr="isnull", label=_("Open"))

    class Meta:
        model = RedTeamFinding
        fields: list[str] = []


class ReviewFilter(django_filters.FilterSet):
    evaluation_run = django_filters.UUIDFilter(field_name="run_id", label=_("Evaluation run (identifier)"))
    state = django_filters.ChoiceFilter(
        choices=OutputReview.State.choices, label=_("State"), empty_label=_("Every state")
    )

    class Meta:
        model = OutputReview
        fields: list[str] = []


class ComparisonFilter(django_filters.FilterSet):
    suite_version = django_filters.UUIDFilter(
        field_name="suite_version_id", label=_("Version of the suite (identifier)")
    )
    model_version = django_filters.UUIDFilter(
        field_name="candidate__model_version_id", label=_("Candidate (identifier)")
    )
    digest = django_filters.CharFilter(label=_("Digest"))

    class Meta:
        model = Comparison
        fields: list[str] = []
