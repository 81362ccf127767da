"""The questions that need the rows together: duplicates, leakage, conflicts, labels, lengths, dates."""

import bisect
import functools
import itertools
import operator
from collections import Counter
from collections.abc import Collection, Sequence
from typing import Any

import ibis
import ibis.expr.types as ir
from ibis import _

from apps.datasets.inspection.engines import Engine, scalar
from apps.datasets.inspection.languages import LONGEST, identify
from apps.datasets.inspection.near import Near
from apps.datasets.inspection.policy import Policy
from apps.datasets.inspection.scan import LONGEST_LABEL, SAMPLES, where

MOST_LABELS = 200
LANGUAGE_SAMPLE = 2000
SHOWN = 5
SPLITS = ("train", "validation", "test")
FEW_LABELS, LABEL_SHARE = 20, 0.05
Groups = list[list[dict[str, Any]]]


def _by_split(engine: Engine, expression: ir.Table) -> dict[str, int]:
    return {split: int(count) for split, count in sorted(engine.fetch(expression)) if count}


def _groups(engine: Engine, members: ir.Table, most: int = SHOWN) -> Groups:
    """Return the places of each ``group``, lowest first and at most so many, the groups in order of ``rank``."""
    order = ibis.window(group_by="group", order_by="place")
    shown = members.mutate(nth=ibis.row_number().over(order)).filter(_.nth < most)
    rows = engine.fetch(shown.select("rank", "place").order_by("rank", "place"))
    return [[where(place) for _rank, place in group] for _key, group in itertools.groupby(rows, lambda row: row[0])]


def duplicates(engine: Engine, rows: ir.Table, near: Near) -> dict[str, Any]:
    """Count surplus rows: of three equal rows of a split two are surplus; near: rows with a partner in their split."""
    filled = rows.filter(_.length > 0)

    def repeated(column: str) -> ir.Table:
        found = filled.group_by("split", column).agg(n=_.count(), place=_.place.min()).filter(_.n > 1)
        return engine.keep(f"repeated_{column}", found)

    exact, normal = repeated("exact"), repeated("normal")
    surplus = {
        name: _by_split(engine, found.group_by("split").agg(n=(_.n - 1).sum()))
        for name, found in (("exact", exact), ("normalised", normal))
    }
    top = normal.order_by(ibis.desc("n"), "place").limit(SAMPLES)
    ranked = top.mutate(rank=ibis.row_number().over(ibis.window(order_by=[ibis.desc("n"), "place"])))
    chosen = engine.keep("chosen", ranked.select("split", "normal", "rank"))
    members = filled.join(chosen, ["split", "normal"]).select("rank", "place", group="rank")
    near_by_split, near_samples = _near_duplicates(engine, filled, near)
    return {
        "exact_rows": sum(surplus["exact"].values()),
        "normalised_rows": sum(surplus["normalised"].values()),
        "near_rows": sum(near_by_split.values()),
        "near_pairs": near.pairs,
        "clusters": near.clusters,
        "largest_cluster": near.largest,
        "cluster_sizes": near.sizes,
        "capped_rows": near.capped_rows,
        "by_split": {**surplus, "near": near_by_split},
        "samples": _groups(engine, members),
        "near_samples": near_samples,
    }


def keep_linked(engine: Engine, filled: ir.Table, near: Near) -> ir.Table:
    """Keep and return (split, normal, n, place) of the inputs that have a near one: what ``leakage`` looks into."""
    assert near.links is not None
    found = filled.semi_join(near.links, "normal").group_by("split", "normal")
    return engine.keep("linked", found.agg(n=_.count(), place=_.place.min()))


def _near_duplicates(engine: Engine, filled: ir.Table, near: Near) -> tuple[dict[str, int], Groups]:
    if near.links is None:
        return {}, []
    linked = keep_linked(engine, filled, near)
    within = linked.join(near.links.select("normal", "other"), "normal").join(
        linked.view().select("split", other="normal"), ["split", "other"]
    )
    counted = within.select("split", "normal", "n").distinct().group_by("split").agg(n=_.n.sum())
    top = near.links.filter(_.left < _.right).order_by(ibis.desc("similarity"), "left", "right").limit(SAMPLES)
    samples = [
        [where(left), {**where(right), "similarity": round(similarity, 4)}]
        for left, right, similarity in engine.fetch(top.select("left", "right", "similarity"))
    ]
    return _by_split(engine, counted), samples


