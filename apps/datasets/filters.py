import django_filters
from django.utils.translation import gettext_lazy as _

from apps.datasets.models import Dataset, DatasetVersion, SampleAudit, SampledRow, Source, SplitName, Verdict
from apps.people.filters import visible_teams


class SourceFilter(django_filters.FilterSet):
    search = django_filters.CharFilter(field_name="name", lookup_expr="icontains", label=_("Name"))
    team = django_filters.ModelChoiceFilter(queryset=visible_teams, label=_("Team"), empty_label=_("Every team"))
    is_authoritative = django_filters.BooleanFilter(label=_("Authoritative"))

    class Meta:
        model = Source
        fields: list[str] = []


class DatasetFilter(django_filters.FilterSet):
    search = django_filters.CharFilter(field_name="name", lookup_expr="icontains", label=_("Name"))
    team = django_filters.ModelChoiceFilter(
        field_name="use_case__team", queryset=visible_teams, label=_("Team"), empty_label=_("Every team")
    )
    use_case = django_filters.UUIDFilter(field_name="use_case_id", label=_("Use case (identifier)"))

    class Meta:
        model = Dataset
        fields: list[str] = []


class VersionFilter(django_filters.FilterSet):
    dataset = django_filters.UUIDFilter(field_name="dataset_id", label=_("Dataset (identifier)"))
    digest = django_filters.CharFilter(label=_("Digest"))

    class Meta:
        model = DatasetVersion
        fields: list[str] = []


class AuditFilter(django_filters.FilterSet):
    state = django_filters.ChoiceFilter(choices=SampleAudit.State, label=_("State"), empty_label=_("Any"))
    version = django_filters.UUIDFilter(field_name="version_id", label=_("Version (identifier)"))
    dataset = django_filters.UUIDFilter(field_name="version__dataset_id", label=_("Dataset (identifier)"))

    class Meta:
        model = SampleAudit
        fields: list[str] = []


class SampledRowFilter(django_filters.FilterSet):
    label = django_filters.CharFilter(lookup_expr="icontains", label=_("Label"))
    split = django_filters.ChoiceFilter(choices=SplitName, label=_("Split"), empty_label=_("Any"))

    class Meta:
        model = SampledRow
        fields: list[str] = []


class JudgedRowFilter(SampledRowFilter):
    """For those who may know what became of the rows."""

    outcome = django_filters.ChoiceFilter(
        choices=[
            ("open", _("Not judged yet")),
            ("disputed", _("Disputed")),
            (Verdict.GOOD.value, Verdict.GOOD.label),
            (Verdict.DEFECTIVE.value, Verdict.DEFECTIVE.label),
        ],
        label=_("Outcome"),
        empty_label=_("Any"),
    )
