"""Parquet."""

from collections.abc import Iterator
from typing import IO

import pyarrow as pa
import pyarrow.parquet as pq

from apps.datasets.inspection.reading.batches import Batch, column, header
from apps.datasets.inspection.reading.bytes import FileProblem

ROWS = 4096
PLAIN = (pa.types.is_integer, pa.types.is_floating, pa.types.is_date, pa.types.is_timestamp, pa.types.is_decimal)


def read(stream: IO[bytes]) -> Iterator[Batch]:
    """Yield the rows of a Parquet file; the first has number 1. The stream must be seekable."""
    try:
        file = pq.ParquetFile(stream, memory_map=False)
        names = header(list(file.schema_arrow.names))
        number = 1
        for rows in file.iter_batches(batch_size=ROWS):
            arrays = [_text(rows.column(index), names[index], number) for index in range(len(names))]
            yield Batch(number, pa.RecordBatch.from_arrays(arrays, names=list(names)))
            number += rows.num_rows
        if number == 1:
            yield Batch(1, pa.RecordBatch.from_arrays([pa.array([], pa.string()) for _name in names], list(names)))
    except (pa.ArrowException, OSError, ValueError) as error:
        if isinstance(error, FileNotFoundError):
            raise
        raise FileProblem(None, f"The file is not Parquet, or is damaged: {str(error)[:120]}.") from error


def _text(values: pa.Array, name: str, number: int) -> pa.Array:
    kind = values.type
    if pa.types.is_string(kind):
        return values
    if pa.types.is_dictionary(kind):
        return _text(values.dictionary_decode(), name, number)
    if pa.types.is_binary(kind) or pa.types.is_large_binary(kind) or pa.types.is_fixed_size_binary(kind):
        raise FileProblem(number, f"Column “{name}” holds bytes. Write it as text, or leave it out.")
    if pa.types.is_boolean(kind) or pa.types.is_large_string(kind) or any(check(kind) for check in PLAIN):
        return values.cast(pa.string())
    return column(values.to_pylist(), number)
