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
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from collections.abc import Mapping as Sizes
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import IO

import pyarrow.compute as pc

from apps.datasets.inspection.files import SplitFile
from apps.datasets.inspection.mapping import KNOWN, Mapping
from apps.datasets.inspection.reading import detect
from apps.datasets.inspection.records import Records
from apps.datasets.inspection.rowfiles import Progress, read_places, reading
from apps.datasets.inspection.scan import place_of, where

MOST_STRATA = 500
LONGEST_TEXT = 20_000
LONGEST_LABEL = 500
MOST_OTHERS = 20
Key = tuple[str, str]


def allocate(sizes: Sizes[Key, int], rows: int) -> dict[Key, int]:
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
    """What a reviewer reads of one row: input, answer, other columns by name; the digest is of the whole row."""

    text: str
    answer: str
    others: dict[str, str]
    digest: str


def draw(
    files: Sequence[SplitFile],
    mapping: Mapping,
    *,
    seed: str,
    rows: int,
    progress: Progress = lambda done: None,
) -> Sample:
    """Draw ``rows`` rows in two passes: one counts the strata, one chooses.

    Answers are labels, and strata, unless there are more than 500 pairs of split and answer, or more than rows wanted;
    then splits alone are. Memory holds a batch, the strata and the places drawn. Raise ``FileProblem`` where a file
    breaks.
    """
    sizes, by_label = _count(files, mapping, min(MOST_STRATA, rows), progress)
    wanted = allocate(sizes, rows)
    heaps: dict[Key, list[tuple[int, int]]] = {key: [] for key in wanted}
    done = sum(sizes.values())
    for index, file in enumerate(files):
        with reading(file, mapping) as batches:
            for batch, found in batches:
                for number, label in enumerate(_labels(found, by_label), batch.first):
                    key = (file.split, label)
                    heap = heaps[key]
                    mine = (-int.from_bytes(rank(seed, index, number)), place_of(index, number))
                    if len(heap) < wanted[key]:
                        heapq.heappush(heap, mine)
                    elif heap and mine > heap[0]:
                        heapq.heapreplace(heap, mine)
                done += batch.rows.num_rows
                progress(done)
    chosen = sorted((pair for heap in heaps.values() for pair in heap), reverse=True)
    strata = tuple(Stratum(*key, size, wanted.get(key, 0)) for key, size in sorted(sizes.items()))
    return Sample(tuple(place for _rank, place in chosen), strata, by_label)


def _labels(found: Records, by_label: bool) -> list[str]:
    """Return each row's label as its stratum names it, empty where labels are not told apart."""
    if not by_label or found.answers is None:
        return [""] * len(found.inputs)
    labels: list[str] = pc.utf8_slice_codeunits(found.answers.fill_null(""), 0, LONGEST_LABEL).to_pylist()
    return labels


def _count(files: Sequence[SplitFile], mapping: Mapping, most: int, progress: Progress) -> tuple[dict[Key, int], bool]:
    """Return the strata's sizes and whether labels tell them apart."""
    sizes: Counter[Key] = Counter()
    by_label, done = True, 0
    for file in files:
        with reading(file, mapping) as batches:
            for batch, found in batches:
                by_label = by_label and found.answers is not None
                sizes.update((file.split, label) for label in _labels(found, by_label))
                if len(sizes) > most and by_label:
                    by_label, splits = False, Counter[Key]()
                    for (split, _label), count in sizes.items():
                        splits[split, ""] += count
                    sizes = splits
                done += batch.rows.num_rows
                progress(done)
    return dict(sizes), by_label and bool(sizes)


def read_sample(
    files: Sequence[SplitFile], mapping: Mapping, places: Iterable[int], *, longest: int = LONGEST_TEXT
) -> Iterator[tuple[int, SampledText]]:
    """Yield the texts of the places, in the order of the files, one in memory at a time.

    Inputs and answers are cut to ``longest`` characters (at most 20,000); the first 20 other columns share as much as
    an input has.
    """
    longest = min(longest, LONGEST_TEXT)
    used = {mapping.input, mapping.label, mapping.context}
    for place, row in read_places(files, mapping, places):
        others = [name for name in row.columns if name not in used][:MOST_OTHERS]
        share = longest // max(1, len(others))
        shown = {name: (row.columns[name] or "")[:share] for name in others}
        yield place, SampledText(row.input[:longest], row.answer[:longest], shown, row_digest(row.columns))


def row_digest(columns: dict[str, str | None]) -> str:
    """Return ``sha256:`` and the SHA-256 of the row as JSON: an object of its columns, sorted, without spaces."""
    body = json.dumps(columns, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return "sha256:" + hashlib.sha256(body.encode("utf-8", "surrogatepass")).hexdigest()


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the sample that a seed draws from files, a JSON line a row."""
    parser = argparse.ArgumentParser(prog="python -m apps.datasets.inspection.sampling")
    parser.add_argument("--seed", required=True)
    parser.add_argument("--rows", type=int, required=True)
    parser.add_argument("--input", required=True)
    parser.add_argument("--label", default="")
    parser.add_argument("--context", default="")
    parser.add_argument("--shape", default="other", choices=[*(shape for shape, *_names in KNOWN), "other"])
    parser.add_argument("files", nargs="+", metavar="split=file")
    given = parser.parse_args(arguments)
    files: list[SplitFile] = []
    for text in given.files:
        split, _equals, path = text.partition("=")
        kind, packed = detect(path)
        files.append(SplitFile(split, Path(path).name, kind, packed, partial(_open, path)))
    mapping = Mapping(given.input, given.label, given.shape, given.context)
    sample = draw(files, mapping, seed=given.seed, rows=given.rows)
    texts = dict(read_sample(files, mapping, sample.places))
    for number, place in enumerate(sample.places, 1):
        found = where(place)
        line = {"number": number, "file": files[found["file"]].name, "row": found["row"], "digest": texts[place].digest}
        sys.stdout.write(json.dumps(line, ensure_ascii=False) + "\n")


def _open(path: str) -> IO[bytes]:
    return Path(path).open("rb")


if __name__ == "__main__":
    main()
