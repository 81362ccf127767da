"""The way back from a release: where it leads, whether that still stands, when it was last rehearsed."""

import datetime as dt
import json
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext as _

from apps.evidence import facts
from apps.gates.models import DossierSnapshot, Gate, GateState
from apps.registry.refs import model_version_ref
from apps.releases.approval import RELEASE_KIND
from apps.releases.models import Ending, Rehearsal, Release, RollbackReview
from apps.releases.refs import release_ref

REHEARSAL_COUNTS = dt.timedelta(days=90)
ABOUT_THE_WAY = ("release.rollback", "release.rehearsal", "release.change")


@dataclass(frozen=True, slots=True)
class Target:
    """What would be gone back to, and what speaks against it; ``problems`` is empty while nothing does."""

    release: Release
    was_approved: bool
    lapsed_for_cause: bool
    withdrawn: bool
    is_there: bool
    artefact_checked: bool
    problems: tuple[str, ...]

    @property
    def stands(self) -> bool:
        return not self.problems


def is_first(release: Release) -> bool:
    """Tell whether no release of the model was live in the environment before this one; one query."""
    earlier = Release.objects.in_slot_of(release).filter(live_from__isnull=False).exclude(pk=release.pk)
    if release.live_from is not None:
        earlier = earlier.filter(live_from__lt=release.live_from)
    return not earlier.exists()


def look_at(target: Release) -> Target:
    """Return whether the target stands; at most nine queries, and a look into the storage."""
    origin = target.origin
    gate = _decided(origin)
    known = facts.read(model_version_ref(target.version), target.version)
    artefact, standing = known["model_version.artefact"], known["model_version.standing"]
    withdrawn = bool(standing.figures.get("withdrawn"))
    checked = bool(artefact.figures.get("checked"))
    is_there = artefact.status != "failed" and (not checked or bool(artefact.figures.get("digest_matches")))
    was_approved = origin.gate_id is not None
    cause = _cause(gate)
    problems = [
        sentence
        for holds, sentence in (
            (not was_approved, _("It never went live on an approved gate.")),
            (bool(cause), cause),
            (withdrawn, _("Its model version is withdrawn.")),
            (not is_there, artefact.sentence),
            (_was_rolled_back(target), _("It was rolled back itself.")),
        )
        if holds
    ]
    return Target(target, was_approved, bool(cause), withdrawn, is_there, checked, tuple(problems))


def _decided(origin: Release) -> Gate | None:
    """Return the newest release gate that was approved or ended; asking anew takes nothing back. One query."""
    rows = Gate.objects.on(release_ref(origin)).filter(kind=RELEASE_KIND)
    return rows.exclude(state__in=(GateState.OPEN, GateState.IN_REVIEW)).order_by("-id").first()


def target_of(release: Release) -> Release | None:
    """Return the release that would be gone back to; one query, none without one."""
    if release.rollback_target_id is None:
        return None
    return Release.objects.whole().get(pk=release.rollback_target_id)


def _was_rolled_back(target: Release) -> bool:
    """Tell whether this content was taken back here before, and nobody contested that; one query."""
    rows = Release.objects.filter(Q(pk=target.origin_id) | Q(restores=target.origin_id), ending=Ending.ROLLED_BACK)
    return rows.exclude(rollback__review__verdict=RollbackReview.Verdict.CONTESTED).exists()


def _cause(gate: Gate | None) -> str:
    """Return why an approval does not stand any more, other than by time passing: a sentence, or nothing.

    What a lapsed gate says of the way back and of what is live is no cause: it speaks of other releases.
    """
    if gate is None:
        return _("Its release gate is gone.")
    if gate.state in (GateState.REJECTED, GateState.WITHDRAWN):
        return _("Its release gate was %(state)s.") % {"state": str(GateState(gate.state).label).lower()}
    if gate.state != GateState.LAPSED:
        return ""
    snapshot = DossierSnapshot.objects.filter(gate=gate, digest=gate.dossier_digest).first()
    rows = json.loads(snapshot.body)["requirements"] if snapshot else []
    for row in rows:
        fell = row["status"] == "failing" and row["proof"].get("fact") not in ABOUT_THE_WAY
        if fell or _fell_upstream(row["proof"].get("gates", ())):
            return _("Its approval lapsed: %(why)s") % {"why": row["sentence"]}
    return ""


def _fell_upstream(gates: Sequence[dict[str, Any]]) -> bool:
    """Tell whether a gate that the approval rested on is no longer approved, other than by time passing."""
    known = Gate.objects.in_bulk([uuid.UUID(row["gate"]) for row in gates if row["gate"]])
    return any(
        row["state"] != GateState.APPROVED
        and (row["gate"] is None or row["state"] != GateState.LAPSED or bool(_cause(known[uuid.UUID(row["gate"])])))
        for row in gates
    )


def newest_rehearsal(release: Release) -> Rehearsal | None:
    """Return the last time that somebody went back from a release of this model here; one query."""
    return Rehearsal.objects.of_way_back(release).order_by("-rehearsed_at", "-id").first()


def counts_until(rehearsal: Rehearsal) -> dt.datetime:
    return rehearsal.rehearsed_at + REHEARSAL_COUNTS
