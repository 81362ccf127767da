"""Who follows when a gate comes into another state or its dossier changes: apps above, whose facts speak of gates."""

from collections.abc import Callable

from apps.gates.models import Gate

Follower = Callable[[Gate], None]
_followers: list[Follower] = []


def follow(follower: Follower) -> None:
    """Call ``follower(gate)`` in the transaction in which a gate's state or dossier changes."""
    _followers.append(follower)


def tell(gate: Gate) -> None:
    for follower in _followers:
        follower(gate)
