"""Single rows of a version's files: what drawing a sample and comparing versions show."""

import contextlib
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass

from apps.datasets.inspection.files import SplitFile
from apps.datasets.inspection.mapping import Mapping
from apps.datasets.inspection.reading import Batch
from apps.datasets.inspection.records import Records, records
from apps.datasets.inspection.scan import place_of, where


@dataclass(frozen=True, slots=True)
class Row:
    """A row as a reader sees it: input, answer (empty where there is none), and every column as it stands."""

    split: str
    input: str
    answer: str
    columns: dict[str, str | None]


@contextlib.contextmanager
def reading(file: SplitFile, mapping: Mapping) -> Iterator[Iterator[tuple[Batch, Records]]]:
    """Open the file and yield its batches with their records; raise ``FileProblem`` where it breaks."""
    batches: Generator[Batch, None, None] = file.batches(mapping)
    with contextlib.closing(batches):
        yield ((batch, records(batch.rows, mapping)) for batch in batches)


def read_places(files: Sequence[SplitFile], mapping: Mapping, places: Iterable[int]) -> Iterator[tuple[int, Row]]:
    """Yield (place, row) of the wanted rows in the order of their places.

    Files without a wanted row are not opened, and each is left after its last one.
    """
    wanted: dict[int, list[int]] = {}
    for place in sorted(set(places)):
        found = where(place)
        wanted.setdefault(found["file"], []).append(found["row"])
    for index, numbers in wanted.items():
        with reading(files[index], mapping) as batches:
            yield from _picked(index, files[index].split, numbers, batches)


def _picked(
    index: int, split: str, numbers: Sequence[int], batches: Iterator[tuple[Batch, Records]]
) -> Iterator[tuple[int, Row]]:
    for batch, found in batches:
        for number in numbers:
            at = number - batch.first
            if 0 <= at < batch.rows.num_rows:
                answer = "" if found.answers is None else found.answers[at].as_py() or ""
                columns = {name: batch.rows.column(name)[at].as_py() for name in batch.columns}
                yield place_of(index, number), Row(split, found.inputs[at].as_py() or "", answer, columns)
        if batch.first + batch.rows.num_rows > numbers[-1]:
            return


Progress = Callable[[int], None]
