"""What is live, as the floor above knows it: thresholds may be set against it."""

import uuid
from collections.abc import Callable, Collection

Finder = Callable[[Collection[uuid.UUID]], dict[uuid.UUID, uuid.UUID]]
_finders: list[Finder] = []


def offer(finder: Finder) -> None:
    """Register ``finder(models)``: it names the live version of each model that has one."""
    _finders.append(finder)


def versions(models: Collection[uuid.UUID]) -> dict[uuid.UUID, uuid.UUID]:
    """Return the live model version by model; a model without one is left out."""
    return {model: version for finder in _finders for model, version in finder(models).items()}
