"""The figures of a dataset version: streamed into DuckDB as fingerprints, grouped there under a memory limit."""

import bisect
import itertools
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import duckdb
import pyarrow as pa

from apps.datasets.inspection.mapping import Mapping
from apps.datasets.inspection.reading import FileProblem, Format, read_rows
from apps.datasets.inspection.text import fingerprint, normalise

BATCH = 20_000
SAMPLES = 20
MOST_LABELS = 200
SHOWN = 5
ROW_BITS = 40
TRAIN = "train"
Progress = Callable[[int], None]
SCHEMA = pa.schema(
    [
        ("split", pa.string()),
        ("place", pa.int64()),
        ("exact", pa.binary(16)),
        ("normal", pa.binary(16)),
        ("label", pa.string()),
        ("length", pa.int32()),
    ]
)


@dataclass(frozen=True, slots=True)
class SplitFile:
    """One file of a split and how to open it; opened once, and once more when samples are shown."""

    split: str
    name: str
    kind: Format
    packed: bool
    open: Callable[[], IO[bytes]]


def inspect(
    files: Sequence[SplitFile],
    mapping: Mapping,
    *,
    progress: Progress = lambda rows: None,
    memory_limit: str = "256MB",
    scratch: Path | None = None,
) -> dict[str, Any]:
    """Return the figures and samples of all files together, as plain JSON values.

    Memory is bounded by ``memory_limit`` and one batch of rows; the rest spills to ``scratch``, which is why every
    query groups by plain counts and extremes: an aggregate that keeps lists or distinct values can't spill.
    Raise ``FileProblem`` when a file can't be read or lacks the mapped columns.
    """
    with tempfile.TemporaryDirectory(dir=scratch) as folder:
        link = duckdb.connect(str(Path(folder) / "rows.duckdb"))
        try:
            link.execute(f"SET memory_limit = '{memory_limit}'")
            link.execute(f"SET temp_directory = '{folder}'")
            link.execute("SET preserve_insertion_order = false")
            link.execute("SET threads = 2")
            link.execute("SET enable_progress_bar = false")
            link.execute(
                "CREATE TABLE rows"
                " (split VARCHAR, place BIGINT, exact BLOB, normal BLOB, label VARCHAR, length INTEGER)"
            )
            columns = _load(link, files, mapping, progress)
            facts = _figures(link, files, mapping, columns)
        finally:
            link.close()
    _show_samples(facts, files, mapping)
    return facts


def _mapped(file: SplitFile, rows: Iterator[tuple[str, ...]], mapping: Mapping) -> tuple[list[str], int, int]:
    columns = list(next(rows))
    for wanted in filter(None, (mapping.input, mapping.label)):
        if wanted not in columns:
            raise FileProblem(1, f"{file.name} has no column “{wanted}”. It has: {', '.join(columns)[:200]}.")
    return columns, columns.index(mapping.input), columns.index(mapping.label) if mapping.label else -1


def _load(
    link: duckdb.DuckDBPyConnection, files: Sequence[SplitFile], mapping: Mapping, progress: Progress
) -> dict[str, list[str]]:
    seen: dict[str, list[str]] = {}
    done = 0
    for index, file in enumerate(files):
        with file.open() as stream:
            rows = read_rows(stream, file.kind, file.packed)
            columns, at, label_at = _mapped(file, rows, mapping)
            seen.setdefault(file.split, columns)
            batch: list[tuple[Any, ...]] = []
            for number, row in enumerate(rows, 2 if file.kind == "csv" else 1):
                text = row[at]
                batch.append(
                    (
                        file.split,
                        index << ROW_BITS | number,
                        fingerprint(text),
                        fingerprint(normalise(text)),
                        row[label_at] if label_at >= 0 else None,
                        len(text) if text.strip() else 0,
                    )
                )
                if len(batch) == BATCH:
                    done += _insert(link, batch)
                    progress(done)
                    batch = []
            done += _insert(link, batch)
            progress(done)
    return seen


def _insert(link: duckdb.DuckDBPyConnection, batch: list[tuple[Any, ...]]) -> int:
    if batch:
        columns = list(zip(*batch, strict=True))
        table = pa.table(
            [pa.array(column, field.type) for column, field in zip(columns, SCHEMA, strict=True)],
            schema=SCHEMA,
        )
        link.register("batch", table)
        link.execute("INSERT INTO rows SELECT * FROM batch")
        link.unregister("batch")
    return len(batch)


