"""Opening and withdrawing gates."""

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from apps.core import access, subjects
from apps.core.clock import now
from apps.core.errors import InvalidInput
from apps.core.subjects import SubjectRef
from apps.core.transactions import atomic
from apps.gates.actions.policies import policies_for
from apps.gates.actions.refresh import lock, refresh, refresh_resting, settle, watch
from apps.gates.composing import effective
from apps.gates.errors import CommentRequired, GateStands
from apps.gates.judgement import judge
from apps.gates.models import LIVE_STATES, Gate, GateState, PolicyVersion
from apps.ledger.actions import record_on
from apps.people.models import User


def newest_policy(kind: str) -> PolicyVersion:
    """Return the organisation's newest published policy of the kind for every tier, or raise ``NoPolicy``."""
    return policies_for(kind, None, "")[0]


@atomic
def open_gate(policy_kind: str, ref: SubjectRef, *, by: User) -> Gate:
    """Apply the newest published policy of the kind to the subject; one live gate of a kind and subject.

    It is the team's on top of the organisation's, or the organisation's alone, for the risk tier of what the subject
    belongs to.
    """
    chain = subjects.chain(ref)
    obj, kind = chain[0][1], subjects.kind(ref.type)
    team = kind.team(obj)
    access.require(by, "gate.open", team.pk)
    policy_version, base = policies_for(policy_kind, team, subjects.tier(chain))
    policy = effective(policy_version, base)
    if policy.subject != ref.type:
        raise InvalidInput(
            _("The %(title)s is for another kind of subject: %(kind)s.")
            % {"title": policy.title, "kind": policy.subject},
            errors={"/subject_type": [_("Not the kind of subject that this policy is for.")]},
        )
    try:
        with transaction.atomic():
            gate = Gate.objects.create(
                policy_version=policy_version,
                base_version=base,
                kind=policy_version.kind,
                team=team,
                subject_type=ref.type,
                subject_id=ref.id,
                subject_label=kind.label(obj)[:300],
                root_id=chain[-1][0].id,
                parent_id=chain[1][0].id if len(chain) > 1 else None,
                opened_by=by,
                signatures_needed=len(policy.sign_offs),
                state_since=now(),
            )
    except IntegrityError as error:
        standing = Gate.objects.live().on(ref).filter(kind=policy_version.kind).first()
        raise GateStands(
            _("This subject has a live gate of this kind. Go on there, or withdraw it first."),
            extra={"gate": str(standing.pk)} if standing else {},
        ) from error
    watch(gate)
    record_on(
        "gate.opened",
        by=by,
        ref=gate.ref,
        obj=gate,
        payload={
            "policy": {"kind": gate.kind, "number": policy_version.number, "digest": policy_version.digest},
            "extends": {"number": base.number, "digest": base.digest} if base else None,
            "subject": {"type": ref.type, "id": str(ref.id), "digest": kind.digest(obj)},
        },
    )
    refresh(gate)
    return gate


@atomic
def withdraw(gate: Gate, *, by: User, reason: str) -> Gate:
    """End a live gate without a decision: its opener may, and who holds ``gate.withdraw``."""
    gate = lock(gate.pk)
    if gate.opened_by_id != by.pk or not by.is_active:
        access.require(by, "gate.withdraw", gate.team_id)
    if not reason.strip():
        raise CommentRequired(_("Say why the gate is withdrawn."), errors={"/reason": [_("Say why.")]})
    if gate.state not in LIVE_STATES:
        raise GateStands(_("This gate has ended: %(state)s.") % {"state": GateState(gate.state).label.lower()})
    gate.withdrawn_by, gate.withdrawal_reason = by, reason.strip()
    record_on("gate.withdrawal_decided", by=by, ref=gate.ref, obj=gate, payload={"reason": gate.withdrawal_reason})
    judged = judge(gate, now())
    settle(gate, judged.dossier, judged.signatures, by)
    refresh_resting(gate)
    return gate
