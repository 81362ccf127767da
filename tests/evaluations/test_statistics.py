"""The statistics of comparisons, against scipy and published examples."""

import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from apps.evaluations.comparing.statistics import mcnemar_exact, paired_bootstrap


def pairs(only_first: int, only_second: int, both: int = 3, neither: int = 3) -> tuple[list[bool], list[bool]]:
    first = [True] * only_first + [False] * only_second + [True] * both + [False] * neither
    second = [False] * only_first + [True] * only_second + [True] * both + [False] * neither
    return first, second


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 200), st.integers(0, 200))
def test_mcnemar_is_the_binomial_test_of_the_discordant_pairs(b: int, c: int) -> None:
    found = mcnemar_exact(*pairs(b, c))
    assert (found.only_first, found.only_second) == (b, c)
    expected = stats.binomtest(b, b + c).pvalue if b + c else 1.0
    assert found.p == pytest.approx(expected, rel=1e-9)


def test_mcnemar_on_the_published_example_of_fagerland_and_others() -> None:
    """Airway hyper-responsiveness before and after stem cell transplantation: 1 and 7 discordant pairs, p = 0.070."""
    assert mcnemar_exact(*pairs(1, 7)).p == pytest.approx(0.0703, abs=5e-5)


def test_mcnemar_holds_for_many_pairs() -> None:
    assert mcnemar_exact(*pairs(50_000, 51_000)).p == pytest.approx(stats.binomtest(50_000, 101_000).pvalue, rel=1e-6)


@pytest.mark.parametrize("kind", ["pass_fail", "continuous"])
def test_the_bootstrap_agrees_with_scipy(kind: str) -> None:
    chosen = random.Random(5)
    draw = (lambda: float(chosen.random() < 0.7)) if kind == "pass_fail" else (lambda: chosen.gauss(300, 60))
    first, second = [draw() for _case in range(400)], [draw() for _case in range(400)]
    ours = paired_bootstrap(first, second)
    theirs = stats.bootstrap(
        (np.asarray(first) - np.asarray(second),), np.mean, method="percentile", n_resamples=20_000,
        rng=np.random.default_rng(1),
    ).confidence_interval  # fmt: skip
    width = theirs.high - theirs.low
    assert ours.difference == pytest.approx(np.mean(first) - np.mean(second))
    assert ours.low == pytest.approx(theirs.low, abs=0.06 * width)
    assert ours.high == pytest.approx(theirs.high, abs=0.06 * width)


def test_the_bootstrap_is_the_same_each_time() -> None:
    first, second = [1.0, 0.0, 1.0, 1.0], [0.0, 0.0, 1.0, 0.0]
    assert paired_bootstrap(first, second) == paired_bootstrap(first, second)
    assert paired_bootstrap(first, first) == paired_bootstrap(second, second)


def test_sides_of_unequal_length_are_refused() -> None:
    with pytest.raises(ValueError):
        mcnemar_exact([True], [])
    with pytest.raises(ValueError):
        paired_bootstrap([1.0], [])
    with pytest.raises(ValueError):
        paired_bootstrap([], [])


def test_the_interval_covers_the_truth_about_as_often_as_it_says() -> None:
    chosen, hits = np.random.default_rng(3), 0
    for _sample in range(200):
        first = (chosen.random(150) < 0.8).astype(float)
        second = (chosen.random(150) < 0.7).astype(float)
        found = paired_bootstrap(first.tolist(), second.tolist())
        hits += found.low <= 0.1 <= found.high
    assert 180 <= hits <= 199
