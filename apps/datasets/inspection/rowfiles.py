"""Files of a version as numbered rows: what drawing a sample and comparing versions start from."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, Any, cast

from apps.datasets.inspection.reading import FileProblem, read_rows

ROW_BITS = 40
Row = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RowFile:
    """One file of a split and how to open it; it is opened once a pass."""

    split: str
    name: str
    kind: str
    packed: bool
    open: Callable[[], IO[bytes]]


@dataclass(frozen=True, slots=True)
class ReadFile:
    """A file being read: its columns in order, then its rows with their numbers as an editor counts them."""

    columns: tuple[str, ...]
    rows: Iterator[tuple[int, Row]]

    def at(self, column: str) -> int:
        """Return where the column stands, -1 for no column; raise ``FileProblem`` when the file lacks it."""
        if not column:
            return -1
        if column not in self.columns:
            raise FileProblem(1, f"There is no column “{column}”. The file has: {', '.join(self.columns)[:200]}.")
        return self.columns.index(column)


@contextmanager
def reading(file: RowFile) -> Iterator[ReadFile]:
    """Open the file and yield it as numbered rows: from 2 in a CSV file, whose header is row 1, else from 1."""
    with file.open() as stream:
        rows = read_rows(stream, cast(Any, file.kind), file.packed)
        columns = tuple(next(rows))
        yield ReadFile(columns, enumerate(rows, 2 if file.kind == "csv" else 1))


def place_of(file: int, row: int) -> int:
    """Return one number for a row of a file; such numbers sort as the rows do."""
    return file << ROW_BITS | row


def split_place(place: int) -> tuple[int, int]:
    """Return (file, row) of a place."""
    return place >> ROW_BITS, place & (1 << ROW_BITS) - 1


def read_places(
    files: Sequence[RowFile], places: Iterable[int], columns: Callable[[ReadFile], Callable[[Row], Any]]
) -> Iterator[tuple[int, Any]]:
    """Yield (place, what ``columns(file)(row)`` returns) of the wanted rows, in the order of their places.

    Files without a wanted row are not opened, and each is left after its last one.
    """
    wanted: dict[int, set[int]] = {}
    for place in places:
        file, number = split_place(place)
        wanted.setdefault(file, set()).add(number)
    for index in sorted(wanted):
        numbers, last = wanted[index], max(wanted[index])
        with reading(files[index]) as opened:
            pick = columns(opened)
            for number, row in opened.rows:
                if number in numbers:
                    yield place_of(index, number), pick(row)
                if number >= last:
                    break


def by_split(rows: Mapping[tuple[str, str], int]) -> dict[str, int]:
    """Add counts by (split, label) up to counts by split."""
    found: dict[str, int] = {}
    for (split, _label), count in rows.items():
        found[split] = found.get(split, 0) + count
    return found
