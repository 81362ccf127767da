"""Filters that every floor shares."""

import datetime as dt
from typing import Any

import django_filters
from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django_filters.fields import IsoDateTimeField


class MomentField(IsoDateTimeField):
    """An ISO 8601 date and time, in UTC: an offset that the database would not take never reaches it."""

    def clean(self, value: Any) -> dt.datetime | None:
        found: dt.datetime | None = super().clean(value)
        try:
            return found.astimezone(dt.UTC) if found is not None else None
        except (OverflowError, ValueError) as error:
            raise ValidationError(_("This moment is out of range. Give one of the years 1 to 9999.")) from error


class MomentFilter(django_filters.IsoDateTimeFilter):
    field_class = MomentField


class YesNoFilter(django_filters.BooleanFilter):
    """Whether something holds: yes, no, or whichever."""

    def __init__(self, **values: Any) -> None:
        choices = [("", lazy("Yes or no")), ("true", lazy("Yes")), ("false", lazy("No"))]
        super().__init__(**{"widget": forms.Select(choices=choices)} | values)
