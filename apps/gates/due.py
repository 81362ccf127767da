"""What gates wait for: signatures, proof, a second person for a policy."""

from typing import Any

from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext as _

from apps.agenda.due import DueItem
from apps.core.clock import today
from apps.core.subjects import SubjectRef
from apps.gates.models import Gate, GateSeat, GateState, PolicyVersion
from apps.ledger.actions import may_anywhere
from apps.owners.responsibilities import title
from apps.people.models import Absence


def signatures(user: Any) -> list[DueItem]:
    """Return the signatures that the user can give; as a deputy only while the holder is away. Two queries."""
    day = today()
    away = Absence.objects.filter(starts_on__lte=day, ends_on__gte=day, cancelled_at=None).values("user_id")
    rows = (
        GateSeat.objects.filter(Q(stands_in_for=None) | Q(stands_in_for__in=away), user=user)
        .select_related("gate__policy_version", "stands_in_for")
        .order_by("gate__state_since")[:200]
    )
    return [
        DueItem(
            kind=f"sign_off.{row.responsibility}",
            subject=row.gate.ref,
            title=f"{row.gate.policy_version.title}: {row.gate.subject_label}",
            reason=_("You sign as %(who)s") % {"who": str(title(row.responsibility)).lower()}
            if row.stands_in_for is None
            else _("You sign as %(who)s for %(name)s, who is away")
            % {"who": str(title(row.responsibility)).lower(), "name": row.stands_in_for.name},
            action_label=_("Read and decide"),
            url=reverse("gates:gate_detail", args=[row.gate_id]),
            since=row.gate.state_since,
            icon="signature",
            urgency=10,
        )
        for row in rows
    ]


def blocked(user: Any) -> list[DueItem]:
    """Return the gates that the user opened and that wait for proof. One query."""
    rows = (
        Gate.objects.filter(opened_by=user, state__in=[GateState.OPEN, GateState.LAPSED])
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
    rows = PolicyVersion.objects.filter(state=PolicyVersion.State.PROPOSED).exclude(proposed_by=user)
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


def for_user(user: Any) -> list[DueItem]:
    return [*signatures(user), *blocked(user), *proposals(user)]
