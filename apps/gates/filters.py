import django_filters
from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from apps.gates.models import Gate, GateState
from apps.people.filters import visible_teams


class GateFilter(django_filters.FilterSet):
    search = django_filters.CharFilter(field_name="subject_label", lookup_expr="icontains", label=_("Subject"))
    state = django_filters.ChoiceFilter(choices=GateState, label=_("State"), empty_label=_("Every state"))
    kind = django_filters.ChoiceFilter(
        choices=[("start", _("Start")), ("build", _("Build")), ("proof", _("Proof")), ("release", _("Release"))],
        label=_("Gate"),
        empty_label=_("Every gate"),
    )
    team = django_filters.ModelChoiceFilter(queryset=visible_teams, label=_("Team"), empty_label=_("Every team"))
    waived = django_filters.BooleanFilter(
        method="with_waivers",
        label=_("Waivers"),
        widget=forms.Select(choices=[("", _("With or without")), ("true", _("With waivers")), ("false", _("Without"))]),
    )
    use_case = django_filters.UUIDFilter(field_name="root_id", label=_("Use case (identifier)"))
    subject_type = django_filters.CharFilter(label=_("Kind of subject"))
    subject_id = django_filters.UUIDFilter(label=_("Subject (identifier)"))

    def with_waivers(self, rows: QuerySet[Gate], name: str, value: bool) -> QuerySet[Gate]:
        return rows.filter(waived__gt=0) if value else rows.filter(waived=0)

    class Meta:
        model = Gate
        fields: list[str] = []
