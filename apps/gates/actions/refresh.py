"""Keeping a gate's dossier, state and seats what the records say, in the transaction of any change."""

import datetime as dt
import uuid
from collections.abc import Collection, Iterable
from typing import Any

from django.db.models import Exists, OuterRef, Q

from apps.core import subjects
from apps.core.actor import SYSTEM
from apps.core.clock import now
from apps.core.subjects import SubjectRef, by_type
from apps.core.transactions import atomic
from apps.gates import moves
from apps.gates.dossier import Dossier
from apps.gates.judgement import Judgement, judge, targets
from apps.gates.models import LIVE_STATES, SIGNABLE_STATES, DossierSnapshot, Gate, GateSeat, GateState, GateWatch
from apps.gates.policy import Policy
from apps.gates.signatures import Signatures
from apps.gates.state import Signed, are_changes_asked, state_of
from apps.ledger.actions import record_on


def lock(pk: Any) -> Gate:
    """Return the gate with its row locked until the transaction ends, and with it the rows of what rests on it."""
    return lock_each([pk])[pk]


def lock_each(pks: Iterable[uuid.UUID]) -> dict[uuid.UUID, Gate]:
    """Lock the gates and all that rests on them, in one order whoever asks, so that no two wait for each other."""
    wanted = set(pks)
    level = wanted
    while level:
        level = set(_resting_on(level)) - wanted
        wanted = wanted | level
    rows = Gate.objects.select_for_update(of=("self",)).select_related("policy_version", "base_version", "team")
    return {row.pk: row for row in rows.filter(pk__in=wanted).order_by("pk")}


def _resting_on(pks: Iterable[uuid.UUID]) -> list[uuid.UUID]:
    """Return the live gates that ask for the gates; one query."""
    asked = Gate.objects.filter(
        pk__in=list(pks),
        kind=OuterRef("gate_kind"),
        subject_type=OuterRef("subject_type"),
        subject_id=OuterRef("subject_id"),
    )
    watches = GateWatch.objects.exclude(gate_kind="").filter(Exists(asked))
    return list(Gate.objects.live().filter(pk__in=watches.values("gate")).order_by("pk").values_list("pk", flat=True))


def rebuild(gate: Gate, moment: dt.datetime) -> Judgement:
    """Return what a locked gate is at ``moment``; changed content gets a new revision.

    A rebuild that finds the same content changes nothing: a save is not a change. A sign-off that stopped counting is
    one: others can then sign the new revision, and no return of its signer revives the old one.
    """
    judged = judge(gate, moment)
    dossier = judged.dossier
    gate.settled_digest, gate.changed_at = dossier.settled_digest, dossier.changed_at
    if judged.is_new:
        gate.revision += 1
        gate.content_digest = dossier.content_digest
        gate.dossier_digest = dossier.digest(gate.revision)
        DossierSnapshot.objects.create(
            gate=gate, revision=gate.revision, digest=gate.dossier_digest, body=dossier.body(gate.revision)
        )
    return judged


@atomic
def refresh(gate: Gate, by: Any = SYSTEM) -> None:
    """Rebuild the dossier of a locked gate, and keep its state and seats."""
    before = gate.state, gate.dossier_digest
    judged = rebuild(gate, now())
    settle(gate, judged.dossier, judged.signatures, by)
    if before != (gate.state, gate.dossier_digest):
        if before[0] == gate.state:
            moves.tell(gate)
        refresh_resting(gate)


def refresh_resting(gate: Gate) -> None:
    """Refresh the gates that ask for this one; ``lock`` has locked them with it."""
    for pk in _resting_on([gate.pk]):
        refresh(lock(pk))


def settle(gate: Gate, dossier: Dossier, signatures: Signatures, by: Any) -> None:
    """Compute the state from outcomes and sign-offs, and store what lists and *My work* read."""
    needed = [row.responsibility for row in dossier.policy.sign_offs]
    state = state_of(
        digest=gate.dossier_digest,
        unmet=len(dossier.unmet),
        needed=needed,
        sign_offs=signatures.rows,
        withdrawn=gate.withdrawn_by_id is not None,
    )
    before = gate.state
    gate.unmet = len(dossier.unmet)
    gate.waived = sum(row.status == "waived" for row in dossier.outcomes)
    turns = (dossier.turns_at, signatures.turns_at if gate.dossier_digest == signatures.digest else None)
    gate.turns_at = min((moment for moment in turns if moment is not None), default=None)
    ended = signatures.ended if state == GateState.LAPSED else ""
    gate.blocked_by = (dossier.unmet[0].sentence if dossier.unmet else ended)[:500]
    gate.subject_label = dossier.content["subject"]["label"][:300]
    if state != before:
        gate.state, gate.state_since = state, now()
    gate.save()
    watch_upstream(gate, dossier.policy)
    _seat(gate, dossier, signatures.rows)
    if state != before:
        record_on(
            f"gate.{state}",
            by=by,
            ref=gate.ref,
            obj=gate,
            payload={
                "changed": {"state": {"from": before, "to": str(state)}},
                "dossier": gate.dossier_digest,
                "blocked_by": gate.blocked_by,
                **({"supersedes": _superseded(gate)} if state == GateState.APPROVED else {}),
            },
        )
        moves.tell(gate)


