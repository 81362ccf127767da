"""One content in every format is one content: the same rows, fingerprint and figures."""

import csv
import gzip
import io
import json
from collections.abc import Callable
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.datasets.inspection import FileProblem, Mapping, SplitFile, check_file, detect, guess_mapping
from apps.datasets.inspection.compute import inspect
from apps.datasets.inspection.reading import read_batches, read_rows
from apps.datasets.inspection.records import read_chat
from config.demo import material
from tests.datasets.known import gsm8k_rows

Rows = list[dict[str, Any]]


def as_csv(rows: Rows) -> bytes:
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


def as_parquet(rows: Rows) -> bytes:
    sink = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(rows), sink)
    return sink.getvalue()


def as_lines(rows: Rows) -> bytes:
    return "".join(json.dumps(row) + "\n" for row in rows).encode()


WRITERS: dict[str, Callable[[Rows], bytes]] = {
    "csv": as_csv,
    "csv.gz": lambda rows: gzip.compress(as_csv(rows)),
    "jsonl": as_lines,
    "jsonl.zst": lambda rows: zstandard.compress(as_lines(rows)),
    "json": lambda rows: json.dumps(rows, indent=1).encode(),
    "json.gz": lambda rows: gzip.compress(json.dumps(rows).encode()),
    "parquet": as_parquet,
}


def published(split: str) -> Rows:
    return list(csv.DictReader(io.StringIO(material.published(f"{split}.csv").decode(), newline="")))


def inspected(splits: dict[str, Rows], ending: str) -> dict[str, Any]:
    files = []
    for split, rows in splits.items():
        data = WRITERS[ending](rows)
        files.append(SplitFile(split, f"{split}.{ending}", *detect(f"{split}.{ending}"), lambda d=data: io.BytesIO(d)))
    return inspect(files, guess_mapping(list(next(iter(splits.values()))[0])))


def without_places(found: Any) -> Any:
    """Return the findings without the numbers of rows and names of files: a CSV's header counts as a row."""
    if isinstance(found, dict):
        return {key: without_places(value) for key, value in found.items() if key not in ("row", "file_name")}
    return [without_places(value) for value in found] if isinstance(found, list) else found


def the_same_in_every_format(splits: dict[str, Rows]) -> dict[str, Any]:
    """Return the findings, which are those of each format, without the rows' places."""
    expected: dict[str, Any] = without_places(inspected(splits, "csv"))
    for ending in set(WRITERS) - {"csv"}:
        assert without_places(inspected(splits, ending)) == expected, ending
    return expected


def test_banking77_is_the_same_in_every_format() -> None:
    found = the_same_in_every_format({split: published(split) for split in ("train", "test")})
    assert found["split_leakage"]["normalised_rows"] == 7
    assert found["duplicates"]["by_split"]["normalised"]["train"] == 4
    assert (found["duplicates"]["exact_rows"], found["label_balance"]["labels"]) == (0, 77)


def test_gsm8k_repeats_and_leaks_nothing_in_any_format() -> None:
    """Questions with answers of several lines: a shape that Banking77 has not."""
    found = the_same_in_every_format({split: gsm8k_rows(split) for split in ("train", "test")})
    assert {split: part["rows"] for split, part in found["shape"]["splits"].items()} == {"train": 7_473, "test": 1_319}
    assert (found["mapping"]["shape"], found["label_balance"], found["violations"]) == ("question_answer", None, {})
    assert (found["duplicates"]["exact_rows"], found["duplicates"]["normalised_rows"]) == (0, 0)
    assert (found["split_leakage"]["exact_rows"], found["split_leakage"]["normalised_rows"]) == (0, 0)
    assert (found["label_conflicts"]["conflicting_inputs"], found["sensitive"]["kinds"]) == (0, {})


def test_the_fingerprint_knows_neither_order_nor_files_but_every_row() -> None:
    rows: Rows = [{"text": f"question {number}", "category": "a"} for number in range(50)]
    kept = inspected({"train": rows}, "csv")["fingerprint"]
    assert inspected({"train": rows[::-1]}, "jsonl")["fingerprint"] == kept
    data = [as_csv(rows[:20]), as_csv(rows[20:])]
    files = [SplitFile("train", f"{n}.csv", "csv", False, lambda d=d: io.BytesIO(d)) for n, d in enumerate(data)]
    assert inspect(files, Mapping("text", "category"))["fingerprint"] == kept
    doubled = inspected({"train": [*rows, rows[0], rows[0]]}, "csv")["fingerprint"]
    changed = inspected({"train": [*rows[:-1], {"text": "question 49", "category": "b"}]}, "csv")["fingerprint"]
    assert len({row["content"] for row in (kept, doubled, changed)}) == 3
    assert inspected({"test": rows}, "csv")["fingerprint"]["content"] != kept["content"]


