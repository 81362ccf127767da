"""From bytes to lines: unpacked, decoded and bounded, whatever arrives."""

import zlib
from collections.abc import Iterable, Iterator
from typing import IO

import zstandard

LONGEST_LINE = 16 * 1024 * 1024
CHUNK = 1024 * 1024
BOMB_RATIO = 200
BOMB_FLOOR = 64 * 1024 * 1024
BOM = b"\xef\xbb\xbf"
ZSTD = b"\x28\xb5\x2f\xfd"
PIECE = 512
WIDEST_WINDOW = 128 * 1024 * 1024
TOO_LONG = "is longer than 16 MiB. Shorten the text, or split the record."


class FileProblem(Exception):
    """What is wrong with a file, at which row (from 1, a CSV's header counts) and what to do about it."""

    def __init__(self, row: int | None, text: str) -> None:
        super().__init__(f"Row {row}: {text}" if row is not None else text)
        self.row, self.text = row, text


class _Bounded:
    """Stop a bomb: what unpacks to more than 200 times its size."""

    def __init__(self) -> None:
        self.taken = self.given = 0

    def count(self, taken: int, given: int) -> None:
        self.taken += taken
        self.given += given
        if self.given > BOMB_FLOOR and self.given > BOMB_RATIO * max(self.taken, 1):
            raise FileProblem(None, f"The file unpacks to more than {BOMB_RATIO} times its size. Send it unpacked.")


def _gunzipped(first: bytes, stream: IO[bytes]) -> Iterator[bytes]:
    bound, pending, chunk = _Bounded(), b"", first
    unpacker = zlib.decompressobj(zlib.MAX_WBITS | 16)
    while chunk:
        try:
            data = unpacker.decompress(chunk, CHUNK)
        except zlib.error as error:
            raise FileProblem(None, "The file is not gzip, or is damaged. Pack it again.") from error
        bound.count(0 if pending else len(chunk), len(data))
        if data:
            yield data
        pending = unpacker.unconsumed_tail
        if unpacker.eof:
            pending = b""
            rest = unpacker.unused_data or stream.read(CHUNK)
            if not rest:
                return
            unpacker = zlib.decompressobj(zlib.MAX_WBITS | 16)
            chunk = rest
            continue
        chunk = pending or stream.read(CHUNK)
    if first and not unpacker.eof:
        raise FileProblem(None, "The gzip file is cut off. Upload it again.")


def _unzstd(first: bytes, stream: IO[bytes]) -> Iterator[bytes]:
    """Yield what is packed; it is fed in small pieces, for one byte can stand for thousands."""
    bound, chunk = _Bounded(), first
    unpacker = zstandard.ZstdDecompressor(max_window_size=WIDEST_WINDOW).decompressobj()
    while chunk:
        for start in range(0, len(chunk), PIECE):
            piece = chunk[start : start + PIECE]
            bound.taken += len(piece)
            while piece:
                if unpacker.eof:
                    unpacker = zstandard.ZstdDecompressor(max_window_size=WIDEST_WINDOW).decompressobj()
                try:
                    data = unpacker.decompress(piece)
                except zstandard.ZstdError as error:
                    raise FileProblem(None, "The file is not zstd, or is damaged. Pack it again.") from error
                bound.count(0, len(data))
                if data:
                    yield data
                piece = unpacker.unused_data if unpacker.eof else b""
        chunk = stream.read(CHUNK)
    if not unpacker.eof:
        raise FileProblem(None, "The zstd file is cut off. Upload it again.")


def chunks(stream: IO[bytes], packed: bool) -> Iterator[bytes]:
    """Yield the file's bytes, unpacked; gzip and zstd are told apart by their first bytes."""
    first = stream.read(CHUNK)
    if packed and first:
        yield from (_unzstd if first.startswith(ZSTD) else _gunzipped)(first, stream)
        return
    while first:
        yield first
        first = stream.read(CHUNK)


def line_blocks(stream: IO[bytes], packed: bool) -> Iterator[tuple[int, bytes]]:
    """Yield (number of the first line, whole lines in bytes); the last block may lack its line end.

    Raise ``FileProblem`` for a line of more than 16 MiB.
    """
    return in_lines(without_mark(chunks(stream, packed)))


def without_mark(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """Yield the pieces of a file without the byte order mark at its beginning."""
    first = next(pieces, b"")
    yield first.removeprefix(BOM)
    yield from pieces


def in_lines(pieces: Iterable[bytes], number: int = 1) -> Iterator[tuple[int, bytes]]:
    """Yield ``line_blocks`` of what begins at line ``number``."""
    rest = b""
    for chunk in pieces:
        end = chunk.rfind(b"\n") + 1
        if end:
            block = rest + chunk[:end] if rest else chunk[:end]
            if len(block) > LONGEST_LINE:
                _refuse_long(block, number)
            yield number, block
            number += block.count(b"\n")
            rest = chunk[end:]
        else:
            rest += chunk
        if len(rest) > LONGEST_LINE:
            raise FileProblem(number, f"The line {TOO_LONG}")
    if rest:
        yield number, rest


def _refuse_long(block: bytes, number: int) -> None:
    for offset, line in enumerate(block.split(b"\n")):
        if len(line) > LONGEST_LINE:
            raise FileProblem(number + offset, f"The line {TOO_LONG}")


def decoded(block: bytes, number: int) -> str:
    """Return the lines as text; raise ``FileProblem`` at the first line that is not UTF-8 or holds a NUL."""
    try:
        text = block.decode("utf-8")
    except UnicodeDecodeError as error:
        before = block[: error.start]
        line = number + before.count(b"\n")
        place = error.start - (before.rfind(b"\n") + 1) + 1
        raise FileProblem(line, f"Byte {place} is not UTF-8. Save the file as UTF-8.") from error
    if "\x00" in text:
        line = number + text[: text.index("\x00")].count("\n")
        raise FileProblem(line, "The line holds a NUL character. Remove it.")
    return text
