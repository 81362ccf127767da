"""When whom is reminded of a duty, as data; and when somebody may be disturbed."""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from zoneinfo import ZoneInfo

import yaml

FILE = Path(__file__).parent / "reminders.yaml"
MORNING, EVENING, DIGEST = dt.time(8), dt.time(19), dt.time(8, 15)
WEEKEND = (5, 6)
AHEAD = dt.timedelta(days=15)
BACK = dt.timedelta(days=60)


@dataclass(frozen=True, slots=True)
class Step:
    """One reminder: ``days`` after the day on which it is due (before it when negative), ``to`` whom."""

    name: str
    days: int
    to: str


@lru_cache(maxsize=1)
def _policies() -> dict[str, tuple[Step, ...]]:
    found = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    rows = {"": found["default"], **found["kinds"]}
    return {kind: tuple(Step(row["step"], row["days"], row["to"]) for row in steps) for kind, steps in rows.items()}


def steps(kind: str) -> tuple[Step, ...]:
    """Return the reminders of a kind of duty, in their order. ``sign_off.business_owner`` is a kind of ``sign_off``."""
    policies = _policies()
    return policies.get(kind, policies.get(kind.partition(".")[0], policies[""]))


def zone(name: str) -> ZoneInfo:
    """Return a person's time zone; UTC where none is chosen."""
    return ZoneInfo(name or "UTC")


def moment_of(step: Step, due_at: dt.datetime, where: ZoneInfo) -> dt.datetime:
    """Return when a step is told: at eight in the morning of its day, the reader's time.

    A day off moves what is told ahead to the working day before it, the rest to the one after. What is due at midnight
    is due on the day that ends then.
    """
    day = (due_at - dt.timedelta(microseconds=1)).astimezone(where).date() + dt.timedelta(days=step.days)
    while day.weekday() in WEEKEND:
        day += dt.timedelta(days=1 if step.days >= 0 else -1)
    return dt.datetime.combine(day, MORNING, where).astimezone(dt.UTC)


def free_from(moment: dt.datetime, where: ZoneInfo, is_away: Callable[[dt.date], bool]) -> dt.datetime:
    """Return the first moment from ``moment`` at which a mail may reach somebody: working hours, neither weekend
    nor absence. After a year of absence it is sent all the same.
    """
    local = moment.astimezone(where)
    for _day in range(366):
        day = local.date()
        if day.weekday() not in WEEKEND and not is_away(day) and local.time() < EVENING:
            start = dt.datetime.combine(day, MORNING, where)
            return max(local, start).astimezone(dt.UTC)
        local = dt.datetime.combine(day + dt.timedelta(days=1), MORNING, where)
    return moment


def digest_after(moment: dt.datetime, where: ZoneInfo, is_away: Callable[[dt.date], bool]) -> dt.datetime:
    """Return when the next digest leaves: a quarter past eight, the reader's time, on a day on which they work."""
    day = moment.astimezone(where).date()
    for _day in range(366):
        leaves = dt.datetime.combine(day, DIGEST, where).astimezone(dt.UTC)
        if leaves >= moment and day.weekday() not in WEEKEND and not is_away(day):
            return leaves
        day += dt.timedelta(days=1)
    return moment
