"""Reading CSV and JSON Lines, row by row; what can't be read is named by row with what to do."""

import csv
import json
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO, Any, Literal

Format = Literal["csv", "jsonl"]
LONGEST_LINE = 16 * 1024 * 1024
CHUNK = 1024 * 1024
BOMB_RATIO = 200
BOMB_FLOOR = 64 * 1024 * 1024
MOST_COLUMNS = 2000
BOM = b"\xef\xbb\xbf"
csv.field_size_limit(LONGEST_LINE)


class FileProblem(Exception):
    """What is wrong with a file, at which row (from 1, the header counts) and what to do about it."""

    def __init__(self, row: int | None, text: str) -> None:
        super().__init__(f"Row {row}: {text}" if row is not None else text)
        self.row, self.text = row, text


@dataclass(frozen=True, slots=True)
class FileShape:
    """Columns in their order, and the number of data rows."""

    columns: tuple[str, ...]
    rows: int


def detect(name: str) -> tuple[Format, bool]:
    """Return (format, is gzip) from a file's name; raise ``FileProblem`` for other endings."""
    plain = name.casefold()
    packed = plain.endswith(".gz")
    plain = plain.removesuffix(".gz")
    if plain.endswith((".jsonl", ".ndjson")):
        return "jsonl", packed
    if plain.endswith(".csv"):
        return "csv", packed
    raise FileProblem(None, "The name must end in .csv, .jsonl or .ndjson, with .gz when it is packed.")


def _unpacked(stream: IO[bytes]) -> Iterator[bytes]:
    """Yield what a gzip stream holds; a bomb is stopped by its ratio."""
    taken = given = 0
    unpacker = zlib.decompressobj(zlib.MAX_WBITS | 16)
    pending = b""
    while True:
        chunk = pending or stream.read(CHUNK)
        if not chunk:
            break
        taken += 0 if pending else len(chunk)
        try:
            data = unpacker.decompress(chunk, CHUNK)
        except zlib.error as error:
            raise FileProblem(None, "The file is not gzip, or is damaged. Pack it again.") from error
        given += len(data)
        if given > BOMB_FLOOR and given > BOMB_RATIO * max(taken, 1):
            raise FileProblem(None, f"The file unpacks to more than {BOMB_RATIO} times its size. Send it unpacked.")
        if data:
            yield data
        pending = unpacker.unconsumed_tail
        if unpacker.eof:
            pending = unpacker.unused_data or stream.read(CHUNK)
            if pending:
                unpacker = zlib.decompressobj(zlib.MAX_WBITS | 16)
    if taken and not unpacker.eof:
        raise FileProblem(None, "The gzip file is cut off. Upload it again.")


def _chunks(stream: IO[bytes], packed: bool) -> Iterator[bytes]:
    if packed:
        yield from _unpacked(stream)
        return
    while chunk := stream.read(CHUNK):
        yield chunk


def _lines(stream: IO[bytes], packed: bool) -> Iterator[str]:
    """Yield decoded lines with their ends; the first problem names its line."""
    number, rest, first = 0, b"", True
    for chunk in _chunks(stream, packed):
        if first:
            chunk, first = chunk.removeprefix(BOM), False
        parts = (rest + chunk).split(b"\n")
        rest = parts.pop()
        for part in parts:
            number += 1
            yield _decoded(part + b"\n", number)
        if len(rest) > LONGEST_LINE:
            raise FileProblem(number + 1, "The line is longer than 16 MiB. Shorten the text, or split the record.")
    if rest:
        yield _decoded(rest, number + 1)


def _decoded(line: bytes, number: int) -> str:
    if len(line) > LONGEST_LINE:
        raise FileProblem(number, "The line is longer than 16 MiB. Shorten the text, or split the record.")
    try:
        text = line.decode("utf-8")
    except UnicodeDecodeError as error:
        raise FileProblem(number, f"Byte {error.start + 1} is not UTF-8. Save the file as UTF-8.") from error
    if "\x00" in text:
        raise FileProblem(number, "The line holds a NUL character. Remove it.")
    return text


