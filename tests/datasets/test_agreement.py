"""Agreement between annotators: the published worked examples, and what holds for every table."""

import json
import math
import random
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.datasets.inspection import agreement
from apps.datasets.inspection.agreement import Units, cohen_kappa
from apps.datasets.inspection.annotating import analyse, latest
from apps.datasets.inspection.annotations import (
    MOST_ANNOTATORS,
    MOST_LABELS,
    Annotations,
    Collector,
    Scale,
    TableProblem,
)

PSYCHIATRISTS = (
    "00060", "03003", "01401", "00006", "03030", "20400", "00402", "20310", "20040", "00006", "10050", "11040",
    "03300", "10050", "02031", "00501", "30012", "51000", "02040", "10203", "00006", "01050", "02013", "20040",
    "10041", "05010", "40002", "02040", "10500", "00006",
)  # fmt: skip
DIAGNOSES = ("Depression", "Personality disorder", "Schizophrenia", "Neurosis", "Other")
FOUR_OBSERVERS = ("123321412...", "1233224125.3", ".3332342251.", "12332441251.")


def table_of(lines: Any, scale: Scale = "nominal") -> Annotations:
    """Return a table of one line an annotator, one character a label; a dot is a missing one."""
    found = Collector()
    for who, line in enumerate(lines):
        for item, label in enumerate(line):
            if label != ".":
                found.add(f"item {item}", f"annotator {who}", label)
    return found.finish(scale)


def table_of_counts(lines: Any, labels: Any) -> Annotations:
    """Return a table of one line an item: how many annotators gave each label."""
    found = Collector()
    for item, line in enumerate(lines):
        said = [label for label, count in zip(labels, line, strict=True) for _time in range(int(count))]
        for who, label in enumerate(said):
            found.add(f"item {item}", f"annotator {who}", label)
    return found.finish()


def alpha(lines: Any, scale: Scale = "nominal") -> float | None:
    return agreement.krippendorff_alpha(Units(table_of(lines, scale))).value


def test_alpha_of_two_observers_is_the_published_one() -> None:
    """Krippendorff, Computing Krippendorff's Alpha-Reliability (2011), sections A (binary) and B (nominal)."""
    assert alpha(("0100000010", "1110010000")) == pytest.approx(0.095, abs=5e-4)
    assert alpha(("aabbdcccedda", "babbbccceddd")) == pytest.approx(0.692, abs=5e-4)


@pytest.mark.parametrize(("scale", "published"), [("nominal", 0.743), ("ordinal", 0.815), ("interval", 0.849)])
def test_alpha_of_four_observers_with_missing_values_is_the_published_one(scale: Scale, published: float) -> None:
    """Krippendorff, Computing Krippendorff's Alpha-Reliability (2011), sections C and D."""
    assert alpha(FOUR_OBSERVERS, scale) == pytest.approx(published, abs=5e-4)


def test_kappa_of_six_psychiatrists_is_the_published_one() -> None:
    """Fleiss, Measuring nominal scale agreement among many raters, Psychol. Bull. 76 (1971), tables 1 and 2."""
    units = Units(table_of_counts(PSYCHIATRISTS, DIAGNOSES))
    assert agreement.fleiss_kappa(units).value == pytest.approx(0.430, abs=5e-4)
    found = {row.label: row.kappa.value for row in agreement.label_agreement(units)}
    published = dict(zip(DIAGNOSES, (0.245, 0.245, 0.520, 0.471, 0.566), strict=True))
    assert found == pytest.approx(published, abs=5e-4)


def test_kappa_of_two_clinicians_is_the_published_one() -> None:
    """Cohen, A coefficient of agreement for nominal scales, Educ. Psychol. Meas. 20 (1960), table 2."""
    table = [[88, 14, 18], [10, 40, 10], [2, 6, 12]]
    assert cohen_kappa(table).value == pytest.approx(0.492, abs=5e-4)


def test_weighted_kappa_is_the_published_one() -> None:
    """Cohen, Weighted kappa, Psychol. Bull. 70 (1968), table 1: weights 0, 1, 3 / 1, 0, 6 / 3, 6, 0."""
    table = [[88, 10, 2], [14, 40, 6], [18, 10, 12]]
    assert cohen_kappa(table, [[0, 1, 3], [1, 0, 6], [3, 6, 0]]).value == pytest.approx(0.348, abs=5e-4)


