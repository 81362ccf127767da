"""The pure library: what it reads, what it refuses by row, what it counts."""

import contextlib
import csv
import gzip
import io
import json
import math
import statistics
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.datasets.inspection import FileProblem, Mapping, SplitFile, check_file, guess_mapping, normalise
from apps.datasets.inspection.compute import inspect
from apps.datasets.inspection.reading import Format
from apps.datasets.inspection.reading.bytes import LONGEST_LINE
from config.demo import material


def csv_of(rows: list[tuple[str, str]]) -> bytes:
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow(("text", "category"))
    writer.writerows(rows)
    return buffer.getvalue().encode()


def found(**splits: list[tuple[str, str]]) -> dict[str, Any]:
    files = [
        SplitFile(split, f"{split}.csv", "csv", False, lambda rows=rows: io.BytesIO(csv_of(rows)))
        for split, rows in splits.items()
    ]
    return inspect(files, Mapping("text", "category"))


def test_banking77_has_seven_test_rows_that_also_stand_in_train() -> None:
    files = [
        SplitFile(
            split, f"{split}.csv", "csv", False, lambda split=split: io.BytesIO(material.published(f"{split}.csv"))
        )
        for split in ("train", "test")
    ]
    facts = inspect(files, guess_mapping(["text", "category"]))
    assert facts["shape"]["rows"] == 13_083
    assert (facts["split_leakage"]["exact_rows"], facts["split_leakage"]["normalised_rows"]) == (0, 7)
    assert facts["duplicates"]["by_split"]["normalised"]["train"] == 4
    assert facts["duplicates"]["exact_rows"] == 0
    assert facts["label_balance"]["labels"] == 77


words = st.text("ab ＡßẞΣς\u00a0é\u0301", min_size=0, max_size=4)
rows_of = st.lists(st.tuples(words, st.sampled_from("xy")), min_size=1, max_size=12)


@given(rows_of, rows_of)
@settings(max_examples=60, deadline=None)
def test_counts_are_those_of_a_naive_reading(train: list[tuple[str, str]], test: list[tuple[str, str]]) -> None:
    facts = found(train=train, test=test)

    def surplus(rows: list[tuple[str, str]], key: Callable[[str], str]) -> int:
        counts = Counter(key(text) for text, _label in rows if text.strip())
        return sum(count - 1 for count in counts.values())

    def shared(key: Callable[[str], str]) -> int:
        known = {key(text) for text, _label in train if text.strip()}
        return sum(key(text) in known for text, _label in test if text.strip())

    assert facts["duplicates"]["exact_rows"] == surplus(train, str) + surplus(test, str)
    assert facts["duplicates"]["normalised_rows"] == surplus(train, normalise) + surplus(test, normalise)
    assert facts["split_leakage"]["exact_rows"] == shared(str)
    assert facts["split_leakage"]["normalised_rows"] == shared(normalise)
    labels: dict[str, set[str]] = {}
    for text, label in [*train, *test]:
        if text.strip():
            labels.setdefault(normalise(text), set()).add(label)
    assert facts["label_conflicts"]["conflicting_inputs"] == sum(len(held) > 1 for held in labels.values())
    assert facts["empty_fields"]["empty_inputs"] == sum(not text.strip() for text, _label in [*train, *test])


@given(st.lists(st.integers(0, 30), min_size=1, max_size=60))
@settings(max_examples=40, deadline=None)
def test_lengths_are_those_of_a_sorted_list(lengths: list[int]) -> None:
    facts = found(train=[("x" * length, "a") for length in lengths])["text_length"]
    ordered = sorted(lengths)
    assert (facts["shortest"], facts["longest"]) == (ordered[0], ordered[-1])
    assert facts["median"] == statistics.median(ordered)
    assert facts["p95"] == ordered[math.ceil(len(ordered) * 0.95) - 1]
    assert sum(row["rows"] for row in facts["histogram"]) == len(ordered)


def test_samples_name_the_first_rows_of_the_largest_groups() -> None:
    rows = [("once", "a"), *[("often", "a")] * 7, *[("twice", "b")] * 2, ("often", "b"), ("", "a")]
    facts = found(train=rows, test=[("new", "a"), ("OFTEN", "a"), ("twice", "b")])
    shown = [[place["row"] for place in group] for group in facts["duplicates"]["samples"]]
    assert shown == [[3, 4, 5, 6, 7], [10, 11]]
    leaks = [[(place["split"], place["row"]) for place in pair] for pair in facts["split_leakage"]["samples"]]
    assert leaks == [[("test", 3), ("train", 3)], [("test", 4), ("train", 10)]]
    assert [[place["row"] for place in group] for group in facts["label_conflicts"]["samples"]] == [[3, 4, 5, 6, 7]]
    assert [place["row"] for place in facts["empty_fields"]["samples"]] == [13]


