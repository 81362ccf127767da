"""Duties: what is due by a day, system-wide, and who answers for it today.

The apps above offer what is open and due in a time; nothing is stored of it. Reminders, the governance lead's list and
the API ask for it anew each time, so that a handover moves a duty and work that was done ends it.
"""

import datetime as dt
import uuid
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from apps.core import subjects
from apps.core.canonical import moment_text
from apps.core.errors import Text
from apps.core.subjects import SubjectRef
from apps.owners.holders import on_any
from apps.owners.models import Ownership
from apps.people.models import Membership
from apps.people.roles import Role

GOVERNANCE_OWNER = "governance_owner"


@dataclass(frozen=True, slots=True)
class Duty:
    """One thing that is open and due at a moment from whoever holds ``responsibility`` on its subject.

    Without a responsibility it is due from ``person_ids`` by name. ``held_on`` is the subject on whose chain the
    responsibility is looked for, where it is not the subject itself. ``key`` names it for as long as its day stands.
    """

    kind: str
    subject: SubjectRef
    title: str
    reason: Text
    url: str
    team_id: uuid.UUID
    responsibility: str
    person_ids: tuple[uuid.UUID, ...]
    due_at: dt.datetime
    held_on: SubjectRef | None = None

    @property
    def place(self) -> SubjectRef:
        """The subject on whose chain its responsibilities are held."""
        return self.held_on or self.subject

    @property
    def key(self) -> str:
        return f"{self.kind}:{self.subject}:{moment_text(self.due_at)}"


@dataclass(frozen=True, slots=True)
class Answering:
    """Who answers for a duty: its holders, who stands in for whom, and who hears of it when nothing happens."""

    holders: tuple[uuid.UUID, ...]
    deputies: dict[uuid.UUID, uuid.UUID] = field(default_factory=dict)
    owner: uuid.UUID | None = None
    leads: tuple[uuid.UUID, ...] = ()


Provider = Callable[[dt.datetime, dt.datetime], list[Duty]]
_providers: dict[str, Provider] = {}


def offer(name: str, provider: Provider) -> None:
    """Register ``provider(start, end)``: the open duties due in [start, end), in a constant number of queries."""
    _providers[name] = provider


def between(start: dt.datetime, end: dt.datetime) -> list[Duty]:
    """Return every open duty that is due in [start, end), the earliest first."""
    found = [duty for provider in _providers.values() for duty in provider(start, end)]
    return sorted(found, key=lambda duty: (duty.due_at, duty.key))


def answering(duties: Sequence[Duty]) -> dict[str, Answering]:
    """Return by their keys who answers for the duties; a constant number of queries for any number of them.

    The nearest ownership decides, as for a signature: one on the subject itself goes before its parents'.
    """
    chains = {ref: [step for step, _obj in rows] for ref, rows in subjects.chains(d.place for d in duties).items()}
    every = {ref for rows in chains.values() for ref in rows}
    rows = list(Ownership.objects.active().filter(on_any(every))) if every else []
    held: dict[tuple[SubjectRef, str], Ownership] = {(row.ref, row.responsibility): row for row in rows}
    leads = _leads({duty.team_id for duty in duties})
    found = {}
    for duty in duties:
        chain = chains.get(duty.place, [])
        row = _nearest(held, chain, duty.responsibility)
        owner = _nearest(held, chain, GOVERNANCE_OWNER)
        found[duty.key] = Answering(
            duty.person_ids or ((row.holder_id,) if row else ()),
            {row.holder_id: row.deputy_id} if row and row.deputy_id else {},
            owner.holder_id if owner else None,
            leads.get(duty.team_id, ()),
        )
    return found


def _nearest(
    held: dict[tuple[SubjectRef, str], Ownership], chain: Iterable[SubjectRef], responsibility: str
) -> Ownership | None:
    return next((held[ref, responsibility] for ref in chain if (ref, responsibility) in held), None)


def _leads(team_ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, tuple[uuid.UUID, ...]]:
    rows = Membership.objects.filter(team__in=list(team_ids), role=Role.GOVERNANCE_LEAD, user__is_active=True)
    found: dict[uuid.UUID, tuple[uuid.UUID, ...]] = {}
    for team, user in rows.order_by("id").values_list("team_id", "user_id"):
        found[team] = (*found.get(team, ()), user)
    return found
