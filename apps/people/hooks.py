"""What the apps above want to know of people."""

from collections.abc import Callable
from typing import Any

Listener = Callable[[Any, Any], None]
_deactivation: list[Listener] = []


def on_deactivation(listener: Listener) -> None:
    """Call ``listener(user, by)`` in the transaction that deactivates a user."""
    _deactivation.append(listener)


def deactivated(user: Any, by: Any) -> None:
    for listener in _deactivation:
        listener(user, by)
