"""What a gate is now by the records, whatever was stored of it: asked wherever a decision rests on it."""

import datetime as dt
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Q

from apps.core import subjects
from apps.core.subjects import SubjectRef
from apps.gates import dossier as dossiers
from apps.gates import signatures
from apps.gates.composing import policy_of
from apps.gates.dossier import Chain, Dossier
from apps.gates.models import Gate, GateState, PolicyVersion
from apps.gates.outcomes import Upstream
from apps.gates.policy import Policy, known
from apps.gates.signatures import Signatures
from apps.gates.state import state_of

NOBODY: frozenset[uuid.UUID] = frozenset()


@dataclass(frozen=True, slots=True)
class Judgement:
    """A gate read anew: its dossier, its sign-offs, and whether what was signed is no longer what is.

    With ``is_new`` the dossier needs another revision, which nobody has signed.
    """

    dossier: Dossier
    signatures: Signatures
    is_new: bool
    state: GateState


def judge(gate: Gate, moment: dt.datetime, above: frozenset[uuid.UUID] = NOBODY) -> Judgement:
    """Return what the gate is at ``moment``, without storing anything.

    ``above`` are the gates whose judgement asks for this one: a gate never rests on itself. Raise ``NotFound`` when the
    subject is gone.
    """
    policy = policy_of(gate)
    chain = subjects.chain(gate.subject)
    upstream = _upstream(policy, chain, moment, above | {gate.pk}) if policy.gates else {}
    dossier = dossiers.build(gate, chain, moment, upstream)
    made = signatures.read(gate, policy, moment)
    is_new = dossier.content_digest != gate.content_digest or made.stopped_counting(gate.dossier_digest)
    state = state_of(
        digest="" if is_new else gate.dossier_digest,
        unmet=len(dossier.unmet),
        needed=[row.responsibility for row in policy.sign_offs],
        sign_offs=made.rows,
        withdrawn=gate.withdrawn_by_id is not None,
    )
    return Judgement(dossier, made, is_new, state)


def targets(policy: Policy, chain: Chain) -> dict[str, list[SubjectRef]]:
    """Return for each kind of gate that the policy asks for the subjects on which it must be approved.

    Of the subject, what it belongs to and what it names upstream, they are those that a policy of that kind is for.
    """
    versions = PolicyVersion.objects.published().filter(kind__in=policy.gates, team=None)
    newest = versions.order_by("kind", "-number").distinct("kind").values_list("kind", "source")
    subject_types = {kind: known(source).subject for kind, source in newest}
    ref, obj = chain[0]
    refs = list(dict.fromkeys([*(found for found, _obj in chain), *subjects.kind(ref.type).upstream(obj)]))
    return {kind: [found for found in refs if found.type == subject_types.get(kind)] for kind in policy.gates}


def _upstream(
    policy: Policy, chain: Chain, moment: dt.datetime, above: frozenset[uuid.UUID]
) -> dict[str, Sequence[Upstream]]:
    wanted = targets(policy, chain)
    every = {ref for refs in wanted.values() for ref in refs}
    objects: dict[SubjectRef, Any] = dict(chain)
    objects |= subjects.find(every - objects.keys())
    standing = live_on(wanted)
    found: dict[str, Sequence[Upstream]] = {}
    for kind, refs in wanted.items():
        seen = []
        for ref in refs:
            gate = standing.get((kind, ref))
            state = None
            if gate is not None:
                state = GateState.OPEN if gate.pk in above else judge(gate, moment, above).state
            label = subjects.kind(ref.type).label(objects[ref]) if ref in objects else str(ref.id)
            seen.append(Upstream(ref, label, gate, state))
        found[kind] = seen
    return found


def live_on(wanted: dict[str, list[SubjectRef]]) -> dict[tuple[str, SubjectRef], Gate]:
    """Return the live gates of the kinds on the subjects; one query."""
    query = Q(pk__in=[])
    for kind, refs in wanted.items():
        for ref in refs:
            query |= Q(kind=kind, subject_type=ref.type, subject_id=ref.id)
    rows = Gate.objects.live().filter(query).select_related("policy_version", "base_version", "team")
    return {(row.kind, row.subject): row for row in rows}
