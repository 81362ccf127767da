"""A file rewritten row by row without its sensitive data: values masked, rows left out, everything else kept."""

import csv
import gzip
import io
import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import IO, Any, Literal

import pyarrow as pa
import pyarrow.parquet as pq
import zstandard

from apps.datasets.inspection.reading import Format, read_rows
from apps.datasets.inspection.reading.batches import as_text
from apps.datasets.inspection.reading.bytes import ZSTD, line_blocks
from apps.datasets.inspection.reading.jsons import array_items
from apps.datasets.inspection.sensitive import KINDS, Finding, Scanner, load_all, mask

BATCH = 2_000
Treatment = Literal["masked", "excluded"]
Progress = Callable[[int], None]
Write = Callable[[list["Record"]], None]


@dataclass(slots=True)
class Rewritten:
    """What was done to one file: rows kept, changed and left out, and the masked values of each kind."""

    rows: int = 0
    changed: int = 0
    removed: int = 0
    masked: Counter[str] = field(default_factory=Counter)


@dataclass(slots=True)
class Record:
    """One row: its columns, and its values as the file holds them."""

    names: list[str]
    values: list[Any]
    is_changed: bool = False


def rewrite(
    source: IO[bytes],
    kind: Format,
    packed: bool,
    target: IO[bytes],
    treatment: Mapping[str, Treatment],
    progress: Progress = lambda rows: None,
    recognisers: tuple[str, ...] = (),
) -> Rewritten:
    """Write ``source`` to ``target`` in the same format and packing, treated; equal sources give equal bytes.

    CSV keeps its columns, JSON its keys, types and nesting, Parquet its schema. A masked value that is no text becomes
    one; in Parquet, where the column's type forbids that, it becomes a null. Memory: ``BATCH`` rows. The source must
    be seekable. Raise ``FileProblem`` where it breaks.
    """
    done, scanner, read = Rewritten(), Scanner(load_all(recognisers)), 0
    with _FORMATS[kind](source, packed, target) as (records, write):
        for batch in _batches(records):
            read += len(batch)
            write(_treated(batch, treatment, scanner, done))
            progress(read)
    return done


def _batches(records: Iterator[Record]) -> Iterator[list[Record]]:
    batch: list[Record] = []
    for record in records:
        batch.append(record)
        if len(batch) == BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


@contextmanager
def _text(source: IO[bytes], packed: bool, target: IO[bytes]) -> Iterator[IO[str]]:
    """Open the target for text, packed as the source is; without a time, so that the same rows give the same bytes."""
    start = source.read(len(ZSTD))
    source.seek(0)
    into: Any = target
    if packed and start == ZSTD:
        into = zstandard.ZstdCompressor().stream_writer(target, closefd=False)
    elif packed:
        into = gzip.GzipFile(filename="", mode="wb", fileobj=target, mtime=0)
    text = io.TextIOWrapper(into, encoding="utf-8", newline="", write_through=True)
    try:
        yield text
        text.flush()
    finally:
        text.detach()
        if packed:
            into.close()


@contextmanager
def _csv(source: IO[bytes], packed: bool, target: IO[bytes]) -> Iterator[tuple[Iterator[Record], Write]]:
    with _text(source, packed, target) as out:
        rows = read_rows(source, "csv", packed)
        names, writer = list(next(rows)), csv.writer(out, lineterminator="\n")
        writer.writerow(names)
        yield (
            (Record(names, list(row)) for row in rows),
            lambda records: writer.writerows(record.values for record in records),
        )


def _as_line(record: Record) -> str:
    return json.dumps(dict(zip(record.names, record.values, strict=True)), ensure_ascii=False)


@contextmanager
def _lines(source: IO[bytes], packed: bool, target: IO[bytes]) -> Iterator[tuple[Iterator[Record], Write]]:
    with _text(source, packed, target) as out:
        lines = (line for _number, block in line_blocks(source, packed) for line in block.split(b"\n") if line)
        yield (
            (Record(list(found), list(found.values())) for found in map(json.loads, lines)),
            lambda records: out.writelines(_as_line(record) + "\n" for record in records),
        )


