from typing import Any

import django_filters
from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from apps.core.canonical import moment_text
from apps.core.filters import MomentFilter, YesNoFilter
from apps.datasets.models import (
    AnnotationTable,
    ContestedItem,
    Copy,
    Dataset,
    DatasetVersion,
    Description,
    Guideline,
    LineageEdge,
    LineageNode,
    SampleAudit,
    SampledRow,
    Source,
    SplitName,
    Verdict,
    VersionExport,
)
from apps.ledger.models import Entry
from apps.people.filters import visible_teams


class SourceFilter(django_filters.FilterSet):
    search = django_filters.CharFilter(field_name="name", lookup_expr="icontains", label=_("Name"))
    team = django_filters.ModelChoiceFilter(queryset=visible_teams, label=_("Team"), empty_label=_("Every team"))
    is_authoritative = YesNoFilter(label=_("Authoritative"))
    eligibility = django_filters.ChoiceFilter(
        choices=Source.Eligibility, label=_("Training"), empty_label=_("Whatever was decided")
    )
    kind = django_filters.ChoiceFilter(choices=Source.Kind, label=_("Kind"), empty_label=_("Every kind"))
    licence = django_filters.CharFilter(lookup_expr="icontains", label=_("Licence"))
    cut_off_before = django_filters.DateFilter(
        field_name="cut_off",
        lookup_expr="lt",
        label=_("Cut off before"),
        widget=forms.DateInput(attrs={"type": "date"}),
    )

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


class GuidelineFilter(django_filters.FilterSet):
    state = django_filters.ChoiceFilter(choices=Guideline.State, label=_("State"), empty_label=_("Any state"))
    dataset = django_filters.UUIDFilter(field_name="dataset_id", label=_("Dataset (identifier)"))

    class Meta:
        model = Guideline
        fields: list[str] = []


class AnnotationFilter(django_filters.FilterSet):
    version = django_filters.UUIDFilter(field_name="version_id", label=_("Version (identifier)"))
    dataset = django_filters.UUIDFilter(field_name="version__dataset_id", label=_("Dataset (identifier)"))

    class Meta:
        model = AnnotationTable
        fields: list[str] = []


class ContestedFilter(django_filters.FilterSet):
    search = django_filters.CharFilter(field_name="item", lookup_expr="icontains", label=_("Item"))
    label = django_filters.CharFilter(method="with_label", label=_("Label"))
    annotator = django_filters.CharFilter(method="with_annotator", label=_("Annotator"))
    undecided = YesNoFilter(method="without_majority", label=_("Without a majority"))

    class Meta:
        model = ContestedItem
        fields: list[str] = []

    def with_label(self, rows: QuerySet[ContestedItem], name: str, value: str) -> QuerySet[ContestedItem]:
        return rows.filter(labels__contains=[{"label": value}])

    def with_annotator(self, rows: QuerySet[ContestedItem], name: str, value: str) -> QuerySet[ContestedItem]:
        return rows.filter(labels__contains=[{"annotator": value}])

    def without_majority(self, rows: QuerySet[ContestedItem], name: str, value: bool) -> QuerySet[ContestedItem]:
        return rows.filter(majority="") if value else rows.exclude(majority="")


class DescriptionFilter(django_filters.FilterSet):
    dataset = django_filters.UUIDFilter(field_name="dataset_id", label=_("Dataset (identifier)"))
    state = django_filters.ChoiceFilter(choices=Description.State, label=_("State"))

    class Meta:
        model = Description
        fields: list[str] = []


class NodeFilter(django_filters.FilterSet):
    search = django_filters.CharFilter(field_name="name", lookup_expr="icontains", label=_("Name"))
    team = django_filters.ModelChoiceFilter(queryset=visible_teams, label=_("Team"), empty_label=_("Every team"))
    kind = django_filters.ChoiceFilter(choices=LineageNode.Kind, label=_("Kind"), empty_label=_("Every kind"))
    namespace = django_filters.CharFilter(lookup_expr="icontains", label=_("Namespace"))
    state = django_filters.ChoiceFilter(choices=LineageNode.State, label=_("State"), empty_label=_("Every state"))

    class Meta:
        model = LineageNode
        fields: list[str] = []


class EdgeFilter(django_filters.FilterSet):
    input = django_filters.UUIDFilter(field_name="input_id", label=_("Input (identifier)"))
    output = django_filters.UUIDFilter(field_name="output_id", label=_("Output (identifier)"))
    how = django_filters.ChoiceFilter(choices=LineageEdge.How, label=_("How it is known"))
    job = django_filters.CharFilter(lookup_expr="icontains", label=_("Job"))

    class Meta:
        model = LineageEdge
        fields: list[str] = []


class CopyFilter(django_filters.FilterSet):
    search = django_filters.CharFilter(field_name="place", lookup_expr="icontains", label=_("Place"))
    kind = django_filters.ChoiceFilter(choices=Copy.Kind, label=_("Kind"), empty_label=_("Every kind"))
    state = django_filters.ChoiceFilter(choices=Copy.State, label=_("State"), empty_label=_("Every state"))
    owner = django_filters.CharFilter(field_name="owner__name", lookup_expr="icontains", label=_("Owner"))
    delete_before = django_filters.DateFilter(
        field_name="delete_by",
        lookup_expr="lte",
        label=_("To be deleted by"),
        widget=forms.DateInput(attrs={"type": "date"}),
    )
    version = django_filters.UUIDFilter(field_name="version_id", label=_("Version (identifier)"))
    dataset = django_filters.UUIDFilter(field_name="version__dataset_id", label=_("Dataset (identifier)"))

    class Meta:
        model = Copy
        fields: list[str] = []


class ExportFilter(django_filters.FilterSet):
    state = django_filters.ChoiceFilter(choices=VersionExport.State, label=_("State"), empty_label=_("Every state"))
    requested_by = django_filters.CharFilter(
        field_name="requested_by__name", lookup_expr="icontains", label=_("Made by")
    )
    version = django_filters.UUIDFilter(field_name="version_id", label=_("Version (identifier)"))

    class Meta:
        model = VersionExport
        fields: list[str] = []


ACCESS = (
    ("dataset_version.samples_viewed", _("Looked at samples")),
    ("dataset_version.samples_unmasked", _("Unmasked samples")),
    ("dataset_version.exported", _("Made an export link")),
    ("dataset_version.export_revoked", _("Took a link back")),
    ("dataset_version.downloaded", _("Downloaded")),
)


class AccessFilter(django_filters.FilterSet):
    """Who touched a version's rows, how and when; the same for the page and the API."""

    actor = django_filters.CharFilter(field_name="actor_name", lookup_expr="icontains", label=_("Who"))
    kind = django_filters.ChoiceFilter(
        field_name="action",
        choices=[(action.split(".")[1], title) for action, title in ACCESS],
        method="of_kind",
        label=_("What"),
        empty_label=_("Everything"),
    )
    since = MomentFilter(
        method="from_moment",
        label=_("From"),
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
    )

    class Meta:
        model = Entry
        fields: list[str] = []

    def of_kind(self, rows: QuerySet[Entry], name: str, value: str) -> QuerySet[Entry]:
        return rows.filter(action=f"dataset_version.{value}")

    def from_moment(self, rows: QuerySet[Entry], name: str, value: Any) -> QuerySet[Entry]:
        return rows.filter(occurred__gte=moment_text(value))


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
