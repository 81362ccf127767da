"""What a model version is held against, as the floor above knows it: thresholds may be set against what is live."""

import uuid
from collections.abc import Callable, Collection

Finder = Callable[[Collection[uuid.UUID]], dict[uuid.UUID, uuid.UUID]]
_finders: list[Finder] = []


def offer(finder: Finder) -> None:
    """Register ``finder(versions)``: it names for model versions the live version that each is held against."""
    _finders.append(finder)


def versions(wanted: Collection[uuid.UUID]) -> dict[uuid.UUID, uuid.UUID]:
    """Return the version that each model version is held against; one without any is left out."""
    return {version: live for finder in _finders for version, live in finder(wanted).items()}