def leakage(
    engine: Engine, rows: ir.Table, near: Near, splits: Collection[str], of: Sequence[str] = SPLITS
) -> dict[str, Any]:
    """Count rows whose input also stands in an earlier split (train before validation before test, or as ``of`` says).

    The totals are of rows outside train that also stand in train.
    """
    filled = rows.filter(_.length > 0)
    pairs: list[dict[str, Any]] = []
    samples: Groups = []
    order = [split for split in of if split in splits]
    linked = ibis.table(_LINKED, name="linked") if near.links is not None else None
    for before, after in itertools.combinations(order, 2):
        found: dict[str, Any] = {"from": before, "in": after}
        for name, column in (("exact_rows", "exact"), ("normalised_rows", "normal")):
            known = filled.filter(_.split == before).select(column)
            found[name] = scalar(engine, filled.filter(_.split == after).semi_join(known, column).agg(n=_.count()))
        found["near_rows"] = _near_leakage(engine, near, linked, before, after) if linked is not None else 0
        pairs.append(found)
        if before == order[0] and (found["normalised_rows"] or found["near_rows"]):
            samples += _leaking(engine, filled, near, before, after)
    train = [pair for pair in pairs if pair["from"] == "train"]
    kinds = ("exact", "normalised", "near")
    return {
        **{f"{kind}_rows": sum(pair[f"{kind}_rows"] for pair in train) for kind in kinds},
        "by_split": {
            kind: {pair["in"]: pair[f"{kind}_rows"] for pair in train if pair[f"{kind}_rows"]} for kind in kinds
        },
        "pairs": pairs,
        "samples": samples[: 2 * SAMPLES],
    }


_LINKED = ibis.schema({"split": "string", "normal": "binary", "n": "int64", "place": "int64"})


def _near_leakage(engine: Engine, near: Near, linked: ir.Table, before: str, after: str) -> int:
    assert near.links is not None
    there = linked.filter(_.split == before)
    here = linked.filter(_.split == after).anti_join(there.select("normal"), "normal")
    found = here.join(near.links.select("normal", "other"), "normal").semi_join(there.select(other="normal"), "other")
    return scalar(engine, found.select("normal", "n").distinct().agg(n=_.n.sum()))


def _leaking(engine: Engine, filled: ir.Table, near: Near, before: str, after: str) -> Groups:
    """Return pairs of a leaking row and the first row that it equals, then of near ones."""
    known = filled.filter(_.split == before).select("normal", other="place")
    here = filled.filter(_.split == after).select("normal", "place")
    first = here.semi_join(known, "normal").order_by("place").limit(SAMPLES)
    both = first.join(known, "normal").group_by("place").agg(other=_.other.min()).order_by("place")
    found = [[where(place), where(other)] for place, other in engine.fetch(both.select("place", "other"))]
    if near.links is None:
        return found
    lonely = here.anti_join(known, "normal")
    close = lonely.join(near.links.select("normal", twin="other", similarity="similarity"), "normal").join(
        known.select(twin="normal", other="other"), "twin"
    )
    best = close.group_by("place").agg(other=_.other.min(), similarity=_.similarity.max())
    rows = engine.fetch(best.select("place", "other", "similarity").order_by("place").limit(SAMPLES))
    return found + [
        [where(place), {**where(other), "similarity": round(similarity, 4)}] for place, other, similarity in rows
    ]


def conflicts(engine: Engine, rows: ir.Table, near: Near, total: int, *, classes: bool) -> dict[str, Any]:
    """Count inputs (normalised, over all splits) that carry more than one label or answer (normalised)."""
    filled = rows.filter(_.length > 0)
    answers = filled.group_by("normal", "answer").agg(n=_.count())
    found = engine.keep("conflicts", answers.group_by("normal").agg(n=_.n.sum(), kinds=_.count()).filter(_.kinds > 1))
    counted = engine.fetch(found.agg(inputs=_.count(), rows=_.n.sum()))[0]
    inputs, touched = int(counted[0]), int(counted[1] or 0)
    top = found.order_by(ibis.desc("n"), "normal").limit(SAMPLES)
    firsts = filled.semi_join(top, "normal").group_by("normal").agg(rank=_.place.min())
    members = filled.join(firsts, "normal").select("rank", "place", group="rank")
    near_pairs, near_samples = _near_conflicts(engine, filled, near) if classes else (0, [])
    return {
        "conflicting_inputs": inputs,
        "conflicting_rows": touched,
        "conflicting_percent": round(100 * touched / total, 6) if total else 0.0,
        "near_pairs": near_pairs,
        "samples": _groups(engine, members) if inputs else [],
        "near_samples": near_samples,
    }


