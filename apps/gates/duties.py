"""Duties of gates: signatures that are waited for, conditions of approvals, approvals that end by themselves."""

import datetime as dt
import uuid

from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import gettext as _

from apps.agenda.duties import Duty
from apps.core.clock import end_of, today
from apps.gates import conditions
from apps.gates.models import LIVE_STATES, Condition, Gate, GateSeat, GateState, Waiver
from apps.owners.responsibilities import title

SIGN_WITHIN = dt.timedelta(days=5)


def _named(gate: Gate) -> str:
    return f"{gate.policy_version.title}: {gate.subject_label}"


def signatures(start: dt.datetime, end: dt.datetime) -> list[Duty]:
    """Return the signatures that are missing five days after they could be given; one query."""
    rows = GateSeat.objects.filter(
        stands_in_for=None, gate__state_since__gte=start - SIGN_WITHIN, gate__state_since__lt=end - SIGN_WITHIN
    )
    return [
        Duty(
            kind=f"sign_off.{row.responsibility}",
            subject=row.gate.ref,
            title=_named(row.gate),
            reason=_("It waits for the signature of the %(who)s") % {"who": str(title(row.responsibility)).lower()},
            url=reverse("gates:gate_detail", args=[row.gate_id]),
            team_id=row.gate.team_id,
            responsibility=row.responsibility,
            person_ids=(row.user_id,),
            due_at=row.gate.state_since + SIGN_WITHIN,
            held_on=row.gate.subject,
        )
        for row in rows.select_related("gate__policy_version").order_by("id")
    ]


def of_conditions(start: dt.datetime, end: dt.datetime) -> list[Duty]:
    """Return the conditions that are to be fulfilled or accepted by a day of the time; three queries."""
    day = today()
    rows = (
        Condition.objects.filter(sign_off__gate__state__in=LIVE_STATES)
        .filter(sign_off__dossier_digest=F("sign_off__gate__dossier_digest"))
        .filter(due_on__gte=(start - dt.timedelta(days=1)).date(), due_on__lte=end.date())
        .select_related("sign_off__gate__policy_version")
        .prefetch_related("fulfilments__answer")
        .order_by("due_on")
    )
    found = []
    for row in rows:
        standing, due_at, gate = conditions.standing(row, day), end_of(row.due_on), row.sign_off.gate
        is_open = standing == conditions.Standing.OPEN
        if not start <= due_at < end or (not is_open and standing != conditions.Standing.OFFERED):
            continue
        page = "fulfil" if is_open else "answer"
        told = _("To be fulfilled: %(text)s") if is_open else _("To be accepted or declined: %(text)s")
        found.append(
            Duty(
                kind=f"condition_{page}.{row.pk}",
                subject=gate.ref,
                title=_named(gate),
                reason=told % {"text": row.text},
                url=reverse(f"gates:condition_{page}", args=[row.pk]),
                team_id=gate.team_id,
                responsibility=row.responsibility if is_open else row.sign_off.responsibility,
                person_ids=(),
                due_at=due_at,
                held_on=gate.subject,
            )
        )
    return found


def endings(start: dt.datetime, end: dt.datetime) -> list[Duty]:
    """Return the approved gates that time alone ends, for who opened them and who waived something; two queries."""
    rows = list(
        Gate.objects.filter(state=GateState.APPROVED, turns_at__gte=start, turns_at__lt=end)
        .select_related("policy_version")
        .order_by("turns_at")
    )
    granted: dict[uuid.UUID, list[uuid.UUID]] = {}
    for gate, user in Waiver.objects.standing().filter(Q(gate__in=rows)).values_list("gate_id", "by_id"):
        granted.setdefault(gate, []).append(user)
    return [
        Duty(
            kind="gate_ending",
            subject=row.ref,
            title=_named(row),
            reason=_("It lapses unless what ends is renewed"),
            url=reverse("gates:gate_detail", args=[row.pk]),
            team_id=row.team_id,
            responsibility="",
            person_ids=tuple(dict.fromkeys([row.opened_by_id, *granted.get(row.pk, [])])),
            due_at=row.turns_at,  # type: ignore[arg-type]
            held_on=row.subject,
        )
        for row in rows
    ]


def between(start: dt.datetime, end: dt.datetime) -> list[Duty]:
    """Return the open duties of gates that are due in [start, end)."""
    return [*signatures(start, end), *of_conditions(start, end), *endings(start, end)]
