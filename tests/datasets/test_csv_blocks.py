"""The fast reader of CSV reads what the standard library's reads, or leaves it to that one."""

import csv
import io
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from apps.datasets.inspection import FileProblem
from apps.datasets.inspection.reading import csv_blocks, csvs
from apps.datasets.inspection.reading.bytes import BOM

Read = tuple[list[str], list[list[str]]] | tuple[int | None, str]


def read(batches: Any) -> Read:
    names: list[str] = []
    rows: list[list[str]] = []
    try:
        for batch in batches:
            assert batch.first == len(rows) + 2
            names = list(batch.columns)
            rows += [
                list(row.values()) for row in batch.rows.rename_columns(list(map(str, range(len(names))))).to_pylist()
            ]
    except FileProblem as problem:
        return problem.row, problem.text
    return names, rows


def both(data: bytes) -> tuple[Read, Read]:
    slow = csvs._by_rows([data.removeprefix(BOM)], (), 1, 1)
    return read(csvs.read(io.BytesIO(data), False)), read(slow)


pieces = st.sampled_from(['"', '""', ",", "\n", "\r\n", "\r", "a", "é", " ", "\ufeff", "日本", "a,b\n", '"a","b"\n'])
texts = st.lists(pieces, max_size=30).map("".join)
values = st.text(st.sampled_from(list('ab ,"\n\ré日')), max_size=6)


@pytest.fixture(autouse=True)
def _small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("apps.datasets.inspection.reading.bytes.CHUNK", 7)
    monkeypatch.setattr(csv_blocks, "BLOCK", 20)


@given(texts)
@settings(max_examples=600, deadline=None)
@example('a,b\n"x","1"\n2,3\n"unclosed')
@example('a,b\nx,"y"z\n')
@example("a\n\nb\n")
def test_whatever_stands_there_both_readers_say_the_same(text: str) -> None:
    fast, slow = both(f"a,b\n1,2\n{text}".encode())
    assert fast == slow


@given(st.binary(max_size=60))
@settings(max_examples=200, deadline=None)
def test_bytes_that_are_no_text_are_refused_alike(data: bytes) -> None:
    fast, slow = both(data)
    assert fast == slow or not (isinstance(fast[0], list) or isinstance(slow[0], list))


@given(st.lists(st.lists(values, min_size=2, max_size=2), min_size=1, max_size=12))
@settings(max_examples=200, deadline=None)
def test_what_is_written_by_the_standard_library_is_read_by_the_fast_one(rows: list[list[str]]) -> None:
    text = io.StringIO()
    csv.writer(text).writerows([["one", "two"], *rows])
    data = text.getvalue().encode()
    blocks = csv_blocks.Blocks(iter([data]))
    assert sum(block.lines for block in blocks) == data.count(b"\n")
    assert read(csvs.read(io.BytesIO(data), False)) == (["one", "two"], rows)


def test_a_problem_far_down_names_its_row_and_line() -> None:
    data = b"a,b\n" + b'1,"x\ny"\n' * 500 + b'2,"y"z\n'
    fast, slow = both(data)
    assert fast == slow
    assert fast[0] == 502
    assert "near line 1002" in str(fast[1])


def test_a_mark_of_the_byte_order_is_no_part_of_the_first_name() -> None:
    assert both(BOM + b"a,b\n1,2\n")[0] == (["a", "b"], [["1", "2"]])
