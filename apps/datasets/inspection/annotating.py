"""What a table of annotations says of its labels: all figures together, as plain JSON values."""

from typing import Any

import numpy as np

from apps.datasets.inspection import agreement, drift
from apps.datasets.inspection.agreement import Units
from apps.datasets.inspection.annotations import Annotations, Ints

MOST_PAIRS = 500
MOST_CONFUSIONS = 1_000
MOST_CONTESTED = 5_000


def latest(table: Annotations, *, by_guideline: bool = False) -> Ints:
    """Return the rows that count: the last label that an annotator gave an item, by time and then by row.

    With ``by_guideline`` the last under each guideline version. A row without a time goes before those with one.
    """
    row = np.arange(len(table))
    time = np.where(np.isfinite(table.time), table.time, -np.inf)
    guideline = table.guideline if by_guideline else np.zeros(len(table), dtype=np.int64)
    order = np.lexsort((row, time, guideline, table.annotator, table.item))
    keys = np.stack([table.item[order], table.annotator[order], guideline[order]])
    last = np.ones(len(table), dtype=bool)
    last[:-1] = (keys[:, 1:] != keys[:, :-1]).any(axis=0)
    return np.sort(order[last])


def analyse(table: Annotations) -> dict[str, Any]:
    """Return agreement overall, by pair, label and guideline version; confusions, drift, and what to adjudicate.

    Lists are cut (500 pairs, 1,000 confusions, 5,000 items to adjudicate); their whole lengths stand beside them.
    """
    rows = latest(table)
    current = table.keep(rows)
    units = Units(current)
    pairs, confused = agreement.pair_agreement(units), agreement.confusions(units)
    people = drift.annotators(units, np.bincount(table.annotator, minlength=len(table.annotators)))
    contested, split = _contested(units)
    kappas = [row.kappa.value for row in pairs if row.kappa.value is not None]
    return {
        "scale": table.scale,
        "annotations": len(table),
        "repeated": len(table) - len(rows),
        "items": len(np.unique(table.item)),
        "items_compared": len(units),
        "annotators": len(table.annotators),
        "labels": list(table.labels),
        "agreement": round(agreement.observed_agreement(units), 6) if len(units) else None,
        "alpha": agreement.krippendorff_alpha(units).as_dict(),
        "fleiss": agreement.fleiss_kappa(units).as_dict(),
        "lowest_pair_kappa": round(min(kappas), 6) if kappas else None,
        "pairs": [_pair(row) for row in pairs[:MOST_PAIRS]],
        "pair_count": len(pairs),
        "by_label": [_label(row) for row in agreement.label_agreement(units)],
        "by_guideline": _by_guideline(table),
        "confusions": [
            {"first": row.first, "second": row.second, "pairs": row.pairs, "items": row.items}
            for row in confused[:MOST_CONFUSIONS]
        ],
        "confusion_count": len(confused),
        "disagreements": sum(row.pairs for row in confused),
        "by_annotator": [row.as_dict() for row in people],
        "drifting": sum(row.is_drifting for row in people),
        "drift_tested": sum(row.p is not None for row in people),
        "to_adjudicate": len(contested),
        "without_majority": split,
        "contested": [_item(units, int(at)) for at in contested[:MOST_CONTESTED]],
    }


def _pair(row: agreement.Pair) -> dict[str, Any]:
    found: dict[str, Any] = {
        "first": row.first,
        "second": row.second,
        "items": row.items,
        "agreement": round(row.agreement, 6),
        "kappa": row.kappa.as_dict(),
    }
    if row.linear is not None and row.quadratic is not None:
        found |= {"linear": row.linear.as_dict(), "quadratic": row.quadratic.as_dict()}
    return found


def _label(row: agreement.LabelAgreement) -> dict[str, Any]:
    return {
        "label": row.label,
        "annotations": row.annotations,
        "agreement": round(row.agreement, 6),
        "kappa": row.kappa.as_dict(),
        "alpha": row.alpha.as_dict(),
    }


def _by_guideline(table: Annotations) -> list[dict[str, Any]]:
    whole = table.keep(latest(table, by_guideline=True))
    said = np.bincount(table.guideline, minlength=len(table.guidelines))
    found = []
    for code, name in enumerate(table.guidelines):
        units = Units(whole.keep(whole.guideline == code))
        found.append(
            {
                "guideline": name,
                "annotations": int(said[code]),
                "items_compared": len(units),
                "agreement": round(agreement.observed_agreement(units), 6) if len(units) else None,
                "alpha": agreement.krippendorff_alpha(units).as_dict(),
                "fleiss": agreement.fleiss_kappa(units).as_dict(),
            }
        )
    return sorted(found, key=lambda row: (len(row["guideline"]), row["guideline"]))


def _contested(units: Units) -> tuple[Ints, int]:
    """Return the items whose labels differ, most contested first, and on how many no label has more than half.

    Most contested is what the fewest pairs of annotators agree on, then what most annotators labelled.
    """
    if not len(units):
        return np.empty(0, dtype=np.int64), 0
    alike = units.per_unit((units.cell_count * (units.cell_count - 1)).astype(np.float64))
    share = alike / (units.sizes * (units.sizes - 1))
    most = np.zeros(len(units), dtype=np.int64)
    np.maximum.at(most, units.cell_unit, units.cell_count)
    differ = np.flatnonzero(share < 1)
    return differ[np.lexsort((differ, -units.sizes[differ], share[differ]))], int((2 * most <= units.sizes).sum())


def _item(units: Units, at: int) -> dict[str, Any]:
    table = units.table
    rows = range(units.starts[at], units.starts[at] + units.sizes[at])
    said = sorted(
        (table.annotators[table.annotator[row]], table.labels[table.label[row]], table.guidelines[table.guideline[row]])
        for row in rows
    )
    pairs = len(said) * (len(said) - 1)
    counts: dict[str, int] = {}
    for _who, label, _guideline in said:
        counts[label] = counts.get(label, 0) + 1
    alike = sum(count * (count - 1) for count in counts.values())
    top = max(counts.values())
    return {
        "item": table.items[int(units.names[at])],
        "agreement": round(alike / pairs, 6),
        "majority": next((label for label, count in counts.items() if 2 * count > len(said)), ""),
        "most": top,
        "labels": [{"annotator": who, "label": label, "guideline": guideline} for who, label, guideline in said],
    }
