"""The facts are the same on Spark: needs ``FOURGATE_EXTRAS=spark ./fourgate test`` and Java."""

import importlib.util
import io
import os
import shutil
import sys
from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest

from apps.datasets.inspection import FileProblem, SplitFile, detect, guess_mapping, inspect
from config.demo import material
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