def _all(link: duckdb.DuckDBPyConnection, query: str) -> list[tuple[Any, ...]]:
    return link.execute(query).fetchall()


def _one(link: duckdb.DuckDBPyConnection, query: str) -> Any:
    row = link.execute(query).fetchone()
    return row[0] if row and row[0] is not None else 0


def _figures(
    link: duckdb.DuckDBPyConnection,
    files: Sequence[SplitFile],
    mapping: Mapping,
    columns: dict[str, list[str]],
) -> dict[str, Any]:
    shape = {
        split: {"rows": rows, "columns": columns[split]}
        for split, rows in _all(link, "SELECT split, count(*) FROM rows GROUP BY split ORDER BY split")
    }
    total = sum(found["rows"] for found in shape.values())
    return {
        "mapping": {"input": mapping.input, "label": mapping.label},
        "shape": {"splits": shape, "rows": total},
        "empty_fields": _empty(link, mapping),
        "duplicates": _duplicates(link),
        "split_leakage": _leakage(link),
        "label_conflicts": _conflicts(link, total) if mapping.label else None,
        "label_balance": _balance(link) if mapping.label else None,
        "text_length": _lengths(link),
    }


def _places(found: Sequence[int]) -> list[dict[str, int]]:
    return [{"file": place >> ROW_BITS, "row": place & (1 << ROW_BITS) - 1} for place in found]


def _empty(link: duckdb.DuckDBPyConnection, mapping: Mapping) -> dict[str, Any]:
    labels = _one(link, "SELECT count(*) FROM rows WHERE trim(label) = ''") if mapping.label else 0
    return {
        "empty_inputs": _one(link, "SELECT count(*) FROM rows WHERE length = 0"),
        "empty_labels": labels,
        "samples": _places(
            [
                place
                for (place,) in _all(link, f"SELECT place FROM rows WHERE length = 0 ORDER BY place LIMIT {SAMPLES}")
            ]
        ),
    }


def _duplicates(link: duckdb.DuckDBPyConnection) -> dict[str, Any]:
    """Count surplus rows: of three equal rows of a split two are surplus."""

    def surplus(column: str) -> dict[str, int]:
        link.execute(
            f"CREATE OR REPLACE TABLE repeated AS SELECT split, {column} AS input, count(*) AS n, min(place) AS place"
            f" FROM rows WHERE length > 0 GROUP BY split, {column} HAVING count(*) > 1"
        )
        rows = _all(link, "SELECT split, sum(n - 1)::BIGINT FROM repeated GROUP BY split")
        return {split: int(count) for split, count in rows}

    exact, normalised = surplus("exact"), surplus("normal")
    groups = _all(
        link,
        f"SELECT min(r.place, {SHOWN}) FROM rows r"
        f" JOIN (SELECT * FROM repeated ORDER BY n DESC, place LIMIT {SAMPLES}) t"
        " ON r.split = t.split AND r.normal = t.input GROUP BY t.n, t.place ORDER BY t.n DESC, t.place",
    )
    return {
        "exact_rows": sum(exact.values()),
        "normalised_rows": sum(normalised.values()),
        "by_split": {"exact": exact, "normalised": normalised},
        "samples": [_places(group) for (group,) in groups],
    }


def _leakage(link: duckdb.DuckDBPyConnection) -> dict[str, Any]:
    """Count rows outside the training split whose input also stands in it."""

    def shared(column: str) -> dict[str, int]:
        rows = _all(
            link,
            f"SELECT r.split, count(*) FROM rows r SEMI JOIN (SELECT {column} FROM rows WHERE split = '{TRAIN}'"
            f" AND length > 0) t ON r.{column} = t.{column} WHERE r.split <> '{TRAIN}' AND r.length > 0"
            " GROUP BY r.split",
        )
        return {split: int(count) for split, count in rows}

    exact, normalised = shared("exact"), shared("normal")
    samples = _all(
        link,
        "SELECT s.place, min(t.place) FROM (SELECT r.normal, r.place FROM rows r SEMI JOIN (SELECT normal FROM rows"
        f" WHERE split = '{TRAIN}' AND length > 0) t USING (normal) WHERE r.split <> '{TRAIN}' AND r.length > 0"
        f" ORDER BY r.place LIMIT {SAMPLES}) s JOIN rows t ON s.normal = t.normal AND t.split = '{TRAIN}'"
        " GROUP BY s.place ORDER BY s.place",
    )
    return {
        "exact_rows": sum(exact.values()),
        "normalised_rows": sum(normalised.values()),
        "by_split": {"exact": exact, "normalised": normalised},
        "samples": [_places(pair) for pair in samples],
    }


