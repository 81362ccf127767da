"""DuckDB: embedded, under a memory limit, spilling to a folder of its own."""

import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
import ibis
import ibis.expr.types as ir
import pyarrow as pa

from apps.datasets.inspection.engines import Transform, sql, table
from apps.datasets.inspection.engines.workers import scanned
from apps.datasets.inspection.files import Progress, SplitFile
from apps.datasets.inspection.scan import SCHEMA, Context

BATCH = 16_384


@contextmanager
def opened(*, memory_limit: str, scratch: Path | None) -> Iterator["DuckDB"]:
    """Yield an engine whose tables are gone afterwards."""
    with tempfile.TemporaryDirectory(dir=scratch) as folder:
        link = duckdb.connect(str(Path(folder) / "rows.duckdb"))
        try:
            for setting in (
                f"memory_limit = '{memory_limit}'",
                f"temp_directory = '{folder}'",
                "preserve_insertion_order = false",
                f"threads = {min(os.cpu_count() or 1, 4)}",
                "enable_progress_bar = false",
                "checkpoint_threshold = '1GB'",
            ):
                link.execute(f"SET {setting}")
            yield DuckDB(link)
        finally:
            link.close()


class DuckDB:
    """An engine in this process. Every question groups by counts and extremes: lists and distinct can't spill."""

    def __init__(self, link: duckdb.DuckDBPyConnection) -> None:
        self.link = link

    def _create(self, name: str, schema: pa.Schema) -> None:
        self.link.register("form", schema.empty_table())
        self.link.execute(f"CREATE OR REPLACE TABLE {name} AS SELECT * FROM form")
        self.link.unregister("form")

    def _insert(self, name: str, batch: pa.RecordBatch) -> None:
        self.link.register("batch", pa.table(batch))
        self.link.execute(f"INSERT INTO {name} SELECT * FROM batch")
        self.link.unregister("batch")

    def scan(self, files: Sequence[SplitFile], context: Context, progress: Progress) -> ir.Table:
        self._create("rows", SCHEMA)
        done = 0
        for batch in scanned(files, context):
            self._insert("rows", batch)
            done += batch.num_rows - 1
            progress(done)
        return table("rows", SCHEMA)

    def keep(self, name: str, expression: ir.Table) -> ir.Table:
        self.link.execute(f"CREATE OR REPLACE TABLE {name} AS {sql(expression, 'duckdb')}")
        return ibis.table(expression.schema(), name=name)

    def fetch(self, expression: ir.Table) -> list[tuple[Any, ...]]:
        return self.link.execute(sql(expression, "duckdb")).fetchall()

    def transform(self, name: str, expression: ir.Table, function: Transform, schema: pa.Schema) -> ir.Table:
        self._create(name, schema)
        reading = self.link.cursor()
        try:
            query = sql(expression, "duckdb")
            for batch in reading.sql(query).to_arrow_reader(BATCH):
                if batch.num_rows:
                    self._insert(name, function(batch))
        finally:
            reading.close()
        return table(name, schema)
