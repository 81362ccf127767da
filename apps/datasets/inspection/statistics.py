"""Statistics for proportions and for two distributions; figures only, no opinion about them."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import ArrayLike, NDArray

EXACT_UP_TO = 10_000
EMPTY_BIN = 0.5


@dataclass(frozen=True, slots=True)
class Interval:
    """Both ends of an interval, each from 0 to 1."""

    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Significance:
    """A test's statistic and the probability of one at least as large by chance."""

    statistic: float
    p: float


def _quantile(confidence: float) -> float:
    if not 0 < confidence < 1:
        raise ValueError("A confidence is between 0 and 1.")
    return NormalDist().inv_cdf((1 + confidence) / 2)


def wilson_interval(hits: int, of: int, confidence: float = 0.95) -> Interval:
    """Return the score interval of the proportion ``hits / of``; of nothing observed it is 0 to 1.

    Raise ``ValueError`` unless 0 <= hits <= of and 0 < confidence < 1.
    Source: Wilson, Probable inference, the law of succession, and statistical inference, JASA 22 (1927).
    """
    if not 0 <= hits <= of:
        raise ValueError("There can't be more hits than observations, nor fewer than none.")
    z = _quantile(confidence)
    if of == 0:
        return Interval(0.0, 1.0)
    share = hits / of
    scale = 1 + z * z / of
    middle = (share + z * z / (2 * of)) / scale
    half = z / scale * math.sqrt(share * (1 - share) / of + z * z / (4 * of * of))
    return Interval(0.0 if hits == 0 else middle - half, 1.0 if hits == of else middle + half)


def sample_size(confidence: float, margin: float, population: int | None = None, expected_share: float = 0.5) -> int:
    """Return how many of ``population`` to draw so that a proportion is known to within ``margin`` (0 to 1).

    Without a population it is taken to be endless; with one, the finite population correction applies and the answer
    is never more than the population. ``expected_share`` 0.5 is the most cautious.
    Source: Cochran, Sampling Techniques (3rd ed., 1977), formulas 4.1 and 4.2.
    """
    if not 0 < margin < 1 or not 0 < expected_share < 1:
        raise ValueError("The margin and the expected share are between 0 and 1.")
    endless = _quantile(confidence) ** 2 * expected_share * (1 - expected_share) / margin**2
    if population is None:
        return math.ceil(endless)
    if population < 0:
        raise ValueError("A population has no fewer than no members.")
    return min(population, math.ceil(endless / (1 + (endless - 1) / population))) if population else 0


def _counts(values: ArrayLike) -> NDArray[np.float64]:
    counts = np.asarray(values, dtype=np.float64)
    if counts.ndim != 1 or not np.isfinite(counts).all() or (counts < 0).any():
        raise ValueError("Counts are a row of numbers that are not negative.")
    if counts.sum() <= 0:
        raise ValueError("There are no observations.")
    return counts


