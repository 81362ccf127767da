"""A random sample that anyone can draw again: seeded, stratified by split and label, in bounded memory.

    python -m apps.datasets.inspection.sampling --seed 5f… --rows 374 --input text --label category \
        train=train.csv test=test.csv

prints the places of the sample of an audit as JSON lines, in the audit's order. The files are given in the order in
which the version holds them.
"""

import argparse
import hashlib
import heapq
import json
import math
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import NormalDist
from typing import IO, Any

from apps.datasets.inspection.reading import detect
from apps.datasets.inspection.rowfiles import (
    ReadFile,
    Row,
    RowFile,
    by_split,
    place_of,
    read_places,
    reading,
    split_place,
)

MOST_STRATA = 500
LONGEST_TEXT = 20_000
LONGEST_LABEL = 500
MOST_OTHERS = 20
STEP = 50_000
Key = tuple[str, str]
Progress = Callable[[int], None]


def z_value(confidence: float) -> float:
    """Return the two-sided standard normal quantile: 1.96 for a confidence of 0.95."""
    return NormalDist().inv_cdf((1 + confidence) / 2)


def sample_size(population: int, confidence: float, margin: float, share: float = 0.5) -> int:
    """Return how many of ``population`` rows show a share to ± ``margin`` (0 to 1) at the confidence (0 to 1).

    n₀ = z² p (1 - p) / e², corrected for a finite population: n = n₀ / (1 + (n₀ - 1) / N), rounded up.
    Source: Cochran, Sampling Techniques (1977), 4.4, formulas 4.1 and 4.2.
    """
    if population <= 0:
        return 0
    first = z_value(confidence) ** 2 * share * (1 - share) / margin**2
    return min(population, math.ceil(first / (1 + (first - 1) / population)))


def wilson_interval(hits: int, total: int, confidence: float = 0.95) -> tuple[float, float]:
    """Return the lower and upper bound (0 to 1) of a share of which ``hits`` of ``total`` were seen.

    Of nothing seen nothing is known: (0, 1).
    Source: Wilson, Probable inference (1927), JASA 22; Brown, Cai and DasGupta (2001), Statistical Science 16, 3.1.1.
    """
    if total == 0:
        return 0.0, 1.0
    z, share = z_value(confidence), hits / total
    centre = share + z * z / (2 * total)
    spread = z * math.sqrt(share * (1 - share) / total + z * z / (4 * total * total))
    below = 1 + z * z / total
    low, high = (centre - spread) / below, (centre + spread) / below
    return (0.0 if hits == 0 else max(0.0, low)), (1.0 if hits == total else min(1.0, high))


def allocate(sizes: Mapping[Key, int], rows: int) -> dict[Key, int]:
    """Share ``rows`` out over strata in proportion to their sizes, by largest remainders.

    Each stratum that is not empty gets at least one row where there are rows enough; none gets more than it has.
    Source: Cochran (1977), 5.5, proportional allocation.
    """
    standing = {key: size for key, size in sizes.items() if size > 0}
    total = sum(standing.values())
    rows = min(rows, total)
    floor = 1 if rows >= len(standing) else 0
    exact = {key: rows * size / total for key, size in standing.items()}
    found = {key: min(standing[key], max(floor, int(exact[key]))) for key in standing}

    def give(key: Key) -> tuple[float, int, Key]:
        return (found[key] - exact[key], -standing[key], key)

    while sum(found.values()) < rows:
        found[min((key for key in standing if found[key] < standing[key]), key=give)] += 1
    while sum(found.values()) > rows:
        found[max((key for key in standing if found[key] > floor), key=give)] -= 1
    return found


def rank(seed: str, file: int, row: int) -> bytes:
    """Return what decides whether a row is drawn: of each stratum the rows with the smallest ranks are.

    SHA-256 of the seed, the file's position (from 0) and the row's number, joined by colons: as good as random to
    whoever does not choose the seed, and the same for everybody who knows it.
    """
    return hashlib.sha256(f"{seed}:{file}:{row}".encode()).digest()


@dataclass(frozen=True, slots=True)
class Stratum:
    """Rows of one split and label (of every label, where labels are not told apart) and how many are drawn."""

    split: str
    label: str
    rows: int
    drawn: int


@dataclass(frozen=True, slots=True)
class Sample:
    """The places that are drawn, in the order of their ranks, and the strata that they stand for."""

    places: tuple[int, ...]
    strata: tuple[Stratum, ...]
    by_label: bool


@dataclass(frozen=True, slots=True)
class SampledText:
    """What a reviewer reads of one row: input, label, other columns by name; the digest is of the whole row."""

    text: str
    label: str
    others: dict[str, str]
    digest: str


