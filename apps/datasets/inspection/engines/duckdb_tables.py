"""Tables of a DuckDB file, attached for reading only, with no way out of it."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import duckdb
import pyarrow as pa

from apps.datasets.inspection import embedded
from apps.datasets.inspection.tables import ROWS, TableName, TableProblem, quoted

ALIAS = "given"
THERE = "SELECT count(*) FROM duckdb_columns() WHERE database_name = ? AND schema_name = ? AND table_name = ?"
EXPECTED = "SELECT estimated_size FROM duckdb_tables() WHERE database_name = ? AND schema_name = ? AND table_name = ?"


@contextmanager
def opened(name: TableName, *, database: str, memory_limit: str, scratch: Path | None) -> Iterator["DuckDBTable"]:
    """Yield the open table; raise ``TableProblem`` when it isn't there, or the database can't be read."""
    try:
        with embedded.opened(memory_limit, scratch) as link:
            # NB: the rows' order makes the file's digest; and a view must not reach other files of this machine.
            link.execute("SET preserve_insertion_order = true")
            path = quoted(database, "'")
            link.execute(f"ATTACH {path} AS {ALIAS} (READ_ONLY)")
            link.execute("SET enable_external_access = false")
            link.execute("SET lock_configuration = true")
            yield DuckDBTable(link, name)
    except duckdb.Error as error:
        raise TableProblem(
            "unreachable", "The database of tables could not be read. Try again, or ask who runs Fourgate."
        ) from error


class DuckDBTable:
    def __init__(self, link: embedded.Link, name: TableName) -> None:
        place = [ALIAS, name.schema, name.table]
        if link.execute(THERE, place).fetchall() == [(0,)]:
            raise TableProblem("missing", f"There is no table {name}.")
        self.link, self.source = link, f"{ALIAS}." + name.quoted('"')
        self.schema: pa.Schema = link.sql(f"SELECT * FROM {self.source} LIMIT 0").to_arrow_reader(1).schema
        sizes = link.execute(EXPECTED, place).fetchall()
        self.expected: int | None = sizes[0][0] if sizes else None

    def batches(self, columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
        wanted = ", ".join(quoted(name, '"') for name in columns)
        for batch in self.link.sql(f"SELECT {wanted} FROM {self.source}").to_arrow_reader(ROWS):
            if batch.num_rows:
                yield batch
