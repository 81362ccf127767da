import datetime as dt

import django_filters
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from apps.core.canonical import moment_text
from apps.ledger.models import Entry


class EntryFilter(django_filters.FilterSet):
    """Who, what, on what, in which team, when; the same for the trail's page, the API and exports."""

    actor = django_filters.CharFilter(field_name="actor_name", lookup_expr="icontains", label=_("Who"))
    actor_id = django_filters.UUIDFilter(label=_("Who (identifier)"))
    action = django_filters.CharFilter(lookup_expr="startswith", label=_("Action"))
    subject_type = django_filters.CharFilter(label=_("Kind of subject"))
    subject_id = django_filters.UUIDFilter(label=_("Subject (identifier)"))
    team = django_filters.UUIDFilter(field_name="team_id", label=_("Team (identifier)"))
    search = django_filters.CharFilter(field_name="subject_label", lookup_expr="icontains", label=_("Subject"))
    since = django_filters.IsoDateTimeFilter(method="from_moment", label=_("From"))
    until = django_filters.IsoDateTimeFilter(method="to_moment", label=_("Until"))

    class Meta:
        model = Entry
        fields: list[str] = []

    def from_moment(self, rows: QuerySet[Entry], name: str, value: dt.datetime) -> QuerySet[Entry]:
        return rows.filter(occurred__gte=moment_text(value))

    def to_moment(self, rows: QuerySet[Entry], name: str, value: dt.datetime) -> QuerySet[Entry]:
        return rows.filter(occurred__lt=moment_text(value))
