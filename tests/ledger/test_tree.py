import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.ledger import tree

INPUTS = [
    b"",
    b"\x00",
    b"\x10",
    b"\x20\x21",
    b"\x30\x31",
    b"\x40\x41\x42\x43",
    b"\x50\x51\x52\x53\x54\x55\x56\x57",
    b"\x60\x61\x62\x63\x64\x65\x66\x67\x68\x69\x6a\x6b\x6c\x6d\x6e\x6f",
]
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]


def grown(leaves: list[bytes]) -> tuple[tree.Frontier, dict[tuple[int, int], bytes]]:
    frontier, nodes = tree.Frontier(), {}
    for leaf in leaves:
        for level, position, value in frontier.append(leaf):
            nodes[level, position] = value
    return frontier, nodes


@pytest.mark.parametrize("size", range(1, 9))
def test_the_roots_are_those_of_the_reference_implementation(size: int) -> None:
    frontier, nodes = grown([tree.leaf_hash(data) for data in INPUTS[:size]])
    assert frontier.root().hex() == ROOTS[size - 1]
    assert tree.root_of(lambda level, position: nodes[level, position], 0, size).hex() == ROOTS[size - 1]


def test_the_empty_tree_has_the_hash_of_nothing() -> None:
    assert tree.Frontier().root() == hashlib.sha256(b"").digest()


@given(st.integers(1, 70), st.data())
def test_every_leaf_is_proven_and_no_other(size: int, data: st.DataObject) -> None:
    leaves = [tree.leaf_hash(bytes([number])) for number in range(size)]
    frontier, nodes = grown(leaves)
    index = data.draw(st.integers(0, size - 1))
    proof = tree.inclusion_proof(lambda level, position: nodes[level, position], index, size)
    assert len(proof) <= max(1, (size - 1).bit_length())
    assert tree.verify_inclusion(leaves[index], index, size, proof, frontier.root())
    assert not tree.verify_inclusion(tree.leaf_hash(b"other"), index, size, proof, frontier.root())
    if size > 1:
        assert not tree.verify_inclusion(leaves[index], (index + 1) % size, size, proof, frontier.root())


@given(st.integers(1, 70), st.data())
def test_an_older_tree_is_proven_to_be_a_prefix(size: int, data: st.DataObject) -> None:
    leaves = [tree.leaf_hash(bytes([number])) for number in range(size)]
    old = data.draw(st.integers(1, size))
    (before, _nodes), (after, nodes) = grown(leaves[:old]), grown(leaves)
    proof = tree.consistency_proof(lambda level, position: nodes[level, position], old, size)
    assert tree.verify_consistency(old, size, proof, before.root(), after.root())
    if old < size:
        assert not tree.verify_consistency(old, size, proof, tree.leaf_hash(b"x"), after.root())
        assert not tree.verify_consistency(old, size, proof, before.root(), tree.leaf_hash(b"x"))
