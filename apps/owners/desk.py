"""What somebody answers for today: read once for everything that asks within one look at their work."""

import contextlib
import uuid
from collections.abc import Collection, Iterator
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, NamedTuple

from django.db.models import Q, QuerySet

from apps.core.statements import ME, Statement
from apps.owners.holders import absent, acting_for
from apps.owners.models import Ownership


class Held(NamedTuple):
    """An ownership, as far as it decides who acts under it."""

    responsibility: str
    subject_type: str
    subject_id: uuid.UUID
    holder_id: uuid.UUID
    deputy_id: uuid.UUID | None


@dataclass(frozen=True, slots=True)
class Desk:
    """The ownerships of which somebody is holder or deputy, and who of the holders is away today."""

    user_id: uuid.UUID
    rows: tuple[Held, ...]
    away: set[uuid.UUID]

    def acting(self, *responsibilities: str) -> list[Held]:
        """Return the ownerships under which they act today: as holder, or as deputy of somebody who is away."""
        return [row for row in self.named(*responsibilities) if self.user_id in acting_for(row, self.away)]

    def held(self, *responsibilities: str) -> list[Held]:
        """Return the ownerships of which they are the holder."""
        return [row for row in self.named(*responsibilities) if row.holder_id == self.user_id]

    def named(self, *responsibilities: str) -> list[Held]:
        return [row for row in self.rows if not responsibilities or row.responsibility in responsibilities]


def ids(rows: Collection[Held], subject_type: str) -> set[uuid.UUID]:
    """Return the subjects of the type on which these are held."""
    return {row.subject_id for row in rows if row.subject_type == subject_type}


def _owned_by(me: uuid.UUID) -> QuerySet[Ownership]:
    return Ownership.objects.active().filter(Q(holder=me) | Q(deputy=me))


def subjects_of(me: uuid.UUID) -> QuerySet[Any]:
    """Return the ids of the subjects on which somebody is holder or deputy, as a query."""
    return _owned_by(me).values("subject_id")


_OWNED = Statement(lambda: _owned_by(ME).order_by("id").values_list(*Held._fields))
_open: ContextVar[Desk | None] = ContextVar("desk", default=None)


def of(user: Any) -> Desk:
    """Return the desk of the user: the one that is open, or one read now; at most three queries."""
    found = _open.get()
    return found if found is not None and found.user_id == user.pk else _read(user)


def _read(user: Any) -> Desk:
    held = tuple(Held(*values) for values in _OWNED.rows(user.pk))
    others = {row.holder_id for row in held if row.deputy_id == user.pk}
    return Desk(user.pk, held, absent(others) if others else set())


@contextlib.contextmanager
def opened(user: Any) -> Iterator[None]:
    """Let everything that asks in this context for the user's desk read it once."""
    token = _open.set(_read(user))
    try:
        yield
    finally:
        _open.reset(token)
