"""Who holds what on a subject, and who may act for them today."""

import datetime as dt
import functools
import operator
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef, Q

from apps.core import subjects
from apps.core.clock import today
from apps.core.statements import ME, Statement
from apps.core.subjects import SubjectRef
from apps.owners.models import Ownership, OwnershipOffer
from apps.owners.responsibilities import Responsibility, held_on, required_on
from apps.people.models import Absence, User


class Names(Protocol):
    """What says of an ownership who holds it, and who stands in."""

    @property
    def holder_id(self) -> uuid.UUID: ...

    @property
    def deputy_id(self) -> uuid.UUID | None: ...


@dataclass(frozen=True, slots=True)
class Seat:
    """One responsibility on one subject: who holds it, or that nobody does, and who was asked to."""

    responsibility: Responsibility
    ownership: Ownership | None
    is_required: bool
    offer: OwnershipOffer | None = None

    @property
    def is_vacant(self) -> bool:
        return self.ownership is None


@dataclass(frozen=True, slots=True)
class Vacancy:
    """A required responsibility that nobody holds; with an offer, somebody was asked and has not accepted."""

    ref: SubjectRef
    subject: Any
    responsibility: Responsibility
    offer: OwnershipOffer | None = None


def on_any(refs: Iterable[SubjectRef]) -> Q:
    """Return the filter of what is held on one of these subjects."""
    ids: dict[str, list[uuid.UUID]] = {}
    for ref in refs:
        ids.setdefault(ref.type, []).append(ref.id)
    by_type = (Q(subject_type=subject_type, subject_id__in=found) for subject_type, found in ids.items())
    return functools.reduce(operator.or_, by_type, Q(pk__in=[]))


def holders(ref: SubjectRef, chain: Sequence[SubjectRef] | None = None) -> dict[str, Ownership]:
    """Return the active ownership of each responsibility; one on the subject itself goes before its parents'.

    ``chain`` is the subject and its parents, nearest first, where the caller knows it. One query besides it.
    """
    refs = list(chain) if chain is not None else [found for found, _obj in subjects.chain(ref)]
    rows = Ownership.objects.active().filter(on_any(refs)).select_related("holder", "deputy")
    nearness = {found: index for index, found in enumerate(refs)}
    nearest: dict[str, Ownership] = {}
    for row in sorted(rows, key=lambda row: -nearness[row.ref]):
        nearest[row.responsibility] = row
    return nearest


def seats(ref: SubjectRef) -> list[Seat]:
    """Return every responsibility that can be held on this very subject, in the table's order; two queries."""
    active = {row.responsibility: row for row in Ownership.objects.active().on(ref).select_related("holder", "deputy")}
    asked = {
        row.responsibility: row for row in OwnershipOffer.objects.pending().on(ref).select_related("to", "offered_by")
    }
    required = {row.key for row in required_on(ref.type)}
    return [Seat(row, active.get(row.key), row.key in required, asked.get(row.key)) for row in held_on(ref.type)]


def on_each(subject_type: str, ids: Iterable[uuid.UUID]) -> dict[tuple[uuid.UUID, str], Ownership]:
    """Return the active ownerships held on these very subjects, by subject and responsibility; one query."""
    rows = Ownership.objects.active().filter(subject_type=subject_type, subject_id__in=list(ids))
    return {(row.subject_id, row.responsibility): row for row in rows.select_related("holder", "deputy")}


def absent(user_ids: Iterable[uuid.UUID], on: dt.date | None = None) -> set[uuid.UUID]:
    """Return those of the people who are away on the day (today by the database's clock); one query."""
    day = on or today()
    return set(
        Absence.objects.filter(
            user_id__in=list(user_ids), starts_on__lte=day, ends_on__gte=day, cancelled_at=None
        ).values_list("user_id", flat=True)
    )


def acting_for(ownership: Names, away: set[uuid.UUID]) -> set[uuid.UUID]:
    """Return who may act under this ownership, given who is away: the holder, and the deputy of an absent one."""
    found = {ownership.holder_id}
    if ownership.deputy_id and ownership.holder_id in away:
        found.add(ownership.deputy_id)
    return found


def may_sign(ownership: Ownership, user: User, on: dt.date | None = None) -> bool:
    """Tell whether ``user`` may sign under this ownership on the day.

    The holder may, and the deputy on the days of the holder's absence; only a person who is active and still
    sees the team's things.
    """
    if ownership.ended_at is not None or not user.is_active or user.kind != User.Kind.PERSON:
        return False
    if not user.may("view", ownership.team_id):
        return False
    return user.pk == ownership.holder_id or user.pk in acting_for(ownership, absent([ownership.holder_id], on))


def vacant_on_each(subject_type: str, ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, list[Responsibility]]:
    """Return the required responsibilities that nobody holds, by subject, for those that lack one; one query."""
    wanted, required = list(ids), required_on(subject_type)
    active = Ownership.objects.active().filter(subject_type=subject_type, subject_id__in=wanted)
    held = set(active.values_list("subject_id", "responsibility")) if wanted and required else set()
    lacking = {pk: [row for row in required if (pk, row.key) not in held] for pk in wanted}
    return {pk: rows for pk, rows in lacking.items() if rows}


def vacancies(user: Any, permission: str = "view", limit: int = 200) -> list[Vacancy]:
    """Return the required responsibilities that nobody holds, on what the user may see; two queries a kind, and one."""
    if not user.is_active:
        return []
    lacking: list[tuple[SubjectRef, Responsibility]] = []
    for kind in subjects.kinds():
        if required := required_on(kind.type):
            for pk, held in _lacking(kind.type, permission, user.organisation_role, limit).rows(user.pk):
                lacking += [(SubjectRef(kind.type, pk), row) for row in required if row.key not in held]
    refs = {ref for ref, _row in lacking[:limit]}
    found, asked = subjects.find(refs), _asked(refs)
    return [Vacancy(ref, found[ref], row, asked.get((ref, row.key))) for ref, row in lacking[:limit] if ref in found]


@functools.cache
def _lacking(subject_type: str, permission: str, organisation_role: str, limit: int) -> Statement:
    """Return the statement of the newest subjects that lack a required responsibility, each with those that are held.

    They are those on which somebody holds the permission: by their roles in teams, or by the organisation's.
    """
    somebody = User(pk=ME, is_active=True, organisation_role=organisation_role)

    def rows() -> Any:
        every: Any = subjects.kind(subject_type).all()
        active = Ownership.objects.active().filter(subject_type=subject_type, subject_id=OuterRef("pk"))
        found = every.visible_to(somebody, permission).annotate(held=ArraySubquery(active.values("responsibility")))
        required = [row.key for row in required_on(subject_type)]
        return found.exclude(held__contains=required).order_by("-id").values_list("pk", "held")[:limit]

    return Statement(rows)


def _asked(refs: set[SubjectRef]) -> dict[tuple[SubjectRef, str], OwnershipOffer]:
    rows = OwnershipOffer.objects.pending().filter(on_any(refs)).select_related("to") if refs else ()
    return {(row.ref, row.responsibility): row for row in rows}
