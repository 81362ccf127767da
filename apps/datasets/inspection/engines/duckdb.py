"""DuckDB: embedded, under a memory limit, spilling to a folder of its own."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from apps.datasets.inspection import embedded
from apps.datasets.inspection.engines import Transform, sql, table
from apps.datasets.inspection.engines.workers import scanned
from apps.datasets.inspection.files import Progress, SplitFile
from apps.datasets.inspection.scan import SCHEMA, Context

BATCH = 16_384


@contextmanager
def opened(*, memory_limit: str, scratch: Path | None) -> Iterator["DuckDB"]:
    """Yield an engine whose tables are gone afterwards."""
    with embedded.opened(memory_limit, scratch) as link:
        yield DuckDB(link)


class DuckDB:
    """An engine in this process. Every question groups by counts and extremes: lists and distinct can't spill."""

    def __init__(self, link: embedded.Link) -> None:
        self.link = link

    def scan(self, files: Sequence[SplitFile], context: Context, progress: Progress) -> ir.Table:
        done = 0
        with embedded.filling(self.link, "rows", SCHEMA) as add:
            for batch in scanned(files, context):
                add(batch)
                done += batch.num_rows - 1
                progress(done)
        return table("rows", SCHEMA)

    def keep(self, name: str, expression: ir.Table) -> ir.Table:
        self.link.execute(f"CREATE OR REPLACE TABLE {name} AS {sql(expression, 'duckdb')}")
        return ibis.table(expression.schema(), name=name)

    def fetch(self, expression: ir.Table) -> list[tuple[Any, ...]]:
        return self.link.execute(sql(expression, "duckdb")).fetchall()

    def transform(self, name: str, expression: ir.Table, function: Transform, schema: pa.Schema) -> ir.Table:
        reading = self.link.cursor()
        try:
            query = sql(expression, "duckdb")
            with embedded.filling(self.link, name, schema) as add:
                for batch in reading.sql(query).to_arrow_reader(BATCH):
                    if batch.num_rows:
                        add(function(batch))
        finally:
            reading.close()
        return table(name, schema)
