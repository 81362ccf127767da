"""DuckDB as the library opens it: under a memory limit, with a folder to spill to, and filled by one statement."""

import os
import queue
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import duckdb
import pyarrow as pa

Link = duckdb.DuckDBPyConnection
MOST_THREADS = 4
AHEAD = 2
LOOK_SECONDS = 0.5


@contextmanager
def opened(memory_limit: str, scratch: Path | None) -> Iterator[Link]:
    """Yield a connection whose tables are gone afterwards."""
    with tempfile.TemporaryDirectory(dir=scratch) as folder:
        link = duckdb.connect(str(Path(folder) / "rows.duckdb"))
        try:
            for setting in (
                f"SET memory_limit = '{memory_limit}'",
                f"SET temp_directory = '{folder}'",
                "SET preserve_insertion_order = false",
                f"SET threads = {min(os.cpu_count() or 1, MOST_THREADS)}",
                "SET enable_progress_bar = false",
                "PRAGMA disable_checkpoint_on_shutdown",
            ):
                link.execute(setting)
            yield link
        finally:
            link.close()


@contextmanager
def filling(link: Link, name: str, schema: pa.Schema) -> Iterator[Callable[[pa.RecordBatch], None]]:
    """Make an empty table and yield what appends a batch to it; the rows stand when the block ends.

    One statement takes every batch, in a thread of its own: DuckDB then writes whole row groups to its file, while a
    statement for each batch writes the rows to its log first, three to five times slower.
    """
    batches: queue.Queue[pa.RecordBatch | None] = queue.Queue(AHEAD)
    writing = link.cursor()
    writing.register("form", schema.empty_table())
    writing.execute(f"CREATE OR REPLACE TABLE {name} AS SELECT * FROM form")
    writing.register("batches", pa.RecordBatchReader.from_batches(schema, iter(batches.get, None)))
    with ThreadPoolExecutor(1) as pool:
        done = pool.submit(writing.execute, f"INSERT INTO {name} SELECT * FROM batches")
        try:
            yield lambda batch: _put(batches, batch, done)
        finally:
            _put(batches, None, done)
        done.result()
    writing.close()


def _put(batches: "queue.Queue[pa.RecordBatch | None]", batch: pa.RecordBatch | None, done: "Future[Link]") -> None:
    """Hand the batch over; raise what the statement failed with."""
    while not done.done():
        try:
            batches.put(batch, timeout=LOOK_SECONDS)
            return
        except queue.Full:
            continue
    if batch is not None:
        done.result()
