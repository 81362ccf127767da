"""The governance lead's view: what is open and overdue, whose it is, how it went, and a nudge."""

import datetime as dt
import uuid
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models import Sum
from django.utils.translation import gettext as _

from apps.agenda import duties, policy
from apps.agenda.duties import Answering, Duty
from apps.agenda.errors import NobodyToNudge, NudgedToday
from apps.agenda.models import DueCount, Notification
from apps.agenda.policy import Step
from apps.agenda.reminding import Readers, Telling, tell
from apps.core import access
from apps.core.clock import now, today
from apps.core.errors import NotFound, NotPermitted
from apps.ledger.actions import may_anywhere, record
from apps.people.access import permissions_on
from apps.people.models import Team, User

TREND = dt.timedelta(days=60)
NUDGE = "nudge"


@dataclass(frozen=True, slots=True)
class Row:
    """One duty as the lead sees it: who answers for it, and how many days it is overdue (0: not yet)."""

    duty: Duty
    holders: tuple[User, ...]
    overdue_days: int

    @property
    def is_overdue(self) -> bool:
        return self.overdue_days > 0


def rows(user: Any) -> list[Row]:
    """Return the open duties of the teams that the user oversees, up to a fortnight ahead, the longest overdue first.

    A constant number of queries.
    """
    moment = now()
    found = [
        duty
        for duty in duties.between(moment - policy.BACK * 6, moment + policy.AHEAD)
        if "due.oversee" in permissions_on(user, duty.team_id)
    ]
    who = duties.answering(found)
    people = User.objects.in_bulk({pk for row in who.values() for pk in row.holders})
    return [
        Row(
            duty,
            tuple(people[pk] for pk in who[duty.key].holders if pk in people),
            max((moment - duty.due_at).days + 1, 0) if duty.due_at < moment else 0,
        )
        for duty in found
    ]


def burdens(found: Iterable[Row]) -> list[tuple[User, int, int]]:
    """Return who has how much to do, and how much of it overdue, the most burdened first."""
    everything, late = Counter[User](), Counter[User]()
    for row in found:
        everything.update(row.holders)
        late.update(row.holders if row.is_overdue else ())
    return sorted(
        ((user, n, late[user]) for user, n in everything.items()), key=lambda row: (-row[2], -row[1], row[0].name)
    )


def trend(team_ids: Iterable[uuid.UUID]) -> list[tuple[dt.date, int]]:
    """Return for each counted day of the last sixty how many duties of the teams were overdue; one query."""
    counted = DueCount.objects.filter(team__in=list(team_ids), day__gte=today() - TREND)
    return list(counted.values("day").annotate(n=Sum("overdue")).order_by("day").values_list("day", "n"))


def oversees(user: Any) -> bool:
    """Tell whether the user oversees any team; no query besides the user's roles."""
    return may_anywhere(user, "due.oversee")


def overseen(user: Any) -> list[Team]:
    """Return the teams whose duties the user oversees; two queries."""
    return [team for team in Team.objects.all() if "due.oversee" in permissions_on(user, team.pk)]


@transaction.atomic
def count_today() -> int:
    """Count once a day what is due and overdue of each team and kind; return how many counts are new."""
    day = today()
    if DueCount.objects.filter(day=day).exists():
        return 0
    moment = now()
    due, overdue = Counter[tuple[Any, str]](), Counter[tuple[Any, str]]()
    for duty in duties.between(moment - policy.BACK * 6, moment + policy.AHEAD):
        place = duty.team_id, duty.kind.partition(".")[0]
        due[place] += 1
        overdue[place] += duty.due_at < moment
    made = DueCount.objects.bulk_create(
        [
            DueCount(day=day, team_id=team, kind=kind, due=n, overdue=overdue[team, kind])
            for (team, kind), n in due.items()
        ],
        ignore_conflicts=True,
    )
    return len(made)


def find(user: Any, key: str) -> Duty:
    """Return the open duty of this key among those that the user oversees; raise ``NotFound``."""
    for row in rows(user):
        if row.duty.key == key:
            return row.duty
    raise NotFound(_("There is no such open duty, or you may not see it. It may be done by now."))


@transaction.atomic
def nudge(key: str, *, by: User) -> int:
    """Tell those who answer for a duty that its lead waits for it, at most once a day; return how many were told.

    Raise ``NotFound``, ``NotPermitted``, ``NobodyToNudge`` or ``NudgedToday``.
    """
    if not may_anywhere(by, "due.nudge"):
        raise NotPermitted(_("Governance leads nudge. Ask one of the team."))
    duty = find(by, key)
    access.require(by, "due.nudge", duty.team_id)
    who: Answering = duties.answering([duty])[duty.key]
    if not who.holders:
        raise NobodyToNudge(_("Nobody holds this responsibility. Name a holder."))
    moment = now()
    step = Step(f"{NUDGE}.{moment.date()}", 0, "holder")
    if Notification.objects.filter(key=duty.key, step=step.name).exists():
        raise NudgedToday(_("They were nudged today. Call them, or hand the responsibility over."))
    readers = Readers({*who.holders, *who.deputies.values()}, moment)
    tellings = [Telling(duty, step, user) for user in who.holders if readers.sees(user, duty.team_id)]
    told = len(tell(tellings, readers))
    record(
        "duty.nudged",
        by=by,
        subject=(duty.subject.type, duty.subject.id, duty.title),
        team=(duty.team_id, Team.objects.get(pk=duty.team_id).name),
        payload={"kind": duty.kind, "due_at": duty.due_at.isoformat(), "to": [str(pk) for pk in who.holders]},
    )
    return told


def by_team(found: Sequence[Row]) -> Counter[uuid.UUID]:
    """Return how many duties of each team are overdue."""
    return Counter(row.duty.team_id for row in found if row.is_overdue)
