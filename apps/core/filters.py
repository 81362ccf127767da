"""Filters that every floor shares."""

import datetime as dt
from typing import Any

import django_filters
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
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
