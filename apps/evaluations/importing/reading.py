"""From bytes to JSON values and rows: bounded in size and depth, and precise about what is wrong where."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import IO, Any

import orjson

from apps.datasets.inspection.reading import FileProblem, read_rows
from apps.datasets.inspection.reading.bytes import BOM, LONGEST_LINE, decoded, line_blocks

LARGEST_DOCUMENT = 64 * 1024 * 1024
MOST_DEPTH = 64


class ImportProblem(Exception):
    """What is wrong with which file, at which line, item or key, and what was expected."""

    def __init__(self, file: str, where: str, text: str) -> None:
        super().__init__(f"{file}, {where}: {text}" if where else f"{file}: {text}")
        self.file, self.where, self.text = file, where, text


@dataclass(frozen=True, slots=True)
class Source:
    """One file and how to open it; it is opened again for each reading."""

    name: str
    open: Callable[[], IO[bytes]]


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _value in pairs]
        raise ValueError(f"the key “{next(name for name in names if names.count(name) > 1)[:60]}” stands twice")
    return found


def _nothing(name: str) -> None:
    """Read NaN and Infinity, which some tools write for a figure that there is none of, as null."""


def parsed(text: str, source: Source, where: str) -> Any:
    """Return the JSON value of a text; raise ``ImportProblem`` for broken, doubled or too deeply nested ones."""
    try:
        value = json.loads(text, object_pairs_hook=_unique, parse_constant=_nothing)
    except RecursionError as error:
        raise ImportProblem(source.name, where, "The JSON is nested too deep.") from error
    except json.JSONDecodeError as error:
        at = where or f"line {error.lineno}, column {error.colno}"
        raise ImportProblem(source.name, at, f"This is not JSON: {error.msg}.") from error
    except ValueError as error:
        raise ImportProblem(source.name, where, f"This is not JSON: {error}.") from error
    check_depth(value, source, where)
    return value


def check_depth(value: Any, source: Source, where: str) -> None:
    """Raise ``ImportProblem`` for lists and objects more than 64 levels deep."""
    level, depth = [value], 0
    while level:
        depth += 1
        if depth > MOST_DEPTH:
            raise ImportProblem(source.name, where, f"The JSON is nested more than {MOST_DEPTH} levels deep.")
        level = [
            item
            for outer in level
            for item in (outer.values() if isinstance(outer, dict) else outer if isinstance(outer, list) else ())
            if isinstance(item, dict | list)
        ]


def document(source: Source) -> Any:
    """Return the one JSON value of a file of at most 64 MiB."""
    with source.open() as stream:
        data = stream.read(LARGEST_DOCUMENT + 1)
    if len(data) > LARGEST_DOCUMENT:
        raise ImportProblem(source.name, "", "The file is larger than 64 MiB. Send the scores as JSON Lines instead.")
    try:
        text = data.removeprefix(BOM).decode("utf-8")
    except UnicodeDecodeError as error:
        raise ImportProblem(source.name, f"byte {error.start}", "This is not UTF-8.") from error
    return parsed(text, source, "")


def first_line(source: Source) -> bytes:
    """Return the first line that is not blank, without a byte order mark; at most 16 MiB of it."""
    with source.open() as stream:
        found = stream.readline(LONGEST_LINE + 1).removeprefix(BOM)
        while found and not found.strip():
            found = stream.readline(LONGEST_LINE + 1)
    return found.strip()


def lines(source: Source) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield (where, object) of each line of a JSON Lines file, as a stream."""
    try:
        with source.open() as stream:
            for number, block in line_blocks(stream, False):
                for offset, line in enumerate(block.split(b"\n")):
                    if line.strip():
                        yield _line(line, number + offset, source)
    except FileProblem as problem:
        raise ImportProblem(source.name, f"line {problem.row}" if problem.row else "", problem.text) from problem


def _line(line: bytes, number: int, source: Source) -> tuple[str, dict[str, Any]]:
    where = f"line {number}"
    try:
        value = orjson.loads(line)
        check_depth(value, source, where)
    except orjson.JSONDecodeError:
        value = parsed(decoded(line, number), source, where)
    if not isinstance(value, dict):
        raise ImportProblem(source.name, where, "This is no JSON object. Write one object a line.")
    return where, value


def table(source: Source) -> Iterator[tuple[str, dict[str, str]]]:
    """Yield (where, cells by column) of each row of a CSV file, as a stream."""
    try:
        with source.open() as stream:
            rows = read_rows(stream, "csv", False)
            columns = next(rows)
            for number, row in enumerate(rows, 2):
                yield f"row {number}", dict(zip(columns, row, strict=True))
    except FileProblem as problem:
        raise ImportProblem(source.name, f"row {problem.row}" if problem.row else "", problem.text) from problem


def mapping(value: Any, source: Source, key: str) -> dict[str, Any]:
    """Return an object, or raise ``ImportProblem`` that names the key."""
    if not isinstance(value, dict):
        raise ImportProblem(source.name, f"key “{key}”", "An object is expected here.")
    return value


def listing(value: Any, source: Source, key: str) -> list[Any]:
    if not isinstance(value, list):
        raise ImportProblem(source.name, f"key “{key}”", "A list is expected here.")
    return value
