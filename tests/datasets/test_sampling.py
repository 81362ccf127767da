"""Drawing a sample: its size, its shares, and that anyone draws the same rows again."""

import io
import json
import tracemalloc
from collections import Counter
from collections.abc import Mapping as Sizes
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.datasets.inspection import FileProblem, Mapping, SplitFile, sampling
from apps.datasets.inspection.sampling import allocate, draw, read_sample

LABELLED = Mapping("text", "label")


def file(split: str, text: str, name: str = "") -> SplitFile:
    return SplitFile(split, name or f"{split}.csv", "csv", False, partial(io.BytesIO, text.encode()))


def rows(count: int, labels: int = 4, start: int = 0) -> str:
    return "text,label\n" + "".join(f"row {n},label {n % labels}\n" for n in range(start, start + count))


@given(
    st.dictionaries(st.tuples(st.sampled_from(["train", "test"]), st.text(max_size=3)), st.integers(0, 5000)),
    st.integers(0, 3000),
)
def test_shares_add_up_and_no_stratum_gives_more_than_it_has(sizes: Sizes[Any, int], wanted: int) -> None:
    found = allocate(sizes, wanted)
    standing = {key: size for key, size in sizes.items() if size}
    assert sum(found.values()) == min(wanted, sum(standing.values()))
    assert all(0 <= found[key] <= size for key, size in standing.items())
    if wanted >= len(standing):
        assert all(found[key] >= 1 for key in standing)


def test_shares_are_proportional() -> None:
    assert allocate({("train", "a"): 800, ("train", "b"): 150, ("test", "a"): 50}, 100) == {
        ("train", "a"): 80, ("train", "b"): 15, ("test", "a"): 5,
    }  # fmt: skip


def test_the_same_seed_draws_the_same_rows_and_another_one_others() -> None:
    files = [file("train", rows(500)), file("test", rows(100, start=1000))]
    first = draw(files, LABELLED, seed="5f", rows=60)
    assert draw(files, LABELLED, seed="5f", rows=60) == first
    assert draw(files, LABELLED, seed="60", rows=60).places != first.places
    assert len(set(first.places)) == 60
    assert sum(stratum.drawn for stratum in first.strata) == 60


def test_a_sample_is_not_the_beginning_of_the_file() -> None:
    sample = draw([file("train", rows(10_000, labels=1))], LABELLED, seed="ab", rows=400)
    numbers = [place & (1 << 40) - 1 for place in sample.places]
    assert 4_000 < sum(numbers) / len(numbers) < 6_000


def test_every_row_is_as_likely_as_another() -> None:
    """Chi-squared over 20 rows and 400 seeds: 19 degrees of freedom, 43.8 is the 0.1 % point."""
    found: Counter[int] = Counter()
    source = [file("train", rows(20, labels=1))]
    for seed in range(400):
        found.update(draw(source, LABELLED, seed=str(seed), rows=5).places)
    assert sum((count - 100) ** 2 / 100 for count in found.values()) < 43.8


def test_free_texts_as_labels_leave_the_splits_as_strata() -> None:
    sample = draw([file("train", rows(2_000, labels=2_000)), file("test", rows(500))], LABELLED, seed="1", rows=50)
    assert not sample.by_label
    assert [(row.split, row.rows, row.drawn) for row in sample.strata] == [("test", 500, 10), ("train", 2000, 40)]


def test_a_version_without_labels_is_drawn_by_split() -> None:
    sample = draw([file("train", rows(100))], Mapping("text"), seed="1", rows=10)
    assert (sample.by_label, len(sample.places)) == (False, 10)


def test_texts_are_read_back_and_cut() -> None:
    files = [file("train", "text,label,more\nlong long text,a,x\nshort,b,y\n")]
    sample = draw(files, LABELLED, seed="1", rows=2)
    found = dict(read_sample(files, LABELLED, sample.places, longest=4))
    assert sorted((row.text, row.answer, row.others["more"]) for row in found.values()) == [
        ("long", "a", "x"), ("shor", "b", "y"),
    ]  # fmt: skip
    assert len({row.digest for row in found.values()}) == 2


def test_a_file_without_the_column_is_refused() -> None:
    with pytest.raises(FileProblem, match="no column “label”"):
        draw([file("train", "text\nx\n")], LABELLED, seed="1", rows=1)


def test_memory_is_bounded_by_the_sample(tmp_path: Path) -> None:
    def peak(count: int) -> int:
        path = tmp_path / f"{count}.csv"
        path.write_text(rows(count))
        source = [SplitFile("train", path.name, "csv", False, partial(path.open, "rb"))]
        tracemalloc.start()
        draw(source, LABELLED, seed="1", rows=100)
        found = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return found

    assert peak(320_000) < peak(160_000) + 1024 * 1024


def test_an_auditor_draws_the_sample_again_from_a_terminal(tmp_path: Path, capsys: Any) -> None:
    path = tmp_path / "train.csv"
    path.write_text(rows(50))
    sampling.main(["--seed", "5f", "--rows", "5", "--input", "text", "--label", "label", f"train={path}"])
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    expected = draw([file("train", rows(50))], LABELLED, seed="5f", rows=5).places
    assert [line["row"] for line in lines] == [place & (1 << 40) - 1 for place in expected]
    assert [line["number"] for line in lines] == [1, 2, 3, 4, 5]
