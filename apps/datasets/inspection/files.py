"""The files of a version as the inspection takes them."""

from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import IO, Protocol

from apps.datasets.inspection.mapping import Mapping
from apps.datasets.inspection.reading import Batch, FileProblem, Format, read_batches


class Progress(Protocol):
    """Called with the rows read so far and what is being done; what it raises stops the inspection."""

    def __call__(self, rows: int, stage: str = "reading") -> None: ...


@dataclass(frozen=True, slots=True)
class SplitFile:
    """One file of a split and how to open it."""

    split: str
    name: str
    kind: Format
    packed: bool
    open: Callable[[], IO[bytes]]

    def batches(self, mapping: Mapping) -> Generator[Batch, None, None]:
        """Yield the file's rows; raise ``FileProblem`` when a mapped column is not there."""
        with self.open() as stream:
            for number, batch in enumerate(read_batches(stream, self.kind, self.packed)):
                missing = next((name for name in mapping.columns if name not in batch.columns), None)
                if number == 0 and missing:
                    has = ", ".join(batch.columns)[:200]
                    raise FileProblem(1, f"{self.name} has no column “{missing}”. It has: {has}.")
                if batch.rows.num_rows:
                    yield batch
