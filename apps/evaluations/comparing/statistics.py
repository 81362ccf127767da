"""What a difference between two runs on the same cases is worth: pure."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

RESAMPLES = 2000
SEED = 20260101
CHUNK = 4_000_000
FEW_VALUES = 64


@dataclass(frozen=True, slots=True)
class Interval:
    """A mean difference with the bounds that hold it with the given confidence."""

    difference: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class McNemar:
    """Cases that only one of the two passed, and the two-sided p of so uneven a split."""

    only_first: int
    only_second: int
    p: float


def paired_bootstrap(
    first: Sequence[float], second: Sequence[float], *, confidence: float = 0.95, seed: int = SEED
) -> Interval:
    """Return the mean of ``first - second`` over paired cases with its percentile interval, the same each time.

    2,000 resamples of whole pairs. Where the differences take few values, how often each is drawn is drawn at once,
    which has the same distribution. Raise ``ValueError`` for no cases or unequal numbers of them.
    Source: Efron and Tibshirani, An Introduction to the Bootstrap (1993), ch. 13; for pairs of system outputs Koehn,
    Statistical significance tests for machine translation evaluation, EMNLP 2004.
    """
    one, two = np.asarray(first, dtype=np.float64), np.asarray(second, dtype=np.float64)
    if one.shape != two.shape or one.ndim != 1 or not len(one):
        raise ValueError("Every case needs a score on both sides.")
    differences = one - two
    means = _resampled(differences, np.random.default_rng(seed))
    edge = 100 * (1 - confidence) / 2
    low, high = np.percentile(means, [edge, 100 - edge])
    return Interval(float(differences.mean()), float(low), float(high))


def _resampled(values: NDArray[np.float64], random: np.random.Generator) -> NDArray[np.float64]:
    size = len(values)
    kinds, counts = np.unique(values, return_counts=True)
    if len(kinds) <= FEW_VALUES:
        drawn = random.multinomial(size, counts / size, size=RESAMPLES)
        found: NDArray[np.float64] = drawn @ kinds / size
        return found
    step = max(1, CHUNK // size)
    parts = [
        values[random.integers(0, size, size=(min(step, RESAMPLES - start), size))].mean(axis=1)
        for start in range(0, RESAMPLES, step)
    ]
    return np.concatenate(parts)


def mcnemar_exact(first: Sequence[bool], second: Sequence[bool]) -> McNemar:
    """Return how many cases only one side passed, and the exact two-sided p of a fair coin falling so.

    p is 1 where the sides never differ. Raise ``ValueError`` for unequal numbers of cases.
    Source: McNemar, Psychometrika 12 (1947); the exact form after Fagerland, Lydersen and Laake, BMC Medical
    Research Methodology 13:91 (2013).
    """
    if len(first) != len(second):
        raise ValueError("Every case needs a result on both sides.")
    b = sum(1 for one, two in zip(first, second, strict=True) if one and not two)
    c = sum(1 for one, two in zip(first, second, strict=True) if two and not one)
    return McNemar(b, c, _sign_test(min(b, c), b + c))


def _sign_test(fewer: int, total: int) -> float:
    """Return twice the probability of at most ``fewer`` heads in ``total`` throws, at most 1."""
    if not total:
        return 1.0
    logs = [
        math.lgamma(total + 1) - math.lgamma(k + 1) - math.lgamma(total - k + 1) - total * math.log(2)
        for k in range(fewer + 1)
    ]
    largest = max(logs)
    tail = math.exp(largest) * math.fsum(math.exp(value - largest) for value in logs)
    return min(1.0, 2 * tail)
