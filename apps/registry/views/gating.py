"""The gates of a thing: the lane of four, and which gates can be asked for on it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.urls import reverse

from apps.core.subjects import SubjectRef
from apps.datasets.refs import version_ref
from apps.gates.lanes import LaneStop, lane
from apps.gates.models import LIVE_STATES, PolicyVersion
from apps.gates.policy import known
from apps.registry.models import RunDataset


@dataclass(frozen=True, slots=True)
class Askable:
    title: str
    url: str


def whole_lane(refs: Iterable[SubjectRef], uses: Iterable[RunDataset], user: Any) -> list[LaneStop]:
    """Return the lane from the start gates of the data to the gates of the things themselves; one query."""
    data = [version_ref(use.version) for use in uses]
    return lane([*refs, *data], user=user)


def askable(ref: SubjectRef, stops: Sequence[LaneStop], user: Any, team_id: Any) -> list[Askable]:
    """Return the gates that have a published policy for this kind of thing and none that is live; one query."""
    if not user.may("gate.open", team_id):
        return []
    newest: dict[str, PolicyVersion] = {}
    for row in PolicyVersion.objects.published().filter(team=None).order_by("number"):
        newest[row.kind] = row
    live = {gate.kind for stop in stops for gate in stop.gates if gate.subject == ref and gate.state in LIVE_STATES}
    return [
        Askable(row.title, reverse("gates:gate_open", args=[kind, ref.type, ref.id]))
        for kind, row in newest.items()
        if kind not in live and known(row.source).subject == ref.type
    ]
