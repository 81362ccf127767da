"""What gates wait for: signatures, proof, a second person for a policy."""

import datetime as dt
import uuid
from collections.abc import Sequence
from typing import Any, NamedTuple

from django.db.models import F, Q, QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _

from apps.agenda.due import DueItem, Provider
from apps.core.clock import end_of, now, today
from apps.core.statements import ME, TODAY, Signs, Statement
from apps.core.subjects import SubjectRef
from apps.gates import conditions
from apps.gates.duties import SIGN_WITHIN
from apps.gates.models import (
    LIVE_STATES,
    Condition,
    Gate,
    GateSeat,
    GateState,
    GateWatch,
    PolicyVersion,
    Waiver,
)
from apps.ledger.actions import may_anywhere
from apps.owners import desk
from apps.owners.holders import absent, acting_for, on_any
from apps.owners.models import Ownership
from apps.owners.responsibilities import title
from apps.people.models import Absence

SOON = dt.timedelta(days=14)
BLOCKED = [GateState.OPEN, GateState.LAPSED]


def signatures(user: Any) -> list[DueItem]:
    """Return the signatures that the user can give; as a deputy only while the holder is away. Two queries."""
    return [_signature(_Seat(*values)) for values in _SEATS.rows(user.pk, today())]


class _Seat(NamedTuple):
    """A signature that waits for somebody, as far as *My work* shows it."""

    responsibility: str
    gate_id: uuid.UUID
    gate__subject_label: str
    gate__state_since: dt.datetime
    gate__policy_version__title: str
    stands_in_for__name: str | None


def _seats() -> QuerySet[Any]:
    away = Absence.objects.filter(starts_on__lte=TODAY, ends_on__gte=TODAY, cancelled_at=None).values("user_id")
    rows = GateSeat.objects.filter(Q(stands_in_for=None) | Q(stands_in_for__in=away), user=ME)
    return rows.order_by("gate__state_since").values_list(*_Seat._fields)[:200]


_SEATS = Statement(_seats)


def _signature(row: _Seat) -> DueItem:
    words = {"who": str(title(row.responsibility)).lower(), "name": row.stands_in_for__name}
    stands_in = row.stands_in_for__name is not None
    return DueItem(
        kind=f"sign_off.{row.responsibility}",
        subject=SubjectRef("gate", row.gate_id),
        title=f"{row.gate__policy_version__title}: {row.gate__subject_label}",
        reason=(_("You sign as %(who)s for %(name)s, who is away") if stands_in else _("You sign as %(who)s")) % words,
        action_label=_("Read and decide"),
        url=reverse("gates:gate_detail", args=[row.gate_id]),
        since=row.gate__state_since,
        due_at=row.gate__state_since + SIGN_WITHIN,
        icon="signature",
        urgency=10,
    )


def blocked(user: Any) -> list[DueItem]:
    """Return the gates that the user opened and that wait for proof. One query."""
    rows = (
        Gate.objects.filter(opened_by=user, state__in=BLOCKED)
        .select_related("policy_version")
        .order_by("state_since")[:200]
    )
    return [
        DueItem(
            kind="gate_blocked",
            subject=row.ref,
            title=f"{row.policy_version.title}: {row.subject_label}",
            reason=row.blocked_by or _("Changes were asked for, or it waits to be approved again"),
            action_label=_("See what is missing"),
            url=reverse("gates:gate_detail", args=[row.pk]),
            since=row.state_since,
            icon="alert",
            urgency=30,
        )
        for row in rows
    ]


def proposals(user: Any) -> list[DueItem]:
    """Return the proposed policies that the user could publish as the second person. At most two queries."""
    if not may_anywhere(user, "policy.publish"):
        return []
    rows = PolicyVersion.objects.visible_to(user).filter(state=PolicyVersion.State.PROPOSED).exclude(proposed_by=user)
    return [
        DueItem(
            kind="policy_proposed",
            subject=SubjectRef("policy_version", row.pk),
            title=str(row),
            reason=_("A second governance lead publishes it"),
            action_label=_("Read and decide"),
            url=reverse("gates:policy_detail", args=[row.pk]),
            since=row.created_at,
            icon="scale",
            urgency=40,
        )
        for row in rows.order_by("id")[:50]
    ]


