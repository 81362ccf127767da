"""The ways to change an export, by name; each returns the changed files, or None where it does not apply."""

import json
import random
from typing import Any

from apps.ledger import notes, tree
from tests.ledger.mutations import (
    CHECKPOINT,
    ENTRIES,
    KEPT,
    MANIFEST,
    MUTATORS,
    Files,
    Mutator,
    Specimen,
    dumps,
    mutator,
    other_key,
    rebuilt,
    tampered,
)


def _edited(data: bytes, rng: random.Random) -> bytes:
    at = rng.randrange(len(data))
    flipped = data[at] ^ (1 << rng.randrange(8))
    byte = bytes([rng.choice([flipped, flipped, rng.randrange(256), *b' "0aA\n\r=*'])])
    return data[:at] + byte + data[at + 1 :]


def _inserted(data: bytes, rng: random.Random) -> bytes:
    at = rng.randrange(len(data) + 1)
    return data[:at] + bytes([rng.choice([rng.randrange(256), *b' "0aA\n\r=*'])]) + data[at:]


def _removed(data: bytes, rng: random.Random) -> bytes:
    at = rng.randrange(len(data))
    return data[:at] + data[at + 1 :]


def _cut(data: bytes, rng: random.Random) -> bytes:
    return data[: rng.randrange(len(data))]


def _of_bytes(act: Any, name: str) -> Mutator:
    def mutate(rng: random.Random, specimen: Specimen) -> Files | None:
        names = [found for found in specimen.files if found.startswith(name) and specimen.files[found]]
        chosen = rng.choice(names) if names else ""
        return {chosen: act(specimen.files[chosen], rng)} if chosen else None

    return mutate


for _verb, _act in (("edited", _edited), ("inserted", _inserted), ("removed", _removed), ("cut", _cut)):
    for _name in (ENTRIES, CHECKPOINT, MANIFEST, KEPT):
        MUTATORS[f"bytes {_verb} in {_name}"] = _of_bytes(_act, _name)


@mutator("a line deleted")
def _delete(rng: random.Random, specimen: Specimen) -> Files | None:
    rows = specimen.lines
    if not rows:
        return None
    del rows[rng.randrange(len(rows))]
    return specimen.written(rows, **({"entries": len(rows)} if specimen.whole and rng.random() < 0.5 else {}))


@mutator("a line doubled")
def _double(rng: random.Random, specimen: Specimen) -> Files | None:
    rows = specimen.lines
    if not rows:
        return None
    rows.insert(rng.randrange(len(rows) + 1), rng.choice(rows))
    return specimen.written(rows, entries=rng.choice([len(rows), len(rows) - 1]))


@mutator("two lines swapped")
def _swap(rng: random.Random, specimen: Specimen) -> Files | None:
    rows = specimen.lines
    if len(rows) < 2:
        return None
    one, other = rng.sample(range(len(rows)), 2)
    rows[one], rows[other] = rows[other], rows[one]
    if rng.random() < 0.5:
        rows[one]["seq"], rows[other]["seq"] = rows[other]["seq"], rows[one]["seq"]
    return specimen.written(rows)


@mutator("a line moved")
def _move(rng: random.Random, specimen: Specimen) -> Files | None:
    rows = specimen.lines
    if len(rows) < 2:
        return None
    start, end = rng.sample(range(len(rows)), 2)
    rows.insert(end, rows.pop(start))
    return specimen.written(rows)


@mutator("lines cut off the end")
def _truncate(rng: random.Random, specimen: Specimen) -> Files | None:
    rows = specimen.lines
    if not rows:
        return None
    rows = rows[: rng.randrange(len(rows))]
    amended = {"entries": len(rows), "tree_size": len(rows)} if specimen.whole and rng.random() < 0.5 else {}
    return specimen.written(rows, **amended)


