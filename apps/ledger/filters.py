import datetime as dt
from dataclasses import dataclass
from typing import Any

import django_filters
from django import forms
from django.db.models import QuerySet
from django.utils.choices import CallableChoiceIterator
from django.utils.translation import gettext_lazy as _

from apps.core import subjects
from apps.core.canonical import moment_text
from apps.core.filters import MomentFilter
from apps.ledger import sentences
from apps.ledger.models import Entry


@dataclass(frozen=True, slots=True)
class AskedBy:
    """Whom a filter is read for, where there is no request: exports."""

    user: Any


def visible_teams(request: Any) -> QuerySet[Any]:
    """Return the teams that the asking user sees; which app keeps them, the registry knows."""
    teams = subjects.kind("team")
    user = getattr(request, "user", None)
    return teams.visible(user) if user is not None and user.is_authenticated else teams.all().none()


def action_choices() -> list[tuple[str, str]]:
    """Return every act by its kind of subject, as the trail tells it."""
    acts = (
        (name, f"{name.split('.')[0].replace('_', ' ')}: {sentences.of(name).phrase}") for name in sentences.names()
    )
    return [("", str(_("Every act"))), *acts]


def kind_choices() -> list[tuple[str, str]]:
    kinds = sorted(((kind.type, str(kind.title)) for kind in subjects.kinds()), key=lambda pair: pair[1])
    return [("", str(_("Every kind"))), *kinds]


def _moment() -> forms.DateTimeInput:
    return forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")


class EntryFilter(django_filters.FilterSet):
    """Who, what, on what, in which team, when; the same for the trail's page, the API and exports."""

    actor = django_filters.CharFilter(field_name="actor_name", lookup_expr="icontains", label=_("Who"))
    actor_id = django_filters.UUIDFilter(label=_("Who (identifier)"))
    action = django_filters.CharFilter(
        lookup_expr="startswith", label=_("Act"), widget=forms.Select(choices=CallableChoiceIterator(action_choices))
    )
    subject_type = django_filters.CharFilter(
        label=_("Kind of subject"), widget=forms.Select(choices=CallableChoiceIterator(kind_choices))
    )
    subject_id = django_filters.UUIDFilter(label=_("Subject (identifier)"))
    team = django_filters.ModelChoiceFilter(
        method="of_team", queryset=visible_teams, label=_("Team"), empty_label=_("Every team")
    )
    search = django_filters.CharFilter(field_name="subject_label", lookup_expr="icontains", label=_("Subject"))
    since = MomentFilter(method="from_moment", label=_("From"), widget=_moment())
    until = MomentFilter(method="to_moment", label=_("Until"), widget=_moment())

    class Meta:
        model = Entry
        fields: list[str] = []

    def of_team(self, rows: QuerySet[Entry], name: str, value: Any) -> QuerySet[Entry]:
        return rows.filter(team_id=value.pk)

    def from_moment(self, rows: QuerySet[Entry], name: str, value: dt.datetime) -> QuerySet[Entry]:
        return rows.filter(occurred__gte=moment_text(value))

    def to_moment(self, rows: QuerySet[Entry], name: str, value: dt.datetime) -> QuerySet[Entry]:
        return rows.filter(occurred__lt=moment_text(value))
