"""Releases as pages show them: with the gate that each rests on."""

from collections.abc import Iterable
from dataclasses import dataclass

from apps.gates.models import Gate
from apps.releases.approval import RELEASE_KIND
from apps.releases.models import Release, ReleaseState


@dataclass(frozen=True, slots=True)
class Shown:
    """A release and the newest release gate that it rests on."""

    release: Release
    gate: Gate | None

    @property
    def gate_state(self) -> str:
        return self.gate.state if self.gate else "missing"

    @property
    def is_lapsed(self) -> bool:
        """Tell whether it is live and its gate is not approved any more."""
        return self.release.state == ReleaseState.LIVE and self.gate_state != "approved"


def gate_states(releases: Iterable[Release]) -> list[Shown]:
    """Return each release with its gate; one query for them all."""
    rows = list(releases)
    gates = Gate.objects.filter(
        kind=RELEASE_KIND, subject_type="release", subject_id__in={row.origin_id for row in rows}
    )
    newest = {gate.subject_id: gate for gate in gates.select_related("policy_version").order_by("id")}
    return [Shown(row, newest.get(row.origin_id)) for row in rows]