def _pair(reference: ArrayLike, current: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    first, second = _counts(reference), _counts(current)
    if first.shape != second.shape:
        raise ValueError("Both distributions need the same bins.")
    return first, second


def population_stability_index(reference: ArrayLike, current: ArrayLike) -> float:
    """Return the PSI (natural log, dimensionless, >= 0) of two rows of counts over the same bins.

    Bins empty on one side count as 0.5 observations, bins empty on both are left out. Raise ``ValueError`` when the
    bins differ or a side has no observations.
    Source: Siddiqi, Credit Risk Scorecards (2006), ch. 6; the sum of both directions of Kullback and Leibler (1951).
    """
    first, second = _pair(reference, current)
    used = (first > 0) | (second > 0)
    first = np.where(first[used] > 0, first[used], EMPTY_BIN)
    second = np.where(second[used] > 0, second[used], EMPTY_BIN)
    shares, others = first / first.sum(), second / second.sum()
    return float(((others - shares) * np.log(others / shares)).sum())


def jensen_shannon_divergence(reference: ArrayLike, current: ArrayLike, base: float = math.e) -> float:
    """Return the divergence of two rows of counts over the same bins: 0 to 1 in base 2, to log 2 in base e.

    Raise ``ValueError`` when the bins differ or a side has no observations.
    Source: Lin, Divergence measures based on the Shannon entropy, IEEE Trans. Inf. Theory 37 (1991).
    """
    first, second = _pair(reference, current)
    shares, others = first / first.sum(), second / second.sum()
    middle = (shares + others) / 2
    total = 0.0
    for side in (shares, others):
        used = side > 0
        total += float((side[used] * np.log(side[used] / middle[used])).sum()) / 2
    return max(0.0, total) / math.log(base)


def jensen_shannon_distance(reference: ArrayLike, current: ArrayLike, base: float = math.e) -> float:
    """Return the square root of the divergence, which is a metric (Endres and Schindelin, 2003)."""
    return math.sqrt(jensen_shannon_divergence(reference, current, base))


def kolmogorov_smirnov(first: ArrayLike, second: ArrayLike) -> Significance:
    """Return the two-sided two-sample statistic and its p.

    p is exact while neither sample has more than 10,000 values; beyond that it is the limit distribution
    with Vrbik's correction, within 0.1 per cent of the exact one. With ties p is too large rather than too small.
    Raise ``ValueError`` for an empty sample or one that holds what is no number.
    Sources: Hodges, The significance probability of the Smirnov two-sample test, Ark. Mat. 3 (1958); Vrbik,
    Small-sample corrections to Kolmogorov-Smirnov test statistic, Pioneer J. Theor. Appl. Stat. 15 (2018).
    """
    one, two = (np.sort(np.asarray(values, dtype=np.float64)) for values in (first, second))
    if not len(one) or not len(two) or not (np.isfinite(one).all() and np.isfinite(two).all()):
        raise ValueError("Both samples need numbers.")
    every = np.concatenate([one, two])
    gaps = np.searchsorted(one, every, "right") / len(one) - np.searchsorted(two, every, "right") / len(two)
    statistic = float(np.abs(gaps).max())
    if max(len(one), len(two)) <= EXACT_UP_TO:
        return Significance(statistic, _exact_p(statistic, len(one), len(two)))
    return Significance(statistic, _limit_p(statistic, round(len(one) * len(two) / (len(one) + len(two)))))


def _exact_p(statistic: float, m: int, n: int) -> float:
    """Return the probability that a random order of both samples has a statistic at least as large.

    An order is a walk from (0, 0) to (m, n); at (i, j) the statistic is |i n - j m| / (m n). The probability of
    standing at each place inside the band is carried from step to step, and what leaves the band is summed up.
    """
    edge = round(statistic * m * n)
    if edge == 0:
        return 1.0
    inside, low, left = np.ones(1), 0, 0.0
    for step in range(1, m + n + 1):
        place = np.arange(low, low + len(inside))
        on = inside * ((m - place) / (m + n - step + 1))
        moved = np.zeros(len(inside) + 1)
        moved[1:] = on
        moved[:-1] += inside - on
        first = max((step * m - edge) // (m + n) + 1, low)
        last = min(-(-(step * m + edge) // (m + n)) - 1, low + len(inside))
        left += float(moved[: first - low].sum() + moved[last - low + 1 :].sum())
        inside, low = moved[first - low : last - low + 1], first
    return min(1.0, left)


def _limit_p(statistic: float, size: int) -> float:
    z = statistic * math.sqrt(size)
    z += 1 / (6 * math.sqrt(size)) + (z - 1) / (4 * size)
    if z < 0.2:
        return 1.0
    terms = ((2.0 if k % 2 else -2.0) * math.exp(-2 * (k * z) ** 2) for k in range(1, 101))
    return min(1.0, max(0.0, sum(terms)))


def trend_of_proportions(hits: Sequence[int], of: Sequence[int], scores: Sequence[float] | None = None) -> Significance:
    """Return the z and the two-sided p of a linear trend of proportions over ordered groups.

    z is negative when the proportions fall. ``scores`` are the groups' places, 0, 1, 2 … when not given. Where nothing
    varies (all hits, no hits, one score) there is no trend: z is 0 and p is 1.
    Source: Armitage, Tests for linear trends in proportions and frequencies, Biometrics 11 (1955).
    """
    successes, sizes = np.asarray(hits, dtype=np.float64), np.asarray(of, dtype=np.float64)
    places = np.arange(len(sizes), dtype=np.float64) if scores is None else np.asarray(scores, dtype=np.float64)
    if successes.shape != sizes.shape or places.shape != sizes.shape:
        raise ValueError("Every group needs its hits, its size and its score.")
    total = sizes.sum()
    if total == 0:
        return Significance(0.0, 1.0)
    share = successes.sum() / total
    middle = (sizes * places).sum() / total
    spread = share * (1 - share) * (sizes * (places - middle) ** 2).sum()
    if spread <= 0:
        return Significance(0.0, 1.0)
    z = float(((successes - sizes * share) * places).sum() / math.sqrt(spread))
    return Significance(z, math.erfc(abs(z) / math.sqrt(2)))
