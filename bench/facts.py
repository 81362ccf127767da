"""The facts of a million rows beside reading and parsing them once; each in a process of its own, for its memory."""

import contextlib
import csv
import hashlib
import itertools
import multiprocessing
import queue
import random
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import psutil

from bench.harness import Figure, benchmark

ROWS = 1_000_000
LONGER = 10
LOOK_SECONDS = 0.05
WORDS = 4_000
Work = Callable[[str], None]


def write(path: Path, rows: int) -> None:
    """Write questions with labels: one row in fifty repeats an earlier one, one in fifty in other writing.

    Each ends in a number of up to six digits, whatever the size: longer ones are looked at as telephone numbers.
    """
    dice = random.Random(77)
    words = [f"word{number}" for number in range(WORDS)]
    earlier: list[str] = []
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("text", "category"))
        for number in range(rows):
            text = " ".join(dice.choices(words, k=12)) + f" {number % 1_000_000}"
            if earlier and number % 50 == 0:
                text = dice.choice(earlier)
            elif earlier and number % 50 == 1:
                text = dice.choice(earlier).upper()
            elif number % 1000 == 2:
                earlier.append(text)
            writer.writerow((text, f"label{number % 77}"))


def parse(path: str) -> None:
    with open(path, newline="", encoding="utf-8") as file:
        for _row in csv.reader(file):
            pass


def inspect_file(path: str) -> None:
    from apps.datasets.inspection import Mapping, SplitFile
    from apps.datasets.inspection.compute import inspect

    files = [SplitFile("train", "train.csv", "csv", False, partial(Path(path).open, "rb"))]
    inspect(files, Mapping("text", "category"))


def inspect_few(path: str) -> None:
    """Inspect the file's first rows: a worker that did is as it is when the next job comes."""
    with tempfile.TemporaryDirectory() as folder, open(path, "rb") as file:
        few = Path(folder) / "few.csv"
        few.write_bytes(b"".join(itertools.islice(file, 1_000)))
        inspect_file(str(few))


def _measured(before: Work, function: Work, path: str, answer: Any) -> None:
    before(path)
    start = time.perf_counter()
    function(path)
    answer.put(time.perf_counter() - start)


def nothing(path: str) -> None:
    pass


def _resident(process: psutil.Process) -> float:
    """Return the resident memory in MB of a process and its children together."""
    total = 0
    for each in (process, *process.children(recursive=True)):
        with contextlib.suppress(psutil.Error):
            total += each.memory_info().rss
    return total / 1024 / 1024


def _alone(function: Work, path: Path, before: Work = nothing) -> tuple[float, float]:
    """Run it in a process of its own; return its seconds and the peak memory in MB of it and its children."""
    context = multiprocessing.get_context("spawn")
    answer = context.Queue()
    process = context.Process(target=_measured, args=(before, function, str(path), answer))
    process.start()
    watched, peak = psutil.Process(process.pid), 0.0
    while True:
        with contextlib.suppress(psutil.Error):
            peak = max(peak, _resident(watched))
        with contextlib.suppress(queue.Empty):
            seconds: float = answer.get(timeout=LOOK_SECONDS)
            process.join()
            return seconds, peak
        if not process.is_alive():
            raise RuntimeError("The process that was measured died.")


def digest(path: str) -> None:
    with open(path, "rb") as file:
        hashlib.file_digest(file, "sha256")


@benchmark("facts")
def facts(scale: float) -> Iterator[Figure]:
    rows = int(ROWS * scale)
    with tempfile.TemporaryDirectory() as folder:
        path, longer, tenth = (Path(folder) / f"{name}.csv" for name in ("train", "longer", "tenth"))
        write(path, rows)
        write(tenth, max(rows // 10, 1))
        write(longer, rows * LONGER)
        parsed, parsed_memory = _alone(parse, path)
        hashed, _memory = _alone(digest, path)
        ours, memory = _alone(inspect_file, path, inspect_few)
        cold, _memory = _alone(inspect_file, path)
        long_parsed, _memory = _alone(parse, longer)
        long, long_memory = _alone(inspect_file, longer, inspect_few)
        _seconds, small_memory = _alone(inspect_file, tenth)
    yield Figure(f"facts of {rows:,} rows", "read and parse them once", ours, parsed, "s", goal=12)
    yield Figure(f"facts of {rows * LONGER:,} rows", "read and parse them once", long, long_parsed, "s", goal=12)
    yield Figure(f"facts of {rows:,} rows, first of the process", "read and parse them once", cold, parsed, "s")
    yield Figure(f"facts of {rows:,} rows", "sha256 of the file", ours, hashed, "s")
    yield Figure(f"peak memory of {rows * LONGER:,} rows", "2 GiB", long_memory, 2048, "MB", goal=1)
    yield Figure(f"peak memory of {rows * LONGER:,} rows", f"of {rows:,}", long_memory, memory, "MB", goal=1.5)
    yield Figure("their peak memory", "the same of a tenth of the rows", memory, small_memory, "MB", goal=2)
    yield Figure("their peak memory", "reading and parsing", memory, parsed_memory, "MB")