def _superseded(gate: Gate) -> list[str]:
    """Return the approved gates of the kind on earlier siblings of the subject: from now on superseded."""
    rows = Gate.objects.filter(state=GateState.APPROVED, kind=gate.kind, subject_type=gate.subject_type)
    earlier = rows.filter(parent_id=gate.parent_id, subject_id__lt=gate.subject_id) if gate.parent_id else rows.none()
    return [str(pk) for pk in earlier.order_by("pk").values_list("pk", flat=True)]


def _seat(gate: Gate, dossier: Dossier, rows: list[Signed]) -> None:
    """Store who can give the signatures that are missing; nobody while the gate can't be signed."""
    seats = []
    if gate.state in SIGNABLE_STATES and not dossier.unmet and not are_changes_asked(rows, gate.dossier_digest):
        given = {row.responsibility for row in rows if row.digest == gate.dossier_digest and row.verdict == "approve"}
        for signature in dossier.policy.sign_offs:
            ownership = dossier.holders.get(signature.responsibility)
            if signature.responsibility in given or ownership is None:
                continue
            for user, holder in ((ownership.holder_id, None), (ownership.deputy_id, ownership.holder_id)):
                if user and not (signature.not_author and user in dossier.authors):
                    seats.append(
                        GateSeat(
                            gate=gate,
                            user_id=user,
                            responsibility=signature.responsibility,
                            stands_in_for_id=holder,
                        )
                    )
    GateSeat.objects.filter(gate=gate).delete()
    GateSeat.objects.bulk_create(seats)


def watch(gate: Gate) -> None:
    """Note what the gate's dossier rests on."""
    refs = [ref for ref, _obj in subjects.chain(gate.subject)]
    _watch(gate, [(ref, "") for ref in refs])


def watch_upstream(gate: Gate, policy: Policy) -> None:
    """Note on which subjects the gates are that this one asks for: what a subject names upstream may grow."""
    if policy.gates:
        wanted = targets(policy, subjects.chain(gate.subject))
        _watch(gate, [(ref, kind) for kind, refs in wanted.items() for ref in refs])


def _watch(gate: Gate, watched: Iterable[tuple[SubjectRef, str]]) -> None:
    GateWatch.objects.bulk_create(
        [GateWatch(gate=gate, subject_type=ref.type, subject_id=ref.id, gate_kind=kind) for ref, kind in watched],
        ignore_conflicts=True,
    )


def refresh_watching(refs: Collection[SubjectRef]) -> None:
    """Refresh every live gate that rests on what changed, once, in the transaction of the change."""
    concerned = Q(pk__in=())
    for type_, ids in by_type(refs).items():
        if type_ == "user":
            concerned |= Q(sign_offs__by__in=ids)
        if type_ != "gate":
            rows = GateWatch.objects.filter(subject_type=type_, subject_id__in=ids, gate_kind="")
            concerned |= Q(pk__in=rows.values("gate"))
    found = set(Gate.objects.live().filter(concerned).values_list("pk", flat=True)) if concerned else set()
    if not found:
        return
    locked = lock_each(found)
    for pk in sorted(found):
        if locked[pk].state in LIVE_STATES:
            refresh(lock(pk))


def caught_up(gate: Gate) -> Gate:
    """Return a gate that was read ``with_turned`` as it is now."""
    if gate.has_turned:
        _has_moved(gate.pk)
        gate.refresh_from_db()
    return gate


def refresh_expired() -> int:
    """Refresh the live gates of which time alone has changed something; return how many changed state."""
    return _refresh_each(Gate.objects.live().filter(turns_at__lte=now()))


def refresh_all() -> int:
    """Refresh every live gate, each in its own transaction: files vanish from storage without a word.

    Return how many changed state.
    """
    return _refresh_each(Gate.objects.live())


def _refresh_each(gates: Any) -> int:
    return sum(_has_moved(pk) for pk in list(gates.order_by("id").values_list("pk", flat=True)))


@atomic
def _has_moved(pk: uuid.UUID) -> bool:
    """Refresh one gate; tell whether its state changed."""
    gate = lock(pk)
    before = gate.state
    if before in LIVE_STATES:
        refresh(gate)
    return bool(gate.state != before)
