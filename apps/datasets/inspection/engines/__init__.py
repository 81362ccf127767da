"""Where the rows are grouped: DuckDB in this process, or Spark; the questions are the same Ibis expressions."""

import functools
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from importlib import import_module
from pathlib import Path
from typing import Any, Protocol

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from apps.datasets.inspection.files import Progress, SplitFile
from apps.datasets.inspection.scan import Context

Transform = Callable[[pa.RecordBatch], pa.RecordBatch]
TYPES = {
    pa.string(): "string",
    pa.binary(): "binary",
    pa.int32(): "int32",
    pa.int64(): "int64",
    pa.float64(): "float64",
    pa.list_(pa.int64()): "array<int64>",
}
ENGINES = ("duckdb", "spark")


class Engine(Protocol):
    """A place for tables; expressions are over tables that were kept under their names."""

    def scan(self, files: Sequence[SplitFile], context: Context, progress: Progress) -> ir.Table:
        """Read every file into the table ``rows`` and return it; call ``progress`` with the rows so far."""

    def keep(self, name: str, expression: ir.Table) -> ir.Table:
        """Compute the expression into a table of that name."""

    def fetch(self, expression: ir.Table) -> list[tuple[Any, ...]]:
        """Return the rows of a small result."""

    def transform(self, name: str, expression: ir.Table, function: Transform, schema: pa.Schema) -> ir.Table:
        """Put every Arrow batch of the expression through the function, into a table of that name."""


def table(name: str, schema: pa.Schema) -> ir.Table:
    return ibis.table({field.name: TYPES[field.type] for field in schema}, name=name)


@functools.lru_cache(256)
def _compiled(operation: Any, dialect: str) -> str:
    return str(ibis.to_sql(operation.to_expr(), dialect=dialect))


def sql(expression: ir.Table, dialect: str) -> str:
    """Return the expression in the engine's SQL; equal expressions are compiled once a process."""
    return _compiled(expression.op(), dialect)


def scalar(engine: Engine, expression: ir.Table) -> int:
    """Return the one number of a result of one row, 0 for none."""
    found = engine.fetch(expression)
    return int(found[0][0]) if found and found[0][0] is not None else 0


def require_known(name: str) -> None:
    if name not in ENGINES:
        raise ValueError(f"There is no engine “{name}”. Known: {', '.join(ENGINES)}.")


def open_engine(name: str, *, memory_limit: str, scratch: Path | None) -> AbstractContextManager[Engine]:
    """Open the engine of that name; raise ``ValueError`` for one that is not known."""
    require_known(name)
    module = import_module(f"apps.datasets.inspection.engines.{name}")
    found: AbstractContextManager[Engine] = module.opened(memory_limit=memory_limit, scratch=scratch)
    return found


__all__ = ["ENGINES", "Engine", "Transform", "open_engine", "require_known", "scalar", "sql", "table"]