def conditions_due(user: Any) -> list[DueItem]:
    """Return the conditions that the user fulfils, or whose fulfilment they accept. At most ten queries."""
    mine: dict[str, set[uuid.UUID]] = {}
    for ownership in desk.of(user).rows:
        mine.setdefault(ownership.responsibility, set()).add(ownership.subject_id)
    if not mine:
        return []
    rows = (
        Condition.objects.filter(sign_off__gate__state__in=LIVE_STATES)
        .filter(sign_off__dossier_digest=F("sign_off__gate__dossier_digest"))
        .filter(Q(responsibility__in=mine) | Q(sign_off__responsibility__in=mine))
        .filter(sign_off__gate__watches__subject_id__in={pk for ids in mine.values() for pk in ids})
        .select_related("sign_off__gate__policy_version")
        .prefetch_related("fulfilments__answer")
        .distinct()
        .order_by("due_on")[:200]
    )
    found, day = list(rows), today()
    held_for = _who_decides(user, found, day)
    items = []
    for row in found:
        standing = conditions.standing(row, day)
        if standing == conditions.Standing.OPEN and row.responsibility in held_for[row.sign_off.gate_id]:
            items.append(_condition(row, _("You fulfil it: %(text)s"), _("Say what was done"), "fulfil"))
        if standing == conditions.Standing.OFFERED and row.sign_off.responsibility in held_for[row.sign_off.gate_id]:
            items.append(_condition(row, _("You accept what was done: %(text)s"), _("Accept or decline"), "answer"))
    return items


def _who_decides(user: Any, rows: Sequence[Condition], day: dt.date) -> dict[uuid.UUID, set[str]]:
    """Return for each gate the responsibilities that the user acts under: the nearest ownership decides."""
    gates = {row.sign_off.gate_id: row.sign_off.gate for row in rows}
    chains: dict[uuid.UUID, list[SubjectRef]] = {pk: [] for pk in gates}
    for watch in GateWatch.objects.filter(gate__in=gates, gate_kind="").order_by("id"):
        chains[watch.gate_id].append(SubjectRef(watch.subject_type, watch.subject_id))
    owned = list(Ownership.objects.active().filter(on_any({ref for refs in chains.values() for ref in refs})))
    away = absent({row.holder_id for row in owned}, day)
    found: dict[uuid.UUID, set[str]] = {}
    for pk, refs in chains.items():
        nearest = {row.responsibility: row for ref in reversed(refs) for row in owned if row.ref == ref}
        found[pk] = {name for name, row in nearest.items() if user.pk in acting_for(row, away)}
    return found


def _condition(row: Condition, reason: str, action: str, page: str) -> DueItem:
    gate = row.sign_off.gate
    return DueItem(
        kind=f"condition_{page}.{row.pk}",
        subject=gate.ref,
        title=f"{gate.policy_version.title}: {gate.subject_label}",
        reason=reason % {"text": row.text},
        action_label=action,
        url=reverse(f"gates:condition_{page}", args=[row.pk]),
        since=row.created_at,
        due_at=end_of(row.due_on),
        icon="list-check",
        urgency=15,
    )


def ending(user: Any) -> list[DueItem]:
    """Return the approved gates of the user that time alone ends within two weeks: expiry, waivers, dated proof."""
    soon = now() + SOON
    rows = (
        Gate.objects.filter(Q(opened_by=user) | Q(pk__in=Waiver.objects.standing().filter(by=user).values("gate")))
        .filter(state=GateState.APPROVED, turns_at__lte=soon)
        .select_related("policy_version")
        .order_by("turns_at")[:200]
    )
    return [
        DueItem(
            kind="gate_ending",
            subject=row.ref,
            title=f"{row.policy_version.title}: {row.subject_label}",
            reason=_(
                "It lapses unless what ends is renewed: a waiver, a condition, dated proof, or the approval itself"
            ),
            action_label=_("See what ends"),
            url=reverse("gates:gate_detail", args=[row.pk]),
            since=row.state_since,
            due_at=row.turns_at,
            icon="clock",
            urgency=35,
        )
        for row in rows
    ]


def _conditions(me: uuid.UUID) -> QuerySet[Condition]:
    return Condition.objects.filter(
        sign_off__gate__state__in=LIVE_STATES, sign_off__gate__watches__subject_id__in=desk.subjects_of(me)
    )


def _approved(me: uuid.UUID) -> QuerySet[Gate]:
    mine = Q(opened_by=me) | Q(pk__in=Waiver.objects.filter(by=me).values("gate"))
    return Gate.objects.filter(mine, state=GateState.APPROVED, turns_at__isnull=False)


OFFERS: dict[str, tuple[Provider, Signs]] = {
    "gates.signatures": (signatures, lambda me: GateSeat.objects.filter(user=me)),
    "gates.blocked": (blocked, lambda me: Gate.objects.filter(opened_by=me, state__in=BLOCKED)),
    "gates.proposals": (proposals, lambda me: PolicyVersion.objects.filter(state=PolicyVersion.State.PROPOSED)),
    "gates.conditions": (conditions_due, _conditions),
    "gates.ending": (ending, _approved),
}
