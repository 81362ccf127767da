"""What should have been in the year: told from the words of the YAML files and the documentation, by other code."""

import datetime as dt
import uuid
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import yaml

from tests.agenda.year import DAY, Case, Organisation, Person, Place, Plan, Spell

APPS = Path(__file__).resolve().parents[2] / "apps"
REMINDERS = yaml.safe_load((APPS / "agenda" / "reminders.yaml").read_text(encoding="utf-8"))
EIGHT = dt.time(8)
Telling = tuple[uuid.UUID, str, uuid.UUID, dt.datetime, str]


@cache
def template(cadence: str) -> Any:
    return yaml.safe_load((APPS / "operations" / "rhythms" / f"{cadence}.yaml").read_text(encoding="utf-8"))


@cache
def steps(kind: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = REMINDERS["kinds"].get(kind, REMINDERS["default"])
    return found


@cache
def morning(due_at: dt.datetime, days: int, zone: str) -> dt.datetime:
    """Return eight o'clock of a step's day: Saturdays and Sundays give way to Friday ahead, to Monday afterwards."""
    day = (due_at - dt.timedelta(seconds=1)).astimezone(ZoneInfo(zone)).date() + days * DAY
    if day.isoweekday() > 5:
        day += (5 - day.isoweekday() if days < 0 else 8 - day.isoweekday()) * DAY
    return dt.datetime.combine(day, EIGHT, ZoneInfo(zone)).astimezone(dt.UTC)


@dataclass(frozen=True)
class Due:
    """A review that should be: of which plan and days, when it opens, is due, and counts as missed."""

    plan: Plan
    first: dt.date
    last: dt.date
    opens_at: dt.datetime
    due_at: dt.datetime
    lapses_at: dt.datetime


@dataclass(frozen=True)
class Owed:
    """Anything that is open from ``begins`` until ``ends``, due from a seat of a use case or from a person by name."""

    kind: str
    subject: uuid.UUID
    case: Case
    due_at: dt.datetime
    begins: dt.datetime
    ends: dt.datetime | None
    seat: str
    person: Person | None = None


def midnight(day: dt.date, zone: str) -> dt.datetime:
    return dt.datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(zone)).astimezone(dt.UTC)


def works(place: Place, day: dt.date, at: dt.datetime) -> bool:
    """Tell whether the team works on a day, by what its calendar says at a moment."""
    return day.isoweekday() not in place.weekend and not (day in place.holidays and place.holidays[day] <= at)


def working(place: Place, day: dt.date, at: dt.datetime, more: int = 0) -> dt.date:
    """Return the working day that is this one or the next, and so many after it."""
    while not works(place, day, at):
        day += DAY
    return day if more == 0 else working(place, day + DAY, at, more - 1)


def ends_here(cadence: str, day: dt.date) -> bool:
    following = day + DAY
    return {
        "daily": True,
        "weekly": day.isoweekday() == 7,
        "monthly": following.month != day.month,
        "quarterly": following.month != day.month and day.month in (3, 6, 9, 12),
    }[cadence]


def periods(plan: Plan, place: Place) -> Iterator[tuple[dt.date, dt.date]]:
    first = day = plan.starts_on
    while True:
        if plan.row.cadence == "daily" and not works(place, day, midnight(day, place.zone)):
            first = day + DAY
        elif ends_here(plan.row.cadence, day):
            yield first, day
            first = day + DAY
        day += DAY


def reviews(world: Organisation, until: dt.datetime) -> dict[tuple[uuid.UUID, dt.date], Due]:
    """Return the reviews that should have been opened by a moment, by plan and first day."""
    found = {}
    for plan in world.plans:
        place = world.places[plan.case.place]
        for first, last in periods(plan, place):
            opens_at = midnight(first, place.zone)
            if opens_at > min(until, plan.ended_at or until):
                break
            day = working(place, last, opens_at)
            late = template(plan.row.cadence)["missed_after_days"]
            gone = working(place, day, opens_at, late)
            found[plan.row.pk, first] = Due(
                plan, first, last, opens_at, midnight(day + DAY, place.zone), midnight(gone + DAY, place.zone)
            )
    return found


class Oracle:
    """Who should have been told what at which tick of those that were."""

    def __init__(self, world: Organisation, ticks: Sequence[dt.datetime]) -> None:
        self.world, self.ticks = world, ticks
        self.leads = [
            [row for row in world.people if (row.place, row.pool) == (number, "governance_lead")]
            for number in range(len(world.places))
        ]

    def tick(self, moment: dt.datetime) -> dt.datetime | None:
        """Return the first tick that is not before the moment."""
        place = bisect_left(self.ticks, moment)
        return self.ticks[place] if place < len(self.ticks) else None

    def told(self, owed: Owed) -> Iterator[tuple[Telling, dt.datetime]]:
        """Yield each step that a reader is told, with its tick.

        A tick tells each reader the last of the steps for them whose morning has come, unless it was told before.
        """
        known: set[tuple[Person, str]] = set()
        for tick in sorted(self._ticks_of(owed)):
            newest: dict[Person, str] = {}
            for step in steps(owed.kind.partition(".")[0]):
                for reader in self._readers(owed, step["to"], tick):
                    if reader.is_here(tick) and morning(owed.due_at, step["days"], reader.zone) <= tick:
                        newest[reader] = step["step"]
            for reader, name in newest.items():
                if (reader, name) not in known:
                    known.add((reader, name))
                    yield (reader.user.pk, owed.kind, owed.subject, owed.due_at, name), tick

    def _readers(self, owed: Owed, to: str, tick: dt.datetime) -> list[Person]:
        spell = owed.case.spell(owed.seat, tick) if owed.person is None else None
        leads = self.leads[owed.case.place]
        if to == "lead" or (owed.person is None and spell is None):
            return leads
        if to == "owner":
            owner = owed.case.spell("governance_owner", tick)
            return [owner.holder] if owner else leads
        deputy = spell.deputy if spell else None
        if to == "deputy":
            return [deputy] if deputy else []
        holder = owed.person or (spell.holder if spell else None)
        assert holder is not None
        return [deputy] if deputy and holder.is_away(tick) else [holder]

    def _ticks_of(self, owed: Owed) -> set[dt.datetime]:
        """Return the ticks at which something may change of who is told what."""
        end = owed.ends or self.ticks[-1] + DAY
        spells = [row for seat in {owed.seat, "governance_owner"} - {""} for row in owed.case.spells[seat]]
        spells = [row for row in spells if row.since < end and (row.until is None or row.until > owed.begins)]
        people = {*self._of(spells), *self.leads[owed.case.place], *([owed.person] if owed.person else [])}
        moments = {owed.begins}
        for step in steps(owed.kind.partition(".")[0]):
            moments |= {morning(owed.due_at, step["days"], zone) for zone in {row.zone for row in people}}
        for spell in spells:
            moments |= {spell.since, *([spell.until] if spell.until else [])}
            for row in spell.holder.away:
                begins, over = midnight(row.first, "UTC"), midnight(row.last + DAY, "UTC")
                moments |= {max(begins, row.known), over}
        ticks = {self.tick(moment) for moment in moments if moment < end}
        return {row for row in ticks if row is not None and owed.begins <= row < end}

    @staticmethod
    def _of(spells: Sequence[Spell]) -> set[Person]:
        return {person for row in spells for person in (row.holder, row.deputy) if person is not None}