def _conflicts(link: duckdb.DuckDBPyConnection, total: int) -> dict[str, Any]:
    """Count inputs (normalised, over all splits) that carry more than one label."""
    link.execute(
        "CREATE TABLE conflicts AS SELECT normal, sum(n)::BIGINT AS n FROM (SELECT normal, label, count(*) AS n"
        " FROM rows WHERE length > 0 GROUP BY normal, label) GROUP BY normal HAVING count(label) > 1"
    )
    rows = int(_one(link, "SELECT sum(n) FROM conflicts"))
    groups = _all(
        link,
        f"SELECT min(place, {SHOWN}) FROM rows SEMI JOIN (SELECT normal FROM conflicts"
        f" ORDER BY n DESC, normal LIMIT {SAMPLES}) c USING (normal) GROUP BY normal ORDER BY min(place)",
    )
    return {
        "conflicting_inputs": _one(link, "SELECT count(*) FROM conflicts"),
        "conflicting_rows": rows,
        "conflicting_percent": round(100 * rows / total, 6) if total else 0.0,
        "samples": [_places(group) for (group,) in groups],
    }


def _balance(link: duckdb.DuckDBPyConnection) -> dict[str, Any]:
    rows = _all(
        link,
        f"SELECT label, count(*) FROM rows GROUP BY label ORDER BY count(*) DESC, label LIMIT {MOST_LABELS}",
    )
    smallest, largest = _all(link, "SELECT min(n), max(n) FROM (SELECT count(*) AS n FROM rows GROUP BY label)")[0]
    return {
        "labels": _one(link, "SELECT count(label) FROM (SELECT DISTINCT label FROM rows)"),
        "smallest_rows": smallest or 0,
        "largest_rows": largest or 0,
        "by_split": dict(
            _all(
                link,
                "SELECT split, count(label) FROM (SELECT DISTINCT split, label FROM rows)"
                " GROUP BY split ORDER BY split",
            )
        ),
        "top": [{"label": label or "", "rows": count} for label, count in rows],
    }


def _lengths(link: duckdb.DuckDBPyConnection) -> dict[str, Any]:
    """Return quantiles and a histogram of 20 bins of the inputs' lengths in characters."""
    counts = _all(link, "SELECT length, count(*) FROM rows GROUP BY length ORDER BY length")
    lengths = [length for length, _count in counts] or [0]
    upto = list(itertools.accumulate(count for _length, count in counts)) or [0]
    total, top = upto[-1], lengths[-1]

    def ranked(number: int) -> int:
        """Return the length of the row with this number, from 1, in order of length."""
        return int(lengths[bisect.bisect_left(upto, number)])

    def quantile(percent: int) -> int:
        return ranked(-(-total * percent // 100))

    width = max(1, -(-quantile(99) // 20))
    bins: Counter[int] = Counter()
    for length, count in counts:
        bins[min(length // width, 20)] += count
    histogram = [
        {"from": index * width, "to": (index + 1) * width if index < 20 else top, "rows": bins[index]}
        for index in range(21 if 20 in bins else 20)
    ]
    return {
        "shortest": lengths[0],
        "median": (ranked((total + 1) // 2) + ranked(total // 2 + 1)) / 2 if total else 0.0,
        "p95": quantile(95),
        "longest": top,
        "histogram": histogram,
    }


def _show_samples(facts: dict[str, Any], files: Sequence[SplitFile], mapping: Mapping) -> None:
    """Read the sampled rows' texts in one more pass over the files that hold some."""
    places = [
        place
        for name in ("duplicates", "split_leakage", "label_conflicts")
        for group in (facts[name] or {}).get("samples", [])
        for place in group
    ] + facts["empty_fields"]["samples"]
    wanted: dict[int, dict[int, list[dict[str, Any]]]] = {}
    for place in places:
        wanted.setdefault(place["file"], {}).setdefault(place["row"], []).append(place)
    for index, rows_wanted in wanted.items():
        file = files[index]
        last = max(rows_wanted)
        with file.open() as stream:
            rows = read_rows(stream, file.kind, file.packed)
            _columns, at, label_at = _mapped(file, rows, mapping)
            for number, row in enumerate(rows, 2 if file.kind == "csv" else 1):
                for place in rows_wanted.get(number, ()):
                    place |= {"file_name": file.name, "split": file.split, "text": row[at][:500]}
                    if label_at >= 0:
                        place["label"] = row[label_at][:200]
                if number >= last:
                    break
