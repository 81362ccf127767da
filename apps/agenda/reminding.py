"""Reminders and escalations: found anew at every look, told once.

A look asks which open duties are due and tells each reader the last step that has come for them. Whether something was
told is what the table says: two looks at once, a killed worker or an emptied Redis change nothing.
"""

import datetime as dt
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import override

from apps.agenda import duties, policy, preferences
from apps.agenda.duties import Answering, Duty
from apps.agenda.models import Notification
from apps.agenda.policy import Step
from apps.core.actor import SYSTEM
from apps.core.canonical import moment_text
from apps.core.clock import now
from apps.ledger.actions import Told, record_each
from apps.owners.responsibilities import title
from apps.people.access import visible_pairs
from apps.people.models import Absence, Team, User

DAY = dt.timedelta(days=1)
REMINDED = "duty.reminded"


@dataclass(frozen=True, slots=True)
class Telling:
    """One step of one duty for one reader, and for whom they stand in, if for anybody."""

    duty: Duty
    step: Step
    user_id: uuid.UUID
    stands_in_for: uuid.UUID | None = None


class Readers:
    """The people who may have to be told: their zone, their absences, what they may see; four queries."""

    def __init__(self, ids: Iterable[uuid.UUID], moment: dt.datetime) -> None:
        self.people = {row.pk: row for row in User.objects.filter(pk__in=set(ids), is_active=True, kind="person")}
        self.zones = {pk: policy.zone(row.time_zone) for pk, row in self.people.items()}
        self.seen = visible_pairs(self.people.values())
        self.ways = preferences.Ways(self.people.values())
        rows = Absence.objects.filter(
            user__in=self.people, cancelled_at=None, ends_on__gte=moment.date() - DAY
        ).values_list("user_id", "starts_on", "ends_on")
        self.absences: dict[uuid.UUID, list[tuple[dt.date, dt.date]]] = {}
        for user, first, last in rows:
            self.absences.setdefault(user, []).append((first, last))
        self.moment = moment

    def is_away(self, user: uuid.UUID, day: dt.date) -> bool:
        return any(first <= day <= last for first, last in self.absences.get(user, ()))

    def is_away_now(self, user: uuid.UUID) -> bool:
        return self.is_away(user, self.moment.date())

    def sees(self, user: uuid.UUID, team: uuid.UUID) -> bool:
        return user in self.people and ((user, team) in self.seen or (user, None) in self.seen)

    def mail_at(self, user: uuid.UUID, kind: str, step: str) -> dt.datetime | None:
        """Return the first moment at which a mail may carry this; None where the person wants none."""
        way = self.ways.of(user, kind, step)
        if way == "off":
            return None
        zone = self.zones[user]

        def away(day: dt.date) -> bool:
            return self.is_away(user, day)

        if way == "immediate":
            return policy.free_from(self.moment, zone, away)
        return policy.digest_after(self.moment, zone, away)


def remind() -> int:
    """Tell whoever is to be told of what is due; return how many notifications came of it.

    The number of queries is constant; the work grows with what is due, not with what exists.
    """
    moment = now()
    found = duties.between(moment - policy.BACK, moment + policy.AHEAD)
    if not found:
        return 0
    who = duties.answering(found)
    readers = Readers(_everybody(who.values()), moment)
    with transaction.atomic():
        told = tell(_newest(found, who, readers), readers)
        _record([row for row in told if row.step.days >= 0], readers)
    return len(told)


def _record(told: Sequence[Telling], readers: Readers) -> None:
    """Keep in the trail who was told on the day of a duty and after it; three queries for any number."""
    if not told:
        return
    by_step: dict[tuple[str, str], list[Telling]] = {}
    for row in told:
        by_step.setdefault((row.duty.key, row.step.name), []).append(row)
    teams = dict(Team.objects.filter(pk__in={row.duty.team_id for row in told}).values_list("pk", "name"))
    record_each(
        REMINDED,
        [
            Told(
                (duty.subject.type, duty.subject.id, duty.title),
                (duty.team_id, teams[duty.team_id]),
                {
                    "kind": duty.kind,
                    "step": step,
                    "due_at": moment_text(duty.due_at),
                    "to": [{"id": str(row.user_id), "name": readers.people[row.user_id].name} for row in rows],
                },
            )
            for (_key, step), rows in by_step.items()
            for duty in [rows[0].duty]
        ],
        by=SYSTEM,
    )


