"""CSV (RFC 4180 with a header): what is plainly well-formed by Arrow, the rest by the standard library's reader."""

import csv
import itertools
import math
from collections.abc import Iterable, Iterator
from typing import IO

import pyarrow as pa

from apps.datasets.inspection.reading.batches import BYTES, ROWS, Batch, column, header
from apps.datasets.inspection.reading.bytes import (
    LONGEST_LINE,
    FileProblem,
    chunks,
    decoded,
    in_lines,
    without_mark,
)
from apps.datasets.inspection.reading.csv_blocks import Blocks, parsed, width_of

STEP = 32
csv.field_size_limit(LONGEST_LINE)


def read(stream: IO[bytes], packed: bool) -> Iterator[Batch]:
    """Yield the rows of a CSV file; the first row is the header and has number 1."""
    pieces = without_mark(chunks(stream, packed))
    blocks = Blocks(pieces)
    columns: tuple[str, ...] = ()
    number = line = 1
    for block in blocks:
        rows = parsed(block, len(columns) or width_of(block))
        if rows is None:
            blocks.put_back(block)
            break
        if not columns:
            columns, number = header([names[0].as_py() for names in rows.columns]), 2
            rows = rows.slice(1)
        line += block.lines
        for piece in _even(rows):
            yield Batch(number, pa.RecordBatch.from_arrays(piece.columns, names=list(columns)))
            number += piece.num_rows
    if blocks.rest or not columns:
        yield from _by_rows(itertools.chain([blocks.rest], pieces), columns, number, line)


def _even(rows: pa.RecordBatch) -> Iterator[pa.RecordBatch]:
    """Yield the rows in parts of one size, at most ``ROWS``; at least one part."""
    parts = max(math.ceil(rows.num_rows / ROWS), 1)
    size = max(math.ceil(rows.num_rows / parts), 1)
    for part in range(parts):
        yield rows.slice(part * size, size)


class _Lines:
    """The lines of what begins at this line; ``taken`` counts their characters, so that a batch can be bounded."""

    def __init__(self, pieces: Iterable[bytes], line: int) -> None:
        self._blocks = in_lines(pieces, line)
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


def _by_rows(pieces: Iterable[bytes], columns: tuple[str, ...], number: int, line: int) -> Iterator[Batch]:
    """Yield the rows of what begins at this row and line; without ``columns`` that is the header."""
    lines = _Lines(pieces, line)
    reader = csv.reader(lines, strict=True)
    begun = bool(columns)
    if not columns:
        first_row = _take(reader, 1, 1, 0)
        if not first_row:
            raise FileProblem(None, "The file is empty. Choose one with a header and rows.")
        columns, number = header(first_row[0]), 2
    while True:
        rows: list[list[str]] = []
        started = lines.taken
        while len(rows) < ROWS and lines.taken - started < BYTES:
            more = _take(reader, STEP, number + len(rows), line - 1)
            rows += more
            if len(more) < STEP:
                break
        if not rows and begun:
            return
        if set(map(len, rows)) - {len(columns)}:
            _refuse_ragged(rows, number, len(columns))
        values = list(zip(*rows, strict=True)) if rows else [() for _column in columns]
        arrays = [column(list(found), number) for found in values]
        yield Batch(number, pa.RecordBatch.from_arrays(arrays, names=list(columns)))
        number, begun = number + len(rows), True
        if not rows:
            return


def _take(reader: Iterator[list[str]], count: int, number: int, above: int) -> list[list[str]]:
    """Return the next rows; ``above`` is how many lines stand before the reader's first."""
    rows: list[list[str]] = []
    try:
        rows.extend(itertools.islice(reader, count))
    except csv.Error as error:
        line = above + getattr(reader, "line_num", 0)
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
