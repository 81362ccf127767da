"""The Merkle tree of RFC 6962, section 2: hashes, roots, inclusion and consistency proofs.

All hashes are 32 bytes of SHA-256. Leaves are counted from 0.
"""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

EMPTY_ROOT = hashlib.sha256(b"").digest()
Subtree = Callable[[int, int], bytes]


def leaf_hash(data: bytes) -> bytes:
    """Return ``SHA-256(0x00 ‖ data)``."""
    return hashlib.sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return ``SHA-256(0x01 ‖ left ‖ right)``."""
    return hashlib.sha256(b"\x01" + left + right).digest()


@dataclass
class Frontier:
    """The full subtrees on the right edge of a tree of ``size`` leaves: all that is needed to grow it."""

    size: int = 0
    nodes: list[bytes] = field(default_factory=list)

    def append(self, leaf: bytes) -> list[tuple[int, int, bytes]]:
        """Add a leaf; return the full subtrees it completes as (level, position, hash), the leaf itself first."""
        level, position, current = 0, self.size, leaf
        made = [(0, position, leaf)]
        while position & 1:
            current = node_hash(self.nodes.pop(), current)
            level, position = level + 1, position >> 1
            made.append((level, position, current))
        self.nodes.append(current)
        self.size += 1
        return made

    def root(self) -> bytes:
        if not self.nodes:
            return EMPTY_ROOT
        current = self.nodes[-1]
        for left in reversed(self.nodes[:-1]):
            current = node_hash(left, current)
        return current


def split(size: int) -> int:
    """Return the largest power of two smaller than ``size`` (> 1)."""
    return 1 << ((size - 1).bit_length() - 1)


def root_of(subtree: Subtree, start: int, size: int) -> bytes:
    """Return the root of ``size`` leaves from ``start``; full aligned subtrees come from ``subtree``."""
    if size == 0:
        return EMPTY_ROOT
    if size & (size - 1) == 0:
        return subtree(size.bit_length() - 1, start // size)
    left = split(size)
    return node_hash(root_of(subtree, start, left), root_of(subtree, start + left, size - left))


def inclusion_proof(subtree: Subtree, index: int, size: int, start: int = 0) -> list[bytes]:
    """Return the audit path of leaf ``index`` in the tree of ``size`` leaves (RFC 6962, 2.1.1)."""
    if not 0 <= index < size:
        raise ValueError(f"Leaf {index} is not in a tree of {size}.")
    if size == 1:
        return []
    left = split(size)
    if index < left:
        return [
            *inclusion_proof(subtree, index, left, start),
            root_of(subtree, start + left, size - left),
        ]
    return [
        *inclusion_proof(subtree, index - left, size - left, start + left),
        root_of(subtree, start, left),
    ]


def consistency_proof(subtree: Subtree, old: int, new: int) -> list[bytes]:
    """Return the proof that the tree of ``old`` leaves is a prefix of that of ``new`` (RFC 6962, 2.1.2)."""
    if not 0 < old <= new:
        raise ValueError(f"There is no proof from {old} to {new} leaves.")

    def proof(part: int, size: int, start: int, whole: bool) -> list[bytes]:
        if part == size:
            return [] if whole else [root_of(subtree, start, size)]
        left = split(size)
        if part <= left:
            return [*proof(part, left, start, whole), root_of(subtree, start + left, size - left)]
        return [*proof(part - left, size - left, start + left, False), root_of(subtree, start, left)]

    return proof(old, new, 0, True)


def verify_inclusion(leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> bool:
    """Tell whether ``proof`` leads from the leaf to the root (RFC 9162, 2.1.3.2)."""
    if not 0 <= index < size:
        return False
    position, last, current = index, size - 1, leaf
    for step in proof:
        if last == 0:
            return False
        if position & 1 or position == last:
            current = node_hash(step, current)
            while not position & 1 and position:
                position, last = position >> 1, last >> 1
        else:
            current = node_hash(current, step)
        position, last = position >> 1, last >> 1
    return last == 0 and current == root


def verify_consistency(old: int, new: int, proof: Sequence[bytes], old_root: bytes, new_root: bytes) -> bool:
    """Tell whether ``proof`` shows that the new tree only appended to the old (RFC 9162, 2.1.4.2)."""
    if old == new:
        return not proof and old_root == new_root
    if not 0 < old < new or not proof:
        return False
    steps = list(proof) if old & (old - 1) else [old_root, *proof]
    position, last = old - 1, new - 1
    while position & 1:
        position, last = position >> 1, last >> 1
    first = second = steps[0]
    for step in steps[1:]:
        if last == 0:
            return False
        if position & 1 or position == last:
            first, second = node_hash(step, first), node_hash(step, second)
            while not position & 1 and position:
                position, last = position >> 1, last >> 1
        else:
            second = node_hash(second, step)
        position, last = position >> 1, last >> 1
    return last == 0 and first == old_root and second == new_root