def _everybody(rows: Iterable[Answering]) -> set[uuid.UUID]:
    found: set[uuid.UUID] = set()
    for row in rows:
        found |= {*row.holders, *row.deputies.values(), *row.leads, *([row.owner] if row.owner else [])}
    return found


def _newest(found: Sequence[Duty], who: dict[str, Answering], readers: Readers) -> list[Telling]:
    """Return for each duty and reader the last step whose moment has come."""
    newest: dict[tuple[str, uuid.UUID], Telling] = {}
    for duty in found:
        for step in policy.steps(duty.kind):
            for user, stands_in in audience(step, who[duty.key], readers):
                if not readers.sees(user, duty.team_id):
                    continue
                if policy.moment_of(step, duty.due_at, readers.zones[user]) <= readers.moment:
                    newest[duty.key, user] = Telling(duty, step, user, stands_in)
    return list(newest.values())


def audience(step: Step, who: Answering, readers: Readers) -> list[tuple[uuid.UUID, uuid.UUID | None]]:
    """Return whom a step is for, and for whom they stand in.

    A deputy is asked instead of a holder who is away; where nobody holds it, the governance leads are.
    """
    if step.to == "lead" or not who.holders:
        return [(user, None) for user in who.leads]
    if step.to == "owner":
        return [(who.owner, None)] if who.owner else [(user, None) for user in who.leads]
    if step.to == "deputy":
        return [(deputy, holder) for holder, deputy in who.deputies.items()]
    found: list[tuple[uuid.UUID, uuid.UUID | None]] = []
    for holder in who.holders:
        deputy = who.deputies.get(holder)
        stand_in = readers.is_away_now(holder) and deputy is not None
        found.append((deputy, holder) if stand_in and deputy is not None else (holder, None))
    return found


@transaction.atomic
def tell(tellings: Sequence[Telling], readers: Readers) -> list[Telling]:
    """Write what was not told yet, and return it; two looks at once write nothing twice. Three queries."""
    keys = {row.duty.key for row in tellings}
    told = set(Notification.objects.filter(key__in=keys).values_list("user_id", "key", "step"))
    fresh = [row for row in tellings if (row.user_id, row.duty.key, row.step.name) not in told]
    if not fresh:
        return []
    with override("en"):
        rows = [_notification(row, readers) for row in fresh]
    Notification.objects.bulk_create(rows, ignore_conflicts=True, batch_size=500)
    written = set(Notification.objects.filter(pk__in=[row.pk for row in rows]).values_list("pk", flat=True))
    return [telling for telling, row in zip(fresh, rows, strict=True) if row.pk in written]


def _notification(row: Telling, readers: Readers) -> Notification:
    duty = row.duty
    return Notification(
        user_id=row.user_id,
        key=duty.key,
        kind=duty.kind,
        step=row.step.name,
        team_id=duty.team_id,
        subject_type=duty.subject.type,
        subject_id=duty.subject.id,
        title=duty.title[:300],
        text=str(duty.reason)[:500],
        reason=_why(row, readers)[:300],
        url=duty.url,
        due_at=duty.due_at,
        told_at=readers.moment,
        mail_at=readers.mail_at(row.user_id, duty.kind, row.step.name),
    )


def _why(row: Telling, readers: Readers) -> str:
    """Say why this reader hears of it."""
    what = str(title(row.duty.responsibility)).lower() if row.duty.responsibility else _("the one who was asked")
    if row.stands_in_for is not None:
        name = readers.people[row.stands_in_for].name if row.stands_in_for in readers.people else _("the holder")
        if row.step.to == "deputy":
            return _("%(name)s has not done it yet, and you are their deputy as %(what)s") % {
                "name": name,
                "what": what,
            }
        return _("%(name)s is away, and you stand in as %(what)s") % {"name": name, "what": what}
    if row.step.to == "owner":
        return _("It is overdue, and you are the governance owner")
    if row.step.to == "lead":
        return _("It is overdue, and you are a governance lead of the team")
    if row.user_id not in row.duty.person_ids and not row.duty.responsibility:
        return _("You are a governance lead of the team")
    return _("You are %(what)s") % {"what": what}
