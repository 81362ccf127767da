"""The ledger as it grows under writers, roll-backs and a notary that dies: gap-free, as signed, provable."""

import contextlib
import hashlib
import itertools
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, transaction
from django.test import override_settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from hypothesis.stateful import run_state_machine_as_test as run

from apps.core.actor import SYSTEM
from apps.core.identifiers import new_id
from apps.ledger import keys, notes, proofs, tree, verification
from apps.ledger.actions import record
from apps.ledger.models import Checkpoint, Entry
from apps.ledger.notary import Notary
from tests.machines import at_random
from tests.tables import set_triggers

_runs = itertools.count(1)
labels = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=12)
sizes = st.integers(1, 5)


def leaf(body: str) -> bytes:
    return hashlib.sha256(b"\x00" + body.encode()).digest()


def root(leaves: Sequence[bytes]) -> bytes:
    """Return MTH(D) of RFC 6962, 2.1, word for word."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    k = largest_power_below(len(leaves))
    return hashlib.sha256(b"\x01" + root(leaves[:k]) + root(leaves[k:])).digest()


def largest_power_below(n: int) -> int:
    return max(1 << power for power in range(n.bit_length()) if 1 << power < n)


def path(m: int, leaves: Sequence[bytes]) -> list[bytes]:
    """Return PATH(m, D) of RFC 6962, 2.1.1, word for word."""
    if len(leaves) == 1:
        return []
    k = largest_power_below(len(leaves))
    if m < k:
        return [*path(m, leaves[:k]), root(leaves[k:])]
    return [*path(m - k, leaves[k:]), root(leaves[:k])]


def prefix_proof(m: int, leaves: Sequence[bytes], whole: bool = True) -> list[bytes]:
    """Return SUBPROOF(m, D, b) of RFC 6962, 2.1.2, word for word."""
    if m == len(leaves):
        return [] if whole else [root(leaves)]
    k = largest_power_below(len(leaves))
    if m <= k:
        return [*prefix_proof(m, leaves[:k], whole), root(leaves[k:])]
    return [*prefix_proof(m - k, leaves[k:], False), root(leaves[:k])]


def write(label: str) -> str:
    entry = record("test.happened", by=SYSTEM, subject=("test", new_id(), label), team=None, payload={"label": label})
    return entry.body


class Undone(Exception):
    """Rolls a transaction or a savepoint back."""


class SlowWriter:
    """A second connection, in a thread of its own, whose transaction stays open between the machine's steps."""

    def __init__(self) -> None:
        self.thread = ThreadPoolExecutor(1)
        self.block: Any = None
        self.written: list[str] = []

    def _do(self, act: Callable[[], Any]) -> Any:
        return self.thread.submit(act).result(timeout=20)

    def begin(self, texts: list[str]) -> None:
        def act() -> list[str]:
            self.block = transaction.atomic()
            self.block.__enter__()
            return [write(text) for text in texts]

        self.written = self._do(act)

    def end(self, commits: bool) -> list[str]:
        reason = (None, None, None) if commits else (Undone, Undone(), None)
        self._do(lambda: self.block.__exit__(*reason))
        written, self.block, self.written = self.written, None, []
        return written if commits else []

    def close(self) -> None:
        if self.block is not None:
            self.end(commits=False)
        self._do(lambda: connection.close())
        self.thread.shutdown()


