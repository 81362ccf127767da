"""Figures of proportions and distributions: equal to published tables and to scipy's."""

import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from scipy.spatial import distance

from apps.datasets.inspection import statistics

counts = st.lists(st.integers(0, 500), min_size=2, max_size=12).filter(any)


@given(st.integers(0, 2_000), st.integers(1, 2_000), st.sampled_from([0.8, 0.9, 0.95, 0.99]))
@settings(max_examples=60, deadline=None)
def test_a_wilson_interval_is_scipys(hits: int, of: int, confidence: float) -> None:
    found = statistics.wilson_interval(min(hits, of), of, confidence)
    told = stats.binomtest(min(hits, of), of).proportion_ci(confidence, method="wilson")
    assert (found.low, found.high) == pytest.approx((told.low, told.high), abs=1e-9)
    assert 0 <= found.low <= min(hits, of) / of <= found.high <= 1


def test_a_wilson_interval_is_the_published_one() -> None:
    """Newcombe, Two-sided confidence intervals for the single proportion, Stat. Med. 17 (1998), table I, method 3."""
    for hits, of, low, high in ((81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611)):
        found = statistics.wilson_interval(hits, of)
        assert (found.low, found.high) == pytest.approx((low, high), abs=5e-5)
    assert statistics.wilson_interval(0, 0) == statistics.Interval(0.0, 1.0)


def test_a_sample_size_is_the_published_one() -> None:
    """Krejcie and Morgan, Determining sample size for research activities, Educ. Psychol. Meas. 30 (1970), table 1.

    Their table rounds to the nearest whole person; a sample that keeps its promise is rounded up.
    """
    published = {10: 10, 100: 80, 500: 217, 1_000: 278, 10_000: 370}
    for population, size in published.items():
        assert statistics.sample_size(0.95, 0.05, population) - size in (0, 1)
    assert statistics.sample_size(0.95, 0.05) == 385
    assert statistics.sample_size(0.95, 0.05, 0) == 0
    assert statistics.sample_size(0.99, 0.01, 3) == 3


@given(counts, st.data())
@settings(max_examples=100, deadline=None)
def test_a_stability_index_is_the_sum_of_both_divergences(reference: list[int], data: st.DataObject) -> None:
    current = data.draw(st.lists(st.integers(0, 500), min_size=len(reference), max_size=len(reference)).filter(any))
    found = statistics.population_stability_index(reference, current)
    used = [(a or 0.5, b or 0.5) for a, b in zip(reference, current, strict=True) if a or b]
    first, second = [row[0] for row in used], [row[1] for row in used]
    assert found == pytest.approx(stats.entropy(first, second) + stats.entropy(second, first), abs=1e-9)
    assert found >= 0
    assert statistics.population_stability_index(reference, reference) == 0
    assert found == pytest.approx(statistics.population_stability_index(current, reference), abs=1e-9)


def test_a_bin_that_is_empty_on_one_side_counts_as_half_an_observation() -> None:
    found = statistics.population_stability_index([10, 0, 0], [5, 5, 0])
    first, second = np.array([10, 0.5]) / 10.5, np.array([5, 5]) / 10
    assert found == pytest.approx(float(((second - first) * np.log(second / first)).sum()))


@given(counts, st.data(), st.sampled_from([2.0, np.e]))
@settings(max_examples=100, deadline=None)
def test_a_jensen_shannon_distance_is_scipys(reference: list[int], data: st.DataObject, base: float) -> None:
    current = data.draw(st.lists(st.integers(0, 500), min_size=len(reference), max_size=len(reference)).filter(any))
    told = distance.jensenshannon(reference, current, base)
    assert statistics.jensen_shannon_distance(reference, current, base) == pytest.approx(told, abs=1e-7)
    assert statistics.jensen_shannon_divergence(reference, current, base) == pytest.approx(told**2, abs=1e-9)


@given(
    st.lists(st.integers(-20, 20), min_size=1, max_size=40),
    st.lists(st.integers(-20, 20), min_size=1, max_size=40),
)
@settings(max_examples=100, deadline=None)
def test_kolmogorov_and_smirnov_are_scipys(first: list[int], second: list[int]) -> None:
    found = statistics.kolmogorov_smirnov(first, second)
    with warnings.catch_warnings(record=True) as gave_up:
        warnings.simplefilter("always")
        told = stats.ks_2samp(first, second, method="exact")
    assert found.statistic == pytest.approx(told.statistic, abs=1e-12)
    assert gave_up or found.p == pytest.approx(told.pvalue, rel=1e-9)


def test_kolmogorov_and_smirnov_of_large_samples_are_scipys() -> None:
    chance = np.random.default_rng(7)
    for sizes, apart, tolerance in (((3_000, 4_000), 0.3, 1e-9), ((20_000, 30_000), 0.01, 1e-3)):
        first, second = chance.normal(size=sizes[0]), chance.normal(apart, size=sizes[1])
        found, told = statistics.kolmogorov_smirnov(first, second), stats.ks_2samp(first, second)
        assert (found.statistic, found.p) == pytest.approx((told.statistic, told.pvalue), rel=tolerance)


def test_a_trend_of_proportions_is_the_published_one() -> None:
    """Agresti, Categorical Data Analysis (2nd ed., 2002), section 5.3.5: alcohol and malformations, z² = 6.57."""
    present, absent = (48, 38, 5, 1, 1), (17_066, 14_464, 788, 126, 37)
    sizes = [a + b for a, b in zip(present, absent, strict=True)]
    found = statistics.trend_of_proportions(present, sizes, (0, 0.5, 1.5, 4, 7))
    assert found.statistic**2 == pytest.approx(6.57, abs=0.005)
    assert found.p == pytest.approx(0.0104, abs=5e-4)
    assert statistics.trend_of_proportions((5, 5), (5, 5)) == statistics.Significance(0.0, 1.0)
    assert statistics.trend_of_proportions((), ()) == statistics.Significance(0.0, 1.0)


def test_what_has_no_figure_is_refused() -> None:
    for broken in (
        lambda: statistics.wilson_interval(3, 2),
        lambda: statistics.wilson_interval(1, 2, 1.0),
        lambda: statistics.sample_size(0.95, 0),
        lambda: statistics.sample_size(0.95, 0.1, -1),
        lambda: statistics.population_stability_index([1], [1, 2]),
        lambda: statistics.population_stability_index([0, 0], [1, 2]),
        lambda: statistics.jensen_shannon_distance([1, -1], [1, 2]),
        lambda: statistics.kolmogorov_smirnov([], [1]),
        lambda: statistics.kolmogorov_smirnov([float("nan")], [1]),
        lambda: statistics.trend_of_proportions([1], [1, 2]),
    ):
        with pytest.raises(ValueError):
            broken()
