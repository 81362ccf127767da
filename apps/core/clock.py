"""The one clock that decides: the database's."""

import contextlib
import datetime as dt
from collections.abc import Iterator
from contextvars import ContextVar
from typing import Any

from django.db import connection
from django.db.models import DateTimeField, Value
from django.db.models.functions import Now

_still: ContextVar[dt.datetime | None] = ContextVar("still", default=None)
_replayed: ContextVar[dt.datetime | None] = ContextVar("replayed", default=None)


def now() -> dt.datetime:
    """Return the database's time of day (aware, UTC); costs one query, and none where time stands ``still``."""
    known = _replayed.get() or _still.get()
    if known is not None:
        return known
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        moment: dt.datetime = cursor.fetchone()[0]
    return moment.astimezone(dt.UTC)


@contextlib.contextmanager
def still() -> Iterator[dt.datetime]:
    """Let one moment stand for everything that is read in this context; nothing is written in it."""
    moment = now()
    token = _still.set(moment)
    try:
        yield moment
    finally:
        _still.reset(token)


def is_replayed() -> bool:
    """Tell whether this context tells a history instead of living it."""
    return _replayed.get() is not None


def moment() -> Any:
    """Return an expression for queries that is ``now()``, without a query of its own."""
    replayed = _replayed.get()
    return Now() if replayed is None else Value(replayed, output_field=DateTimeField())


def today() -> dt.date:
    """Return the database's date in UTC."""
    return now().date()


def end_of(day: dt.date) -> dt.datetime:
    """Return the first instant after the day, which is a day of UTC."""
    return dt.datetime(day.year, day.month, day.day, tzinfo=dt.UTC) + dt.timedelta(days=1)


@contextlib.contextmanager
def replay(moment: dt.datetime) -> Iterator[None]:
    """Let ``now()`` answer ``moment`` in this context: for the demo's history and for tests.

    No page, endpoint or task enters this context, so a client can't choose its time.
    """
    token = _replayed.set(moment.astimezone(dt.UTC))
    try:
        yield
    finally:
        _replayed.reset(token)
