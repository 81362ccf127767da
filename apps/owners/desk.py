"""What somebody answers for today: read once for everything that asks within one look at their work."""

import contextlib
import datetime as dt
import uuid
from collections.abc import Collection, Iterator
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from django.db.models import Q

from apps.core.clock import today
from apps.owners.holders import absent, acting_for
from apps.owners.models import Ownership


@dataclass(frozen=True, slots=True)
class Desk:
    """The ownerships of which somebody is holder or deputy, the day, and who of the holders is away on it."""

    user_id: uuid.UUID
    day: dt.date
    rows: tuple[Ownership, ...]
    away: frozenset[uuid.UUID]

    def acting(self, *responsibilities: str) -> list[Ownership]:
        """Return the ownerships under which they act today: as holder, or as deputy of somebody who is away."""
        return [row for row in self.named(*responsibilities) if self.user_id in acting_for(row, set(self.away))]

    def held(self, *responsibilities: str) -> list[Ownership]:
        """Return the ownerships of which they are the holder."""
        return [row for row in self.named(*responsibilities) if row.holder_id == self.user_id]

    def named(self, *responsibilities: str) -> list[Ownership]:
        return [row for row in self.rows if not responsibilities or row.responsibility in responsibilities]


def ids(rows: Collection[Ownership], subject_type: str) -> set[uuid.UUID]:
    """Return the subjects of the type on which these are held."""
    return {row.subject_id for row in rows if row.subject_type == subject_type}


_open: ContextVar[Desk | None] = ContextVar("desk", default=None)


def of(user: Any) -> Desk:
    """Return the desk of the user: the one that is open, or one read now; at most three queries."""
    found = _open.get()
    return found if found is not None and found.user_id == user.pk else _read(user)


def _read(user: Any) -> Desk:
    day = today()
    rows = tuple(Ownership.objects.active().filter(Q(holder=user) | Q(deputy=user)).order_by("id"))
    others = {row.holder_id for row in rows if row.deputy_id == user.pk}
    return Desk(user.pk, day, rows, frozenset(absent(others, day)) if others else frozenset())


@contextlib.contextmanager
def opened(user: Any) -> Iterator[None]:
    """Let everything that asks in this context for the user's desk read it once."""
    token = _open.set(_read(user))
    try:
        yield
    finally:
        _open.reset(token)
