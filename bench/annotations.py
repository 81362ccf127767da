"""A million annotations, read and compared, beside parsing their file once; each in a process of its own."""

import csv
import datetime as dt
import random
import tempfile
from collections.abc import Iterator
from pathlib import Path

from bench.facts import _alone, parse
from bench.harness import Figure, benchmark

ROWS = 1_000_000
ANNOTATORS, LABELS = 200, 77
START = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)


def write(path: Path, rows: int) -> None:
    """Write three annotators an item, right four times out of five, a second apart."""
    dice = random.Random(77)
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("item", "annotator", "label", "time"))
        truth, people = 0, [0, 1, 2]
        for number in range(rows):
            if number % 3 == 0:
                truth, people = dice.randrange(LABELS), dice.sample(range(ANNOTATORS), 3)
            label = truth if dice.random() < 0.8 else dice.randrange(LABELS)
            moment = (START + dt.timedelta(seconds=number)).isoformat()
            writer.writerow((f"item {number // 3}", f"annotator {people[number % 3]}", f"label {label}", moment))


def compare(path: str) -> None:
    from apps.datasets.inspection.annotating import analyse
    from apps.datasets.inspection.annotation_table import Columns, read_annotations

    with Path(path).open("rb") as stream:
        table, _unlabelled = read_annotations(stream, "csv", False, Columns("item", "annotator", "label", "time"))
    analyse(table)


@benchmark("annotations")
def annotations(scale: float) -> Iterator[Figure]:
    rows = int(ROWS * scale)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "annotations.csv"
        write(path, rows)
        parsed, parsed_memory = _alone(parse, path)
        ours, memory = _alone(compare, path)
    yield Figure(f"agreement over {rows:,} annotations", "read and parse them once", ours, parsed, "s")
    yield Figure("its peak memory", "1 GiB", memory, 1024, "MB", goal=1)
    yield Figure("its peak memory", "reading and parsing", memory, parsed_memory, "MB")
