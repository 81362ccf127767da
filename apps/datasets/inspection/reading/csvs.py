"""CSV (RFC 4180 with a header)."""

import csv
import itertools
from collections.abc import Iterator
from typing import IO

import pyarrow as pa

from apps.datasets.inspection.reading.batches import BYTES, ROWS, Batch, column, header
from apps.datasets.inspection.reading.bytes import LONGEST_LINE, FileProblem, decoded, line_blocks

STEP = 32
csv.field_size_limit(LONGEST_LINE)


class _Lines:
    """The lines of a file in order; ``taken`` counts their characters, so that a batch can be bounded."""

    def __init__(self, stream: IO[bytes], packed: bool) -> None:
        self._blocks = line_blocks(stream, packed)
        self._lines: Iterator[str] = iter(())
        self.taken = 0

    def __iter__(self) -> Iterator[str]:
        for number, block in self._blocks:
            text = decoded(block, number)
            self.taken += len(text)
            lines = text.split("\n")
            last = lines.pop()
            for line in lines:
                yield line + "\n"
            if last:
                yield last


def read(stream: IO[bytes], packed: bool) -> Iterator[Batch]:
    """Yield the rows of a CSV file; the first row is the header and has number 1."""
    lines = _Lines(stream, packed)
    reader = csv.reader(lines, strict=True)
    first_row = _take(reader, 1, 1)
    if not first_row:
        raise FileProblem(None, "The file is empty. Choose one with a header and rows.")
    columns, number, empty = header(first_row[0]), 2, True
    while True:
        rows: list[list[str]] = []
        started = lines.taken
        while len(rows) < ROWS and lines.taken - started < BYTES:
            more = _take(reader, STEP, number + len(rows))
            rows += more
            if len(more) < STEP:
                break
        if not rows and not empty:
            return
        if set(map(len, rows)) - {len(columns)}:
            _refuse_ragged(rows, number, len(columns))
        values = list(zip(*rows, strict=True)) if rows else [() for _column in columns]
        arrays = [column(list(found), number) for found in values]
        yield Batch(number, pa.RecordBatch.from_arrays(arrays, names=list(columns)))
        number, empty = number + len(rows), False
        if not rows:
            return


def _take(reader: Iterator[list[str]], count: int, number: int) -> list[list[str]]:
    rows: list[list[str]] = []
    try:
        rows.extend(itertools.islice(reader, count))
    except csv.Error as error:
        line = getattr(reader, "line_num", 0)
        raise FileProblem(number + len(rows), f"{_reason(error)} (near line {line}).") from error
    return rows


def _refuse_ragged(rows: list[list[str]], number: int, width: int) -> None:
    for offset, row in enumerate(rows):
        if not row:
            raise FileProblem(number + offset, "The row is empty. Remove the line.")
        if len(row) != width:
            raise FileProblem(
                number + offset,
                f"The row has {len(row)} fields, the header {width}. Quote fields that hold a comma or a line break.",
            )


def _reason(error: csv.Error) -> str:
    text = str(error)
    if "unexpected end" in text:
        return "A quoted field never ends. Close the quote"
    if "field larger" in text:
        return "A field is longer than 16 MiB, or its quote never ends"
    return f"The row can't be read: {text}"
