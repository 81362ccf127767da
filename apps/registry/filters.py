import django_filters
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from apps.core.filters import YesNoFilter
from apps.people.filters import visible_teams
from apps.registry.models import Model, ModelVersion, TrainingRun


class ModelFilter(django_filters.FilterSet):
    search = django_filters.CharFilter(method="by_text", label=_("Search"))
    team = django_filters.ModelChoiceFilter(
        field_name="use_case__team", queryset=visible_teams, label=_("Team"), empty_label=_("Every team")
    )
    use_case = django_filters.UUIDFilter(field_name="use_case_id", label=_("Use case (identifier)"))
    licence = django_filters.CharFilter(lookup_expr="icontains", label=_("Licence"))

    class Meta:
        model = Model
        fields: list[str] = []

    def by_text(self, rows: QuerySet[Model], name: str, value: str) -> QuerySet[Model]:
        return rows.filter(Q(name__icontains=value) | Q(base_model__icontains=value))


class RunFilter(django_filters.FilterSet):
    search = django_filters.CharFilter(field_name="model__name", lookup_expr="icontains", label=_("Model"))
    team = django_filters.ModelChoiceFilter(
        field_name="model__use_case__team", queryset=visible_teams, label=_("Team"), empty_label=_("Every team")
    )
    model = django_filters.UUIDFilter(field_name="model_id", label=_("Model (identifier)"))
    dataset_version = django_filters.UUIDFilter(
        field_name="datasets__version_id", label=_("Dataset version (identifier)")
    )
    dataset_digest = django_filters.CharFilter(method="by_data", label=_("Digest of the data"))
    code_commit = django_filters.CharFilter(lookup_expr="istartswith", label=_("Commit"))
    digest = django_filters.CharFilter(label=_("Digest"))

    class Meta:
        model = TrainingRun
        fields: list[str] = []

    def by_data(self, rows: QuerySet[TrainingRun], name: str, value: str) -> QuerySet[TrainingRun]:
        return rows.filter(datasets__digest=value).distinct()


class ModelVersionFilter(django_filters.FilterSet):
    search = django_filters.CharFilter(method="by_text", label=_("Search"))
    team = django_filters.ModelChoiceFilter(
        field_name="model__use_case__team", queryset=visible_teams, label=_("Team"), empty_label=_("Every team")
    )
    model = django_filters.UUIDFilter(field_name="model_id", label=_("Model (identifier)"))
    training_run = django_filters.UUIDFilter(field_name="run_id", label=_("Training run (identifier)"))
    artefact_digest = django_filters.CharFilter(label=_("Digest of the artefact"))
    digest = django_filters.CharFilter(label=_("Digest"))
    withdrawn = YesNoFilter(field_name="withdrawal", lookup_expr="isnull", exclude=True, label=_("Withdrawn"))

    class Meta:
        model = ModelVersion
        fields: list[str] = []

    def by_text(self, rows: QuerySet[ModelVersion], name: str, value: str) -> QuerySet[ModelVersion]:
        return rows.filter(Q(number__icontains=value) | Q(model__name__icontains=value))