@mutator("a forged line inserted")
def _insert(rng: random.Random, specimen: Specimen) -> Files | None:
    rows = specimen.lines
    at = rng.randrange(len(rows) + 1)
    body = dumps({"action": "gate.approved", "n": rng.randrange(1000)})
    row: dict[str, Any] = {"seq": rng.randrange(1, specimen.size + 2), "body": body}
    row["leaf"] = tree.leaf_hash(body.encode()).hex()
    if not specimen.whole:
        row["proof"] = rng.choice(rows)["proof"] if rows else []
    return specimen.written([*rows[:at], row, *rows[at:]], entries=len(rows) + 1)


@mutator("a body and its leaf rewritten")
def _reseal(rng: random.Random, specimen: Specimen) -> Files | None:
    rows = specimen.lines
    if not rows:
        return None
    row = rng.choice(rows)
    row["body"] = tampered(row["body"], rng)
    row["leaf"] = tree.leaf_hash(row["body"].encode()).hex()
    return specimen.written(rows)


@mutator("an entry renumbered")
def _renumber(rng: random.Random, specimen: Specimen) -> Files | None:
    rows = specimen.lines
    if not rows:
        return None
    row = rng.choice([rows[-1], rng.choice(rows)])
    shifts = [1, 2, -1, specimen.size, *(1 << power for power in range(8)), 2**62]
    row["seq"] += rng.choice(shifts)
    return specimen.written(rows)


@mutator("a body written otherwise")
def _equivalent(rng: random.Random, specimen: Specimen) -> Files | None:
    rows = specimen.lines
    if not rows:
        return None
    row = rng.choice(rows)
    content = json.loads(row["body"])
    ways = [
        json.dumps(content, ensure_ascii=False),
        json.dumps(content, ensure_ascii=True, separators=(",", ":")) + " ",
        dumps(dict(reversed(content.items()))),
        row["body"].replace("test", "\\u0074est").replace("policy", "\\u0070olicy"),
        "\n" + row["body"],
        row["body"].replace("{", '{"n":0,', 1),
    ]
    row["body"] = rng.choice(ways)
    if rng.random() < 0.5:
        row["leaf"] = tree.leaf_hash(row["body"].encode()).hex()
    return specimen.written(rows)


@mutator("a fork under the old signature")
def _fork(rng: random.Random, specimen: Specimen) -> Files | None:
    rows = specimen.lines
    if not rows:
        return None
    row = rng.choice(rows)
    rows, root = rebuilt(specimen, {row["seq"]: tampered(row["body"], rng)})
    text, _gap, signatures = specimen.files[CHECKPOINT].decode().partition("\n\n")
    statement = notes.Statement(text.split("\n")[0], specimen.size, root)
    return specimen.written(rows) | {CHECKPOINT: f"{statement.text()}\n{signatures}".encode()}


@mutator("a fork under another key")
def _fork_signed(rng: random.Random, specimen: Specimen) -> Files | None:
    rows = specimen.lines
    if not rows:
        return None
    row = rng.choice(rows)
    rows, root = rebuilt(specimen, {row["seq"]: tampered(row["body"], rng)})
    note = notes.sign(notes.Statement(specimen.key.origin, specimen.size, root), other_key(rng))
    if rng.random() < 0.5:
        note = note.replace(note.split(" ")[-1], specimen.files[CHECKPOINT].decode().split(" ")[-1])
    return specimen.written(rows) | {CHECKPOINT: note.encode()}


@mutator("the statement under another key")
def _other_key(rng: random.Random, specimen: Specimen) -> Files:
    name = rng.choice([CHECKPOINT, *specimen.kept()])
    statement = notes.read(specimen.files[name].decode(), specimen.key)
    return {name: notes.sign(statement, other_key(rng)).encode()}


@mutator("the statement of another origin")
def _other_origin(rng: random.Random, specimen: Specimen) -> Files:
    name = rng.choice([CHECKPOINT, *specimen.kept()])
    statement = notes.read(specimen.files[name].decode(), specimen.key)
    origin = rng.choice(["elsewhere.example/ledger", specimen.key.origin + "x", specimen.key.origin.upper()])
    if rng.random() < 0.5:
        return {name: specimen.files[name].replace(specimen.key.origin.encode(), origin.encode())}
    return {name: notes.sign(notes.Statement(origin, statement.size, statement.root), other_key(rng)).encode()}


