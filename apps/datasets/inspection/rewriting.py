"""A file rewritten row by row without its sensitive data: values masked, rows left out, everything else kept."""

import csv
import gzip
import io
import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import IO, Any, Literal

import pyarrow as pa

from apps.datasets.inspection.reading import BOM, Format, read_rows
from apps.datasets.inspection.sensitive import KINDS, Finding, Scanner, find, mask

BATCH = 2_000
Treatment = Literal["masked", "excluded"]
Progress = Callable[[int], None]


@dataclass(slots=True)
class Rewritten:
    """What was done to one file: rows kept, changed and left out, and the masked values of each kind."""

    rows: int = 0
    changed: int = 0
    removed: int = 0
    masked: Counter[str] = field(default_factory=Counter)


@dataclass(slots=True)
class _Record:
    """One row: its texts as the inspection reads them, and the values they came from (of JSON; else the texts)."""

    texts: list[str]
    values: list[Any]
    names: list[str]
    is_changed: bool = False


def rewrite(
    source: IO[bytes],
    kind: Format,
    packed: bool,
    target: IO[bytes],
    treatment: Mapping[str, Treatment],
    progress: Progress = lambda rows: None,
) -> Rewritten:
    """Write ``source`` to ``target`` in the same format, treated; the same source gives the same bytes.

    CSV keeps its columns, JSON Lines its keys, types and nesting: a value that is masked becomes a text, or a text
    within it. Memory: ``BATCH`` rows. Raise ``FileProblem`` as ``read_rows`` does.
    """
    done = Rewritten()
    with _packed(target) if packed else _plain(target) as out:
        records = _json_records(source, packed) if kind == "jsonl" else _table_records(source, kind, packed, out)
        write = _write_json if kind == "jsonl" else _write_csv
        scanner, batch, read = Scanner(), list[_Record](), 0
        for record in records:
            batch.append(record)
            if len(batch) == BATCH:
                read += len(batch)
                write(out, _treated(batch, treatment, scanner, done))
                progress(read)
                batch = []
        write(out, _treated(batch, treatment, scanner, done))
        progress(read + len(batch))
    return done


def _plain(target: IO[bytes]) -> Any:
    text = io.TextIOWrapper(target, encoding="utf-8", newline="", write_through=True)
    return _Closing(text, text.detach)


def _packed(target: IO[bytes]) -> Any:
    """Pack without a name and a time, so that the same rows give the same bytes."""
    packer = gzip.GzipFile(filename="", mode="wb", fileobj=target, mtime=0)
    text = io.TextIOWrapper(packer, encoding="utf-8", newline="", write_through=True)
    return _Closing(text, text.close)


@dataclass(slots=True)
class _Closing:
    text: io.TextIOWrapper
    close: Callable[[], Any]

    def __enter__(self) -> io.TextIOWrapper:
        return self.text

    def __exit__(self, *_error: object) -> None:
        self.text.flush()
        self.close()


def _table_records(source: IO[bytes], kind: Format, packed: bool, out: IO[str]) -> Iterator[_Record]:
    rows = read_rows(source, kind, packed)
    names = list(next(rows))
    csv.writer(out, lineterminator="\n").writerow(names)
    for row in rows:
        texts = list(row)
        yield _Record(texts, texts, names)


def _json_records(source: IO[bytes], packed: bool) -> Iterator[_Record]:
    stream = gzip.GzipFile(fileobj=source) if packed else source
    for number, line in enumerate(iter(stream.readline, b"")):
        record = json.loads(line.removeprefix(BOM) if number == 0 else line)
        values = list(record.values())
        yield _Record([_as_text(value) for value in values], values, list(record))


def _as_text(value: Any) -> str:
    """Return the text of a value that the inspection reads."""
    if isinstance(value, str):
        return value
    return "" if value is None else json.dumps(value, ensure_ascii=False, sort_keys=True)


def _write_csv(out: IO[str], records: Iterable[_Record]) -> None:
    csv.writer(out, lineterminator="\n").writerows(record.values for record in records)


def _write_json(out: IO[str], records: Iterable[_Record]) -> None:
    for record in records:
        out.write(json.dumps(dict(zip(record.names, record.values, strict=True)), ensure_ascii=False) + "\n")


def _treated(
    batch: list[_Record], treatment: Mapping[str, Treatment], scanner: Scanner, done: Rewritten
) -> Iterator[_Record]:
    """Yield the records that stay, masked; count what was done."""
    if not batch:
        return
    out: set[int] = set()
    to_mask: dict[tuple[int, int], list[Finding]] = {}
    for column in range(len(batch[0].texts)):
        hits = scanner.scan(pa.array([record.texts[column] for record in batch], pa.large_string()))
        for row, kind, start, end, sure in zip(
            hits.row.tolist(), hits.kind.tolist(), hits.start.tolist(), hits.end.tolist(), hits.confidence, strict=True
        ):
            key = KINDS[kind].key
            if treatment.get(key) == "excluded":
                out.add(row)
            elif treatment.get(key) == "masked":
                to_mask.setdefault((row, column), []).append(Finding(key, start, end, float(sure)))
    for (row, column), findings in to_mask.items():
        if row not in out:
            record = batch[row]
            record.values[column] = _masked(record.values[column], record.texts[column], findings, treatment)
            record.is_changed = True
            done.masked.update(finding.kind for finding in findings)
    done.removed += len(out)
    for row, record in enumerate(batch):
        if row not in out:
            done.rows += 1
            done.changed += record.is_changed
            yield record


def _masked(value: Any, text: str, findings: list[Finding], treatment: Mapping[str, Treatment]) -> Any:
    """Mask a value; one that is nested in JSON stays nested where its masked text still is JSON."""
    masked = mask(text, findings)
    if isinstance(value, str):
        return masked
    try:
        return _mask_leaves(json.loads(masked), treatment)
    except ValueError:
        return masked


def _mask_leaves(value: Any, treatment: Mapping[str, Treatment]) -> Any:
    """Mask what only shows without JSON's escapes."""
    if isinstance(value, dict):
        return {key: _mask_leaves(inner, treatment) for key, inner in value.items()}
    if isinstance(value, list):
        return [_mask_leaves(inner, treatment) for inner in value]
    if isinstance(value, str):
        return mask(value, [finding for finding in find(value) if treatment.get(finding.kind) == "masked"])
    return value
