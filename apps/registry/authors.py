"""Whose own work a model version is: who made it, and whoever the floors above add."""

import uuid
from collections.abc import Callable

from apps.registry.models import ModelVersion

Finder = Callable[[ModelVersion], set[uuid.UUID]]
_finders: list[Finder] = []


def offer(finder: Finder) -> None:
    """Register ``finder(version)``: it names people who count as authors too, in at most one query."""
    _finders.append(finder)


def of(version: ModelVersion) -> set[uuid.UUID]:
    """Return the authors of the version for the separation of duties."""
    found = {version.registered_by_id, version.run.registered_by_id, version.run.trained_by_id}
    return found.union(*(finder(version) for finder in _finders))
