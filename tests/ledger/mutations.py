"""Exports of a real ledger, every way to change one, and what a change means.

A change means nothing exactly when ``meaning`` reads the same from both: white space and the order of members of
the outer JSON, escapes and case that decode to the same text or bytes there, line ends of ``entries.ndjson``, spare
bits of base64, signatures of other keys below the notary's. Nobody signs the manifest's ``filters`` and ``export``.
"""

import base64
import io
import json
import random
import re
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from apps.core.actor import SYSTEM
from apps.core.identifiers import new_id
from apps.ledger import exporting, notes, tree
from apps.ledger.actions import record
from apps.ledger.models import Export
from apps.people.models import User

Files = dict[str, bytes]
ENTRIES, CHECKPOINT, MANIFEST, KEPT = "entries.ndjson", "checkpoint.txt", "manifest.json", "checkpoints/"
ODD = ("plain", 'quote " and \\ slash /', "é ü 東京", "line\nfeed\ttab", "\u2028 \u2029 \x85 \x7f", "🜂 𝔘")


def append(count: int) -> None:
    """Record ``count`` entries in the caller's transaction; labels and payloads hold what JSON escapes."""
    for number in range(count):
        identifier = new_id()
        label = f"Thing {identifier.int % 7} {ODD[number % len(ODD)]}"
        payload = {"n": number, "text": ODD[(number + 1) % len(ODD)], "list": [None, True, 1.5]}
        record("test.happened", by=SYSTEM, subject=("test", identifier, label), team=None, payload=payload)


def export(auditor: User, search: str = "") -> Files:
    """Return the files of an export as the app writes it: of the whole ledger, or of what ``search`` leaves."""
    filters = {"search": search} if search else {}
    row = Export.objects.create(requested_by=auditor.pk, requested_by_name=auditor.name, filters=filters)
    buffer = io.BytesIO()
    exporting.write_zip(buffer, row, auditor, lambda done, total=None, message="": None)
    with zipfile.ZipFile(buffer) as archive:
        return {name: archive.read(name) for name in archive.namelist() if not name.endswith((".py", "README.txt"))}


@dataclass(frozen=True)
class Specimen:
    """One unmodified export with the key that its auditor pinned; ``older`` is an earlier signed statement."""

    name: str
    files: Files
    key: notes.VerifierKey
    older: str
    whole: bool = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "whole", self.manifest["whole"])

    @property
    def manifest(self) -> dict[str, Any]:
        return dict(json.loads(self.files[MANIFEST]))

    @property
    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.files[ENTRIES].decode().split("\n")[:-1]]

    @property
    def size(self) -> int:
        return int(self.manifest["tree_size"])

    def kept(self) -> list[str]:
        return sorted(name for name in self.files if name.startswith(KEPT))

    def written(self, rows: Sequence[dict[str, Any] | str], **manifest: Any) -> Files:
        """Return other lines, and the manifest that goes with them."""
        texts = [row if isinstance(row, str) else dumps(row) for row in rows]
        found = {ENTRIES: "".join(f"{text}\n" for text in texts).encode()}
        return found | ({MANIFEST: json.dumps({**self.manifest, **manifest}).encode()} if manifest else {})


def dumps(row: Any) -> str:
    return json.dumps(row, ensure_ascii=False, separators=(",", ":"))


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("A member stands twice.")
    return found


def _entry(text: str, whole: bool) -> tuple[Any, ...]:
    row = json.loads(text, object_pairs_hook=_once)
    types = {"seq": int, "leaf": str, "body": str} | ({} if whole else {"proof": list})
    if type(row) is not dict or {name: type(value) for name, value in row.items()} != types:
        raise ValueError("Not the members of an entry.")
    return row["seq"], row["body"], bytes.fromhex(row["leaf"]), [bytes.fromhex(step) for step in row.get("proof", [])]


def _statement(data: bytes, key: notes.VerifierKey) -> bytes:
    """Return the signed text of a note that carries a good signature of the key."""
    text, _gap, signatures = data.partition(b"\n\n")
    for line in signatures.decode().split("\n"):
        found = re.fullmatch(r"— (\S+) (\S+)", line)
        if found is None or found[1] != key.origin:
            continue
        raw = base64.b64decode(found[2], validate=True)
        if raw[:4] == key.key_hash:
            Ed25519PublicKey.from_public_bytes(key.key).verify(raw[4:], text + b"\n")
            return text
    raise ValueError("Not signed.")


def meaning(files: Files, key: notes.VerifierKey) -> Any:
    """Return what the export says to a strict reader, or None when it says nothing."""
    try:
        manifest = json.loads(files[MANIFEST], object_pairs_hook=_once)
        said = [(name, type(manifest[name]), manifest[name]) for name in ("origin", "entries", "tree_size", "whole")]
        if set(manifest) != {"origin", "entries", "tree_size", "whole", "filters", "export"}:
            return None
        texts = re.split("\r\n|\r|\n", files[ENTRIES].decode())
        entries = [_entry(text, manifest["whole"]) for text in (texts if texts[-1] else texts[:-1])]
        kept = {_statement(data, key) for name, data in files.items() if name.startswith(KEPT)}
        return said, entries, _statement(files[CHECKPOINT], key), kept
    except (ValueError, KeyError, TypeError, InvalidSignature):
        return None


def rebuilt(specimen: Specimen, bodies: dict[int, str]) -> tuple[list[dict[str, Any]], bytes]:
    """Return the lines and the root of a ledger in which some entries were other ones; proofs and leaves fit."""
    rows = specimen.lines
    known = {row["seq"]: row["body"] for row in rows}
    fill = {number: known.get(number, f"unknown {number}") for number in range(1, specimen.size + 1)} | bodies
    leaves = [tree.leaf_hash(fill[number].encode()) for number in range(1, specimen.size + 1)]

    def subtree(level: int, position: int) -> bytes:
        if level == 0:
            return leaves[position]
        return tree.node_hash(subtree(level - 1, 2 * position), subtree(level - 1, 2 * position + 1))

    for row in rows:
        row |= {"body": fill[row["seq"]], "leaf": leaves[row["seq"] - 1].hex()}
        if "proof" in row:
            proof = tree.inclusion_proof(subtree, row["seq"] - 1, specimen.size)
            row["proof"] = [step.hex() for step in proof]
    return rows, tree.root_of(subtree, 0, specimen.size)


Mutator = Callable[[random.Random, Specimen], Files | None]
MUTATORS: dict[str, Mutator] = {}


def mutator(name: str) -> Callable[[Mutator], Mutator]:
    def register(function: Mutator) -> Mutator:
        MUTATORS[name] = function
        return function

    return register


def other_key(rng: random.Random) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(rng.randbytes(32))


def tampered(body: str, rng: random.Random) -> str:
    """Return the body with one character changed."""
    at = rng.randrange(len(body))
    return body[:at] + ("x" if body[at] != "x" else "y") + body[at + 1 :]
