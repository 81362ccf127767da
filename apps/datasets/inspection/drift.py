"""Annotators whose agreement with the majority falls as time goes on."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from apps.datasets.inspection.agreement import Units
from apps.datasets.inspection.annotations import Floats, Ints
from apps.datasets.inspection.statistics import trend_of_proportions

WINDOW_LEAST = 20
WINDOWS_LEAST, WINDOWS_MOST = 3, 10
SIGNIFICANCE = 0.01
FALL_LEAST = 0.10
NO_TIMES = "The table has no times, so nobody can say whether somebody changed."
TOO_FEW_ANNOTATORS = "Drift needs three annotators: with two, a fall says only that one of them changed."
TOO_FEW_LABELS = f"Drift needs {WINDOW_LEAST * WINDOWS_LEAST} labels of an annotator on items with a majority."


@dataclass(frozen=True, slots=True)
class Window:
    """A stretch of an annotator's work: seconds since 1970 of its first and last label, how many, how many alike."""

    start: float
    end: float
    labels: int
    alike: int


@dataclass(frozen=True, slots=True)
class Annotator:
    """How an annotator's labels compare with the majority of the others on each item.

    ``compared`` counts the labels on items where the others have a majority, ``agreement`` is the share alike (None
    for nothing compared). ``fall`` is by how much the fitted share sinks from the first window to the last, ``p``
    the one-sided probability of such a fall by chance; both None where drift can't be told, with the ``reason``.
    """

    name: str
    annotations: int
    compared: int
    agreement: float | None
    windows: tuple[Window, ...]
    fall: float | None
    p: float | None
    is_drifting: bool
    reason: str = ""

    def as_dict(self) -> dict[str, Any]:
        return {
            "annotator": self.name,
            "annotations": self.annotations,
            "compared": self.compared,
            "majority_agreement": None if self.agreement is None else round(self.agreement, 6),
            "windows": [
                {"from": row.start, "to": row.end, "labels": row.labels, "alike": row.alike} for row in self.windows
            ],
            "fall": None if self.fall is None else round(self.fall, 6),
            "p": self.p,
            "is_drifting": self.is_drifting,
            "reason": self.reason,
        }


def annotators(units: Units, annotations: Ints) -> list[Annotator]:
    """Return every annotator against the majority of the others, drifting ones first, then the least agreement.

    The majority leaves the annotator's own label out; a tie among the others is no majority. Labels in the order of
    their time are cut into 3 to 10 windows of equal size, of at least 20 each. An annotator drifts when the
    Cochran-Armitage test for a falling trend over the windows has a one-sided p below 0.01 divided by the number of
    annotators tested (Bonferroni), and the fitted share falls by at least 10 percentage points.
    ``annotations`` are all labels by annotator, compared or not. Source: Armitage, Biometrics 11 (1955).
    """
    table = units.table
    alike, is_compared = _against_majority(units)
    known = np.isfinite(table.time)
    people = int((np.bincount(table.annotator, minlength=len(table.annotators)) > 0).sum())
    rows = np.flatnonzero(is_compared)
    rows = rows[np.lexsort((table.time[rows], table.annotator[rows]))]
    bounds = np.searchsorted(table.annotator[rows], np.arange(len(table.annotators) + 1))
    found = []
    for code, name in enumerate(table.annotators):
        mine = rows[bounds[code] : bounds[code + 1]]
        windows = _windows(table.time[mine[known[mine]]], alike[mine[known[mine]]])
        reason = ""
        if not known.any():
            reason = NO_TIMES
        elif people < 3:
            reason = TOO_FEW_ANNOTATORS
        elif len(windows) < WINDOWS_LEAST:
            reason = TOO_FEW_LABELS
        share = float(alike[mine].mean()) if len(mine) else None
        fall, p = _trend(windows) if not reason else (None, None)
        found.append(Annotator(name, int(annotations[code]), len(mine), share, windows, fall, p, False, reason))
    tested = sum(row.p is not None for row in found)
    judged = [
        Annotator(
            row.name,
            row.annotations,
            row.compared,
            row.agreement,
            row.windows,
            row.fall,
            row.p,
            row.p is not None and row.fall is not None and row.p < SIGNIFICANCE / tested and row.fall >= FALL_LEAST,
            row.reason,
        )
        for row in found
    ]
    return sorted(judged, key=lambda row: (not row.is_drifting, row.agreement is None, row.agreement or 0.0, row.name))


def _against_majority(units: Units) -> tuple[Any, Any]:
    """Return for each row whether it is as the others' majority says, and whether the others have one."""
    order = np.lexsort((-units.cell_count, units.cell_unit))
    unit, count = units.cell_unit[order], units.cell_count[order]
    sizes = np.bincount(unit, minlength=len(units))
    starts = np.concatenate([[0], np.cumsum(sizes)[:-1]]).astype(np.int64)
    place = np.empty(len(order), dtype=np.int64)
    place[order] = np.arange(len(order)) - starts[unit]
    best = np.zeros((3, len(units)), dtype=np.int64)
    for rank in range(3):
        there = sizes > rank
        best[rank, there] = count[starts[there] + rank]
    keys = units.cell_unit * max(units.labels, 1) + units.cell_label
    cell = np.searchsorted(keys, units.unit * max(units.labels, 1) + units.table.label)
    at, others = place[cell], units.cell_count[cell] - 1
    top = np.where(at == 0, best[1, units.unit], best[0, units.unit])
    second = np.where(at <= 1, best[2, units.unit], best[1, units.unit])
    alike = others > top
    return alike, alike | ((top > others) & (top > second))


def _windows(times: Floats, alike: Any) -> tuple[Window, ...]:
    number = min(WINDOWS_MOST, len(times) // WINDOW_LEAST)
    return (
        tuple(
            Window(float(part[0][0]), float(part[0][-1]), len(part[0]), int(part[1].sum()))
            for part in zip(np.array_split(times, number), np.array_split(alike, number), strict=True)
        )
        if number
        else ()
    )


def _trend(windows: tuple[Window, ...]) -> tuple[float, float]:
    """Return the fitted fall from the first window to the last, and the one-sided p of a fall."""
    sizes = np.array([row.labels for row in windows], dtype=np.float64)
    shares = np.array([row.alike for row in windows]) / sizes
    places = np.arange(len(windows), dtype=np.float64)
    middle = (sizes * places).sum() / sizes.sum()
    slope = (sizes * (places - middle) * shares).sum() / (sizes * (places - middle) ** 2).sum()
    found = trend_of_proportions([row.alike for row in windows], [row.labels for row in windows])
    return float(-slope * (len(windows) - 1)), found.p / 2 if found.statistic < 0 else 1 - found.p / 2
