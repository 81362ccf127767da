"""How much is overdue, now and on each of the last days."""

import datetime as dt
from collections import Counter
from typing import Any

from django.db.models import Count, F, Q, QuerySet
from django.db.models.functions import Coalesce, TruncDate

from apps.operations.models import FollowUp, Review, ReviewState
from apps.people.models import Team

DAYS = 56
MOST = 200
HEIGHT, WIDTH = 120, 600
CLOSED = {Review: Coalesce("performed_at", "missed_at"), FollowUp: F("done_at")}
TEAM_OF = {Review: "plan__use_case__team", FollowUp: "review__plan__use_case__team"}


def _rows(model: Any, user: Any, team: Team | None) -> QuerySet[Any]:
    rows = model.objects.visible_to(user).annotate(closed=CLOSED[model])
    found: QuerySet[Any] = rows.filter(**{TEAM_OF[model]: team}) if team else rows
    return found


def overdue_by_day(user: Any, team: Team | None, moment: dt.datetime) -> dict[str, Any]:
    """Return how many reviews and follow-ups were overdue at the end of each of the last 56 days of UTC, as bars.

    A review stops being overdue when it is performed or recorded as missed. Six queries.
    """
    last = moment.date()
    first = last - dt.timedelta(days=DAYS - 1)
    begin = dt.datetime.combine(first, dt.time(), dt.UTC)
    standing, change = 0, Counter[dt.date]()
    for model in (Review, FollowUp):
        rows = _rows(model, user, team)
        late = Q(closed=None) | Q(closed__gt=F("due_at"))
        standing += rows.filter(Q(closed=None) | Q(closed__gte=begin), late, due_at__lt=begin).count()
        become = rows.filter(late, due_at__gte=begin, due_at__lte=moment).annotate(day=TruncDate("due_at"))
        ended = rows.filter(closed__gt=F("due_at"), closed__gte=begin).annotate(day=TruncDate("closed"))
        for day, count in become.order_by("day").values_list("day").annotate(count=Count("pk")):
            change[day] += count
        for day, count in ended.order_by("day").values_list("day").annotate(count=Count("pk")):
            change[day] -= count
    days = []
    for number in range(DAYS):
        day = first + dt.timedelta(days=number)
        standing += change[day]
        days.append((day, standing))
    return _drawn(days)


def _drawn(days: list[tuple[dt.date, int]]) -> dict[str, Any]:
    top = max(count for _day, count in days) or 1
    step = WIDTH / len(days)
    bars = [
        {
            "day": day,
            "count": count,
            "x": round(index * step + 1, 1),
            "width": round(step - 2, 1),
            "height": round(HEIGHT * count / top, 1),
            "y": round(HEIGHT + 4 - HEIGHT * count / top, 1),
        }
        for index, (day, count) in enumerate(days)
    ]
    return {"bars": bars, "ticks": bars[::14], "highest": max(count for _day, count in days), "now": days[-1][1]}


def overdue_now(user: Any, team: Team | None, moment: dt.datetime) -> dict[str, list[Any]]:
    """Return the open reviews and follow-ups past their due moment, the oldest first; two queries."""
    reviews = _rows(Review, user, team).filter(state=ReviewState.OPEN, due_at__lte=moment)
    follow_ups = _rows(FollowUp, user, team).filter(done_at=None, due_at__lte=moment)
    return {
        "reviews": list(reviews.select_related("plan__use_case__team").order_by("due_at", "id")[:MOST]),
        "follow_ups": list(
            follow_ups.select_related("review__plan__use_case__team", "owner").order_by("due_at", "id")[:MOST]
        ),
    }
