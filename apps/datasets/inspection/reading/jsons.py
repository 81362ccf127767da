"""JSON Lines, and one JSON array of objects."""

import json
from collections.abc import Iterator, Sequence
from typing import IO, Any

import ijson
import orjson
import pyarrow as pa

from apps.datasets.inspection.reading.batches import BYTES, ROWS, Batch, column, header
from apps.datasets.inspection.reading.bytes import LONGEST_LINE, TOO_LONG, FileProblem, Reading, decoded, line_blocks


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key stands twice")
    return found


def _strictly(line: str, number: int) -> Any:
    """Return what the line holds; raise ``FileProblem`` with its number and what is wrong."""
    if not line.strip():
        raise FileProblem(number, "The line is empty. Remove it.")
    try:
        return json.loads(line, parse_constant=_no_constant, object_pairs_hook=_unique)
    except RecursionError as error:
        raise FileProblem(number, "The JSON is nested too deep.") from error
    except ValueError as error:
        reason = getattr(error, "msg", None) or str(error)
        raise FileProblem(number, f"The line is not JSON: {reason}. One object a line.") from error


class _Columns:
    """The keys that every object must have, taken from the first."""

    def __init__(self, what: str) -> None:
        self.names: tuple[str, ...] = ()
        self.what = what

    def batch(self, records: Sequence[Any], first: int) -> Batch:
        for offset, record in enumerate(records):
            if not isinstance(record, dict):
                raise FileProblem(
                    first + offset, f"The {self.what} is not a JSON object. Write one object a {self.what}."
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


def _parsed(lines: list[bytes], number: int, strict: bool) -> list[Any]:
    """Return the objects of the lines; what the fast parser refuses is judged by the strict one."""
    if not strict:
        try:
            return list(map(orjson.loads, lines))
        except orjson.JSONDecodeError:
            pass
    found = []
    for offset, line in enumerate(lines):
        found.append(_strictly(decoded(line, number + offset), number + offset))
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


class _Guard:
    """Refuse an item of more than 16 MiB before the parser holds it; ``number`` is the item that is being read."""

    def __init__(self, reading: Reading) -> None:
        self.reading, self.number, self.begun = reading, 1, 0

    def next_item(self) -> None:
        self.number, self.begun = self.number + 1, self.reading.taken

    def read(self, size: int = -1) -> bytes:
        if self.reading.taken - self.begun > LONGEST_LINE:
            raise FileProblem(self.number, f"The item {TOO_LONG}")
        return self.reading.read(size if size > 0 else 64 * 1024)


def read_array(stream: IO[bytes], packed: bool) -> Iterator[Batch]:
    """Yield the objects of one JSON array; the first has number 1."""
    guard, columns = _Guard(Reading(stream, packed)), _Columns("item")
    records: list[Any] = []
    begun = 0
    try:
        for record in ijson.items(guard, "item", use_float=True):
            records.append(record)
            guard.next_item()
            if len(records) >= ROWS or guard.begun - begun >= BYTES:
                yield columns.batch(records, guard.number - len(records))
                records, begun = [], guard.begun
    except ijson.IncompleteJSONError as error:
        raise FileProblem(guard.number, "The JSON ends too early or is broken. Write one array.") from error
    except (ijson.JSONError, ValueError, OverflowError) as error:
        raise FileProblem(guard.number, f"This is not JSON: {str(error)[:120]}.") from error
    except RecursionError as error:
        raise FileProblem(guard.number, "The JSON is nested too deep.") from error
    if records:
        yield columns.batch(records, guard.number - len(records))
    elif guard.number == 1:
        said = "The file holds no array of objects. Write [{…}, {…}], or one object a line as .jsonl."
        raise FileProblem(None, said)
