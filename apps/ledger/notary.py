"""The notary: reads new entries, hashes them itself, refuses a rewritten past, signs the rest."""

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import structlog
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.conf import settings
from django.db import connections, transaction

from apps.core.identifiers import new_id
from apps.ledger import notes, tree
from apps.ledger.models import head

BATCH = 5000
RECHECK_ENTRIES = 20_000
log = structlog.get_logger(__name__)


class Rewritten(Exception):
    """The ledger's past is not what was signed; the message names the entry or the range."""


def rows(alias: str, after: int, limit: int | None = None) -> Iterator[tuple[int, str, bytes]]:
    """Yield (seq, body, stored leaf) in order from ``after``, with flat memory."""
    left = limit
    while left is None or left > 0:
        count = BATCH if left is None else min(BATCH, left)
        with connections[alias].cursor() as cursor:
            cursor.execute(
                "SELECT seq, body, leaf FROM ledger_entry WHERE seq > %s ORDER BY seq LIMIT %s",
                [after, count],
            )
            rows = cursor.fetchall()
        yield from ((seq, body, bytes(leaf)) for seq, body, leaf in rows)
        if len(rows) < count:
            return
        after = rows[-1][0]
        left = None if left is None else left - len(rows)


def checked_leaf(expected: int, seq: int, body: str, stored: bytes) -> bytes:
    """Return the leaf hash of a body; raise ``Rewritten`` when its place or its stored hash is another."""
    if seq != expected:
        raise Rewritten(f"Entry {expected} is missing; the next one there is {seq}.")
    leaf = tree.leaf_hash(body.encode())
    if leaf != stored:
        raise Rewritten(f"Entry {seq} does not have the content that was sequenced.")
    return leaf


@dataclass
class Notary:
    """One notary with its state outside the database (``state.json``: what it signed last)."""

    key: Ed25519PrivateKey
    alias: str = "default"

    def __post_init__(self) -> None:
        self.folder = settings.NOTARY_FOLDER
        self.state_file = self.folder / "state.json"
        (self.folder / "checkpoints").mkdir(parents=True, exist_ok=True)
        self.frontier = tree.Frontier()
        self.signed_size, self.signed_root = 0, tree.EMPTY_ROOT
        if self.state_file.exists():
            state = json.loads(self.state_file.read_text())
            self.frontier = tree.Frontier(state["size"], [bytes.fromhex(node) for node in state["frontier"]])
            self.signed_size, self.signed_root = state["size"], self.frontier.root()
        self.recheck = tree.Frontier()
        self.recheck_until = (self.signed_size, self.signed_root)

    def tick(self) -> int:
        """Sign what is new; return the signed size. Raise ``Rewritten`` and sign nothing when the past changed."""
        self._compare_with_database()
        grown = tree.Frontier(self.frontier.size, list(self.frontier.nodes))
        made: list[tuple[int, int, bytes]] = []
        for seq, body, stored in rows(self.alias, grown.size):
            made += grown.append(checked_leaf(grown.size + 1, seq, body, stored))
            if len(made) > 4 * BATCH:
                self._store_nodes(made)
                made = []
        if grown.size > self.signed_size:
            self._sign(grown, made)
        self._recheck_some()
        return self.signed_size

    def _compare_with_database(self) -> None:
        size = head(self.alias)
        if size < self.signed_size:
            raise Rewritten(f"The ledger has {size} entries, but {self.signed_size} were signed.")

    def _recheck_some(self) -> None:
        """Hash a slice of what was signed long ago; at the end of a round the root must be the signed one."""
        until, root = self.recheck_until
        for seq, body, stored in rows(self.alias, self.recheck.size, min(RECHECK_ENTRIES, until - self.recheck.size)):
            self.recheck.append(checked_leaf(self.recheck.size + 1, seq, body, stored))
        if self.recheck.size >= until:
            if until and self.recheck.root() != root:
                raise Rewritten(f"The first {until} entries are not the ones that were signed.")
            self.recheck, self.recheck_until = tree.Frontier(), (self.signed_size, self.signed_root)

    def check_all(self) -> None:
        """Hash everything that was signed once; raise ``Rewritten`` when it is not what was signed."""
        whole = tree.Frontier()
        for seq, body, stored in rows(self.alias, 0, self.signed_size):
            whole.append(checked_leaf(whole.size + 1, seq, body, stored))
        if whole.size != self.signed_size or whole.root() != self.signed_root:
            raise Rewritten(f"The first {self.signed_size} entries are not the ones that were signed.")

    def _store_nodes(self, made: list[tuple[int, int, bytes]]) -> None:
        with connections[self.alias].cursor() as cursor:
            cursor.executemany(
                "INSERT INTO ledger_node (level, position, hash) VALUES (%s, %s, %s) ON CONFLICT DO NOTHING",
                made,
            )

    def _sign(self, grown: tree.Frontier, made: list[tuple[int, int, bytes]]) -> None:
        root = grown.root()
        note = notes.sign(notes.Statement(settings.ORIGIN, grown.size, root), self.key)
        self._write(self.folder / "checkpoints" / f"{grown.size:012d}.txt", note)
        with transaction.atomic(using=self.alias), connections[self.alias].cursor() as cursor:
            self._store_nodes(made)
            cursor.execute(
                "INSERT INTO ledger_checkpoint (id, size, root, note) VALUES (%s, %s, %s, %s)"
                " ON CONFLICT (size) DO NOTHING",
                [new_id(), grown.size, root, note],
            )
        self.frontier, self.signed_size, self.signed_root = grown, grown.size, root
        self._write(
            self.state_file,
            json.dumps({"size": grown.size, "frontier": [node.hex() for node in grown.nodes]}),
        )
        log.info("checkpoint_signed", size=grown.size)

    @staticmethod
    def _write(path: Any, text: str) -> None:
        """Write whole or not at all."""
        part = path.with_suffix(".part")
        with part.open("w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