def _header(columns: list[str]) -> tuple[str, ...]:
    names = [column.strip() for column in columns]
    if not any(names):
        raise FileProblem(1, "The header is empty. Name the columns in the first row.")
    if len(names) > MOST_COLUMNS:
        raise FileProblem(1, f"There are more than {MOST_COLUMNS} columns.")
    for index, name in enumerate(names):
        if not name:
            raise FileProblem(1, f"Column {index + 1} has no name. Name it in the header.")
        if name in names[:index]:
            raise FileProblem(1, f"The header names “{name[:60]}” twice. Rename one of the columns.")
    return tuple(names)


def _csv(stream: IO[bytes], packed: bool) -> Iterator[tuple[str, ...]]:
    reader = csv.reader(_lines(stream, packed), strict=True)
    columns: tuple[str, ...] = ()
    row_number = 0
    while True:
        try:
            row = next(reader)
        except StopIteration:
            break
        except csv.Error as error:
            raise FileProblem(row_number + 1, f"{_csv_reason(error)} (near line {reader.line_num}).") from error
        row_number += 1
        if not columns:
            columns = _header(row)
            yield columns
            continue
        if len(row) != len(columns):
            if not row:
                raise FileProblem(row_number, "The row is empty. Remove the line.")
            raise FileProblem(
                row_number,
                f"The row has {len(row)} fields, the header {len(columns)} (line {reader.line_num}). "
                "Quote fields that hold a comma or a line break.",
            )
        yield tuple(row)
    if not columns:
        raise FileProblem(None, "The file is empty. Choose one with a header and rows.")


def _csv_reason(error: csv.Error) -> str:
    text = str(error)
    if "unexpected end" in text:
        return "A quoted field never ends. Close the quote"
    if "field larger" in text:
        return "A field is longer than 16 MiB, or its quote never ends"
    return f"The row can't be read: {text}"


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key stands twice")
    return found


def _as_text(value: Any) -> str:
    if isinstance(value, str):
        return value
    return "" if value is None else json.dumps(value, ensure_ascii=False, sort_keys=True)


def _jsonl(stream: IO[bytes], packed: bool) -> Iterator[tuple[str, ...]]:
    columns: tuple[str, ...] = ()
    for number, line in enumerate(_lines(stream, packed), 1):
        if not line.strip():
            raise FileProblem(number, "The line is empty. Remove it.")
        try:
            record = json.loads(line, parse_constant=_no_constant, object_pairs_hook=_unique)
        except RecursionError as error:
            raise FileProblem(number, "The JSON is nested too deep.") from error
        except ValueError as error:
            reason = getattr(error, "msg", None) or str(error)
            raise FileProblem(number, f"The line is not JSON: {reason}. One object a line.") from error
        if not isinstance(record, dict):
            raise FileProblem(number, "The line is not a JSON object. Write one object a line.")
        if not columns:
            columns = _header(list(record))
            yield columns
        if record.keys() != set(columns):
            missing, more = sorted(set(columns) - record.keys()), sorted(record.keys() - set(columns))
            said = [f"lacks {', '.join(missing)[:80]}"] if missing else []
            said += [f"has {', '.join(more)[:80]} besides"] if more else []
            raise FileProblem(number, f"The object {' and '.join(said)}. Every line needs the same keys.")
        try:
            yield tuple(_as_text(record[column]) for column in columns)
        except UnicodeEncodeError as error:
            raise FileProblem(number, "A text holds half of a surrogate pair. Remove it.") from error
    if not columns:
        raise FileProblem(None, "The file is empty. Choose one with at least one line.")


def read_rows(stream: IO[bytes], kind: Format, packed: bool) -> Iterator[tuple[str, ...]]:
    """Yield the columns' names, then every row as texts in that order; raise ``FileProblem`` where it breaks."""
    yield from (_csv if kind == "csv" else _jsonl)(stream, packed)


def check_file(stream: IO[bytes], kind: Format, packed: bool = False) -> FileShape:
    """Read the whole file once and return its shape; raise ``FileProblem`` for the first thing that is wrong."""
    rows = read_rows(stream, kind, packed)
    columns = next(rows)
    count = sum(1 for _row in rows)
    if count == 0:
        raise FileProblem(None, "The file holds a header and no rows. Choose one with rows.")
    return FileShape(columns, count)
