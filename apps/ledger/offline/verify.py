#!/usr/bin/env python3
"""Check an exported Fourgate trail without Fourgate: Python 3.9 or later and the package `cryptography`.

    python verify.py --key "<the verifier key that you pinned>" [folder]

Pin the key when you first meet the system, from a person you trust, not from this folder.
Exit code 0: as signed. 1: not as signed; the first entry that is wrong is named.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import json
import pathlib
import sys

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey


class Wrong(Exception):
    pass


def sha(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


def once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a member stands twice")
    return found


def members(text: str, **types: type) -> dict:
    """Return the JSON object that has exactly these members, of these types."""
    found = json.loads(text, object_pairs_hook=once)
    if type(found) is not dict or {name: type(value) for name, value in found.items()} != types:
        raise ValueError("it has other members than " + ", ".join(types))
    return found


def read_checkpoint(path: pathlib.Path, key_text: str) -> tuple[int, bytes]:
    """Return (size, root) of a C2SP checkpoint that is signed with the pinned key."""
    origin, key_hash, key = key_text.strip().split("+", 2)
    raw_key = base64.b64decode(key, validate=True)
    if sha(origin.encode() + b"\n" + raw_key)[:4].hex() != key_hash:
        raise Wrong("The verifier key contradicts itself.")
    text, _, signatures = path.read_bytes().decode("utf-8").partition("\n\n")
    text += "\n"
    lines = text.split("\n")
    if lines[0] != origin:
        raise Wrong(f"The checkpoint is of {lines[0]!r}, not of {origin!r}.")
    for line in signatures.split("\n"):
        dash, name, signature = ([*line.split(" "), "", ""])[:3]
        if dash != "\u2014" or name != origin:
            continue
        raw = base64.b64decode(signature, validate=True)
        if dash == "\u2014" and name == origin and raw[:4].hex() == key_hash:
            try:
                Ed25519PublicKey.from_public_bytes(raw_key[1:]).verify(raw[4:], text.encode())
            except InvalidSignature:
                raise Wrong("The checkpoint's signature is false.") from None
            return int(lines[1]), base64.b64decode(lines[2])
    raise Wrong("The checkpoint is not signed with the pinned key.")


def included(leaf: bytes, index: int, size: int, proof: list[bytes], root: bytes) -> bool:
    """RFC 9162, 2.1.3.2."""
    if not 0 <= index < size:
        return False
    position, last, current = index, size - 1, leaf
    for step in proof:
        if last == 0:
            return False
        if position & 1 or position == last:
            current = sha(b"\x01" + step + current)
            while not position & 1 and position:
                position, last = position >> 1, last >> 1
        else:
            current = sha(b"\x01" + current + step)
        position, last = position >> 1, last >> 1
    return last == 0 and current == root


def append(nodes: list[bytes], size: int, leaf: bytes) -> None:
    """Grow the full subtrees on the right edge by one leaf."""
    while size & 1:
        leaf, size = sha(b"\x01" + nodes.pop() + leaf), size >> 1
    nodes.append(leaf)


def root_of(nodes: list[bytes]) -> bytes:
    current = nodes[-1] if nodes else sha(b"")
    for left in reversed(nodes[:-1]):
        current = sha(b"\x01" + left + current)
    return current


def check(folder: pathlib.Path, key_text: str) -> str:
    size, root = read_checkpoint(folder / "checkpoint.txt", key_text)
    manifest = members(
        (folder / "manifest.json").read_text(encoding="utf-8"),
        origin=str,
        entries=int,
        tree_size=int,
        whole=bool,
        filters=dict,
        export=str,
    )
    if (manifest["origin"], manifest["tree_size"]) != (key_text.split("+")[0], size):
        raise Wrong("The manifest speaks of another tree than the checkpoint.")
    earlier = {}
    for path in sorted((folder / "checkpoints").glob("*.txt")):
        at, its_root = read_checkpoint(path, key_text)
        if at > size:
            raise Wrong(f"A kept checkpoint says {at}, the export's own only {size}.")
        earlier[at] = its_root
    nodes: list[bytes] = []
    whole, last, good, count = manifest["whole"], 0, 0, 0
    with (folder / "entries.ndjson").open(encoding="utf-8") as lines:
        for line in lines:
            try:
                entry = members(line, seq=int, leaf=str, body=str, **({} if whole else {"proof": list}))
                seq, body, leaf = entry["seq"], entry["body"].encode(), bytes.fromhex(entry["leaf"])
                proof = [bytes.fromhex(step) for step in entry.get("proof", [])]
            except (ValueError, KeyError, TypeError, AttributeError) as error:
                raise Wrong(f"The line after entry {last} can't be read: {error}") from None
            if not isinstance(seq, int) or seq <= last or (whole and seq != last + 1):
                raise Wrong(f"After entry {last} stands entry {seq}: one is missing, doubled or moved.")
            if sha(b"\x00" + body) != leaf:
                raise Wrong(f"Entry {seq} was changed: its content has another hash.")
            if whole:
                append(nodes, last, leaf)
                if seq in earlier:
                    if earlier[seq] != root_of(nodes):
                        raise Wrong(f"An entry between {good + 1} and {seq} is not the one that was signed.")
                    good = seq
            elif not included(leaf, seq - 1, size, proof, root):
                raise Wrong(f"Entry {seq} is not in the tree that was signed.")
            last, count = seq, count + 1
    if whole and last != size:
        raise Wrong(f"Entry {min(last, size) + 1}: the export ends at {last}, the checkpoint says {size}.")
    if whole and root_of(nodes) != root:
        raise Wrong(f"An entry between {good + 1} and {size} is not the one that was signed.")
    if count != manifest["entries"]:
        raise Wrong(f"The export holds {count} entries, its manifest says {manifest['entries']}.")
    kind = "the whole ledger" if whole else "a selection, each entry proven on its own"
    return f"As signed: {count} entries ({kind}), tree of {size} entries, root {root.hex()}."


def main() -> None:
    parser = argparse.ArgumentParser(description="Check an exported Fourgate trail.")
    parser.add_argument("folder", nargs="?", default=pathlib.Path(__file__).parent, type=pathlib.Path)
    parser.add_argument("--key", required=True, help="the verifier key that you pinned: origin+hash+key")
    arguments = parser.parse_args()
    try:
        print(check(arguments.folder, arguments.key))
    except Wrong as error:
        print(f"NOT AS SIGNED. {error}")
        sys.exit(1)
    except (OSError, ValueError, KeyError) as error:
        print(f"NOT READABLE. {error}")
        sys.exit(1)


if __name__ == "__main__":
    main()