PROBLEMS: dict[str, tuple[str, bytes, str]] = {
    "an array that ends early": ("a.json", b'[{"a": "x"}, {"a": ', "Row 2"),
    "an object instead of an array": ("a.json", b'{"a": 1}', "no array of objects"),
    "numbers in an array": ("a.json", b"[1, 2]", "Row 1: The item is not a JSON object"),
    "other keys in an array": ("a.json", b'[{"a": 1}, {"b": 1}]', "Row 2: The object lacks a and has b besides"),
    "deep nesting in an array": ("a.json", b'[{"a": ' + b"[" * 100_000 + b"]" * 100_000 + b"}]", "Row 1"),
    "not Parquet": ("a.parquet", b"PAR1 this is not", "not Parquet, or is damaged"),
    "Parquet cut off": ("a.parquet", as_parquet([{"a": "x"}])[:-9], "not Parquet, or is damaged"),
    "bytes in Parquet": ("a.parquet", as_parquet([{"a": b"\xff"}]), "holds bytes"),
    "not zstd": ("a.csv.zst", b"\x28\xb5\x2f\xfd nonsense", "not zstd, or is damaged"),
    "zstd cut off": ("a.csv.zst", zstandard.compress(b"a,b\n" + b"1,2\n" * 99_999)[:-5], "cut off"),
}


@pytest.mark.parametrize("name", PROBLEMS)
def test_what_cannot_be_read_is_refused_by_row(name: str) -> None:
    file, data, said = PROBLEMS[name]
    with pytest.raises(FileProblem, match=said):
        check_file(io.BytesIO(data), *detect(file))


def test_a_zstd_bomb_is_stopped() -> None:
    bomb = zstandard.compress(b"text,category\n" + b"a,x\n" * 30_000_000, 19)
    with pytest.raises(FileProblem, match="unpacks to more"):
        check_file(io.BytesIO(bomb), "csv", True)


def test_packed_parquet_is_refused_by_its_name() -> None:
    with pytest.raises(FileProblem, match="packed inside"):
        detect("a.parquet.gz")


def refused_or(read: Callable[[], Any]) -> Any:
    try:
        return read()
    except FileProblem as problem:
        return problem


short = st.text(max_size=3)
cells = st.one_of(
    st.none(),
    st.text(max_size=30),
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False),
    st.booleans(),
    st.lists(short, max_size=3),
    st.dictionaries(short, short, max_size=2),
)
records = st.lists(st.fixed_dictionaries({"input": cells, "label": cells, "date": cells}), min_size=1, max_size=8)


@given(records, st.sampled_from(["jsonl", "json", "jsonl.zst"]))
@settings(max_examples=60, deadline=None)
def test_whatever_stands_in_a_record_it_is_inspected_or_refused_by_row(rows: Rows, ending: str) -> None:
    found = refused_or(lambda: inspected({"train": rows, "test": rows[:2]}, ending))
    if isinstance(found, FileProblem):
        assert found.row is not None
    else:
        assert found["shape"]["rows"] == len(rows) + len(rows[:2])


@given(st.binary(max_size=300), st.sampled_from(["a.json", "a.parquet", "a.csv.zst", "a.jsonl"]))
@settings(max_examples=150, deadline=None)
def test_no_bytes_whatever_break_a_reader(data: bytes, name: str) -> None:
    found = refused_or(lambda: check_file(io.BytesIO(data), *detect(name)))
    assert found.text if isinstance(found, FileProblem) else found.rows >= 1


def test_huge_cells_come_in_small_batches() -> None:
    data = b"text,category\n" + b"".join(b"%d%b,x\n" % (number, b"y" * 1_000_000) for number in range(40))
    sizes = [batch.rows.num_rows for batch in read_batches(io.BytesIO(data), "csv", False)]
    assert sum(sizes) == 40
    lines = b"".join(b'{"text": "%b"}\n' % (b"y" * 1_000_000) for _number in range(40))
    assert max(batch.rows.num_rows for batch in read_batches(io.BytesIO(lines), "jsonl", False)) < 20


def test_rows_are_read_as_texts_with_their_header_first() -> None:
    data = as_lines([{"a": None, "b": [1, "x"]}, {"a": 1.5, "b": {"c": True}}])
    rows = list(read_rows(io.BytesIO(data), "jsonl", False))
    assert rows == [("a", "b"), ("", '[1,"x"]'), ("1.5", '{"c":true}')]


def say(role: str, content: str | None, **more: Any) -> dict[str, Any]:
    return {"role": role, "content": content, **more}


