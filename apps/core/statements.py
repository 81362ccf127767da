"""Queries whose SQL is built once in a process, for what is asked on every page: to build it costs Django more than the
answer costs PostgreSQL.

A query is written with stand-ins in the places of its values, and is asked with the values.
"""

import datetime as dt
import uuid
from collections.abc import Callable, Sequence
from typing import Any

from django.db import connection
from django.db.models import QuerySet

ME = uuid.UUID("00000000-0000-8000-8000-0000000006e0")
TODAY = dt.date(1, 1, 1)

Signs = Callable[[uuid.UUID], QuerySet[Any]]


class Statement:
    """A query of columns (``values_list``) about one person, and on one day where it is written with ``TODAY``."""

    def __init__(self, build: Callable[[], QuerySet[Any]]) -> None:
        self._build = build
        self._built: tuple[str, Sequence[Any]] | None = None

    def rows(self, me: uuid.UUID, today: dt.date | None = None) -> list[tuple[Any, ...]]:
        """Return the rows as the database gives them; one query."""
        self._built = self._built or _sql(self._build())
        statement, values = self._built
        with connection.cursor() as cursor:
            cursor.execute(statement, _filled(values, me, today))
            found: list[tuple[Any, ...]] = cursor.fetchall()
        return found


class Presence:
    """Which of many questions about one person are worth asking: each names the rows without which it has no answer.

    Most have none most of the time. Whether there are any such rows is asked of all in one statement.
    """

    def __init__(self) -> None:
        self._signs: dict[str, Signs] = {}
        self._built: tuple[str, list[Any]] | None = None

    def add(self, name: str, signs: Signs) -> None:
        """Register ``signs(me)``: a query set that depends on nothing but constants and the person's id."""
        self._signs[name] = signs
        self._built = None

    def missing(self, me: uuid.UUID) -> set[str]:
        """Return the names of the questions for which the person has no rows; one query, none for no questions."""
        if not self._signs:
            return set()
        statement, values = self._built or self._build()
        with connection.cursor() as cursor:
            cursor.execute(statement, _filled(values, me))
            found = cursor.fetchone()
        return {name for name, there in zip(self._signs, found, strict=True) if not there}

    def _build(self) -> tuple[str, list[Any]]:
        parts: list[str] = []
        values: list[Any] = []
        for signs in self._signs.values():
            sql, given = _sql(signs(ME).order_by().values("pk"))
            parts.append(f"EXISTS ({sql})")
            values += given
        self._built = f"SELECT {', '.join(parts)}", values
        return self._built


def _sql(rows: QuerySet[Any]) -> tuple[str, Sequence[Any]]:
    sql, values = rows.query.sql_with_params()
    if any(isinstance(value, dt.date) and value != TODAY for value in values):
        raise ValueError("A statement that is built once would keep this moment for ever: write it with TODAY.")
    return sql, values


def _filled(values: Sequence[Any], me: uuid.UUID, today: dt.date | None = None) -> list[Any]:
    """Return the values with the person and the day in the places of their stand-ins."""
    given = {ME: me, str(ME): str(me), TODAY: today}
    return [given.get(value, value) if isinstance(value, (uuid.UUID, str, dt.date)) else value for value in values]