@contextmanager
def _array(source: IO[bytes], packed: bool, target: IO[bytes]) -> Iterator[tuple[Iterator[Record], Write]]:
    before = ["["]

    def write(records: list[Record]) -> None:
        for record in records:
            out.write(before[0] + "\n" + _as_line(record))
            before[0] = ","

    with _text(source, packed, target) as out:
        items = map(json.loads, array_items(source, packed))
        yield (Record(list(found), list(found.values())) for found in items), write
        out.write("\n]\n" if before[0] == "," else "[]\n")


@contextmanager
def _parquet(source: IO[bytes], _packed: bool, target: IO[bytes]) -> Iterator[tuple[Iterator[Record], Write]]:
    file = pq.ParquetFile(source, memory_map=False)
    schema = file.schema_arrow
    names = list(schema.names)

    def rows() -> Iterator[Record]:
        for batch in file.iter_batches(batch_size=BATCH):
            for values in zip(*(column.to_pylist() for column in batch.columns), strict=True):
                yield Record(names, list(values))

    def write(records: list[Record]) -> None:
        columns = [
            pa.array([_fitting(record.values[index], kind) for record in records], kind)
            for index, kind in enumerate(schema.types)
        ]
        writer.write_table(pa.Table.from_arrays(columns, schema=schema))

    with pq.ParquetWriter(target, schema) as writer:
        yield rows(), write


def _fitting(value: Any, kind: pa.DataType) -> Any:
    """Return the value, or None for a text that was put where the column holds none."""
    if not isinstance(value, str):
        return value
    inner = kind.value_type if pa.types.is_dictionary(kind) else kind
    return value if pa.types.is_string(inner) or pa.types.is_large_string(inner) else None


_FORMATS: dict[Format, Callable[..., Any]] = {"csv": _csv, "jsonl": _lines, "json": _array, "parquet": _parquet}


def _treated(
    batch: list[Record], treatment: Mapping[str, Treatment], scanner: Scanner, done: Rewritten
) -> list[Record]:
    """Return the records that stay, masked; count what was done."""
    out: set[int] = set()
    to_mask: dict[tuple[int, str], list[Finding]] = {}
    columns = {name: [_readable(record, name) for record in batch] for name in batch[0].names}
    for name, texts in columns.items():
        hits = scanner.scan(pa.array(texts, pa.large_string()))
        for row, kind, start, end, sure in zip(
            hits.row.tolist(), hits.kind.tolist(), hits.start.tolist(), hits.end.tolist(), hits.confidence, strict=True
        ):
            key = KINDS[kind].key
            if treatment.get(key) == "excluded":
                out.add(row)
            elif treatment.get(key) == "masked":
                to_mask.setdefault((row, name), []).append(Finding(key, start, end, float(sure)))
    for (row, name), findings in to_mask.items():
        if row not in out:
            record = batch[row]
            at = record.names.index(name)
            record.values[at] = _masked(record.values[at], columns[name][row], findings, treatment, scanner)
            record.is_changed = True
            done.masked.update(finding.kind for finding in findings)
    kept = [record for row, record in enumerate(batch) if row not in out]
    done.removed += len(out)
    done.rows += len(kept)
    done.changed += sum(record.is_changed for record in kept)
    return kept


def _readable(record: Record, name: str) -> str:
    """Return a value as the inspection reads it."""
    value = record.values[record.names.index(name)]
    if value is None or isinstance(value, str | int | float | list | dict):
        return as_text(value) or ""
    return str(value)


def _masked(
    value: Any, text: str, findings: list[Finding], treatment: Mapping[str, Treatment], scanner: Scanner
) -> Any:
    """Mask a value; one that is nested stays nested where its masked JSON still is JSON."""
    masked = mask(text, findings)
    if not isinstance(value, list | dict):
        return masked
    try:
        return _mask_leaves(json.loads(masked), treatment, scanner)
    except ValueError:
        return masked


def _mask_leaves(value: Any, treatment: Mapping[str, Treatment], scanner: Scanner) -> Any:
    """Mask what only shows without JSON's escapes."""
    if isinstance(value, dict):
        return {key: _mask_leaves(inner, treatment, scanner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_mask_leaves(inner, treatment, scanner) for inner in value]
    if isinstance(value, str):
        return mask(value, [finding for finding in scanner.find(value) if treatment.get(finding.kind) == "masked"])
    return value
