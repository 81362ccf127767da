import datetime as dt
from typing import Any

import django_filters
from django import forms
from django.db.models import QuerySet
from django.utils.choices import CallableChoiceIterator
from django.utils.translation import gettext_lazy as _

from apps.core import subjects
from apps.core.filters import MomentFilter
from apps.owners.continuity import Mode
from apps.owners.models import ContinuityDrill, Ownership, OwnershipOffer
from apps.owners.responsibilities import RESPONSIBILITIES
from apps.people.filters import visible_teams

CHOICES = [(row.key, row.title) for row in RESPONSIBILITIES.values()]


def kind_choices() -> list[tuple[str, str]]:
    """Return the kinds of subject on which something can be held."""
    types = sorted({type_ for row in RESPONSIBILITIES.values() for type_ in row.held_on if subjects.is_known(type_)})
    return [("", str(_("Every kind"))), *((type_, str(subjects.kind(type_).title)) for type_ in types)]


def _kind() -> django_filters.CharFilter:
    return django_filters.CharFilter(
        label=_("Kind of subject"), widget=forms.Select(choices=CallableChoiceIterator(kind_choices))
    )


def _moment() -> forms.DateTimeInput:
    return forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")


def _responsibility() -> django_filters.ChoiceFilter:
    return django_filters.ChoiceFilter(
        label=_("Responsibility"), choices=CHOICES, empty_label=_("Every responsibility")
    )


def _team() -> django_filters.ModelChoiceFilter:
    return django_filters.ModelChoiceFilter(queryset=visible_teams, label=_("Team"), empty_label=_("Every team"))


class OwnershipFilter(django_filters.FilterSet):
    """Who holds what; with ``as_of``, who held it at that moment."""

    search = django_filters.CharFilter(field_name="holder__name", lookup_expr="icontains", label=_("Name"))
    responsibility = _responsibility()
    holder = django_filters.UUIDFilter(field_name="holder_id", label=_("Holder"))
    subject_type = _kind()
    subject_id = django_filters.UUIDFilter(label=_("Subject"))
    team = _team()
    active = django_filters.BooleanFilter(
        method="by_active",
        label=_("Held now"),
        widget=forms.Select(choices=[("", _("Now or before")), ("true", _("Now")), ("false", _("Before"))]),
    )
    as_of = MomentFilter(method="by_moment", label=_("Held at"), widget=_moment())

    class Meta:
        model = Ownership
        fields: list[str] = []

    def by_active(self, rows: QuerySet[Ownership], name: str, value: bool) -> QuerySet[Ownership]:
        return rows.filter(ended_at__isnull=value)

    def by_moment(self, rows: Any, name: str, value: dt.datetime) -> QuerySet[Ownership]:
        found: QuerySet[Ownership] = rows.held_at(value)
        return found


class OfferFilter(django_filters.FilterSet):
    """Who was asked, and what became of it."""

    search = django_filters.CharFilter(field_name="to__name", lookup_expr="icontains", label=_("Name"))
    state = django_filters.ChoiceFilter(choices=OwnershipOffer.State, label=_("State"), empty_label=_("Every state"))
    responsibility = _responsibility()
    to = django_filters.UUIDFilter(field_name="to_id", label=_("Asked"))
    subject_type = _kind()
    subject_id = django_filters.UUIDFilter(label=_("Subject"))
    team = _team()

    class Meta:
        model = OwnershipOffer
        fields: list[str] = []


class DrillFilter(django_filters.FilterSet):
    search = django_filters.CharFilter(field_name="people_names", lookup_expr="icontains", label=_("Name"))
    mode = django_filters.ChoiceFilter(choices=Mode, label=_("What happens"), empty_label=_("Either"))

    class Meta:
        model = ContinuityDrill
        fields: list[str] = []
