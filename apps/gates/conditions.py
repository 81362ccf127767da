"""Where the condition of an approval stands."""

import datetime as dt

from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.gates.models import Condition, Fulfilment


class Standing(models.TextChoices):
    OPEN = "open", _("Open")
    OFFERED = "offered", _("Waits to be accepted")
    FULFILLED = "fulfilled", _("Fulfilled")
    MISSED = "missed", _("Missed")


READ = ("condition__fulfilments__answer",)


def offered(condition: Condition) -> Fulfilment | None:
    """Return the fulfilment that waits for an answer."""
    rows = [row for row in condition.fulfilments.all() if not hasattr(row, "answer")]
    return rows[-1] if rows else None


def standing(condition: Condition, day: dt.date) -> Standing:
    """Return where the condition stands on the day; no query where its fulfilments are read along.

    Only what was accepted by its last day fulfils it: a later answer mends nothing.
    """
    answers = [row.answer for row in condition.fulfilments.all() if hasattr(row, "answer")]
    on_time = [
        row for row in answers if row.is_accepted and row.answered_at.astimezone(dt.UTC).date() <= condition.due_on
    ]
    if on_time:
        return Standing.FULFILLED
    if day > condition.due_on:
        return Standing.MISSED
    return Standing.OFFERED if offered(condition) else Standing.OPEN