def test_linear_weights_give_the_published_kappa() -> None:
    """Agresti, Categorical Data Analysis (1990), table 10.3, by Hout et al. (1987); R, vcd, ``Kappa(SexualFun)``."""
    table = [[7, 7, 2, 3], [2, 8, 3, 7], [1, 5, 4, 9], [2, 8, 9, 14]]
    assert cohen_kappa(table).value == pytest.approx(0.129, abs=5e-4)
    assert cohen_kappa(table, "linear").value == pytest.approx(0.237, abs=5e-4)


def test_quadratic_weights_give_the_correlation_where_both_use_the_labels_alike() -> None:
    """Cohen, Weighted kappa, Psychol. Bull. 70 (1968), p. 218: with equal marginals it is Pearson's r."""
    table = np.array([[20, 5, 1], [5, 30, 8], [1, 8, 22]])
    first, second = (np.repeat(at.ravel(), table.ravel()) for at in np.indices(table.shape))
    assert cohen_kappa(table, "quadratic").value == pytest.approx(np.corrcoef(first, second)[0, 1])


annotations = st.lists(st.tuples(st.integers(0, 7), st.integers(0, 4), st.integers(1, 4)), min_size=1, max_size=60)


def collected(rows: Any, scale: Scale = "nominal", rename: Any = None) -> Annotations:
    found = Collector()
    for item, who, label in rows:
        found.add(f"i{item}", f"a{rename[who] if rename else who}", str(label))
    return found.finish(scale)


def once(rows: Any) -> list[Any]:
    return [(item, who, label) for (item, who), label in {(row[0], row[1]): row[2] for row in rows}.items()]


def figures(table: Annotations) -> dict[str, Any]:
    """Return what must not depend on who is called what, or on the order of the rows."""
    found = analyse(table)
    return {
        "alpha": found["alpha"],
        "fleiss": found["fleiss"],
        "agreement": found["agreement"],
        "by_label": found["by_label"],
        "confusions": found["confusions"],
        "kappas": sorted(str(row["kappa"]["value"]) + str(row.get("linear")) for row in found["pairs"]),
        "counts": [found[name] for name in ("items", "items_compared", "to_adjudicate", "without_majority")],
    }


@given(annotations, st.permutations(range(5)), st.sampled_from(["nominal", "ordinal", "interval"]), st.randoms())
@settings(max_examples=80, deadline=None)
def test_who_is_called_what_and_the_order_of_rows_change_nothing(
    rows: Any, names: list[int], scale: Scale, chance: random.Random
) -> None:
    rows = once(rows)
    mixed = list(rows)
    chance.shuffle(mixed)
    assert figures(collected(rows, scale)) == figures(collected(mixed, scale, names))


@given(annotations, st.sampled_from(["nominal", "ordinal", "interval"]))
@settings(max_examples=80, deadline=None)
def test_no_table_gives_what_is_no_number(rows: Any, scale: Scale) -> None:
    found = analyse(collected(rows, scale))
    json.dumps(found, allow_nan=False)
    for figure in (found["alpha"], found["fleiss"], *(row["kappa"] for row in found["pairs"])):
        assert (figure["value"] is None) == bool(figure["reason"])
        assert figure["value"] is None or figure["value"] <= 1


@given(st.lists(st.integers(1, 4), min_size=2, max_size=20), st.sampled_from(["nominal", "ordinal", "interval"]))
@settings(max_examples=60, deadline=None)
def test_perfect_agreement_is_one(labels: list[int], scale: Scale) -> None:
    rows = [(item, who, label) for item, label in enumerate(labels) for who in range(3)]
    found = analyse(collected(rows, scale))
    whole = [found["alpha"], found["fleiss"], *(row["kappa"] for row in found["pairs"])]
    wanted = 1.0 if len(set(labels)) > 1 else None
    assert {figure["value"] for figure in whole} == {wanted}
    assert (found["to_adjudicate"], found["agreement"], found["confusions"]) == (0, 1.0, [])


@given(annotations, st.sampled_from(["nominal", "ordinal", "interval"]))
@settings(max_examples=80, deadline=None)
def test_a_pairs_kappa_is_that_of_its_table(rows: Any, scale: Scale) -> None:
    rows = once(rows)
    table = collected(rows, scale)
    places = {label: place for place, label in enumerate(table.labels)}
    said = {(f"a{who}", f"i{item}"): places[str(label)] for item, who, label in rows}
    values = table.values if scale == "interval" else np.arange(len(table.labels))
    for pair in agreement.pair_agreement(Units(table)):
        counts = np.zeros((len(places), len(places)))
        for (who, item), label in said.items():
            if who == pair.first and (pair.second, item) in said:
                counts[label, said[pair.second, item]] += 1
        gaps = np.abs(np.subtract.outer(values, values))
        assert counts.sum() == pair.items
        for found, weights in ((pair.kappa, "nominal"), (pair.linear, gaps), (pair.quadratic, gaps**2)):
            if found is not None:
                told = cohen_kappa(counts, weights)
                assert found.value == (None if told.value is None else pytest.approx(told.value, abs=1e-9))