class GrowingLedger(RuleBasedStateMachine):
    """Keeps beside the ledger what must be in it: the bodies, in the order of their commits."""

    home: Path

    @initialize()
    def start(self) -> None:
        with connection.cursor() as cursor:
            set_triggers(False)
            cursor.execute("TRUNCATE ledger_entry, ledger_checkpoint, ledger_node")
            set_triggers(True)
        self.bodies: list[str] = []
        self.leaves: list[bytes] = []
        self.signed: list[int] = []
        self.slow = SlowWriter()
        folder = self.home / str(next(_runs))
        self.settings = override_settings(NOTARY_FOLDER=folder, NOTARY_KEY_FILE=str(folder / "key.pem"))
        self.settings.enable()
        self.notary = Notary(keys.load_or_make())

    def teardown(self) -> None:
        if hasattr(self, "slow"):
            self.slow.close()
            self.settings.disable()

    def _committed(self, bodies: list[str]) -> None:
        self.bodies += bodies
        self.leaves += map(leaf, bodies)

    @rule(texts=st.lists(labels, min_size=1, max_size=9))
    def a_transaction_commits(self, texts: list[str]) -> None:
        with transaction.atomic():
            written = [write(text) for text in texts]
        self._committed(written)

    @rule(texts=st.lists(labels, min_size=1, max_size=5))
    def a_transaction_rolls_back(self, texts: list[str]) -> None:
        with contextlib.suppress(Undone), transaction.atomic():
            for text in texts:
                write(text)
            raise Undone

    @rule(before=sizes, undone=sizes, after=sizes)
    def a_savepoint_rolls_back(self, before: int, undone: int, after: int) -> None:
        with transaction.atomic():
            written = [write("before") for _number in range(before)]
            with contextlib.suppress(Undone), transaction.atomic():
                for _number in range(undone):
                    write("undone")
                raise Undone
            written += [write("after") for _number in range(after)]
        self._committed(written)

    @precondition(lambda self: self.slow.block is None)
    @rule(texts=st.lists(labels, min_size=1, max_size=5))
    def a_slow_transaction_writes(self, texts: list[str]) -> None:
        self.slow.begin(texts)

    @precondition(lambda self: self.slow.block is not None)
    @rule(commits=st.booleans())
    def the_slow_transaction_ends(self, commits: bool) -> None:
        self._committed(self.slow.end(commits))

    @rule()
    def the_notary_signs(self) -> None:
        assert self.notary.tick() == len(self.bodies)
        if self.bodies and len(self.bodies) not in self.signed:
            self.signed.append(len(self.bodies))

    @rule()
    def the_notary_starts_again(self) -> None:
        self.notary = Notary(keys.load_or_make())
        self.notary.check_all()

    @rule()
    def the_notary_dies_before_it_notes_what_it_signed(self) -> None:
        noted = self.notary.state_file.read_text() if self.notary.state_file.exists() else None
        self.the_notary_signs()
        if noted is None:
            self.notary.state_file.unlink(missing_ok=True)
        else:
            self.notary.state_file.write_text(noted)
        self.the_notary_starts_again()

    @rule()
    def it_verifies(self) -> None:
        found = verification.verify()
        assert (found.entries, found.root) == (len(self.bodies), root(self.leaves).hex())
        assert (found.signed, found.checkpoints) == (max(self.signed, default=0), len(self.signed))

    @precondition(lambda self: self.signed)
    @rule(data=st.data())
    def an_entry_is_proven(self, data: st.DataObject) -> None:
        size = data.draw(st.sampled_from(self.signed), label="signed size")
        seq = data.draw(st.integers(1, size), label="entry")
        proof = proofs.inclusion(seq, size)
        assert proof == path(seq - 1, self.leaves[:size])
        known = root(self.leaves[:size])
        assert tree.verify_inclusion(self.leaves[seq - 1], seq - 1, size, proof, known)
        for other in {seq % size, (seq + 1) % size} - {seq - 1}:
            assert not tree.verify_inclusion(self.leaves[seq - 1], other, size, proof, known)

    @precondition(lambda self: self.signed)
    @rule(data=st.data())
    def a_signed_tree_is_a_prefix_of_a_later_one(self, data: st.DataObject) -> None:
        new = data.draw(st.sampled_from(self.signed), label="new")
        old = data.draw(st.sampled_from([size for size in self.signed if size <= new]), label="old")
        proof = proofs.consistency(old, new)
        assert proof == prefix_proof(old, self.leaves[:new])
        roots = root(self.leaves[:old]), root(self.leaves[:new])
        assert tree.verify_consistency(old, new, proof, *roots)
        if old != new:
            assert not tree.verify_consistency(old, new, proof, roots[1], roots[0])

    @invariant()
    def the_order_of_commits_has_no_gap(self) -> None:
        rows = list(Entry.objects.order_by("seq").values_list("seq", "body", "leaf"))
        assert [seq for seq, _body, _leaf in rows] == list(range(1, len(self.bodies) + 1))
        assert [body for _seq, body, _leaf in rows] == self.bodies
        assert [bytes(stored) for _seq, _body, stored in rows] == self.leaves

    @invariant()
    def every_signed_root_is_reproduced(self) -> None:
        verifier = keys.verifier()
        assert verifier is not None
        statements = [notes.read(note, verifier) for note in Checkpoint.objects.values_list("note", flat=True)]
        assert sorted(row.size for row in statements) == sorted(self.signed)
        for row in statements:
            assert row.root == root(self.leaves[: row.size])
            kept = self.notary.folder / "checkpoints" / f"{row.size:012d}.txt"
            assert notes.read(kept.read_text(encoding="utf-8"), verifier) == row


@pytest.mark.django_db(transaction=True)
def test_the_ledger_grows_without_gap_and_as_signed(tmp_path: Path) -> None:
    machine = type("Machine", (GrowingLedger,), {"home": tmp_path})
    run(
        machine,
        settings=at_random(30, 40),
    )