def _near_conflicts(engine: Engine, filled: ir.Table, near: Near) -> tuple[int, Groups]:
    """Count near pairs whose labels differ; for labels only, since answers in free text nearly always differ."""
    if near.links is None:
        return 0, []
    answers = filled.select("place", "answer")
    pairs = near.links.filter(_.left < _.right)
    found = pairs.join(answers.select(left="place", one="answer"), "left").join(
        answers.view().select(right="place", two="answer"), "right"
    )
    differing = engine.keep("near_conflicts", found.filter(_.one != _.two).select("left", "right", "similarity"))
    top = differing.order_by(ibis.desc("similarity"), "left", "right").limit(SAMPLES)
    samples = [
        [where(left), {**where(right), "similarity": round(similarity, 4)}]
        for left, right, similarity in engine.fetch(top)
    ]
    return scalar(engine, differing.agg(n=_.count())), samples


def are_classes(engine: Engine, rows: ir.Table, total: int) -> bool:
    """Tell labels from answers: at most 20 different ones, or at most one for every 20 rows."""
    labels = scalar(engine, rows.group_by("label").agg(n=_.count()).agg(n=_.count()))
    longest = scalar(engine, rows.agg(n=_.label.length().max()))
    return longest < LONGEST_LABEL and labels <= max(FEW_LABELS, LABEL_SHARE * total)


def balance(engine: Engine, rows: ir.Table, policy: Policy) -> dict[str, Any]:
    """Count labels and their rows; a rare one has fewer rows than the policy says."""
    counts = engine.keep("labels", rows.group_by("split", "label").agg(n=_.count()))
    labels = counts.filter(_.label.strip() != "").group_by("label").agg(n=_.n.sum())
    top = engine.fetch(labels.order_by(ibis.desc("n"), "label").limit(MOST_LABELS))
    number, smallest, largest = engine.fetch(labels.agg(k=_.count(), low=_.n.min(), high=_.n.max()))[0]
    trained = counts.filter(_.split == "train").select("label")
    named = counts.filter(_.label.strip() != "")
    return {
        "labels": int(number),
        "smallest_rows": int(smallest or 0),
        "largest_rows": int(largest or 0),
        "imbalance": round(largest / smallest, 4) if smallest else 0.0,
        "rare_labels": scalar(engine, labels.filter(_.n < policy.rare_rows).agg(n=_.count())),
        "rare_rows": policy.rare_rows,
        "untrained_labels": scalar(
            engine,
            named.filter(_.split != "train").anti_join(trained, "label").select("label").distinct().agg(n=_.count()),
        ),
        "missing_rows": scalar(engine, counts.filter(_.label.strip() == "").agg(n=_.n.sum())),
        "by_split": _by_split(engine, named.group_by("split").agg(n=_.count())),
        "top": [{"label": label, "rows": int(count)} for label, count in top],
    }


def lengths(engine: Engine, rows: ir.Table) -> dict[str, Any]:
    """Return quantiles and a histogram of 20 bins of the inputs' lengths in characters, and the tokens of records."""
    found = _quantiles(engine.fetch(rows.group_by("length").agg(n=_.count()).order_by("length")))
    tokens = engine.fetch(rows.group_by("tokens").agg(n=_.count()).order_by("tokens"))
    counted = _quantiles(tokens)
    return found | {
        "tokens_total": sum(int(size) * int(count) for size, count in tokens),
        "tokens_median": counted["median"],
        "tokens_p95": counted["p95"],
        "tokens_longest": counted["longest"],
    }


