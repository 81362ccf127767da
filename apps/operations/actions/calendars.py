"""The calendar of a team: its time zone, its weekend, its holidays."""

import datetime as dt
import uuid
from collections.abc import Iterable, Mapping
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from apps.core import access, editing
from apps.core.transactions import atomic
from apps.ledger.actions import record_on
from apps.operations.actions.opening import schedule
from apps.operations.errors import TeamCalendarInvalid, TeamCalendarStands
from apps.operations.models import ReviewPlan, TeamCalendar
from apps.operations.refs import calendar_ref
from apps.operations.working_days import zones
from apps.people.models import Team, User

EDITABLE = ("time_zone", "weekend", "holidays")
MOST_HOLIDAYS = 500
LONGEST_NAME = 80


def _refuse(field: str, sentence: str) -> TeamCalendarInvalid:
    return TeamCalendarInvalid(sentence, errors={f"/{field}": [sentence]})


def _zone(name: str) -> str:
    if name not in zones():
        raise _refuse(
            "time_zone", _("“%(zone)s” is not a time zone. Use a name such as Europe/Madrid.") % {"zone": name}
        )
    return name


def _weekend(days: Iterable[int]) -> list[int]:
    found = sorted(set(days))
    if any(not 1 <= day <= 7 for day in found):
        raise _refuse("weekend", _("A day of the week is a number from 1 (Monday) to 7 (Sunday)."))
    if len(found) == 7:
        raise _refuse("weekend", _("Leave at least one working day a week."))
    return found


def _holidays(rows: Iterable[Mapping[str, Any]]) -> list[dict[str, str]]:
    """Return the holidays by date, each as ``{"date", "name"}``."""
    found: dict[dt.date, str] = {}
    for row in rows:
        try:
            day = row["date"] if isinstance(row["date"], dt.date) else dt.date.fromisoformat(str(row["date"]))
        except ValueError:
            raise _refuse("holidays", _("“%(day)s” is not a date such as 2026-12-25.") % {"day": row["date"]}) from None
        name = str(row.get("name", "")).strip()
        if not name or len(name) > LONGEST_NAME:
            raise _refuse("holidays", _("Name the holiday of %(day)s, in at most 80 signs.") % {"day": day.isoformat()})
        if day in found:
            raise _refuse("holidays", _("%(day)s stands twice.") % {"day": day.isoformat()})
        found[day] = name
    if len(found) > MOST_HOLIDAYS:
        raise _refuse("holidays", _("At most %(n)d holidays are kept. Take past ones away.") % {"n": MOST_HOLIDAYS})
    return [{"date": day.isoformat(), "name": found[day]} for day in sorted(found)]


READERS = {"time_zone": _zone, "weekend": _weekend, "holidays": _holidays}


def _read(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: READERS[name](values[name]) for name in EDITABLE if name in values}  # type: ignore[operator]


@atomic
def make_team_calendar(team: Team, *, by: User, **values: Any) -> TeamCalendar:
    """Say when a team works; raise ``TeamCalendarInvalid`` or ``TeamCalendarStands``.

    ``time_zone`` is an IANA name, ``weekend`` numbers from 1 (Monday) to 7, ``holidays`` mappings of date and name.
    """
    access.require(by, "review.plan", team.pk)
    found = _read({"weekend": [6, 7], "holidays": [], **values})
    try:
        with transaction.atomic():
            calendar: TeamCalendar = TeamCalendar.objects.create(team=team, created_by=by, **found)
    except IntegrityError as error:
        raise TeamCalendarStands(_("%(team)s has a calendar. Change that one.") % {"team": team.name}) from error
    record_on("team_calendar.made", by=by, ref=calendar_ref(calendar), obj=calendar, payload=found)
    return calendar


@atomic
def edit_team_calendar(pk: uuid.UUID, *, by: User, revision: int | None, **values: Any) -> TeamCalendar:
    """Change when a team works, from the next period on; reviews that are open stay due when they are.

    Raise ``StaleEdit`` or ``TeamCalendarInvalid``.
    """
    calendar: TeamCalendar = editing.lock(TeamCalendar.objects.select_related("team"), pk, revision)
    access.require(by, "review.plan", calendar.team_id)
    changed = editing.apply(calendar, _read(values))
    if changed:
        plans = ReviewPlan.objects.select_for_update(of=("self",)).filter(
            use_case__team=calendar.team_id, ended_on=None
        )
        schedule(list(plans.order_by("id")), calendar)
        record_on("team_calendar.edited", by=by, ref=calendar_ref(calendar), obj=calendar, payload={"changed": changed})
    return calendar
