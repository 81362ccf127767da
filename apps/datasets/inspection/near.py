"""Near duplicates: candidates by shared prefixes, each verified by its exact Jaccard similarity, then clusters."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import ibis
import ibis.expr.types as ir
import numpy as np
import numpy.typing as npt
import pyarrow as pa
from ibis import _

from apps.datasets.inspection.engines import Engine, scalar
from apps.datasets.inspection.policy import Policy
from apps.datasets.inspection.shingles import Sets, jaccard, shingle
from apps.datasets.inspection.text import normalise_all

MOST_PAIRS = 30_000_000
NEIGHBOURS = 8
SETS = pa.schema([("place", pa.int64()), ("grams", pa.list_(pa.int64()))])
PAIRS = pa.schema([("left", pa.int64()), ("right", pa.int64()), ("similarity", pa.float64())])
SLICE = 4096


@dataclass(frozen=True)
class Near:
    """What was found: ``links`` holds (normal, other, left, right) in both directions, None when nothing is near."""

    links: ir.Table | None = None
    pairs: int = 0
    candidates: int = 0
    capped_rows: int = 0
    clusters: int = 0
    largest: int = 0
    sizes: dict[str, int] = field(default_factory=dict)


def find(engine: Engine, rows: ir.Table, policy: Policy) -> Near:
    """Return the near duplicates among the different inputs of all splits; exact with respect to the n-grams' hashes.

    A hash has 49 bits: two different n-grams of one pair of texts of 200 n-grams share one with a chance of 10**-10.
    """
    threshold = policy.near_threshold
    first = rows.filter(_.size > 0).group_by("normal").agg(place=_.place.min())
    engine.keep("firsts", first)
    firsts = ibis.table(first.schema(), name="firsts")
    tokens = engine.keep(
        "tokens",
        rows.filter(_.size > 0).semi_join(firsts, "place").select("place", "size", token=_.prefix.unnest()),
    )
    shared = engine.keep("shared", tokens.group_by("token").agg(n=_.count()).filter(_.n > 1))
    cap = _cap(engine, shared)
    few = tokens.semi_join(shared.filter(_.n <= cap), "token")
    found = _pairs(few, threshold, few.view().select(other="place", other_size="size", token="token"))
    crowded = shared.filter(_.n > cap)
    capped = scalar(engine, tokens.semi_join(crowded, "token").select("place").distinct().agg(n=_.count()))
    if capped:
        found = found.union(_neighbours(engine, tokens, crowded, threshold))
    candidates = engine.keep("candidates", found.group_by("left", "right").agg(n=_.count()).drop("n"))
    number = scalar(engine, candidates.agg(n=_.count()))
    if not number:
        return Near(capped_rows=capped)
    near = _verified(engine, rows, candidates, policy)
    pairs = scalar(engine, near.agg(n=_.count()))
    if not pairs:
        return Near(candidates=number, capped_rows=capped)
    sizes = _clusters(engine, near)
    return Near(
        _links(engine, rows, near), pairs, number, capped, len(sizes), max(sizes, default=0), _distribution(sizes)
    )


def _cap(engine: Engine, shared: ir.Table) -> int:
    """Return the largest crowd of one n-gram whose pairs are all looked at, so that there are at most 30 million."""
    crowds = engine.fetch(shared.group_by("n").agg(times=_.count()).order_by("n"))
    pairs, cap = 0, 1
    for n, times in crowds:
        pairs += times * n * (n - 1) // 2
        if pairs > MOST_PAIRS:
            break
        cap = n
    return cap


def _pairs(left: ir.Table, threshold: float, right: ir.Table) -> ir.Table:
    both = left.join(right, "token")
    return both.filter(
        _.place < _.other, _.other_size >= threshold * _.size - 1e-9, _.size >= threshold * _.other_size - 1e-9
    ).select(left=_.place, right=_.other)


def _neighbours(engine: Engine, tokens: ir.Table, crowded: ir.Table, threshold: float) -> ir.Table:
    """Return the pairs of rows that stand close in a crowd ordered by size and place: the rest is left unseen."""
    inside = tokens.semi_join(crowded, "token")
    order = ibis.window(group_by="token", order_by=["size", "place"])
    numbered = engine.keep("crowds", inside.mutate(rank=ibis.row_number().over(order)))
    others = [
        numbered.view().select(other="place", other_size="size", token="token", rank=_.rank - step)
        for step in range(1, NEIGHBOURS + 1)
    ]
    every = others[0].union(*others[1:])
    joined = numbered.join(every, ["token", "rank"])
    small, large = ibis.least(_.place, _.other), ibis.greatest(_.place, _.other)
    return joined.filter(_.size >= threshold * _.other_size - 1e-9).select(left=small, right=large)


def _verified(engine: Engine, rows: ir.Table, candidates: ir.Table, policy: Policy) -> ir.Table:
    ends = candidates.select(place="left").union(candidates.select(place="right"))
    wanted = rows.filter(_.size > 0).semi_join(ends, "place").select("place", "text")
    words, threshold, punctuation = policy.near_words, policy.near_threshold, not policy.ignore_punctuation

    def sets_of(batch: pa.RecordBatch) -> pa.RecordBatch:
        found = shingle(normalise_all(batch.column("text"), punctuation=punctuation), words)
        return pa.RecordBatch.from_arrays([batch.column("place"), _lists(found)], schema=SETS)

    sets = engine.transform("sets", wanted, sets_of, SETS)
    both = candidates.join(sets.select(left="place", left_grams="grams"), "left").join(
        sets.view().select(right="place", right_grams="grams"), "right"
    )

    def measured(batch: pa.RecordBatch) -> pa.RecordBatch:
        found = np.concatenate(
            [
                jaccard(_sets(part.column("left_grams")), _sets(part.column("right_grams")))
                for start in range(0, batch.num_rows, SLICE)
                for part in [batch.slice(start, SLICE)]
            ]
        )
        near = pa.array(found >= threshold - 1e-9)
        arrays = [batch.column("left"), batch.column("right"), pa.array(found)]
        return pa.RecordBatch.from_arrays([values.filter(near) for values in arrays], schema=PAIRS)

    return engine.transform("near", both.select("left", "right", "left_grams", "right_grams"), measured, PAIRS)


def _lists(found: Sets) -> pa.Array:
    offsets = np.concatenate(([0], np.cumsum(found.sizes))).astype(np.int32)
    return pa.ListArray.from_arrays(pa.array(offsets), pa.array(found.hashes.astype(np.int64)))


def _sets(lists: pa.Array) -> Sets:
    sizes = np.diff(lists.offsets.to_numpy()).astype(np.int64)
    return Sets(sizes, lists.flatten().to_numpy(zero_copy_only=False).astype(np.uint64))


def _clusters(engine: Engine, near: ir.Table) -> list[int]:
    """Return the sizes of the connected components, in different inputs; by minimum label with pointer jumping."""
    pairs = np.array(engine.fetch(near.select("left", "right")), np.int64)
    places, flat = np.unique(pairs, return_inverse=True)
    ends: npt.NDArray[Any] = flat.reshape(pairs.shape)
    label = np.arange(len(places))
    while True:
        least = np.minimum(label[ends[:, 0]], label[ends[:, 1]])
        new = label.copy()
        np.minimum.at(new, ends[:, 0], least)
        np.minimum.at(new, ends[:, 1], least)
        new = new[new]
        if (new == label).all():
            break
        label = new
    return [int(size) for size in np.bincount(label) if size]


def _distribution(sizes: list[int]) -> dict[str, int]:
    names = ((2, "2"), (5, "3 to 5"), (10, "6 to 10"), (100, "11 to 100"))
    counts = Counter(next((name for most, name in names if size <= most), "more than 100") for size in sizes)
    return {name: counts[name] for name in (*[name for _most, name in names], "more than 100") if counts[name]}


def _links(engine: Engine, rows: ir.Table, near: ir.Table) -> ir.Table:
    places = rows.filter(_.size > 0).select("place", "normal")
    both = near.join(places.select(left="place", normal="normal"), "left").join(
        places.view().select(right="place", other="normal"), "right"
    )
    forth = both.select("normal", "other", "left", "right", "similarity")
    back = both.select(normal="other", other="normal", left="right", right="left", similarity="similarity")
    return engine.keep("links", forth.union(back))
