"""Near-duplicate detection alone, verification included, beside datasketch on the same rows and parameters."""

import itertools
import random
import time
from collections.abc import Iterator
from typing import Any

import pyarrow as pa

from bench.harness import Figure, benchmark

ROWS = 100_000
FEW = 2_000
WIDTH, THRESHOLD = 5, 0.8
BATCH = 16_384


def texts(count: int) -> list[str]:
    """Return sentences of 10 to 60 words; one in ten differs from an earlier one by a word or two."""
    dice = random.Random(11)
    words = [f"word{number}" for number in range(20_000)]
    found: list[str] = []
    for number in range(count):
        if found and number % 10 == 0:
            changed = dice.choice(found[-20_000:]).split()
            for _time in range(dice.randint(1, 2)):
                changed[dice.randrange(len(changed))] = dice.choice(words)
            found.append(" ".join(changed))
        else:
            found.append(" ".join(dice.choices(words, k=dice.randint(10, 60))))
    return found


def grams(text: str) -> frozenset[str]:
    words = text.split()
    return frozenset(" ".join(words[start : start + WIDTH]) for start in range(max(len(words) - WIDTH + 1, 1)))


def brute_force(rows: list[str]) -> set[tuple[int, int]]:
    sets = [grams(text) for text in rows]
    return {
        (one, two)
        for one, two in itertools.combinations(range(len(rows)), 2)
        if len(sets[one] & sets[two]) >= THRESHOLD * len(sets[one] | sets[two])
    }


def ours(rows: list[str]) -> set[tuple[int, int]]:
    """Return the near pairs by what the inspection does for them and nothing else, in one process."""
    from apps.datasets.inspection import Policy, near
    from apps.datasets.inspection.embedded import filling, opened
    from apps.datasets.inspection.engines import table
    from apps.datasets.inspection.engines.duckdb import DuckDB
    from apps.datasets.inspection.scan import SCHEMA, near_columns
    from apps.datasets.inspection.shingles import common, shingle
    from apps.datasets.inspection.text import normalise_all

    policy = Policy(near_words=WIDTH, near_threshold=THRESHOLD)
    heavy = common(shingle(normalise_all(pa.array(rows[:BATCH])), WIDTH))
    schema = pa.schema([SCHEMA.field(name) for name in ("place", "text", "normal", "size", "prefix")])
    with opened("256MB", None) as link:
        with filling(link, "rows", schema) as add:
            for start in range(0, len(rows), BATCH):
                texts = pa.array(rows[start : start + BATCH])
                places = pa.array(range(start, start + len(texts)), pa.int64())
                columns = near_columns(normalise_all(texts), policy, heavy)
                add(pa.RecordBatch.from_arrays([places, texts, *columns], schema=schema))
        engine = DuckDB(link)
        found = near.find(engine, table("rows", schema), policy)
        if found.links is None:
            return set()
        pairs = engine.fetch(found.links.filter(found.links.left < found.links.right).select("left", "right"))
    return set(pairs)


def datasketch(rows: list[str]) -> set[tuple[int, int]]:
    from datasketch import MinHash, MinHashLSH

    index, sketches, found = MinHashLSH(threshold=THRESHOLD, num_perm=128), list[Any](), set[tuple[int, int]]()
    sets = [grams(text) for text in rows]
    for number, held in enumerate(sets):
        sketch = MinHash(num_perm=128)
        sketch.update_batch([gram.encode() for gram in held])
        for other in index.query(sketch):
            if len(held & sets[other]) >= THRESHOLD * len(held | sets[other]):
                found.add((other, number))
        index.insert(number, sketch)
        sketches.append(sketch)
    return found


def _timed(function: Any, rows: list[str]) -> tuple[float, set[tuple[int, int]]]:
    start = time.perf_counter()
    found = function(rows)
    return time.perf_counter() - start, found


@benchmark("near")
def near_duplicates(scale: float) -> Iterator[Figure]:
    rows = texts(int(ROWS * scale))
    few = rows[: int(FEW * min(scale * 10, 1))]
    expected, found = brute_force(few), ours(few)
    right = len(found & expected)
    yield Figure("recall of near pairs", "brute force", right / max(len(expected), 1), 1, "share", "at least", 0.97)
    yield Figure("precision of near pairs", "brute force", right / max(len(found), 1), 1, "share", "at least", 1)
    seconds, pairs = _timed(ours, rows)
    try:
        other, theirs = _timed(datasketch, rows)
    except ImportError:
        print("datasketch is missing: ./fourgate bench installs it with requirements/bench.txt.")
        return
    note = f"pairs {len(pairs):,} against {len(theirs):,}"
    rates = (len(rows) / seconds, len(rows) / other)
    yield Figure("near duplicates, verified", "datasketch", *rates, "rows/s", "at least", 12, note=note)
