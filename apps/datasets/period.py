"""The days between which a dataset's sources say that their records lie."""

import datetime as dt
from collections.abc import Iterable

from apps.datasets.models import Source

EPOCH = dt.date(1970, 1, 1)


def declared_period(sources: Iterable[Source]) -> dict[str, int | None]:
    """Return ``covers_from`` and ``covers_to`` in days since 1970-01-01, None where nothing is declared.

    No row says from which source it comes. So the period of several sources begins with the earliest first day, ends
    with the latest last day, and is open where one of them leaves it open: a row outside it is outside each of them.
    """
    rows = list(sources)
    first = [row.covers_from for row in rows if row.covers_from]
    last = [row.cut_off for row in rows if row.cut_off]
    return {
        "covers_from": _days(min(first)) if first and len(first) == len(rows) else None,
        "covers_to": _days(max(last)) if last and len(last) == len(rows) else None,
    }


def _days(day: dt.date) -> int:
    return (day - EPOCH).days


def day_of(days: int) -> str:
    """Return the day with this number in ISO 8601."""
    return (EPOCH + dt.timedelta(days=days)).isoformat()
