"""Absences: the days on which deputies act."""

import datetime as dt

from django.utils.translation import gettext as _

from apps.core.actor import Actor
from apps.core.clock import now
from apps.core.errors import InvalidInput
from apps.core.transactions import atomic
from apps.people.actions.accounts import record_on_user, require_people
from apps.people.models import Absence, User


@atomic
def record_absence(user: User, starts_on: dt.date, ends_on: dt.date, *, by: Actor, note: str = "") -> Absence:
    """Record the days, first and last included; one's own, or as somebody who manages people."""
    if by.id != user.pk:
        require_people(by, user)
    if ends_on < starts_on:
        raise InvalidInput(
            _("The last day is before the first. Swap them."),
            errors={"/ends_on": [_("On or after the first day.")]},
        )
    absence = Absence.objects.create(user=user, starts_on=starts_on, ends_on=ends_on, note=note.strip())
    record_on_user("absence.recorded", user, by, {"from": starts_on.isoformat(), "to": ends_on.isoformat()})
    return absence


@atomic
def cancel_absence(absence: Absence, *, by: Actor) -> Absence:
    """Take an absence back."""
    absence = Absence.objects.select_for_update(of=("self",)).select_related("user").get(pk=absence.pk)
    if by.id != absence.user_id:
        require_people(by, absence.user)
    if absence.cancelled_at is None:
        absence.cancelled_at = now()
        absence.save(update_fields=["cancelled_at"])
        record_on_user(
            "absence.cancelled",
            absence.user,
            by,
            {"from": absence.starts_on.isoformat(), "to": absence.ends_on.isoformat()},
        )
    return absence
