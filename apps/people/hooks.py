"""What the apps above want to know of people."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from apps.core.errors import Text

Listener = Callable[[Any, Any], None]
_deactivation: list[Listener] = []


@dataclass(frozen=True, slots=True)
class Link:
    """What another app offers on the page of a person."""

    label: Text
    url: str
    icon: str


Linker = Callable[[Any, Any], list[Link]]
_linkers: list[Linker] = []


def offer_links(linker: Linker) -> None:
    """Put what ``linker(person, user)`` returns onto the person's page for that reader."""
    _linkers.append(linker)


def links(person: Any, user: Any) -> list[Link]:
    return [link for linker in _linkers for link in linker(person, user)]


def on_deactivation(listener: Listener) -> None:
    """Call ``listener(user, by)`` in the transaction that deactivates a user."""
    _deactivation.append(listener)


def deactivated(user: Any, by: Any) -> None:
    for listener in _deactivation:
        listener(user, by)
