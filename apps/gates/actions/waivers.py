"""Exceptions to single requirements, for a time; and their end before it."""

import datetime as dt
import uuid

from django.utils.translation import gettext as _

from apps.core.clock import now
from apps.core.errors import InvalidInput
from apps.core.transactions import atomic
from apps.gates.actions import guards
from apps.gates.actions.refresh import lock, rebuild, refresh
from apps.gates.dossier import Dossier
from apps.gates.errors import AlreadyRevoked, CommentRequired, NothingToWaive, NotWaivable, OwnWork
from apps.gates.models import Gate, Waiver, WaiverRevocation
from apps.gates.outcomes import Outcome
from apps.gates.policy import Policy
from apps.ledger.actions import record_on
from apps.owners import holders
from apps.people import confirmations
from apps.people.identity import same_as
from apps.people.models import User

WAIVES = "governance_owner"


@atomic
def waive(
    gate: Gate,
    *,
    by: User,
    requirement: str,
    reason: str,
    until: dt.date,
    dossier_digest: str,
    confirmation_id: uuid.UUID | None,
) -> Waiver:
    """Except one requirement for a time, through ``until``; what was signed before no longer counts.

    Raise, in this order: ``ServiceAccountCannotSign``, ``GateNotInReview``, ``StaleDossier``, ``InvalidInput``,
    ``NotTheHolder``, ``OwnWork``, ``NotWaivable``, ``NothingToWaive``, ``CommentRequired``, or what
    ``confirmations.use`` raises.
    """
    guards.require_person(by)
    gate = lock(gate.pk)
    guards.require_live(gate)
    moment = now()
    dossier = rebuild(gate, moment).dossier
    guards.require_shown(gate, dossier_digest)
    outcome = _outcome(dossier, requirement)
    ownership = guards.require_holder(dossier.holders, WAIVES, by, moment.date())
    author = same_as(by, dossier.authors)
    if author is not None:
        raise OwnWork(
            _("%(name)s made or asked for what this gate decides on. Nobody excepts their own work.")
            % {"name": author.name}
        )
    _waivable(dossier.policy, outcome, until, moment.date())
    if not reason.strip():
        raise CommentRequired(_("Say why this may be excepted for now."), errors={"/reason": [_("Say why.")]})
    confirmation = confirmations.use(confirmation_id, by)
    row = Waiver.objects.create(
        gate=gate,
        requirement=requirement,
        by=by,
        by_name=by.name,
        stands_in_for=guards.stands_in(ownership, by),
        reason=reason.strip(),
        until=until,
        dossier_digest=dossier_digest,
        confirmed_by=confirmation.method,
        via=by.via,
        waived_at=moment,
    )
    record_on(
        "gate.waived",
        by=by,
        ref=gate.ref,
        obj=gate,
        payload={
            "waiver": str(row.pk),
            "requirement": requirement,
            "instead_of": {"status": outcome.status, "sentence": outcome.sentence},
            "reason": row.reason,
            "until": until.isoformat(),
            "stands_in_for": row.stands_in_for,
            "dossier": dossier_digest,
            "confirmed_by": confirmation.method,
        },
    )
    refresh(gate, by)
    return row


def _outcome(dossier: Dossier, requirement: str) -> Outcome:
    found = next((row for row in dossier.outcomes if row.id == requirement), None)
    if found is None:
        raise InvalidInput(
            _("This gate has no requirement “%(id)s”; a signature is never waived.") % {"id": requirement},
            errors={"/requirement": [_("Not a requirement of this gate.")]},
        )
    return found


def _waivable(policy: Policy, outcome: Outcome, until: dt.date, today: dt.date) -> None:
    asked = next(row for row in policy.requirements if row.id == outcome.id)
    if not asked.waivable:
        raise NotWaivable(_("The policy allows no exception to “%(title)s”.") % {"title": asked.title})
    if outcome.is_met:
        raise NothingToWaive(_("“%(title)s” blocks nothing now.") % {"title": asked.title})
    longest = today + dt.timedelta(days=policy.longest_waiver_days)
    if not today < until <= longest:
        raise InvalidInput(
            _("A waiver ends after today and at the latest on %(day)s: the policy allows %(n)d days.")
            % {"day": longest.isoformat(), "n": policy.longest_waiver_days},
            errors={"/until": [_("Choose a day from tomorrow to %(day)s.") % {"day": longest.isoformat()}]},
        )


@atomic
def revoke_waiver(waiver: Waiver, *, by: User, reason: str) -> WaiverRevocation:
    """End a waiver before its day; the governance owner does, whoever granted it.

    Raise ``NotTheHolder``, ``CommentRequired`` or ``AlreadyRevoked``.
    """
    guards.require_person(by)
    gate = lock(waiver.gate_id)
    guards.require_holder(holders.holders(gate.subject), WAIVES, by, now().date())
    if not reason.strip():
        raise CommentRequired(_("Say why the waiver ends."), errors={"/reason": [_("Say why.")]})
    if WaiverRevocation.objects.filter(waiver=waiver).exists():
        raise AlreadyRevoked(_("This waiver was revoked before."))
    row = WaiverRevocation.objects.create(waiver=waiver, by=by, by_name=by.name, reason=reason.strip())
    record_on(
        "gate.waiver_revoked",
        by=by,
        ref=gate.ref,
        obj=gate,
        payload={"waiver": str(waiver.pk), "requirement": waiver.requirement, "reason": row.reason},
    )
    if gate.is_live:
        refresh(gate, by)
    return row
