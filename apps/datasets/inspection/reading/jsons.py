"""JSON Lines, and one JSON array of objects."""

import json
import re
from collections.abc import Iterator, Sequence
from typing import IO, Any

import orjson
import pyarrow as pa

from apps.datasets.inspection.reading.batches import BYTES, ROWS, Batch, column, header
from apps.datasets.inspection.reading.bytes import (
    BOM,
    LONGEST_LINE,
    TOO_LONG,
    FileProblem,
    chunks,
    decoded,
    line_blocks,
)


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key stands twice")
    return found


def _strictly(line: str, number: int, what: str) -> Any:
    """Return what the line or item holds; raise ``FileProblem`` with its number and what is wrong."""
    if not line.strip():
        raise FileProblem(number, f"The {what} is empty. Remove it.")
    try:
        return json.loads(line, parse_constant=_no_constant, object_pairs_hook=_unique)
    except RecursionError as error:
        raise FileProblem(number, "The JSON is nested too deep.") from error
    except ValueError as error:
        reason = getattr(error, "msg", None) or str(error)
        raise FileProblem(number, f"The {what} is not JSON: {reason}. One object for each {what}.") from error


class _Columns:
    """The keys that every object must have, taken from the first."""

    def __init__(self, what: str) -> None:
        self.names: tuple[str, ...] = ()
        self.what = what

    def batch(self, records: Sequence[Any], first: int) -> Batch:
        for offset, record in enumerate(records):
            if not isinstance(record, dict):
                raise FileProblem(
                    first + offset, f"The {self.what} is not a JSON object. Write one object for each {self.what}."
                )
        if not self.names and records:
            self.names = header(list(records[0]))
            if self.names != tuple(records[0]):
                raise FileProblem(first, "A key begins or ends with a space. Rename it.")
        if set(map(frozenset, records)) - {frozenset(self.names)}:
            self._refuse(records, first)
        arrays = [column([record[name] for record in records], first) for name in self.names]
        return Batch(first, pa.RecordBatch.from_arrays(arrays, names=list(self.names)))

    def _refuse(self, records: Sequence[dict[str, Any]], first: int) -> None:
        for offset, record in enumerate(records):
            missing, more = sorted(set(self.names) - record.keys()), sorted(record.keys() - set(self.names))
            if missing or more:
                said = [f"lacks {', '.join(missing)[:80]}"] if missing else []
                said += [f"has {', '.join(more)[:80]} besides"] if more else []
                raise FileProblem(
                    first + offset, f"The object {' and '.join(said)}. Every {self.what} needs the same keys."
                )


def _parsed(lines: list[bytes], number: int, strict: bool, what: str = "line") -> list[Any]:
    """Return the objects of the lines or items; what the fast parser refuses is judged by the strict one."""
    if not strict:
        try:
            return list(map(orjson.loads, lines))
        except orjson.JSONDecodeError:
            pass
    found = []
    for offset, line in enumerate(lines):
        found.append(_strictly(decoded(line, number + offset), number + offset, what))
    return found


def read_lines(stream: IO[bytes], packed: bool, strict: bool) -> Iterator[Batch]:
    """Yield the rows of a JSON Lines file; the first line has number 1."""
    columns, lines, size, first = _Columns("line"), list[bytes](), 0, 1
    for number, block in line_blocks(stream, packed):
        if b"\x00" in block:
            decoded(block, number)
        found = block.split(b"\n")
        if not found[-1]:
            found.pop()
        lines, size = lines + found, size + len(block)
        while len(lines) >= ROWS or (lines and size >= BYTES):
            now, lines = lines[:ROWS], lines[ROWS:]
            yield columns.batch(_parsed(now, first, strict), first)
            first += len(now)
            size = sum(map(len, lines))
    if lines:
        yield columns.batch(_parsed(lines, first, strict), first)
    elif first == 1:
        raise FileProblem(None, "The file is empty. Choose one with at least one line.")


TOKENS = re.compile(rb'"(?:[^"\\]++|\\.)*+"|["{}\[\],]', re.DOTALL)
NO_ARRAY = "The file holds no array of objects. Write [{…}, {…}], or one object a line as .jsonl."


class _Array:
    """The items of one JSON array as bytes, found by their brackets; ``number`` is the item that is being read."""

    def __init__(self, stream: IO[bytes], packed: bool) -> None:
        self._chunks = chunks(stream, packed)
        self.number, self.depth, self.closed = 1, 0, False

    def __iter__(self) -> Iterator[bytes]:
        rest, scanned, first = b"", 0, True
        for chunk in self._chunks:
            rest += chunk.removeprefix(BOM) if first else chunk
            first = False
            start, scanned, found = self._cut(rest, scanned)
            for item in found:
                yield item
                self.number += 1
            rest, scanned = rest[start:], scanned - start
            if len(rest) > LONGEST_LINE:
                raise FileProblem(self.number, f"The item {TOO_LONG}")
        if not self.closed:
            said = "The JSON ends too early. Write one whole array." if self.depth else NO_ARRAY
            raise FileProblem(self.number if self.depth else None, said)
        if rest.strip():
            raise FileProblem(self.number, "Something stands after the array. Write one array and nothing else.")

    def _cut(self, data: bytes, scanned: int) -> tuple[int, int, list[bytes]]:
        """Return (where the unfinished item begins, how far was looked, the items that end here)."""
        start, found = 0, list[bytes]()
        for match in TOKENS.finditer(data, scanned):
            token = match.group()
            if token == b'"':
                return start, match.start(), found
            if not self.depth and (self.closed or token != b"[" or data[: match.start()].strip()):
                raise FileProblem(None if not self.closed else self.number, NO_ARRAY)
            scanned = match.end()
            if token in b"{[":
                self.depth += 1
                start = scanned if self.depth == 1 else start
            elif token in b"}]":
                self.depth -= 1
                if not self.depth:
                    self.closed = True
                    last = data[start : match.start()]
                    found += [last] if last.strip() or found or self.number > 1 else []
                    start = scanned
            elif token == b"," and self.depth == 1:
                found.append(data[start : match.start()])
                start = scanned
        return start, scanned, found


def array_items(stream: IO[bytes], packed: bool) -> Iterator[bytes]:
    """Yield the items of one JSON array as they are written; raise ``FileProblem`` where the array breaks."""
    return iter(_Array(stream, packed))


def read_array(stream: IO[bytes], packed: bool, strict: bool) -> Iterator[Batch]:
    """Yield the objects of one JSON array; the first has number 1."""
    columns, items, size, first = _Columns("item"), list[bytes](), 0, 1
    for item in _Array(stream, packed):
        items.append(item)
        size += len(item)
        if len(items) >= ROWS or size >= BYTES:
            yield columns.batch(_parsed(items, first, strict, "item"), first)
            first, items, size = first + len(items), [], 0
    if items:
        yield columns.batch(_parsed(items, first, strict, "item"), first)
    elif first == 1:
        raise FileProblem(None, NO_ARRAY)