def test_the_confusions_name_both_labels_with_pairs_and_items() -> None:
    found = analyse(table_of(("aab", "aba", "abb")))
    assert found["confusions"] == [{"first": "a", "second": "b", "pairs": 4, "items": 2}]
    assert found["disagreements"] == 4


def test_what_fewest_agree_on_is_adjudicated_first() -> None:
    found = analyse(table_of(("abac", "aabc", "aacc")))
    assert [row["item"] for row in found["contested"]] == ["item 2", "item 1"]
    assert (found["to_adjudicate"], found["without_majority"]) == (2, 1)
    assert [row["majority"] for row in found["contested"]] == ["", "a"]
    assert [row["label"] for row in found["contested"][0]["labels"]] == ["a", "b", "c"]


def test_the_last_label_that_somebody_gave_counts() -> None:
    found = Collector()
    for label, time in (("late", 9.0), ("early", 1.0), ("untimed", math.nan)):
        found.add("item", "Ann", label, time)
    table = found.finish()
    assert [table.labels[table.label[row]] for row in latest(table)] == ["late"]
    assert analyse(table)["repeated"] == 2


def test_each_guideline_version_has_its_own_agreement() -> None:
    found = Collector()
    for item in range(4):
        for who in ("Ann", "Bea"):
            found.add(f"i{item}", who, "x" if who == "Ann" or item % 2 else "y", 1.0, "1")
            found.add(f"i{item}", who, "x" if item % 2 else "y", 2.0, "2")
    by_version = analyse(found.finish())["by_guideline"]
    assert [row["guideline"] for row in by_version] == ["1", "2"]
    assert [row["agreement"] for row in by_version] == [0.5, 1.0]
    assert [row["alpha"]["value"] for row in by_version] == [pytest.approx(0, abs=0.2), 1.0]


def _worked(fall: bool, times: bool = True, people: int = 3) -> Any:
    """Return an analysis in which Cem's labels come apart from the others' in the second half, or not."""
    found, chance = Collector(), random.Random(3)
    for item in range(400):
        truth = chance.choice("abc")
        for who in ("Ann", "Bea", "Cem", "Dan")[:people]:
            slips = 0.5 if fall and who == "Cem" and item > 200 else 0.05
            label = chance.choice("abc") if chance.random() < slips else truth
            found.add(f"i{item}", who, label, float(item) if times else math.nan)
    return analyse(found.finish())


def test_an_annotator_whose_agreement_falls_is_drifting() -> None:
    found = _worked(fall=True)
    assert [row["annotator"] for row in found["by_annotator"] if row["is_drifting"]] == ["Cem"]
    cem = found["by_annotator"][0]
    assert cem["fall"] > 0.1
    assert cem["p"] < 0.01 / 3
    assert len(cem["windows"]) == 10
    assert _worked(fall=False)["drifting"] == 0


@pytest.mark.parametrize(
    ("values", "reason"), [({"times": False}, "has no times"), ({"people": 2}, "needs three annotators")]
)
def test_drift_that_nobody_can_tell_has_a_reason(values: Any, reason: str) -> None:
    found = _worked(fall=True, **values)
    assert found["drifting"] == 0
    assert all(reason in row["reason"] and row["p"] is None for row in found["by_annotator"])


def test_an_empty_table_has_reasons_and_no_figures() -> None:
    found = analyse(Collector().finish())
    assert found["alpha"]["value"] is None
    assert found["agreement"] is None


def test_labels_without_a_place_on_the_scale_are_refused() -> None:
    found = Collector()
    for label in ("low", "high"):
        found.add("item", "Ann", label)
    assert list(found.finish("ordinal", ("low", "high")).labels) == ["low", "high"]
    with pytest.raises(TableProblem, match="not a number"):
        found.finish("interval")
    with pytest.raises(TableProblem, match="not in the order"):
        found.finish("ordinal", ("low", "middle"))


def test_a_column_that_can_be_no_annotator_or_label_is_refused() -> None:
    with pytest.raises(TableProblem, match="annotators' column"):
        _fill(MOST_ANNOTATORS, 0)
    with pytest.raises(TableProblem, match="labels' column"):
        _fill(0, MOST_LABELS)


def _fill(annotators: int, labels: int) -> None:
    found = Collector()
    for number in range(max(annotators, labels) + 1):
        found.add("item", str(number if annotators else 0), str(number if labels else 0))
