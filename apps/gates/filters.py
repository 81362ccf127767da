import django_filters
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
    subject_type = django_filters.CharFilter(label=_("Kind of subject"))
    subject_id = django_filters.UUIDFilter(label=_("Subject (identifier)"))

    class Meta:
        model = Gate
        fields: list[str] = []