def draw(
    files: Sequence[RowFile],
    input_column: str,
    label_column: str,
    *,
    seed: str,
    rows: int,
    progress: Progress = lambda done: None,
) -> Sample:
    """Draw ``rows`` rows in two passes: one counts the strata, one chooses.

    Labels are strata unless there are more than 500 pairs of split and label, or more than rows wanted; then splits
    alone are. Memory holds the strata and the places drawn. Raise ``FileProblem`` where a file breaks.
    """
    sizes, by_label = _count(files, input_column, label_column, min(MOST_STRATA, rows), progress)
    wanted = allocate(sizes, rows)
    heaps: dict[Key, list[tuple[int, int]]] = {key: [] for key in wanted}
    done = sum(sizes.values())
    for index, file in enumerate(files):
        with reading(file) as opened:
            at = opened.at(label_column) if by_label else -1
            for number, row in opened.rows:
                done += 1
                key = (file.split, row[at][:LONGEST_LABEL] if at >= 0 else "")
                limit = wanted[key]
                if limit == 0:
                    continue
                heap = heaps[key]
                mine = (-int.from_bytes(rank(seed, index, number)), place_of(index, number))
                if len(heap) < limit:
                    heapq.heappush(heap, mine)
                elif mine > heap[0]:
                    heapq.heapreplace(heap, mine)
                if done % STEP == 0:
                    progress(done)
    chosen = sorted((pair for heap in heaps.values() for pair in heap), reverse=True)
    strata = tuple(Stratum(*key, size, wanted.get(key, 0)) for key, size in sorted(sizes.items()))
    return Sample(tuple(place for _rank, place in chosen), strata, by_label)


def _count(
    files: Sequence[RowFile], input_column: str, label_column: str, most: int, progress: Progress
) -> tuple[dict[Key, int], bool]:
    """Return the strata's sizes and whether labels tell them apart."""
    sizes: dict[Key, int] = {}
    by_label, done = bool(label_column), 0
    for file in files:
        with reading(file) as opened:
            opened.at(input_column)
            at = opened.at(label_column)
            for _number, row in opened.rows:
                key = (file.split, row[at][:LONGEST_LABEL] if by_label else "")
                sizes[key] = sizes.get(key, 0) + 1
                if len(sizes) > most and by_label:
                    sizes, by_label = {(split, ""): count for split, count in by_split(sizes).items()}, False
                done += 1
                if done % STEP == 0:
                    progress(done)
    return sizes, by_label


def read_sample(
    files: Sequence[RowFile],
    input_column: str,
    label_column: str,
    places: Sequence[int],
    *,
    longest: int = LONGEST_TEXT,
) -> Iterator[tuple[int, SampledText]]:
    """Yield the texts of the places, in the order of the files, one in memory at a time.

    Inputs are cut to ``longest`` characters (at most 20,000), labels to 500; the first 20 other columns share as much
    as an input has.
    """
    longest = min(longest, LONGEST_TEXT)

    def columns(opened: ReadFile) -> Callable[[Row], SampledText]:
        text_at, label_at = opened.at(input_column), opened.at(label_column)
        others = [
            (name, index) for index, name in enumerate(opened.columns) if name not in (input_column, label_column)
        ][:MOST_OTHERS]

        def pick(row: Row) -> SampledText:
            label = row[label_at] if label_at >= 0 else ""
            return SampledText(
                row[text_at][:longest],
                label[:LONGEST_LABEL],
                {name: row[index][: longest // max(1, len(others))] for name, index in others},
                row_digest(opened.columns, row),
            )

        return pick

    yield from read_places(files, places, columns)


def row_digest(columns: Sequence[str], row: Sequence[str]) -> str:
    """Return ``sha256:`` and the SHA-256 of the row as JSON: an object of its columns, sorted, without spaces."""
    body = json.dumps(dict(zip(columns, row, strict=True)), sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return "sha256:" + hashlib.sha256(body.encode("utf-8", "surrogatepass")).hexdigest()


def _open(path: str) -> IO[bytes]:
    return Path(path).open("rb")


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the sample that a seed draws from files, a JSON line a row."""
    parser = argparse.ArgumentParser(prog="python -m apps.datasets.inspection.sampling")
    parser.add_argument("--seed", required=True)
    parser.add_argument("--rows", type=int, required=True)
    parser.add_argument("--input", required=True)
    parser.add_argument("--label", default="")
    parser.add_argument("files", nargs="+", metavar="split=file")
    given = parser.parse_args(arguments)
    files: list[RowFile] = []
    for text in given.files:
        split, _equals, path = text.partition("=")
        kind, packed = detect(path)
        files.append(RowFile(split, Path(path).name, kind, packed, partial(_open, path)))
    sample = draw(files, given.input, given.label, seed=given.seed, rows=given.rows)
    texts: dict[int, Any] = dict(read_sample(files, given.input, given.label, sample.places))
    for number, place in enumerate(sample.places, 1):
        file, row = split_place(place)
        line = {"number": number, "file": files[file].name, "row": row, "digest": texts[place].digest}
        sys.stdout.write(json.dumps(line, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