def _quantiles(counts: list[tuple[Any, ...]]) -> dict[str, Any]:
    sizes = [int(size) for size, _count in counts] or [0]
    upto = list(itertools.accumulate(int(count) for _size, count in counts)) or [0]
    total, top = upto[-1], sizes[-1]

    def ranked(number: int) -> int:
        """Return the size of the row with this number, from 1, in order of size."""
        return sizes[bisect.bisect_left(upto, number)]

    def quantile(percent: int) -> int:
        return ranked(-(-total * percent // 100))

    width = max(1, -(-quantile(99) // 20))
    bins: Counter[int] = Counter()
    for size, count in counts:
        bins[min(size // width, 20)] += int(count)
    return {
        "shortest": sizes[0],
        "median": (ranked((total + 1) // 2) + ranked(total // 2 + 1)) / 2 if total else 0.0,
        "p95": quantile(95),
        "longest": top,
        "histogram": [
            {"from": index * width, "to": (index + 1) * width if index < 20 else top, "rows": bins[index]}
            for index in range(21 if 20 in bins else 20)
        ],
    }


def ages(engine: Engine, rows: ir.Table, policy: Policy) -> dict[str, Any]:
    """Count rows by date: without one, too old by the policy, outside the sources' period, after the day of reading.

    ``samples`` are of the rows that are too old or outside the period, the oldest first.
    """
    dated = rows.filter(_.day.notnull())
    known, oldest, newest = engine.fetch(dated.agg(n=_.count(), low=_.day.min(), high=_.day.max()))[0]

    def count(found: ir.Table) -> int:
        return scalar(engine, found.agg(n=_.count()))

    as_of, stale = policy.as_of, policy.stale_days
    odd = {
        "stale_rows": _.day < as_of - stale if as_of is not None and stale is not None else None,
        "before_period_rows": _.day < policy.covers_from if policy.covers_from is not None else None,
        "after_period_rows": _.day > policy.covers_to if policy.covers_to is not None else None,
    }
    asked = [condition for condition in odd.values() if condition is not None]
    shown = (
        dated.filter(functools.reduce(operator.or_, asked)).order_by("day", "place").limit(SAMPLES) if asked else None
    )
    return {
        "dated_rows": int(known),
        "undated_rows": scalar(engine, rows.filter(_.day.isnull()).agg(n=_.count())),
        "oldest_day": oldest,
        "newest_day": newest,
        **{name: count(dated.filter(rows)) if rows is not None else 0 for name, rows in odd.items()},
        "future_rows": count(dated.filter(_.day > as_of + 1)) if as_of is not None else 0,
        "by_month": _months(engine, dated),
        "samples": [where(place) for (place,) in engine.fetch(shown.select("place"))] if shown is not None else [],
    }


def _months(engine: Engine, dated: ir.Table) -> list[dict[str, Any]]:
    import datetime as dt

    counts: Counter[str] = Counter()
    for day, count in engine.fetch(dated.group_by("day").agg(n=_.count())):
        try:
            month = (dt.date(1970, 1, 1) + dt.timedelta(days=int(day))).isoformat()[:7]
        except OverflowError:
            continue
        counts[month] += int(count)
    return [{"month": month, "rows": counts[month]} for month in sorted(counts)]


def empty(engine: Engine, rows: ir.Table, *, labelled: bool) -> dict[str, Any]:
    """Count rows without an input, or without a label or answer."""
    blank = rows.filter(_.length == 0)
    places = engine.fetch(blank.select("place").order_by("place").limit(SAMPLES))
    return {
        "empty_inputs": scalar(engine, blank.agg(n=_.count())),
        "empty_labels": scalar(engine, rows.filter(_.label.strip() == "").agg(n=_.count())) if labelled else 0,
        "samples": [where(place) for (place,) in places],
    }


def languages(engine: Engine, rows: ir.Table) -> dict[str, float]:
    """Return the share of each language in per cent, the commonest first; those under one per cent together.

    Estimated from the 2,000 rows whose inputs have the smallest SHA-256: the content draws the sample, not the files.
    """
    drawn = rows.filter(_.length > 0).order_by("exact", "place").limit(LANGUAGE_SAMPLE)
    texts = [text for (text,) in engine.fetch(drawn.select(text=_.text.substr(0, LONGEST)))]
    counts = Counter(identify(text) for text in texts)
    shares = {code: round(100 * count / len(texts), 2) for code, count in counts.items()}
    named = {code: share for code, share in shares.items() if share >= 1}
    rest = round(sum(shares.values()) - sum(named.values()), 2)
    ordered = dict(sorted(named.items(), key=lambda item: (-item[1], item[0])))
    return ordered | ({"other": rest} if rest > 0 else {})
