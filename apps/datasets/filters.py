import django_filters
from django.utils.translation import gettext_lazy as _

from apps.datasets.models import Dataset, DatasetVersion, Source
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
