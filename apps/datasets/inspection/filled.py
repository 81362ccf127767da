"""Which rows of a file say nothing in a column that must be filled."""

from typing import IO

import pyarrow.compute as pc

from apps.datasets.inspection.reading.batches import read_batches
from apps.datasets.inspection.reading.formats import Format

NAMED = 5


def rows_without(stream: IO[bytes], kind: Format, packed: bool, column: str) -> tuple[int, list[int]]:
    """Return how many rows are null or blank in the column, and the numbers of the first five as a reader counts.

    Raise ``KeyError`` when the file has no such column, ``FileProblem`` where it breaks.
    """
    count, first = 0, list[int]()
    for batch in read_batches(stream, kind, packed):
        if column not in batch.columns:
            raise KeyError(column)
        texts = batch.rows.column(batch.columns.index(column)).fill_null("")
        empty = pc.indices_nonzero(pc.equal(pc.utf8_trim_whitespace(texts), ""))
        count += len(empty)
        first += [batch.first + row for row in empty.slice(0, NAMED - len(first)).to_pylist()]
    return count, first
