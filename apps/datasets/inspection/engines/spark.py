"""Apache Spark: the same scan as an Arrow function on the executors, the same questions as Spark SQL.

Needs ``pyspark`` and Java. The session is the one that stands, else a new one by Spark's own configuration
(``SPARK_CONF_DIR``, ``SPARK_REMOTE``; local without any). The unit of work is a file: give Spark many.
"""

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import ibis
import ibis.expr.types as ir
import orjson
import pyarrow as pa
from ibis import _
from pyspark.sql import DataFrame, SparkSession

from apps.datasets.inspection.engines import Transform, sql, table
from apps.datasets.inspection.files import Progress, SplitFile
from apps.datasets.inspection.reading import FileProblem
from apps.datasets.inspection.scan import SCHEMA, Context, Scan

DIALECT = ibis.pyspark.name
"""Naming the backend loads it, and with it the options that its SQL is written with."""
ROOT = Path(__file__).resolve().parents[4]
TYPES = {
    pa.string(): "string",
    pa.binary(): "binary",
    pa.int32(): "int",
    pa.int64(): "bigint",
    pa.float64(): "double",
    pa.list_(pa.int64()): "array<bigint>",
}


@contextmanager
def opened(*, memory_limit: str, scratch: Path | None) -> Iterator["Spark"]:
    """Yield an engine whose tables are gone afterwards; memory and scratch are Spark's own to configure."""
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    builder = SparkSession.builder.appName("fourgate-inspection").config("spark.ui.enabled", "false")
    for name in ("PYTHONPATH", "DJANGO_SETTINGS_MODULE"):
        value = f"{ROOT}:{os.environ.get(name, '')}" if name == "PYTHONPATH" else os.environ.get(name, "")
        if value:
            builder = builder.config(f"spark.executorEnv.{name}", value)
    session = builder.getOrCreate()
    engine = Spark(session)
    try:
        yield engine
    finally:
        engine.forget()


class Spark:
    """An engine on a Spark session; tables are temporary views over what was computed."""

    def __init__(self, session: SparkSession) -> None:
        self.session = session
        self.kept: dict[str, DataFrame] = {}

    def _keep(self, name: str, found: DataFrame) -> None:
        """Compute it now, and forget how: what is asked of it later must not carry the whole plan along."""
        self.kept[name] = found.localCheckpoint(eager=True)
        self.kept[name].createOrReplaceTempView(name)

    def forget(self) -> None:
        for name, found in self.kept.items():
            self.session.catalog.dropTempView(name)
            found.unpersist()

    def _sql(self, expression: ir.Table) -> DataFrame:
        return self.session.sql(sql(expression, DIALECT))

    def scan(self, files: Sequence[SplitFile], context: Context, progress: Progress) -> ir.Table:
        numbers = self.session.sparkContext.parallelize([(index,) for index in range(len(files))], len(files))
        asked = self.session.createDataFrame(numbers, "file int")
        self._keep("rows", asked.mapInArrow(_reader(list(files), context), _ddl(SCHEMA)))
        rows = table("rows", SCHEMA)
        for (note,) in self.fetch(rows.filter(_.note.notnull()).select("note")):
            problem = orjson.loads(note).get("problem")
            if problem:
                raise FileProblem(problem["row"], problem["text"])
        progress(int(self.fetch(rows.filter(_.note.isnull()).agg(n=_.count()))[0][0]))
        return rows

    def keep(self, name: str, expression: ir.Table) -> ir.Table:
        self._keep(name, self._sql(expression))
        return ibis.table(expression.schema(), name=name)

    def fetch(self, expression: ir.Table) -> list[tuple[Any, ...]]:
        rows = self._sql(expression).collect()
        return [tuple(bytes(value) if isinstance(value, bytearray) else value for value in row) for row in rows]

    def transform(self, name: str, expression: ir.Table, function: Transform, schema: pa.Schema) -> ir.Table:
        def each(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
            for batch in batches:
                if batch.num_rows:
                    yield function(batch)

        self._keep(name, self._sql(expression).mapInArrow(each, _ddl(schema)))
        return table(name, schema)


def _ddl(schema: pa.Schema) -> str:
    return ", ".join(f"`{field.name}` {TYPES[field.type]}" for field in schema)


def _reader(files: list[SplitFile], context: Context) -> Callable[[Iterator[pa.RecordBatch]], Iterator[pa.RecordBatch]]:
    """Return the Arrow function that reads the files of the numbers it is given."""

    def read(numbers: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        scan: Scan | None = None
        for batch in numbers:
            for index in batch.column(0).to_pylist():
                scan = scan or Scan(context)
                try:
                    for rows in files[index].batches(context.mapping):
                        yield scan.batch(rows, files[index].split, index)
                except FileProblem as problem:
                    yield _told(problem)

    return read


def _told(problem: FileProblem) -> pa.RecordBatch:
    note = orjson.dumps({"problem": {"row": problem.row, "text": problem.text}}).decode()
    arrays = [pa.nulls(1, kind) for kind in SCHEMA.types[:-1]]
    return pa.RecordBatch.from_arrays([*arrays, pa.array([note])], schema=SCHEMA)
