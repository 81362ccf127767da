"""Runs follow the data they used: a change of a dataset version or its start gate changes what is true of them."""

import uuid
from collections.abc import Collection

from apps.core import subjects
from apps.core.subjects import SubjectRef
from apps.gates.models import Gate
from apps.registry.models import TrainingRun


def _announce(version_ids: Collection[uuid.UUID], reason: str) -> None:
    runs = TrainingRun.objects.filter(datasets__version__in=version_ids).order_by("pk").distinct()
    found = [SubjectRef("training_run", pk) for pk in runs.values_list("pk", flat=True)]
    subjects.announce_changes(found, reason)


def follow_data(refs: Collection[SubjectRef]) -> None:
    """Say of the runs that used a dataset version that it changed, in the same transaction."""
    if versions := subjects.by_type(refs).get("dataset_version"):
        _announce(versions, "dataset_version.changed")


def follow_start_gate(gate: Gate) -> None:
    """Say the same when a start gate came into another state."""
    if gate.subject_type == "dataset_version" and gate.kind == "start":
        _announce([gate.subject_id], f"gate.{gate.state}")