CALL = {"id": "1", "type": "function", "function": {"name": "pay", "arguments": '{"to": "x"}'}}
CHATS: dict[str, tuple[list[Any], list[str]]] = {
    "good": ([say("system", "Be brief"), say("user", "Hi"), say("assistant", "Hello")], []),
    "a tool call": (
        [
            say("user", "Pay"),
            say("assistant", None, tool_calls=[CALL]),
            say("tool", "ok", tool_call_id="1"),
            say("assistant", "Done"),
        ],
        [],
    ),
    "two user turns": ([say("user", "a"), say("user", "b"), say("assistant", "c")], ["not_alternating"]),
    "an unknown role": ([say("user", "a"), say("wizard", "b"), say("assistant", "c")], ["unknown_role"]),
    "an empty turn": ([say("user", " "), say("assistant", "c")], ["empty_turn"]),
    "no answer": ([say("user", "a"), say("assistant", "b"), say("user", "c")], ["ends_without_answer"]),
    "late system": ([say("user", "a"), say("system", "b"), say("assistant", "c")], ["late_system"]),
    "an orphan": (
        [say("user", "a"), say("tool", "b", tool_call_id="9"), say("assistant", "c")],
        ["orphan_tool_result"],
    ),
    "a broken call": (
        [say("user", "a"), say("assistant", None, tool_calls=[{"function": {"name": "", "arguments": "{"}}])],
        ["broken_tool_call"],
    ),
    "nothing": ([], ["not_messages"]),
    "texts": (["a", "b"], ["not_messages"]),
}


@pytest.mark.parametrize("name", CHATS)
def test_a_conversation_is_judged_by_its_form(name: str) -> None:
    turns, expected = CHATS[name]
    assert read_chat(json.dumps(turns))[2] == expected


def test_the_last_answer_is_what_a_conversation_must_answer_with() -> None:
    before, answer, _found = read_chat(json.dumps([say("user", "Hi"), say("assistant", "Hello")]))
    assert (before, answer) == ("user: Hi", "Hello")
    shared = [{"from": "human", "value": "Hi"}, {"from": "gpt", "value": "Hello"}]
    assert read_chat(json.dumps(shared)) == ("user: Hi", "Hello", [])


def test_violations_are_counted_and_shown_with_their_rows() -> None:
    rows: Rows = [{"messages": turns} for turns, _expected in CHATS.values()]
    found = inspected({"train": rows}, "jsonl")
    assert found["mapping"]["shape"] == "chat"
    assert found["violations"]["not_messages"]["rows"] == 2
    assert [place["row"] for place in found["violations"]["late_system"]["samples"]] == [7]


SHAPES = {
    ("text", "category"): ("text_label", "text", "category"),
    ("question", "answer"): ("question_answer", "question", "answer"),
    ("prompt", "completion"): ("prompt_completion", "prompt", "completion"),
    ("instruction", "input", "output"): ("instruction", "instruction", "output"),
    ("messages",): ("chat", "messages", ""),
    ("ticket", "queue"): ("other", "ticket", ""),
}


@pytest.mark.parametrize("columns", SHAPES)
def test_the_shape_is_told_by_the_columns(columns: tuple[str, ...]) -> None:
    found = guess_mapping(columns)
    assert (found.shape, found.input, found.label) == SHAPES[columns]


def test_an_instruction_is_compared_with_its_input() -> None:
    rows: Rows = [{"instruction": "Translate", "input": word, "output": "x"} for word in ("one", "two", "one")]
    assert inspected({"train": rows}, "jsonl")["duplicates"]["exact_rows"] == 1


def test_dates_columns_and_unsafe_cells_are_told() -> None:
    rows: Rows = [
        {"text": "How do I pay?", "category": "pay", "created_at": "2020-01-01", "source": "x"},
        {"text": '=HYPERLINK("http://x")', "category": "pay", "created_at": "2026-01-01T10:00:00Z", "source": "x"},
        {"text": "hid\u200bden", "category": "card", "created_at": "", "source": "x"},
        {"text": "<script>alert(1)</script>", "category": "card", "created_at": "never", "source": "x"},
    ]
    data = as_csv(rows)
    mapping = guess_mapping(list(rows[0]))
    from apps.datasets.inspection import Policy

    file = SplitFile("train", "a.csv", "csv", False, lambda: io.BytesIO(data))
    found = inspect([file], mapping, policy=Policy(stale_days=365, as_of=20_500))
    sources = inspect([file], mapping, policy=Policy(covers_from=18_262, covers_to=20_453))["dates"]
    assert (sources["before_period_rows"], sources["after_period_rows"]) == (0, 1)
    assert [place["row"] for place in sources["samples"]] == [3]
    earlier = inspect([file], mapping, policy=Policy(covers_from=18_263))["dates"]
    assert (earlier["before_period_rows"], earlier["after_period_rows"], earlier["stale_rows"]) == (1, 0, 0)
    assert {kind: row["rows"] for kind, row in found["unsafe"].items()} == {"formula": 1, "html": 1, "zero_width": 1}
    assert (found["dates"]["dated_rows"], found["dates"]["undated_rows"], found["dates"]["stale_rows"]) == (2, 2, 1)
    assert found["shape"]["columns"]["source"]["constant"] is True
    assert found["shape"]["columns"]["created_at"]["missing"] == 1
    assert [place["row"] for place in found["dates"]["samples"]] == [2]
