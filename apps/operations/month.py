"""One month of reviews as a grid of weeks: due, to come, and the holidays between."""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django.db.models import QuerySet
from django.urls import reverse

from apps.operations.models import Review, ReviewPlan, ReviewState, TeamCalendar
from apps.operations.working_days import DAY, due_day, periods_from
from apps.people.models import Team

MOST = 1000


@dataclass(frozen=True, slots=True)
class Mark:
    """One review on its day; ``state`` is ``planned`` before its period begins."""

    title: str
    state: str
    url: str


@dataclass(slots=True)
class Day:
    date: dt.date
    is_in_month: bool
    is_today: bool
    marks: list[Mark] = field(default_factory=list)
    holidays: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Month:
    weeks: list[list[Day]]
    is_cut: bool

    @property
    def is_empty(self) -> bool:
        return not any(day.marks or day.holidays for week in self.weeks for day in week)


def month(user: Any, first: dt.date, team: Team | None, moment: dt.datetime) -> Month:
    """Return the weeks, Monday to Sunday, that cover the month; four queries, at most 1,000 reviews."""
    start = first - (first.isoweekday() - 1) * DAY
    following = (first + 32 * DAY).replace(day=1)
    end = following + (8 - following.isoweekday()) % 7 * DAY
    days = {
        day: Day(day, day.month == first.month, day == moment.date())
        for day in (start + number * DAY for number in range((end - start).days))
    }
    rows = list(_reviews(user, team, start, end)[: MOST + 1])
    for row in rows[:MOST]:
        on = row.due_day
        if on in days:
            overdue = row.state == ReviewState.OPEN and row.due_at <= moment
            url = reverse("operations:review_detail", args=[row.pk])
            days[on].marks.append(Mark(str(row.plan), "overdue" if overdue else row.state, url))
    for on, mark in _to_come(user, team, end):
        if on in days:
            days[on].marks.append(mark)
    for on, names in _holidays(user, team).items():
        if on in days:
            days[on].holidays += names
    ordered = list(days.values())
    return Month([ordered[index : index + 7] for index in range(0, len(ordered), 7)], len(rows) > MOST)


def _reviews(user: Any, team: Team | None, start: dt.date, end: dt.date) -> QuerySet[Review]:
    """Return what may be due on these days in some time zone."""
    early = dt.datetime.combine(start - DAY, dt.time(), dt.UTC)
    late = dt.datetime.combine(end + 2 * DAY, dt.time(), dt.UTC)
    rows = Review.objects.visible_to(user).whole().filter(due_at__gte=early, due_at__lt=late)
    return (rows.filter(plan__use_case__team=team) if team else rows).order_by("due_at", "id")


def _to_come(user: Any, team: Team | None, end: dt.date) -> Iterable[tuple[dt.date, Mark]]:
    rows = ReviewPlan.objects.visible_to(user).filter(next_at__lt=dt.datetime.combine(end + DAY, dt.time(), dt.UTC))
    plans = rows.filter(use_case__team=team) if team else rows
    for plan in plans.select_related("use_case__team__calendar").order_by("id")[:MOST]:
        days = plan.use_case.team.calendar.working_days
        mark = Mark(str(plan), "planned", reverse("operations:plan_detail", args=[plan.pk]))
        for period in periods_from(plan.cadence, plan.covered_until + DAY, days):
            if period.first >= end:
                break
            yield due_day(period, days), mark


def _holidays(user: Any, team: Team | None) -> dict[dt.date, list[str]]:
    """Return the names of the holidays by day, each with its team where the page is about several."""
    found: dict[dt.date, list[str]] = defaultdict(list)
    rows = TeamCalendar.objects.visible_to(user).select_related("team").order_by("team__name")
    for calendar in rows.filter(team=team) if team else rows:
        for row in calendar.holidays:
            name = row["name"] if team else f"{row['name']} ({calendar.team.name})"
            found[dt.date.fromisoformat(row["date"])].append(name)
    return found
