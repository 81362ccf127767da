"""Whether a gate is approved now, by the records and not by what was stored of it."""

import datetime as dt
from dataclasses import dataclass

from apps.core.subjects import SubjectRef
from apps.gates import dossier as dossiers
from apps.gates.actions.refresh import signed
from apps.gates.models import Gate, GateState, SignOff
from apps.gates.state import state_of
from apps.releases.models import Release
from apps.releases.refs import release_ref

RELEASE_KIND = "release"


@dataclass(frozen=True, slots=True)
class Approval:
    """A gate as it is at one moment; without a gate there is no state."""

    gate: Gate | None
    state: GateState | None

    @property
    def is_given(self) -> bool:
        return self.state == GateState.APPROVED


def live_gate(ref: SubjectRef, kind: str) -> Gate | None:
    """Return the gate of the kind on the subject that has not ended; one query."""
    return Gate.objects.live().on(ref).filter(kind=kind).select_related("policy_version", "team").first()


def release_gate(release: Release) -> Gate | None:
    """Return the gate that the release rests on: its own, or that of what a rollback brought back."""
    return live_gate(release_ref(release.origin), RELEASE_KIND)


def approval_of(gate: Gate | None, moment: dt.datetime) -> Approval:
    """Judge the gate anew, storing nothing; a dossier with other content than the stored one was signed by nobody."""
    if gate is None:
        return Approval(None, None)
    dossier = dossiers.build(gate, moment.date())
    rows = signed(gate)
    stopped = any(row.digest == gate.dossier_digest and row.verdict == "approve" and not row.counts for row in rows)
    is_new = stopped or dossier.content_digest != gate.content_digest
    state = state_of(
        digest="" if is_new else gate.dossier_digest,
        unmet=len(dossier.unmet),
        needed=[row.responsibility for row in dossier.policy.sign_offs],
        sign_offs=rows,
        withdrawn=gate.withdrawn_by_id is not None,
    )
    return Approval(gate, state)


def approvers(gate: Gate, dossier_digest: str) -> list[SignOff]:
    """Return the approvals of one dossier, in their order; one query."""
    rows = gate.sign_offs.filter(dossier_digest=dossier_digest, verdict=SignOff.Verdict.APPROVE)
    return list(rows.select_related("by").order_by("id"))
