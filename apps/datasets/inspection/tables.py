"""A table that an engine can reach, written to one Parquet file batch by batch."""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from fnmatch import fnmatchcase
from importlib import import_module
from pathlib import Path
from typing import IO, Literal, Protocol

import pyarrow as pa
import pyarrow.parquet as pq

from apps.datasets.inspection.engines import require_known
from apps.datasets.inspection.reading.batches import MOST_COLUMNS

IDENTIFIER = re.compile(r"[^\W\d]\w{0,62}")
ROWS = 4096
KIND = b"kind"
"""Under which an engine keeps a column's type in its own words."""
Reason = Literal["name", "missing", "empty", "unfit", "column", "unreachable"]
Progress = Callable[[int, int | None], None]


class TableProblem(Exception):
    """Why a table can't be taken, in a sentence that says what to do."""

    def __init__(self, reason: Reason, text: str) -> None:
        super().__init__(text)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class TableName:
    """A table in a schema. Both are plain identifiers, so that no name can say more than a name."""

    schema: str
    table: str

    @classmethod
    def of(cls, text: str) -> "TableName":
        """Read ``schema.table``; raise ``TableProblem`` for anything else."""
        parts = text.strip().split(".")
        if len(parts) != 2 or not all(IDENTIFIER.fullmatch(part) for part in parts):
            raise TableProblem(
                "name",
                "Name the table as schema.table: two names of letters, digits and underscores, of which none begins "
                "with a digit.",
            )
        return cls(*parts)

    def __str__(self) -> str:
        return f"{self.schema}.{self.table}"

    def quoted(self, mark: str) -> str:
        return f"{quoted(self.schema, mark)}.{quoted(self.table, mark)}"

    def is_among(self, patterns: Iterable[str]) -> bool:
        """Tell whether one of the patterns matches, schema by schema and table by table; capitals count."""
        return any(self._matches(pattern) for pattern in patterns)

    def _matches(self, pattern: str) -> bool:
        schema, _dot, table = pattern.partition(".")
        return fnmatchcase(self.schema, schema) and fnmatchcase(self.table, table)


def quoted(name: str, mark: str) -> str:
    """Return the name as an identifier of SQL, whatever stands in it."""
    return f"{mark}{name.replace(mark, mark * 2)}{mark}"


class Table(Protocol):
    """A table that stands open: all its columns, about how many rows (None: not known), and its batches."""

    schema: pa.Schema
    expected: int | None

    def batches(self, columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
        """Yield the rows, ``ROWS`` at a time, of these columns in this order."""


@dataclass(frozen=True, slots=True)
class Taken:
    rows: int
    columns: tuple[str, ...]


def take(
    engine: str,
    name: TableName,
    target: IO[bytes],
    *,
    columns: Sequence[str] = (),
    database: str = "",
    memory_limit: str = "256MB",
    scratch: Path | None = None,
    progress: Progress = lambda rows, expected: None,
) -> Taken:
    """Write the table, or these columns of it, to ``target`` as Parquet; equal rows in equal order give equal bytes.

    ``database`` is the file that DuckDB attaches for reading; Spark asks its own catalogue. Memory: a batch. Raise
    ``TableProblem``, and whatever ``progress`` raises.
    """
    with _opened(engine, name, database=database, memory_limit=memory_limit, scratch=scratch) as table:
        schema, rows = chosen(table.schema, columns), 0
        with pq.ParquetWriter(target, schema) as writer:
            for batch in table.batches(schema.names):
                writer.write_batch(batch)
                rows += batch.num_rows
                progress(rows, table.expected)
    if not rows:
        raise TableProblem("empty", "The table has no rows. Choose one with rows.")
    return Taken(rows, tuple(schema.names))


def _opened(
    engine: str, name: TableName, *, database: str, memory_limit: str, scratch: Path | None
) -> AbstractContextManager[Table]:
    require_known(engine)
    module = import_module(f"apps.datasets.inspection.engines.{engine}_tables")
    found: AbstractContextManager[Table] = module.opened(
        name, database=database, memory_limit=memory_limit, scratch=scratch
    )
    return found


def chosen(schema: pa.Schema, columns: Sequence[str]) -> pa.Schema:
    """Return the schema of the chosen columns, of all when none is named; raise ``TableProblem`` for what won't do."""
    if missing := [name for name in columns if name not in schema.names]:
        raise TableProblem(
            "column", f"There is no column “{missing[0][:60]}”. The table has: {', '.join(schema.names)[:300]}."
        )
    names = list(dict.fromkeys(columns)) or schema.names
    if len(names) > MOST_COLUMNS:
        raise TableProblem("unfit", f"There are more than {MOST_COLUMNS} columns. Name those that you need.")
    found = pa.schema([schema.field(name) for name in names])
    for field in found:
        if not is_readable(field.type):
            kind = (field.metadata or {}).get(KIND, b"").decode() or str(field.type)
            raise TableProblem(
                "unfit",
                f"Column “{field.name[:60]}” holds {kind[:60]}. Texts, numbers, truth values, dates, lists and structs "
                "can be taken: leave it out, or turn it into text in a view.",
            )
    return pa.schema([field.remove_metadata() for field in found])


PLAIN = (
    pa.types.is_string, pa.types.is_large_string, pa.types.is_boolean, pa.types.is_integer, pa.types.is_floating,
    pa.types.is_decimal, pa.types.is_date, pa.types.is_timestamp,
)  # fmt: skip
LISTS = (pa.types.is_list, pa.types.is_large_list, pa.types.is_fixed_size_list)


def is_readable(kind: pa.DataType) -> bool:
    """Tell whether values of the type become text as they do from Parquet."""
    if pa.types.is_dictionary(kind) or any(check(kind) for check in LISTS):
        return is_readable(kind.value_type)
    if pa.types.is_struct(kind):
        return all(is_readable(field.type) for field in kind)
    return any(check(kind) for check in PLAIN)