@mutator("an older statement instead")
def _older(rng: random.Random, specimen: Specimen) -> Files | None:
    return {CHECKPOINT: specimen.older.encode()} if specimen.older and specimen.lines else None


@mutator("cut back to a kept statement")
def _rollback(rng: random.Random, specimen: Specimen) -> Files | None:
    """Leave the later kept statements where they are: they prove that there was more."""
    kept = specimen.kept()[:-1]
    if not kept:
        return None
    name = rng.choice(kept)
    size = notes.read(specimen.files[name].decode(), specimen.key).size
    return specimen.written(specimen.lines[:size], entries=size, tree_size=size) | {CHECKPOINT: specimen.files[name]}


@mutator("`whole` turned round")
def _whole(rng: random.Random, specimen: Specimen) -> Files:
    manifest = specimen.manifest | {"whole": not specimen.whole}
    if rng.random() < 0.3:
        del manifest["whole"]
    return {MANIFEST: json.dumps(manifest, indent=rng.choice([None, 2])).encode()}


@mutator("the manifest's figures")
def _manifest(rng: random.Random, specimen: Specimen) -> Files:
    name = rng.choice(["origin", "entries", "tree_size"])
    value = specimen.manifest[name]
    changed = f"{value}/other" if name == "origin" else rng.choice([value + 1, value * 2 + 1, -1, 0 if value else 9])
    return {MANIFEST: json.dumps(specimen.manifest | {name: changed}).encode()}


@mutator("a proof changed")
def _proof(rng: random.Random, specimen: Specimen) -> Files | None:
    rows = [] if specimen.whole else specimen.lines
    if not rows:
        return None
    row = rng.choice(rows)
    proof = list(row["proof"])
    at = rng.randrange(len(proof) + 1)
    act = rng.choice(["drop", "add", "turn", "flip", "borrow", "empty"])
    if act == "drop" and proof:
        del proof[at - 1]
    elif act == "turn":
        proof.reverse()
    elif act == "flip" and proof:
        raw = bytearray.fromhex(proof[at - 1])
        raw[rng.randrange(32)] ^= 1 << rng.randrange(8)
        proof[at - 1] = raw.hex()
    elif act == "borrow":
        proof = rng.choice(rows)["proof"]
    elif act == "empty":
        proof = []
    else:
        proof.insert(at, rng.choice([rng.randbytes(32).hex(), *proof]))
    row["proof"] = proof
    return specimen.written(rows)


@mutator("a member more, or twice")
def _member(rng: random.Random, specimen: Specimen) -> Files | None:
    rows: list[Any] = specimen.lines
    if not rows or rng.random() < 0.3:
        first = rng.choice(['"whole":true,', '"entries":0,', '"note":"all is well",'])
        return {MANIFEST: specimen.files[MANIFEST].decode().replace("{", "{" + first, 1).encode()}
    at = rng.randrange(len(rows))
    first = rng.choice(['"seq":0,', '"body":"{}",', '"note":"revoked",', f'"leaf":"{"0" * 64}",'])
    rows[at] = dumps(rows[at]).replace("{", "{" + first, 1)
    return specimen.written(rows)


@mutator("a member of another type")
def _type(rng: random.Random, specimen: Specimen) -> Files | None:
    rows = specimen.lines
    other: Any = rng.choice([None, True, 1, 1.0, "1", [], {}, [None], [[]]])
    if not rows or rng.random() < 0.3:
        name = rng.choice(["origin", "entries", "tree_size", "whole"])
        return {MANIFEST: json.dumps(specimen.manifest | {name: other}).encode()}
    row = rng.choice([rows[0], rng.choice(rows)])
    row[rng.choice(list(row))] = other
    return specimen.written(rows)
