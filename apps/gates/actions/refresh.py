"""Keeping a gate's dossier, state and seats what the records say, in the transaction of any change."""

import datetime as dt
from typing import Any

from django.db import transaction
from django.db.models import Q

from apps.core import subjects
from apps.core.actor import SYSTEM
from apps.core.clock import now, today
from apps.core.subjects import SubjectRef
from apps.gates import dossier as dossiers
from apps.gates.dossier import Dossier
from apps.gates.models import LIVE_STATES, SIGNABLE_STATES, DossierSnapshot, Gate, GateSeat, GateWatch
from apps.gates.state import Signed, state_of
from apps.ledger.actions import record_on
from apps.people.access import who_may


def lock(pk: Any) -> Gate:
    """Return the gate with its row locked until the transaction ends."""
    return Gate.objects.select_for_update(of=("self",)).select_related("policy_version", "team").get(pk=pk)


def signed(gate: Gate) -> list[Signed]:
    """Return the gate's sign-offs as the state function wants them; two queries.

    A sign-off counts while its signer is active and a member of the team.
    """
    rows = list(gate.sign_offs.order_by("id"))
    counting = who_may("view", gate.team_id, {row.by_id for row in rows}) if rows else set()
    return [
        Signed(row.dossier_digest, row.by_id, row.responsibility, row.verdict, row.by_id in counting) for row in rows
    ]


def rebuild(gate: Gate, moment: dt.datetime) -> tuple[Dossier, list[Signed]]:
    """Return a locked gate's dossier as it is at ``moment``, and its sign-offs; changed content gets a new revision.

    A rebuild that finds the same content changes nothing: a save is not a change. A sign-off that stopped counting is
    one: others can then sign the new revision, and no return of its signer revives the old one.
    """
    dossier = dossiers.build(gate, moment.date())
    rows = signed(gate)
    if dossier.content_digest != gate.content_digest or _has_stopped_counting(gate, rows):
        gate.revision += 1
        gate.content_digest = dossier.content_digest
        gate.dossier_digest = dossier.digest(gate.revision)
        DossierSnapshot.objects.create(
            gate=gate, revision=gate.revision, digest=gate.dossier_digest, body=dossier.body(gate.revision)
        )
    return dossier, rows


@transaction.atomic
def refresh(gate: Gate, by: Any = SYSTEM) -> Dossier:
    """Rebuild the dossier of a locked gate, and keep its state and seats."""
    dossier, rows = rebuild(gate, now())
    settle(gate, dossier, rows, by)
    return dossier


def _has_stopped_counting(gate: Gate, rows: list[Signed]) -> bool:
    return any(row.digest == gate.dossier_digest and row.verdict == "approve" and not row.counts for row in rows)


def settle(gate: Gate, dossier: Dossier, rows: list[Signed], by: Any) -> None:
    """Compute the state from outcomes and sign-offs, and store what lists and *My work* read."""
    needed = [row.responsibility for row in dossier.policy.sign_offs]
    state = state_of(
        digest=gate.dossier_digest,
        unmet=len(dossier.unmet),
        needed=needed,
        sign_offs=rows,
        withdrawn=gate.withdrawn_by_id is not None,
    )
    before = gate.state
    gate.unmet = len(dossier.unmet)
    gate.proof_until = dossier.proof_until
    gate.blocked_by = dossier.unmet[0].sentence[:500] if dossier.unmet else ""
    gate.subject_label = dossier.content["subject"]["label"][:300]
    if state != before:
        gate.state, gate.state_since = state, now()
    gate.save()
    _seat(gate, dossier, rows)
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
            },
        )


def _seat(gate: Gate, dossier: Dossier, rows: list[Signed]) -> None:
    """Store who can give the signatures that are missing; nobody while the gate can't be signed."""
    seats = []
    if gate.state in SIGNABLE_STATES and not dossier.unmet:
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
    GateWatch.objects.bulk_create(
        [GateWatch(gate=gate, subject_type=ref.type, subject_id=ref.id) for ref, _obj in subjects.chain(gate.subject)],
        ignore_conflicts=True,
    )


def refresh_watching(ref: SubjectRef, reason: str) -> None:
    """Refresh every live gate that rests on what changed, in the transaction of the change."""
    if ref.type == "gate":
        return
    concerned = Q(watches__subject_type=ref.type, watches__subject_id=ref.id)
    if ref.type == "user":
        concerned |= Q(sign_offs__by_id=ref.id)
    ids = Gate.objects.filter(concerned, state__in=LIVE_STATES).order_by("id").values_list("pk", flat=True)
    for pk in sorted(set(ids)):
        gate = lock(pk)
        if gate.state in LIVE_STATES:
            refresh(gate)


def refresh_expired() -> int:
    """Refresh the live gates with proof whose last day has passed; return how many changed state."""
    return _refresh_each(Gate.objects.live().filter(proof_until__lt=today()))


def refresh_all() -> int:
    """Refresh every live gate, each in its own transaction: files vanish from storage without a word.

    Return how many changed state.
    """
    return _refresh_each(Gate.objects.live())


def _refresh_each(gates: Any) -> int:
    changed = 0
    for pk in list(gates.order_by("id").values_list("pk", flat=True)):
        with transaction.atomic():
            gate = lock(pk)
            before = gate.state
            if before in LIVE_STATES:
                refresh(gate)
                changed += gate.state != before
    return changed
