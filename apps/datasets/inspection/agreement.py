"""How far annotators agree: coefficients over a table of annotations, by pair, label and guideline version.

Every figure comes from whole columns at once, in time and memory linear in the rows. Where a coefficient is not
defined it is None with the reason, never NaN.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike

from apps.datasets.inspection.annotations import Annotations, Floats, Ints

Weights = Literal["nominal", "linear", "quadratic"]
PAIRED = 60
NOTHING_COMPARED = "No item carries the labels of two annotators."
ONE_LABEL = "Every compared annotation carries one and the same label, so chance explains all agreement."
TINY = 1e-12


@dataclass(frozen=True, slots=True)
class Coefficient:
    """An agreement beyond chance: 1 is perfect, 0 is chance, below 0 worse; None with the reason why there is none."""

    value: float | None
    reason: str = ""

    def as_dict(self) -> dict[str, Any]:
        return {"value": None if self.value is None else round(self.value, 6), "reason": self.reason}


@dataclass(frozen=True, slots=True)
class Pair:
    """Two annotators over the items that both labelled; ``agreement`` is the share (0 to 1) labelled alike.

    The weighted figures are only there for labels with an order.
    """

    first: str
    second: str
    items: int
    agreement: float
    kappa: Coefficient
    linear: Coefficient | None
    quadratic: Coefficient | None


@dataclass(frozen=True, slots=True)
class LabelAgreement:
    """One label against all others: how often a second annotator says it too, and the same beyond chance."""

    label: str
    annotations: int
    agreement: float
    kappa: Coefficient
    alpha: Coefficient


@dataclass(frozen=True, slots=True)
class Confusion:
    """Two labels given to the same items: by how many pairs of annotators, and on how many items."""

    first: str
    second: str
    pairs: int
    items: int


def _beyond_chance(observed: float, expected: float) -> Coefficient:
    """Return 1 - observed / expected disagreement."""
    return Coefficient(None, ONE_LABEL) if expected <= TINY else Coefficient(1.0 - observed / expected)


class Units:
    """The items that two or more annotators labelled, once an annotator each, and what was counted on them.

    Rows are ordered by item and annotator. ``cells`` are the pairs of item and label that occur, with their counts.
    """

    def __init__(self, table: Annotations) -> None:
        sizes = np.bincount(table.item, minlength=len(table.items))
        rows = np.flatnonzero(sizes[table.item] >= 2)
        rows = rows[np.lexsort((table.annotator[rows], table.item[rows]))]
        self.table = table.keep(rows)
        used, self.unit = np.unique(self.table.item, return_inverse=True)
        self.names = used
        self.sizes: Ints = np.bincount(self.unit, minlength=len(used))
        self.starts: Ints = np.concatenate([[0], np.cumsum(self.sizes)[:-1]]).astype(np.int64)
        self.labels = len(table.labels)
        keys, counts = np.unique(self.unit * max(self.labels, 1) + self.table.label, return_counts=True)
        self.cell_unit, self.cell_label = np.divmod(keys, max(self.labels, 1))
        self.cell_count: Ints = counts
        self.totals: Ints = np.bincount(self.table.label, minlength=self.labels)

    def __len__(self) -> int:
        return len(self.names)

    def per_unit(self, values: Floats) -> Floats:
        return np.bincount(self.cell_unit, weights=values, minlength=len(self)).astype(np.float64)

    def pairs_within(self) -> Iterator[tuple[Ints, Ints]]:
        """Yield the rows of every pair of annotations of one item, a step apart at a time."""
        position = np.arange(len(self.table)) - self.starts[self.unit]
        room = self.sizes[self.unit] - position
        left, step = np.arange(len(self.table)), 1
        while len(left := left[room[left] > step]):
            yield left, left + step
            step += 1


def krippendorff_alpha(units: Units) -> Coefficient:
    """Return alpha for the table's scale; items with one label only don't count, missing ones need nothing.

    Ordinal differences are those of mid-ranks. Source: Krippendorff, Computing Krippendorff's Alpha-Reliability
    (2011), sections C and D; Content Analysis (4th ed., 2019), ch. 12.
    """
    if not len(units):
        return Coefficient(None, NOTHING_COMPARED)
    weight, n = 1.0 / (units.sizes - 1), float(units.totals.sum())
    if units.table.values is None:
        counts = units.cell_count.astype(np.float64)
        within = units.sizes.astype(np.float64) ** 2 - units.per_unit(counts**2)
        between = n**2 - float((units.totals.astype(np.float64) ** 2).sum())
        return _beyond_chance(float((within * weight).sum()), between / (n - 1))
    places = _places(units)
    places = places - (units.totals * places).sum() / n
    used = places[units.totals > 0]
    if np.ptp(used) <= TINY * max(1.0, float(np.abs(used).max())):
        return Coefficient(None, ONE_LABEL)
    means = units.per_unit(units.cell_count * places[units.cell_label]) / units.sizes
    gaps = (places[units.cell_label] - means[units.cell_unit]) ** 2
    observed = 2 * float((units.sizes * weight * units.per_unit(units.cell_count * gaps)).sum())
    expected = 2 * n * float((units.totals * places**2).sum()) / (n - 1)
    return Coefficient(1.0 - observed / expected)


def _places(units: Units) -> Floats:
    assert units.table.values is not None
    if units.table.scale == "interval":
        return units.table.values
    return np.cumsum(units.totals) - units.totals / 2


def fleiss_kappa(units: Units) -> Coefficient:
    """Return Fleiss' kappa; where items have unequal numbers of labels, the mean of their agreement counts.

    Source: Fleiss, Measuring nominal scale agreement among many raters, Psychol. Bull. 76 (1971).
    """
    if not len(units):
        return Coefficient(None, NOTHING_COMPARED)
    shares = units.totals / units.totals.sum()
    return _beyond_chance(1.0 - observed_agreement(units), 1.0 - float((shares**2).sum()))


def observed_agreement(units: Units) -> float:
    """Return the mean over items of the share of pairs of annotators that agree (0 to 1); 0 with no item."""
    if not len(units):
        return 0.0
    alike = units.per_unit((units.cell_count * (units.cell_count - 1)).astype(np.float64))
    return float((alike / (units.sizes * (units.sizes - 1))).mean())


def label_agreement(units: Units) -> list[LabelAgreement]:
    """Return each compared label against all others, least agreement first.

    ``agreement`` is the chance that a second annotator of an item says the label when one did; ``kappa`` is the same
    beyond chance (Fleiss 1971, formula 14 for equal numbers of labels), ``alpha`` Krippendorff's of label and rest.
    """
    if not len(units):
        return []
    count, size = units.cell_count.astype(np.float64), units.sizes[units.cell_unit].astype(np.float64)

    def by_label(values: Floats) -> Floats:
        return np.bincount(units.cell_label, weights=values, minlength=units.labels).astype(np.float64)

    alike, compared = by_label(count * (count - 1)), by_label(count * (size - 1))
    apart = 2 * by_label(count * (size - count) / (size - 1))
    n = float(units.totals.sum())
    found = []
    for index in np.flatnonzero(units.totals).tolist():
        total, share = float(units.totals[index]), units.totals[index] / n
        agreement = float(alike[index] / compared[index])
        kappa = _beyond_chance(1.0 - agreement, 1.0 - share)
        alpha = _beyond_chance(float(apart[index]), 2 * total * (n - total) / (n - 1))
        found.append(LabelAgreement(units.table.labels[index], int(total), agreement, kappa, alpha))
    return sorted(found, key=lambda row: (row.agreement, -row.annotations, row.label))


def cohen_kappa(counts: ArrayLike, weights: Weights | ArrayLike = "nominal") -> Coefficient:
    """Return kappa of a square table of counts, one annotator's labels down and the other's across.

    ``weights`` are disagreements: any label against another (nominal), by distance, by squared distance, or a table.
    Sources: Cohen, A coefficient of agreement for nominal scales, Educ. Psychol. Meas. 20 (1960); Cohen, Weighted
    kappa, Psychol. Bull. 70 (1968).
    """
    table = np.asarray(counts, dtype=np.float64)
    if not table.sum():
        return Coefficient(None, NOTHING_COMPARED)
    shares = table / table.sum()
    places = np.arange(len(table))
    gaps = np.abs(places[:, None] - places[None, :])
    named = {"nominal": gaps > 0, "linear": gaps, "quadratic": gaps**2}
    cost = np.asarray(named[weights] if isinstance(weights, str) else weights, dtype=np.float64)
    chance = np.outer(shares.sum(1), shares.sum(0))
    return _beyond_chance(float((cost * shares).sum()), float((cost * chance).sum()))


def pair_agreement(units: Units) -> list[Pair]:
    """Return Cohen's kappa of every two annotators with items in common, least agreement first.

    Among the 60 annotators with the most labels on compared items, so that a crowd of thousands stays readable. The
    weights of an ordered scale are the distances of the labels' places, on an ordinal one their ranks.
    """
    table, labels = units.table, max(units.labels, 1)
    load = np.bincount(table.annotator, minlength=len(table.annotators))
    chosen = sorted(np.argsort(-load, kind="stable")[:PAIRED], key=lambda code: table.annotators[code])
    chosen = [code for code in chosen if load[code]]
    rank = np.full(len(table.annotators), -1, dtype=np.int64)
    rank[chosen] = np.arange(len(chosen))
    size = len(chosen)
    tally = _Tally(size, labels, _distances(table))
    for left, right in units.pairs_within():
        one, two = rank[table.annotator[left]], rank[table.annotator[right]]
        seen = (one >= 0) & (two >= 0)
        turned = one[seen] > two[seen]
        a, b = table.label[left][seen], table.label[right][seen]
        first, second = np.where(turned, b, a), np.where(turned, a, b)
        tally.add(np.minimum(one[seen], two[seen]) * size + np.maximum(one[seen], two[seen]), first, second)
    found = [
        tally.pair(index, table.annotators[chosen[index // size]], table.annotators[chosen[index % size]])
        for index in np.flatnonzero(tally.items).tolist()
    ]
    return sorted(found, key=lambda row: (row.kappa.value is None, row.kappa.value or 0.0, row.first, row.second))


def _distances(table: Annotations) -> Floats | None:
    if table.values is None:
        return None
    return table.values if table.scale == "interval" else np.arange(len(table.values), dtype=np.float64)


class _Tally:
    """What two annotators said of their common items: how often alike, and how often each said each label."""

    def __init__(self, size: int, labels: int, places: Floats | None) -> None:
        self.labels, self.places, self.size = labels, places, size * size
        self.items, self.alike = np.zeros(self.size, np.int64), np.zeros(self.size, np.int64)
        self.said = [np.zeros(self.size * labels, np.int32) for _side in range(2)]
        self.linear, self.quadratic = np.zeros(self.size), np.zeros(self.size)

    def add(self, pair: Ints, first: Ints, second: Ints) -> None:
        self.items += np.bincount(pair, minlength=self.size)
        self.alike += np.bincount(pair[first == second], minlength=self.size)
        for side, label in zip(self.said, (first, second), strict=True):
            np.add.at(side, pair * self.labels + label, 1)
        if self.places is not None:
            gap = np.abs(self.places[first] - self.places[second])
            self.linear += np.bincount(pair, weights=gap, minlength=self.size)
            self.quadratic += np.bincount(pair, weights=gap**2, minlength=self.size)

    def pair(self, index: int, first: str, second: str) -> Pair:
        n = float(self.items[index])
        one, two = (side[index * self.labels : (index + 1) * self.labels] / n for side in self.said)
        agreement = float(self.alike[index] / n)
        kappa = _beyond_chance(1.0 - agreement, 1.0 - float(one @ two))
        if self.places is None:
            return Pair(first, second, int(n), agreement, kappa, None, None)
        below, under = np.cumsum(one)[:-1], np.cumsum(two)[:-1]
        steps = np.diff(self.places)
        linear = float((steps * (below * (1 - under) + under * (1 - below))).sum())
        centred = self.places - self.places.mean()
        quadratic = float(one @ centred**2 + two @ centred**2 - 2 * (one @ centred) * (two @ centred))
        return Pair(
            first,
            second,
            int(n),
            agreement,
            kappa,
            _beyond_chance(float(self.linear[index] / n), linear),
            _beyond_chance(float(self.quadratic[index] / n), quadratic),
        )


def confusions(units: Units) -> list[Confusion]:
    """Return the pairs of labels that annotators gave to the same items, most pairs of annotators first."""
    labels = max(units.labels, 1)
    sizes = np.bincount(units.cell_unit, minlength=len(units))
    starts = np.concatenate([[0], np.cumsum(sizes)[:-1]]).astype(np.int64)
    room = sizes[units.cell_unit] - (np.arange(len(units.cell_unit)) - starts[units.cell_unit])
    left, step = np.arange(len(units.cell_unit)), 1
    pairs: dict[int, int] = {}
    items: dict[int, int] = {}
    while len(left := left[room[left] > step]):
        right = left + step
        keys, at, count = np.unique(
            units.cell_label[left] * labels + units.cell_label[right], return_inverse=True, return_counts=True
        )
        met = np.bincount(at, weights=units.cell_count[left] * units.cell_count[right])
        for key, times, on in zip(keys.tolist(), met.tolist(), count.tolist(), strict=True):
            pairs[key] = pairs.get(key, 0) + int(times)
            items[key] = items.get(key, 0) + on
        step += 1
    names: Sequence[str] = units.table.labels
    found = [Confusion(names[key // labels], names[key % labels], pairs[key], items[key]) for key in pairs]
    return sorted(found, key=lambda row: (-row.pairs, -row.items, row.first, row.second))
