"""The facts are the same on Spark: needs ``FOURGATE_EXTRAS=spark ./fourgate test`` and Java."""

import importlib.util
import io
import os
import shutil
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from apps.datasets.inspection import FileProblem, SplitFile, detect, guess_mapping, read_rows
from apps.datasets.inspection.compute import inspect
from apps.datasets.inspection.tables import TableName, TableProblem, take
from config.demo import material
from tests.datasets.known import gsm8k
from tests.datasets.test_near import variants
from tests.datasets.test_reading import as_csv, as_lines

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        importlib.util.find_spec("pyspark") is None, reason="pyspark is missing: FOURGATE_EXTRAS=spark ./fourgate test"
    ),
    pytest.mark.skipif(shutil.which("java") is None, reason="Java is missing: Spark needs Java 17 or later"),
]


@pytest.fixture(scope="module")
def session() -> Iterator[Any]:
    """Start local Spark, small: what the engine opens later is this session."""
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    from pyspark.sql import SparkSession

    builder = SparkSession.builder.master("local[2]").appName("tests").config("spark.ui.enabled", "false")
    found = builder.config("spark.sql.shuffle.partitions", "2").config("spark.driver.host", "localhost").getOrCreate()
    yield found
    found.stop()


def opened(data: bytes) -> io.BytesIO:
    return io.BytesIO(data)


def both(files: dict[str, tuple[str, bytes]], columns: list[str]) -> tuple[dict[str, Any], dict[str, Any]]:
    given = [SplitFile(split, name, *detect(name), partial(opened, data)) for split, (name, data) in files.items()]
    mapping = guess_mapping(columns)
    return inspect(given, mapping), inspect(given, mapping, engine="spark")


def test_banking77_is_the_same_on_spark(session: Any) -> None:
    files = {split: (f"{split}.csv", material.published(f"{split}.csv")) for split in ("train", "test")}
    duckdb, spark = both(files, ["text", "category"])
    assert spark == duckdb
    assert (spark["split_leakage"]["normalised_rows"], spark["label_balance"]["labels"]) == (7, 77)


def test_gsm8k_is_the_same_on_spark(session: Any) -> None:
    files = {split: (f"{split}.jsonl.zst", gsm8k(split)) for split in ("train", "test")}
    duckdb, spark = both(files, ["question", "answer"])
    assert spark == duckdb
    assert (spark["mapping"]["shape"], spark["shape"]["rows"]) == ("question_answer", 8_792)
    assert (spark["duplicates"]["exact_rows"], spark["duplicates"]["normalised_rows"]) == (0, 0)
    assert (spark["split_leakage"]["exact_rows"], spark["split_leakage"]["normalised_rows"]) == (0, 0)


def test_conversations_near_duplicates_and_unsafe_cells_are_the_same_on_spark(session: Any) -> None:
    texts = variants(300)
    rows = [
        {"messages": [{"role": "user", "content": text}, {"role": "assistant", "content": f"<b>{number % 9}</b>"}]}
        for number, text in enumerate(texts)
    ]
    files = {"train": ("a.jsonl", as_lines(rows[:250])), "test": ("b.jsonl", as_lines(rows[240:]))}
    duckdb, spark = both(files, ["messages"])
    assert spark == duckdb
    assert spark["duplicates"]["near_pairs"] > 10
    assert spark["unsafe"]["html"]["rows"] == 310


def test_a_broken_file_is_refused_by_its_row_on_spark_too(session: Any) -> None:
    good = as_csv([{"text": "a", "category": "x"}])
    file = SplitFile("train", "a.csv", "csv", False, partial(opened, good + b"b\n"))
    with pytest.raises(FileProblem, match="Row 3: The row has 1 fields"):
        inspect([file], guess_mapping(["text", "category"]), engine="spark")


@pytest.fixture
def catalogue(session: Any, tmp_path: Path) -> Iterator[Any]:
    """Put tables into the session's catalogue."""
    session.sql(f"CREATE DATABASE support LOCATION '{tmp_path / 'support'}'")
    session.sql("""
        CREATE TABLE support.tickets USING parquet AS SELECT
            concat('Question ', id) AS text, id AS number, CAST(id / 4 AS DECIMAL(9, 2)) AS price, id % 2 = 0 AS done,
            DATE '2026-01-01' AS day, TIMESTAMP '2026-01-01 10:00:00+02:00' AS seen, TIMESTAMP_NTZ '2026-01-01 10:00:00'
            AS noted, array('a', 'b') AS tags, named_struct('at', TIMESTAMP '2026-01-01 10:00:00+02:00', 'n', id) AS s,
            map('k', 1) AS facts, id AS `odd ``name, so`
        FROM range(0, 5000, 1, 2)
    """)
    session.sql("CREATE TABLE support.nothing (text STRING) USING parquet")
    yield session
    session.sql("DROP DATABASE support CASCADE")


COLUMNS = ("text", "number", "price", "done", "day", "seen", "noted", "tags", "s", "odd `name, so")


def test_a_table_of_the_catalogue_is_streamed_into_a_file(catalogue: Any) -> None:
    target, told = io.BytesIO(), list[tuple[int, int | None]]()
    taken = take(
        "spark", TableName.of("support.tickets"), target, columns=COLUMNS, progress=lambda *said: told.append(said)
    )
    assert (taken.rows, taken.columns) == (5_000, COLUMNS)
    assert told == [(4_096, None), (5_000, None)]
    target.seek(0)
    rows = list(read_rows(target, "parquet", False))
    assert rows[0] == COLUMNS
    first = next(row for row in rows if row[0] == "Question 7")
    assert first[1:5] == ("7", "1.75", "false", "2026-01-01")
    assert first[5].startswith("2026-01-01 08:00:00")
    assert first[6].startswith("2026-01-01 10:00:00")
    assert first[7:] == ('["a","b"]', '{"at":"2026-01-01T08:00:00+00:00","n":7}', "7")
    assert len({row[0] for row in rows[1:]}) == 5_000


@pytest.mark.parametrize(
    ("table", "columns", "reason"),
    [
        ("support.missing", (), "missing"),
        ("support.nothing", (), "empty"),
        ("support.tickets", (), "unfit"),
        ("support.tickets", ("text`, facts",), "column"),
    ],
)
def test_a_table_of_the_catalogue_that_cannot_be_taken_says_why(
    catalogue: Any, table: str, columns: tuple[str, ...], reason: str
) -> None:
    with pytest.raises(TableProblem) as problem:
        take("spark", TableName.of(table), io.BytesIO(), columns=columns)
    assert problem.value.reason == reason
