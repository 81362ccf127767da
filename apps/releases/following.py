"""Releases follow what they rest on: the proof of their version, and what their way back leads to."""

import uuid
from collections.abc import Collection

from django.db.models import Q

from apps.core import subjects
from apps.core.subjects import SubjectRef
from apps.gates.models import Gate
from apps.releases.approval import RELEASE_KIND
from apps.releases.facts.releases import PROOF_KIND
from apps.releases.models import Release, ReleaseState
from apps.releases.refs import release_ref


def _announce(concerned: Q, reason: str) -> None:
    rows = Release.objects.filter(concerned).select_related("restores")
    subjects.announce_changes([release_ref(release.origin) for release in rows.order_by("pk")], reason)


def _leading_back_to(release_id: uuid.UUID) -> Q:
    """Return the filter of what stands and would go back to the content of this release."""
    wanted = Q(rollback_target=release_id) | Q(rollback_target__restores=release_id)
    return wanted & ~Q(state=ReleaseState.ENDED)


def follow_versions(refs: Collection[SubjectRef]) -> None:
    """Say of the releases that would go back to a model version that it changed, in the same transaction."""
    if versions := subjects.by_type(refs).get("model_version"):
        standing = ~Q(state=ReleaseState.ENDED)
        _announce(Q(rollback_target__version__in=versions) & standing, "model_version.changed")


def follow_rehearsals(refs: Collection[SubjectRef]) -> None:
    """Say of a use case that it changed when the record of a rehearsal may have been taken back."""
    if releases := subjects.by_type(refs).get("release"):
        rows = Release.objects.filter(pk__in=releases, rehearsals__document__withdrawal__isnull=False)
        cases = rows.order_by("model__use_case").values_list("model__use_case", flat=True).distinct()
        subjects.announce_changes([SubjectRef("use_case", pk) for pk in cases], "rehearsal.taken_back")


def follow_gates(gate: Gate) -> None:
    """Say the same when a proof gate of a version, or the release gate of what would be gone back to, changed."""
    reason = f"gate.{gate.state}"
    if gate.subject_type == "model_version" and gate.kind == PROOF_KIND:
        _announce(Q(version=gate.subject_id), reason)
    elif gate.subject_type == "release" and gate.kind == RELEASE_KIND:
        _announce(_leading_back_to(gate.subject_id), reason)
