"""Days, weeks, months and quarters of a team: plain values, no table and no clock.

A day is a day of the team's time zone; an instant is aware and in UTC.
"""

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from zoneinfo import ZoneInfo, available_timezones

CADENCES = ("daily", "weekly", "monthly", "quarterly")
DAY = dt.timedelta(days=1)


@lru_cache(maxsize=1)
def zones() -> frozenset[str]:
    """Return the names of the time zones that are known, such as Europe/Madrid."""
    return frozenset(available_timezones()) - {"localtime", "Factory"}


@dataclass(frozen=True, slots=True)
class WorkingDays:
    """On which days a team works: its time zone, its weekend (1 is Monday, 7 Sunday) and its holidays by name.

    At least one day of the week is no weekend, so that a working day always comes.
    """

    zone: ZoneInfo
    weekend: frozenset[int] = frozenset({6, 7})
    holidays: Mapping[dt.date, str] = field(default_factory=dict)

    def is_working(self, day: dt.date) -> bool:
        return day.isoweekday() not in self.weekend and day not in self.holidays

    def working_from(self, day: dt.date) -> dt.date:
        """Return the day itself if it is a working day, else the next one."""
        while not self.is_working(day):
            day += DAY
        return day

    def after(self, day: dt.date, count: int) -> dt.date:
        """Return the ``count``-th working day after the day."""
        for _number in range(count):
            day = self.working_from(day + DAY)
        return day

    def start_of(self, day: dt.date) -> dt.datetime:
        """Return the first instant of the day; where the clock skips midnight, the instant at which it skips."""
        return dt.datetime(day.year, day.month, day.day, tzinfo=self.zone).astimezone(dt.UTC)

    def end_of(self, day: dt.date) -> dt.datetime:
        """Return the first instant after the day."""
        return self.start_of(day + DAY)

    def day_of(self, moment: dt.datetime) -> dt.date:
        return moment.astimezone(self.zone).date()


@dataclass(frozen=True, slots=True)
class Period:
    """The days that one review looks at, first and last included."""

    first: dt.date
    last: dt.date

    def __str__(self) -> str:
        return " – ".join(day.isoformat() for day in dict.fromkeys((self.first, self.last)))


def period_from(cadence: str, day: dt.date, calendar: WorkingDays) -> Period:
    """Return the period that begins on the day and ends with its week (Sunday), month or quarter.

    A daily one is the first working day from the day on. Raise ``ValueError`` for another cadence.
    """
    if cadence == "daily":
        first = calendar.working_from(day)
        return Period(first, first)
    if cadence == "weekly":
        return Period(day, day + (7 - day.isoweekday()) * DAY)
    if cadence not in CADENCES:
        raise ValueError(f"No cadence: {cadence}")
    last_month = day.month if cadence == "monthly" else (day.month + 2) // 3 * 3
    following = dt.date(day.year + last_month // 12, last_month % 12 + 1, 1)
    return Period(day, following - DAY)


def periods_from(cadence: str, day: dt.date, calendar: WorkingDays) -> Iterator[Period]:
    """Yield the periods from the day on, one after the other, without end."""
    while True:
        period = period_from(cadence, day, calendar)
        yield period
        day = period.last + DAY


def due_day(period: Period, calendar: WorkingDays) -> dt.date:
    """Return the day by whose end the review is due: the last of the period, or the next working day."""
    return calendar.working_from(period.last)
