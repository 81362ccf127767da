"""Rows of one collection that stand in another: what an evaluation asks, looked for in what a model has seen.

The sides may have columns of their own: each is read with its own mapping, and only the inputs are compared.
"""

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pyarrow as pa
from ibis import _

from apps.datasets.inspection import figures, near
from apps.datasets.inspection import mapping as mappings
from apps.datasets.inspection.compute import USUAL, common_of
from apps.datasets.inspection.engines import open_engine
from apps.datasets.inspection.files import Progress, SplitFile
from apps.datasets.inspection.policy import Policy
from apps.datasets.inspection.reading import Batch
from apps.datasets.inspection.records import records
from apps.datasets.inspection.scan import Context

SEEN, INPUT = "train", "input"
METHOD = 1


@dataclass(frozen=True, slots=True)
class Side:
    """Files and how their records are read."""

    files: Sequence[SplitFile]
    mapping: mappings.Mapping


@dataclass(frozen=True, slots=True)
class _Inputs(SplitFile):
    """A file that shows nothing but its records' inputs, whatever columns it has."""

    own: mappings.Mapping

    def batches(self, mapping: mappings.Mapping) -> Generator[Batch, None, None]:
        for batch in SplitFile.batches(self, self.own):
            inputs = records(batch.rows, self.own).inputs
            yield Batch(batch.first, pa.RecordBatch.from_arrays([inputs], names=[mapping.input]))


def find(
    seen: Sequence[Side],
    asked: Mapping[str, Side],
    *,
    policy: Policy = USUAL,
    progress: Progress = lambda rows, stage="reading": None,
    memory_limit: str = "256MB",
    scratch: Path | None = None,
) -> dict[str, Any]:
    """Return how many rows of each asked side also stand in ``seen``, as plain JSON values without any text.

    Exact rows are equal; normalised ones are equal but for case, white space and Unicode form; near ones are not, and
    share most of their word n-grams. Memory is bounded by ``memory_limit``; the rest spills to ``scratch``. Raise
    ``FileProblem`` when a file can't be read or lacks a mapped column.
    """
    names = {name: f"suite:{name}" for name in asked}
    files = [_inputs(file, SEEN, side.mapping) for side in seen for file in side.files]
    files += [_inputs(file, names[name], side.mapping) for name, side in asked.items() for file in side.files]
    plain = mappings.Mapping(INPUT)
    with open_engine("duckdb", memory_limit=memory_limit, scratch=scratch) as engine:
        every = engine.scan(files, Context(plain, policy, common_of(files, plain, policy)), progress)
        rows = every.filter(_.note.isnull())
        close = near.find(engine, rows, policy)
        if close.links is not None:
            figures.keep_linked(engine, rows.filter(_.length > 0), close)
        order = [SEEN, *names.values()]
        found = figures.leakage(engine, rows, close, order, order)
        counted = dict(engine.fetch(rows.group_by("split").agg(n=_.count())))
    plain_names = {split: name for name, split in names.items()}
    return {
        "method": METHOD,
        "parameters": policy.as_dict(),
        "seen_rows": int(counted.get(SEEN, 0)),
        "rows": sum(int(counted.get(split, 0)) for split in names.values()),
        **{f"{kind}_rows": found[f"{kind}_rows"] for kind in ("exact", "normalised", "near")},
        "by_task": {
            name: {
                "rows": int(counted.get(split, 0)),
                **{kind: found["by_split"][kind].get(split, 0) for kind in ("exact", "normalised", "near")},
            }
            for split, name in plain_names.items()
        },
        "samples": [[_shown(place, files, plain_names) for place in pair] for pair in found["samples"]],
    }


def _inputs(file: SplitFile, split: str, own: mappings.Mapping) -> _Inputs:
    plain = replace(own, label="", date="") if own.shape != "chat" else replace(own, date="")
    return _Inputs(split, file.name, file.kind, file.packed, file.open, plain)


def _shown(place: dict[str, Any], files: Sequence[SplitFile], names: Mapping[str, str]) -> dict[str, Any]:
    file = files[place["file"]]
    shown = {"file": file.name, "row": place["row"], "task": names.get(file.split, "")}
    return shown | {key: place[key] for key in ("similarity",) if key in place}
