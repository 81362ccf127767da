"""Runs follow the data they used: a change of a dataset version or its start gate changes what is true of them."""

import uuid

from apps.core import subjects
from apps.core.subjects import SubjectRef
from apps.gates.models import Gate
from apps.registry.models import TrainingRun


def _announce(version_id: uuid.UUID, reason: str) -> None:
    runs = TrainingRun.objects.filter(datasets__version=version_id).order_by("pk")
    for pk in runs.values_list("pk", flat=True):
        subjects.announce_change(SubjectRef("training_run", pk), reason)


def follow_data(ref: SubjectRef, reason: str) -> None:
    """Say of the runs that used a dataset version that it changed, in the same transaction."""
    if ref.type == "dataset_version":
        _announce(ref.id, reason)


def follow_start_gate(gate: Gate) -> None:
    """Say the same when a start gate came into another state."""
    if gate.subject_type == "dataset_version" and gate.kind == "start":
        _announce(gate.subject_id, f"gate.{gate.state}")
