"""Panels that upper floors offer to the pages of lower ones: a subject's page asks for all that there are of it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

Reader = Callable[[Any, Any], dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Panel:
    """``read(subject, user)`` returns what the template takes, in a constant number of queries."""

    template: str
    read: Reader


_panels: dict[str, list[Panel]] = {}


def offer(subject_type: str, panel: Panel) -> None:
    _panels.setdefault(subject_type, []).append(panel)


def on(subject_type: str) -> list[Panel]:
    return _panels.get(subject_type, [])
