"""Proofs from the stored nodes: logarithmic, whatever the size."""

from django.db.models import Q

from apps.ledger import tree
from apps.ledger.models import Checkpoint, Node

_Key = tuple[int, int]


def _collect(build: object) -> list[_Key]:
    """Return which full subtrees a proof asks for, by running it with empty hashes."""
    keys: list[_Key] = []

    def note(level: int, position: int) -> bytes:
        keys.append((level, position))
        return b"\x00" * 32

    build(note)  # type: ignore[operator]
    return keys


def fetch(keys: list[_Key]) -> dict[_Key, bytes]:
    query = Q(pk__in=[])
    for level in {level for level, _position in keys}:
        query |= Q(level=level, position__in=[position for found, position in keys if found == level])
    return {(node.level, node.position): bytes(node.hash) for node in Node.objects.filter(query)}


def _prove(build: object) -> list[bytes]:
    nodes = fetch(_collect(build))
    proof: list[bytes] = build(lambda level, position: nodes[level, position])  # type: ignore[operator]
    return proof


def inclusion(seq: int, size: int) -> list[bytes]:
    """Return the proof that entry ``seq`` (from 1) is in the tree of ``size`` entries; one query."""
    return _prove(lambda subtree: tree.inclusion_proof(subtree, seq - 1, size))


def consistency(old: int, new: int) -> list[bytes]:
    """Return the proof that the tree of ``old`` entries is a prefix of that of ``new``; one query."""
    return _prove(lambda subtree: tree.consistency_proof(subtree, old, new))


def newest_checkpoint(covering: int = 0) -> Checkpoint | None:
    """Return the newest checkpoint, or None when none covers that many entries."""
    checkpoint = Checkpoint.objects.order_by("-size").first()
    return checkpoint if checkpoint is not None and checkpoint.size >= covering else None
