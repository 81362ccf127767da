"""Tables of the Spark session's catalogue, streamed to the driver a chunk at a time."""

import datetime as dt
import itertools
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa
from pyspark.errors import PySparkException
from pyspark.sql import DataFrame, types

from apps.datasets.inspection.engines import spark
from apps.datasets.inspection.tables import KIND, ROWS, TableName, TableProblem, quoted

PLAIN: tuple[tuple[type[types.DataType], pa.DataType], ...] = (
    (types.StringType, pa.string()),
    (types.BooleanType, pa.bool_()),
    (types.ByteType, pa.int8()),
    (types.ShortType, pa.int16()),
    (types.IntegerType, pa.int32()),
    (types.LongType, pa.int64()),
    (types.FloatType, pa.float32()),
    (types.DoubleType, pa.float64()),
    (types.DateType, pa.date32()),
    (types.TimestampNTZType, pa.timestamp("us")),
    (types.TimestampType, pa.timestamp("us", tz="UTC")),
)


@contextmanager
def opened(name: TableName, *, database: str, memory_limit: str, scratch: Path | None) -> Iterator["SparkTable"]:
    """Yield the open table; raise ``TableProblem`` when it isn't there, or Spark can't read it."""
    try:
        with spark.opened(memory_limit=memory_limit, scratch=scratch) as engine:
            place = name.quoted("`")
            if not engine.session.catalog.tableExists(place):
                raise TableProblem("missing", f"There is no table {name}.")
            yield SparkTable(engine.session.table(place))
    except PySparkException as error:
        raise TableProblem(
            "unreachable", "Spark could not read the table. Try again, or ask who runs Fourgate."
        ) from error


class SparkTable:
    expected: int | None = None

    def __init__(self, rows: DataFrame) -> None:
        self.rows = rows
        self.schema = pa.schema([_field(field) for field in rows.schema.fields])

    def batches(self, columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
        schema = pa.schema([self.schema.field(name).remove_metadata() for name in columns])
        rows = self.rows.select(*[quoted(name, "`") for name in columns]).toLocalIterator()
        while chunk := list(itertools.islice(rows, ROWS)):
            values = zip(*chunk, strict=True)
            arrays = [
                pa.array([_value(value, field.type) for value in column], field.type)
                for field, column in zip(schema, values, strict=True)
            ]
            yield pa.RecordBatch.from_arrays(arrays, schema=schema)


def _field(field: types.StructField) -> pa.Field:
    """Return the field in Arrow; one whose type has no equal there is refused only where it is asked for."""
    found, kind = _type(field.dataType), field.dataType.simpleString()
    return pa.field(field.name, pa.binary() if found is None else found, metadata={KIND: kind})


def _type(kind: types.DataType) -> pa.DataType | None:
    if isinstance(kind, types.DecimalType):
        return pa.decimal128(kind.precision, kind.scale)
    if isinstance(kind, types.ArrayType):
        inner = _type(kind.elementType)
        return None if inner is None else pa.list_(inner)
    if isinstance(kind, types.StructType):
        parts = [(field.name, _type(field.dataType)) for field in kind.fields]
        return None if any(part is None for _name, part in parts) else pa.struct(parts)
    return next((arrow for spark_type, arrow in PLAIN if isinstance(kind, spark_type)), None)


def _value(value: Any, kind: pa.DataType) -> Any:
    """Return the value for Arrow: structs by name, and instants, which Spark gives in local time, in UTC."""
    if value is None:
        return None
    if pa.types.is_struct(kind):
        return {field.name: _value(part, field.type) for field, part in zip(kind, value, strict=True)}
    if pa.types.is_list(kind):
        return [_value(part, kind.value_type) for part in value]
    if pa.types.is_timestamp(kind) and kind.tz:
        return value.astimezone(dt.UTC)
    return value
