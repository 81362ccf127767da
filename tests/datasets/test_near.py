"""Near duplicates: nothing is missed and nothing is claimed that is not so."""

import io
import itertools
import random
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.datasets.inspection import Mapping, Policy, SplitFile, near, normalise
from apps.datasets.inspection.compute import inspect
from apps.datasets.inspection.shingles import common, jaccard, prefixes, shingle
from tests.datasets.test_inspection import csv_of


def grams(text: str, width: int) -> frozenset[tuple[str, ...]]:
    words = normalise(text).split()
    return frozenset(tuple(words[start : start + width]) for start in range(max(len(words) - width + 1, 1)) if words)


def alike(left: str, right: str, width: int) -> float:
    one, two = grams(left, width), grams(right, width)
    return len(one & two) / len(one | two) if one | two else 0.0


def brute_force(texts: list[str], width: int, threshold: float) -> int:
    different = sorted({normalise(text): text for text in texts if text.strip()}.values())
    return sum(alike(one, two, width) >= threshold - 1e-9 for one, two in itertools.combinations(different, 2))


def found(texts: list[str], **policy: Any) -> dict[str, Any]:
    data = csv_of([(text, "a") for text in texts])
    file = SplitFile("train", "train.csv", "csv", False, lambda: io.BytesIO(data))
    duplicates: dict[str, Any] = inspect([file], Mapping("text"), policy=Policy(**policy))["duplicates"]
    return duplicates


def variants(count: int) -> list[str]:
    """Return sentences of which many differ from an earlier one by a word or a few."""
    dice = random.Random(5)
    words = [f"w{number}" for number in range(300)]
    texts: list[str] = []
    while len(texts) < count:
        if texts and dice.random() < 0.5:
            changed = dice.choice(texts).split()
            for _time in range(dice.randint(1, 3)):
                place = dice.randrange(len(changed))
                if dice.random() < 0.5:
                    changed[place] = dice.choice(words)
                else:
                    changed.insert(place, dice.choice(words))
            texts.append(" ".join(changed))
        else:
            texts.append(" ".join(dice.choices(words, k=dice.randint(3, 80))))
    return texts


@pytest.mark.parametrize(("width", "threshold"), [(5, 0.8), (3, 0.8), (1, 0.7), (5, 0.5)])
def test_every_pair_that_brute_force_finds_is_found_and_no_other(width: int, threshold: float) -> None:
    texts = variants(700)
    expected = brute_force(texts, width, threshold)
    assert expected > 20
    assert found(texts, near_words=width, near_threshold=threshold)["near_pairs"] == expected


words = st.lists(st.sampled_from(["a", "b", "c", "Ä", "ß", "日本"]), max_size=9).map(" ".join)


@given(st.lists(words, min_size=1, max_size=14), st.sampled_from([0.5, 0.8, 1.0]), st.integers(1, 3))
@settings(max_examples=40, deadline=None)
def test_small_texts_are_compared_as_sets_of_n_grams(texts: list[str], threshold: float, width: int) -> None:
    result = found(texts, near_words=width, near_threshold=threshold)
    assert result["near_pairs"] == brute_force(texts, width, threshold)


def test_common_n_grams_come_last_and_change_nothing() -> None:
    opening = "you are a helpful assistant of the bank and answer in one sentence"
    texts = [f"{opening} {text}" for text in variants(400)]
    sets = shingle(pa.array([normalise(text) for text in texts]), 5)
    heavy = common(sets)
    assert len(heavy) >= 8
    assert np.isin(prefixes(sets, 0.8, heavy).tokens, heavy.astype(np.int64)).mean() < 0.2
    assert found(texts)["near_pairs"] == brute_force(texts, 5, 0.8)


def test_a_crowd_too_large_to_compare_is_capped_and_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(near, "MOST_PAIRS", 50)
    texts = [f"one two three four five six seven eight nine ten eleven twelve {number}" for number in range(60)]
    result = found(texts)
    assert result["capped_rows"] == 60
    assert result["largest_cluster"] == 60


def test_clusters_and_leakage_of_near_rows_are_counted() -> None:
    base = "where can i see the exchange rate that you used for my payment of last friday"
    train = csv_of([(base, "rate"), (base + " please", "rate"), ("something else entirely is asked in here", "other")])
    test = csv_of([(base + " now", "fee"), ("nothing like any of the others stands here", "other")])
    files = [
        SplitFile(split, f"{split}.csv", "csv", False, lambda data=data: io.BytesIO(data))
        for split, data in (("train", train), ("test", test))
    ]
    result = inspect(files, Mapping("text", "category"))
    assert (result["duplicates"]["clusters"], result["duplicates"]["largest_cluster"]) == (1, 3)
    assert result["duplicates"]["by_split"]["near"] == {"train": 2}
    assert (result["split_leakage"]["normalised_rows"], result["split_leakage"]["near_rows"]) == (0, 1)
    assert result["label_conflicts"]["near_pairs"] == 2


def test_similarity_is_that_of_the_sets() -> None:
    texts = variants(60)
    left, right = texts[::2], texts[1::2]
    measured = jaccard(
        shingle(pa.array([normalise(text) for text in left]), 3),
        shingle(pa.array([normalise(text) for text in right]), 3),
    )
    assert measured.tolist() == pytest.approx([alike(one, two, 3) for one, two in zip(left, right, strict=True)])
