"""Whether a gate is approved now, by the records and not by what was stored of it."""

import datetime as dt
from dataclasses import dataclass

from apps.core.subjects import SubjectRef
from apps.gates.judgement import judge
from apps.gates.models import Gate, GateState, SignOff
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
    rows = Gate.objects.live().on(ref).filter(kind=kind)
    return rows.select_related("policy_version", "base_version", "team").first()


def release_gate(release: Release) -> Gate | None:
    """Return the gate that the release rests on: its own, or that of what a rollback brought back."""
    return live_gate(release_ref(release.origin), RELEASE_KIND)


def approval_of(gate: Gate | None, moment: dt.datetime) -> Approval:
    """Judge the gate anew, storing nothing; a dossier with other content than the stored one was signed by nobody."""
    if gate is None:
        return Approval(None, None)
    return Approval(gate, judge(gate, moment).state)


def approvers(gate: Gate, dossier_digest: str) -> list[SignOff]:
    """Return the approvals of one dossier, in their order; one query."""
    rows = gate.sign_offs.filter(dossier_digest=dossier_digest, verdict=SignOff.Verdict.APPROVE)
    return list(rows.select_related("by").order_by("id"))
