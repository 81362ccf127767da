"""Blocks of a CSV file that are plainly well-formed: Arrow reads them, and reads what ``csv.reader`` would.

Quotes are plain when they open a field and close it: then the odd ones open, the even ones close, a quote inside a
value is a pair, and a line break ends a record where an even number of quotes stands before it (RFC 4180, 2).
"""

import csv
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.csv

from apps.datasets.inspection.reading.bytes import BOM, LONGEST_LINE

BLOCK = 1024 * 1024
QUOTE, LINE, RETURN = b'"\n\r'
Places = npt.NDArray[np.int64]


def _any_of(characters: bytes) -> npt.NDArray[np.bool_]:
    found = np.zeros(256, bool)
    found[list(characters)] = True
    return found


MAY_OPEN, MAY_CLOSE = _any_of(b',\n"'), _any_of(b',\r\n"')
"""What may stand before a quote that opens, and after one that closes."""


@dataclass(frozen=True, slots=True)
class Block:
    """Whole records: where the first ends, and how many lines there are."""

    data: bytes
    first_end: int
    lines: int


class Blocks:
    """The plain blocks of a file in order; after them ``rest`` is what was read and given to nobody."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self.rest = b""

    def __iter__(self) -> Iterator[Block]:
        more = True
        while more:
            parts, size = [self.rest], 0
            more = False
            for piece in self._pieces:
                parts.append(piece)
                size += len(piece)
                if size >= BLOCK:
                    more = True
                    break
            self.rest = data = b"".join(parts)
            end = _end(data, last=not more)
            if end is None or (end == 0 and len(data) > LONGEST_LINE):
                return
            if end:
                self.rest = data[end:]
                found = _plain(data[:end])
                if found is None:
                    self.rest = data
                    return
                yield found

    def put_back(self, block: Block) -> None:
        self.rest = block.data + self.rest


def _quotes(data: npt.NDArray[np.uint8]) -> Places:
    return np.flatnonzero(data == QUOTE)


def _outside(places: Places, quotes: Places) -> Places:
    """Return the places before which an even number of quotes stands."""
    return places[np.searchsorted(quotes, places) % 2 == 0] if len(quotes) else places


def _end(data: bytes, *, last: bool) -> int | None:
    """Return where the last whole record ends, None when it never does."""
    seen = np.frombuffer(data, np.uint8)
    quotes = _quotes(seen)
    if last:
        return len(data) if len(quotes) % 2 == 0 else None
    breaks = _outside(np.flatnonzero(seen == LINE), quotes)
    return int(breaks[-1]) + 1 if len(breaks) else 0


def _plain(data: bytes) -> Block | None:
    """Return the block when its quotes, line ends and characters hold nothing that two readers could read apart."""
    if len(data) > LONGEST_LINE or b"\x00" in data or data.startswith(BOM):
        return None
    seen = np.frombuffer(data + b"\n", np.uint8)
    quotes = _quotes(seen)
    lines = np.flatnonzero(seen == LINE)[:-1]
    breaks = _outside(lines, quotes)
    ends = breaks if len(breaks) and breaks[-1] == len(data) - 1 else np.append(breaks, len(data))
    starts = np.concatenate(([0], ends[:-1] + 1))
    widths = ends - starts
    opening, closing = quotes[0::2], quotes[1::2]
    returns = _outside(np.flatnonzero(seen == RETURN), quotes)
    if not (
        MAY_OPEN[seen[opening - 1]].all()
        and MAY_CLOSE[seen[closing + 1]].all()
        and (seen[returns + 1] == LINE).all()
        and not data.endswith(b"\r")
        and (widths > 0).all()
        and (seen[starts[widths == 1]] != RETURN).all()
    ):
        return None
    return Block(data, min(int(ends[0]) + 1, len(data)), len(lines))


def width_of(block: Block) -> int:
    """Return how many fields the first record has."""
    return len(next(csv.reader([block.data[: block.first_end].decode("utf-8", "replace")])))


def parsed(block: Block, width: int) -> pa.RecordBatch | None:
    """Return the records as texts, None where one has not so many fields or a byte is not UTF-8."""
    kinds = pa.schema([(str(place), pa.string()) for place in range(width)])
    try:
        found = pyarrow.csv.read_csv(
            pa.BufferReader(block.data),
            pyarrow.csv.ReadOptions(use_threads=False, block_size=len(block.data) + 1, column_names=kinds.names),
            pyarrow.csv.ParseOptions(newlines_in_values=True, ignore_empty_lines=False),
            pyarrow.csv.ConvertOptions(column_types=kinds, null_values=[], strings_can_be_null=False),
        )
    except pa.ArrowInvalid:
        return None
    return found.combine_chunks().to_batches()[0]
