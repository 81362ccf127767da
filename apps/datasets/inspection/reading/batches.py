"""Rows in Arrow batches of text columns: one way of reading for every format and every reader."""

import itertools
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO, Any

import orjson
import pyarrow as pa

from apps.datasets.inspection.reading.bytes import FileProblem
from apps.datasets.inspection.reading.formats import Format

ROWS = 16_384
BYTES = 8 * 1024 * 1024
MOST_COLUMNS = 2000


@dataclass(frozen=True, slots=True)
class FileShape:
    """Columns in their order, and the number of data rows."""

    columns: tuple[str, ...]
    rows: int


@dataclass(frozen=True, slots=True)
class Batch:
    """Consecutive rows: ``first`` is the number of the first as a reader counts, a missing value is null."""

    first: int
    rows: pa.RecordBatch

    @property
    def columns(self) -> tuple[str, ...]:
        return tuple(self.rows.schema.names)


def header(columns: list[str]) -> tuple[str, ...]:
    """Return the columns' names; raise ``FileProblem`` when one is empty, doubled, or there are too many."""
    names = [column.strip() for column in columns]
    if not any(names):
        raise FileProblem(1, "The header is empty. Name the columns in the first row.")
    if len(names) > MOST_COLUMNS:
        raise FileProblem(1, f"There are more than {MOST_COLUMNS} columns.")
    for index, name in enumerate(names):
        if not name:
            raise FileProblem(1, f"Column {index + 1} has no name. Name it in the header.")
    if len(set(names)) < len(names):
        name = next(name for index, name in enumerate(names) if name in names[:index])
        raise FileProblem(1, f"The header names “{name[:60]}” twice. Rename one of the columns.")
    return tuple(names)


def as_text(value: Any) -> str | None:
    """Return a value as text: JSON for what is not a string, None for null."""
    if value is None or isinstance(value, str):
        return value
    try:
        return orjson.dumps(value, default=str, option=orjson.OPT_SORT_KEYS).decode()
    except TypeError:
        return json.dumps(value, default=str, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def column(values: list[Any], first: int) -> pa.Array:
    """Return the values as an Arrow column of text; raise ``FileProblem`` for half a surrogate pair."""
    try:
        return pa.array(values, pa.string())
    except UnicodeEncodeError:
        pass
    except (pa.ArrowException, TypeError):
        values = [as_text(value) for value in values]
    try:
        return pa.array(values, pa.string())
    except UnicodeEncodeError as error:
        for offset, value in enumerate(values):
            try:
                (as_text(value) or "").encode()
            except UnicodeEncodeError:
                raise FileProblem(first + offset, "A text holds half of a surrogate pair. Remove it.") from error
        raise


def read_batches(stream: IO[bytes], kind: Format, packed: bool, *, strict: bool = False) -> Iterator[Batch]:
    """Yield the file's rows, at least one batch (empty when only a header stands there).

    ``strict`` also refuses what a lenient parser would let pass (a JSON key that stands twice): for files that come
    in; what was taken in is read the fast way. Raise ``FileProblem`` where the file breaks.
    """
    from apps.datasets.inspection.reading import csvs, jsons, parquets

    if kind == "csv":
        return csvs.read(stream, packed)
    if kind == "parquet":
        return parquets.read(stream)
    return jsons.read_lines(stream, packed, strict) if kind == "jsonl" else jsons.read_array(stream, packed, strict)


def read_rows(stream: IO[bytes], kind: Format, packed: bool) -> Iterator[tuple[str, ...]]:
    """Yield the columns' names, then every row as texts in that order (a missing value is empty)."""
    batches = read_batches(stream, kind, packed)
    first = next(batches)
    yield first.columns
    for batch in itertools.chain([first], batches):
        texts = [values.fill_null("").to_pylist() for values in batch.rows.columns]
        yield from zip(*texts, strict=True)


def check_file(stream: IO[bytes], kind: Format, packed: bool = False) -> FileShape:
    """Read the whole file once, strictly, and return its shape; raise ``FileProblem`` for the first thing wrong."""
    columns: tuple[str, ...] = ()
    count = 0
    for batch in read_batches(stream, kind, packed, strict=True):
        columns = columns or batch.columns
        count += batch.rows.num_rows
    if count == 0:
        raise FileProblem(None, "The file holds a header and no rows. Choose one with rows.")
    return FileShape(columns, count)