def test_more_rows_than_memory_holds_are_still_counted(tmp_path: Path) -> None:
    """Half a million different inputs: what a query keeps for each input must be able to leave memory."""
    count = 500_000
    path = tmp_path / "train.csv"
    with path.open("w", encoding="utf-8") as file:
        file.write("text,category\n")
        file.writelines(f"question {number % (count - 3)},label{number % 77}\n" for number in range(count))
    files = [SplitFile("train", "train.csv", "csv", False, lambda: path.open("rb"))]
    facts = inspect(files, Mapping("text", "category"), memory_limit="64MB", scratch=tmp_path)
    assert facts["shape"]["rows"] == count
    assert facts["duplicates"]["exact_rows"] == 3


@given(st.text(max_size=20))
def test_normalising_twice_changes_nothing(text: str) -> None:
    assert normalise(normalise(text)) == normalise(text)


GOOD = b"text,category\na,x\n"
HOSTILE: dict[str, tuple[Format, bytes, str]] = {
    "empty": ("csv", b"", "empty"),
    "only a header": ("csv", b"text,category\n", "no rows"),
    "only a BOM": ("csv", b"\xef\xbb\xbf", "empty"),
    "ragged": ("csv", b"text,category\na,x\nb\n", "Row 3: The row has 1 fields"),
    "too many fields": ("csv", b"text,category\na,x,y\n", "Row 2"),
    "an empty row": ("csv", b"text,category\na,x\n\nb,y\n", "Row 3: The row is empty"),
    "bad UTF-8": ("csv", b"text,category\na,x\n\xff,y\n", "Row 3: Byte 1 is not UTF-8"),
    "UTF-16": ("csv", "text,category\na,x\n".encode("utf-16"), "Row 1"),
    "NUL": ("csv", b"text,category\na\x00,x\n", "NUL"),
    "a header twice": ("csv", b"text,text\na,x\n", "twice"),
    "a column without a name": ("csv", b"text,\na,x\n", "has no name"),
    "a quote that never ends": ("csv", b'text,category\n"a,x\nb,y\n', "never ends"),
    "text after a quote": ("csv", b'text,category\n"a"b,x\n', "Row 2"),
    "broken JSON": ("jsonl", b'{"a": 1}\n{"a": \n', "Row 2: The line is not JSON"),
    "not an object": ("jsonl", b"[1]\n", "not a JSON object"),
    "a number": ("jsonl", b"1\n", "not a JSON object"),
    "NaN": ("jsonl", b'{"a": NaN}\n', "Row 1"),
    "a key twice": ("jsonl", b'{"a": 1, "a": 2}\n', "twice"),
    "other keys": ("jsonl", b'{"a": 1}\n{"b": 1}\n', "Row 2: The object lacks a and has b besides"),
    "an empty line": ("jsonl", b'{"a": 1}\n\n{"a": 2}\n', "Row 2: The line is empty"),
    "deep nesting": ("jsonl", b'{"a": ' + b"[" * 100_000 + b"]" * 100_000 + b"}\n", "Row 1"),
    "an endless integer": ("jsonl", b'{"a": ' + b"9" * 5_000 + b"}\n", "Row 1"),
    "no object at all": ("jsonl", b"", "empty"),
    "a line of 17 MiB": ("csv", b"text,category\n" + b"a" * (LONGEST_LINE + 2) + b",x\n", "16 MiB"),
    "a JSON line of 17 MiB": ("jsonl", b'{"a": "' + b"a" * LONGEST_LINE + b'"}\n', "16 MiB"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file_is_refused_with_its_row(name: str) -> None:
    kind, data, said = HOSTILE[name]
    with pytest.raises(FileProblem, match=said):
        check_file(io.BytesIO(data), kind)


def test_gzip_is_read_and_a_damaged_a_cut_and_a_bomb_are_refused() -> None:
    packed = gzip.compress(GOOD)
    assert check_file(io.BytesIO(packed), "csv", True).rows == 1
    assert check_file(io.BytesIO(packed + gzip.compress(b"b,y\n")), "csv", True).rows == 2
    with pytest.raises(FileProblem, match="cut off"):
        check_file(io.BytesIO(packed[:-9]), "csv", True)
    with pytest.raises(FileProblem, match="not gzip"):
        check_file(io.BytesIO(GOOD), "csv", True)
    bomb = gzip.compress(b"text,category\n" + b"a,x\n" * 30_000_000)
    with pytest.raises(FileProblem, match="unpacks to more"):
        check_file(io.BytesIO(bomb), "csv", True)


@given(st.binary(max_size=400), st.sampled_from(["csv", "jsonl"]), st.booleans())
@settings(max_examples=250, deadline=None)
def test_no_bytes_whatever_break_the_reader(data: bytes, kind: Format, packed: bool) -> None:
    with contextlib.suppress(FileProblem):
        assert check_file(io.BytesIO(data), kind, packed).rows >= 1


def test_json_lines_and_quoted_line_breaks_are_read() -> None:
    lines = [{"question": "a\nb", "answer": ["x", 1]}, {"answer": None, "question": "c"}]
    data = "\n".join(json.dumps(line) for line in lines).encode()
    assert check_file(io.BytesIO(data), "jsonl").columns == ("question", "answer")
    assert check_file(io.BytesIO(b'\xef\xbb\xbftext,category\r\n"a\nb",x\r\n'), "csv").rows == 1
