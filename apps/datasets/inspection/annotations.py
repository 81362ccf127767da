"""A table of annotations as numbers: who gave which item which label, when, and under which guideline version."""

import math
from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

Scale = Literal["nominal", "ordinal", "interval"]
Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
MOST_ANNOTATORS = 2_000
MOST_LABELS = 1_000


class TableProblem(ValueError):
    """What keeps a table from being analysed, in words that say what to do."""


@dataclass(frozen=True, slots=True)
class Annotations:
    """One row an annotation, as codes into the names; ``time`` in seconds since 1970, NaN where it is not known.

    ``labels`` stand in the order of their scale, ``values`` are their places on it (nominal: none).
    """

    items: Sequence[str]
    annotators: Sequence[str]
    labels: Sequence[str]
    guidelines: Sequence[str]
    item: Ints
    annotator: Ints
    label: Ints
    guideline: Ints
    time: Floats
    scale: Scale = "nominal"
    values: Floats | None = None

    def __len__(self) -> int:
        return len(self.item)

    def keep(self, rows: Any) -> "Annotations":
        """Return the table of these rows (indices or a mask), with the same names."""
        return Annotations(
            self.items,
            self.annotators,
            self.labels,
            self.guidelines,
            self.item[rows],
            self.annotator[rows],
            self.label[rows],
            self.guideline[rows],
            self.time[rows],
            self.scale,
            self.values,
        )


class Collector:
    """Takes annotations one by one: 24 bytes a row, and every name once.

    Raise ``TableProblem`` for more annotators or labels than a column of either would hold.
    """

    def __init__(self) -> None:
        self._names: tuple[dict[str, int], ...] = ({}, {}, {}, {})
        self._codes = tuple(array("i") for _name in self._names)
        self._time = array("d")

    def add(self, item: str, annotator: str, label: str, time: float = math.nan, guideline: str = "") -> None:
        items, annotators, labels, guidelines = self._names
        if annotator not in annotators and len(annotators) == MOST_ANNOTATORS:
            raise TableProblem(f"There are more than {MOST_ANNOTATORS:,} annotators. Is this the annotators' column?")
        if label not in labels and len(labels) == MOST_LABELS:
            raise TableProblem(f"There are more than {MOST_LABELS:,} labels. Is this the labels' column?")
        codes = self._codes
        codes[0].append(items.setdefault(item, len(items)))
        codes[1].append(annotators.setdefault(annotator, len(annotators)))
        codes[2].append(labels.setdefault(label, len(labels)))
        codes[3].append(guidelines.setdefault(guideline, len(guidelines)))
        self._time.append(time)

    def finish(self, scale: Scale = "nominal", order: Sequence[str] = ()) -> Annotations:
        """Return the table, its labels in the order of the scale.

        ``order`` names the labels of an ordinal scale from low to high; without it they must be numbers, as on an
        interval scale. Raise ``TableProblem`` for a label that has no place.
        """
        items, annotators, labels, guidelines = (list(known) for known in self._names)
        placed = [(place_of(label, scale, order), label, code) for code, label in enumerate(labels)]
        placed.sort(key=lambda row: row[:2])
        moved = np.empty(len(labels), dtype=np.int64)
        moved[[code for _place, _label, code in placed]] = np.arange(len(labels))
        item, annotator, label, guideline = (np.frombuffer(codes, dtype=np.int32) for codes in self._codes)
        return Annotations(
            items,
            annotators,
            [label for _place, label, _code in placed],
            guidelines,
            item.astype(np.int64),
            annotator.astype(np.int64),
            moved[label] if len(labels) else label.astype(np.int64),
            guideline.astype(np.int64),
            np.frombuffer(self._time, dtype=np.float64),
            scale,
            None if scale == "nominal" else np.array([place for place, _label, _code in placed], dtype=np.float64),
        )


def place_of(label: str, scale: Scale, order: Sequence[str] = ()) -> float:
    """Return a label's place on the scale; raise ``TableProblem`` when it has none."""
    if scale == "nominal":
        return 0.0
    if scale == "ordinal" and order:
        if label not in order:
            raise TableProblem(f"The label “{label[:60]}” is not in the order: {', '.join(order)[:200]}. Add it there.")
        return float(list(order).index(label))
    try:
        number = float(label)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise TableProblem(
            f"The label “{label[:60]}” is not a number. Name the labels in their order, or say that they have none."
        )
    return number
