"""A table is filled by one statement in a thread of its own: what fails on either side ends both."""

from pathlib import Path

import duckdb
import pyarrow as pa
import pytest

from apps.datasets.inspection.embedded import filling, opened

SCHEMA = pa.schema([("n", pa.int64())])


def batch(*numbers: int) -> pa.RecordBatch:
    return pa.RecordBatch.from_arrays([pa.array(numbers, pa.int64())], schema=SCHEMA)


def test_every_batch_stands_when_the_block_ends(tmp_path: Path) -> None:
    with opened("64MB", tmp_path) as link:
        with filling(link, "numbers", SCHEMA) as add:
            for start in range(0, 50_000, 1000):
                add(batch(*range(start, start + 1000)))
        assert link.execute("SELECT count(*), sum(n) FROM numbers").fetchone() == (50_000, sum(range(50_000)))
        with filling(link, "numbers", SCHEMA):
            pass
        assert link.execute("SELECT count(*) FROM numbers").fetchone() == (0,)
    assert not list(tmp_path.iterdir())


def fill(folder: Path, limit: str, *, then: Exception | None = None) -> None:
    with opened("64MB", folder) as link, filling(link, "numbers", SCHEMA) as add:
        link.execute(f"SET memory_limit = '{limit}'")
        for _number in range(200):
            add(batch(*range(10_000)))
        if then is not None:
            raise then


def test_what_the_producer_raises_comes_out_and_nothing_hangs(tmp_path: Path) -> None:
    with pytest.raises(LookupError, match="row 7"):
        fill(tmp_path, "64MB", then=LookupError("row 7"))


def test_what_the_statement_fails_with_comes_out_and_nothing_hangs(tmp_path: Path) -> None:
    with pytest.raises(duckdb.Error):
        fill(tmp_path, "1KB")
