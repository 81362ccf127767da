"""Files rewritten without their sensitive data keep everything else, byte for byte the same each time."""

import csv
import gzip
import io
import json
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import zstandard

from apps.datasets.inspection import FileProblem, check_file
from apps.datasets.inspection.reading import Format
from apps.datasets.inspection.rewriting import Rewritten, rewrite

MASK: dict[str, Any] = {"email": "masked", "phone": "masked"}


def rewritten(
    data: bytes, kind: Format, treatment: dict[str, Any] = MASK, packed: bool = False
) -> tuple[Rewritten, bytes]:
    target = io.BytesIO()
    done = rewrite(io.BytesIO(data), kind, packed, target, treatment)
    return done, target.getvalue()


def test_csv_keeps_its_columns_quotes_and_untouched_rows() -> None:
    rows = [("text", "category"), ('He said "no", then\nann@example.com', "a"), ("plain, é", "b")]
    buffer = io.StringIO()
    csv.writer(buffer).writerows(rows)
    done, data = rewritten(b"\xef\xbb\xbf" + buffer.getvalue().encode(), "csv")
    assert list(csv.reader(io.StringIO(data.decode(), newline=""))) == [
        ["text", "category"],
        ['He said "no", then\n[e-mail]', "a"],
        ["plain, é", "b"],
    ]
    assert (done.rows, done.changed, done.removed, dict(done.masked)) == (2, 1, 0, {"email": 1})


def test_json_lines_keep_types_nesting_and_the_order_of_keys() -> None:
    records = [
        {"id": 7, "messages": [{"role": "user", "content": "I am ann@example.com\nand “it” \\ broke"}], "ok": True},
        {"id": None, "messages": [], "ok": False},
    ]
    lines = "".join(json.dumps(record) + "\n" for record in records)
    done, data = rewritten(lines.encode(), "jsonl")
    found = [json.loads(line) for line in data.splitlines()]
    assert found[0]["messages"][0]["content"] == "I am [e-mail]\nand “it” \\ broke"
    assert (found[0]["id"], found[0]["ok"], found[1]) == (7, True, records[1])
    assert [list(record) for record in found] == [list(record) for record in records]
    assert done.changed == 1


def test_a_bare_number_that_is_masked_becomes_a_text() -> None:
    _done, data = rewritten(b'{"card": 4111111111111111}\n', "jsonl", {"card_number": "masked"})
    assert json.loads(data) == {"card": "[card number]"}


def test_rows_of_an_excluded_kind_are_left_out_whatever_column_holds_it() -> None:
    data = b"a,b\nx,ann@example.com\ny,z\nbob@example.com,+1 415-555-2671\n"
    done, out = rewritten(data, "csv", {"email": "excluded", "phone": "masked"})
    assert out == b"a,b\ny,z\n"
    assert (done.rows, done.changed, done.removed, dict(done.masked)) == (1, 0, 2, {})


def test_kinds_that_are_not_named_stay() -> None:
    data = b"a\nann@example.com +1 415-555-2671\n"
    assert rewritten(data, "csv", {"phone": "masked"})[1] == b"a\nann@example.com [phone]\n"


@pytest.mark.parametrize("kind", ["csv", "jsonl"])
def test_packed_files_stay_packed_and_the_same_rows_give_the_same_bytes(kind: Format) -> None:
    text = b"a\nann@example.com\n" if kind == "csv" else b'{"a": "ann@example.com"}\n'
    first, second = (rewritten(gzip.compress(text, mtime=time), kind, packed=True)[1] for time in (1, 2))
    assert first == second
    assert b"[e-mail]" in gzip.decompress(first)
    assert check_file(io.BytesIO(first), kind, packed=True).rows == 1


def test_zstd_stays_zstd() -> None:
    packed = zstandard.ZstdCompressor().compress(b"a\nann@example.com\n")
    _done, data = rewritten(packed, "csv", packed=True)
    with zstandard.ZstdDecompressor().stream_reader(io.BytesIO(data)) as reader:
        assert reader.read() == b"a\n[e-mail]\n"


def test_a_json_array_stays_one_even_when_no_row_is_left() -> None:
    records = [{"a": "ann@example.com", "n": 1}, {"a": "plain", "n": 2.5}]
    data = json.dumps(records).encode()
    assert json.loads(rewritten(data, "json")[1]) == [{"a": "[e-mail]", "n": 1}, records[1]]
    assert json.loads(rewritten(json.dumps(records[:1]).encode(), "json", {"email": "excluded"})[1]) == []


def test_parquet_keeps_its_schema_and_nulls_what_can_be_no_text() -> None:
    schema = pa.schema([("a", pa.string()), ("card", pa.int64()), ("l", pa.list_(pa.string())), ("n", pa.int32())])
    rows = [
        {"a": "ann@example.com", "card": 4111111111111111, "l": ["bob@example.org", "x"], "n": 1},
        {"a": None, "card": 5, "l": [], "n": None},
    ]
    source, target = io.BytesIO(), io.BytesIO()
    pq.write_table(pa.Table.from_pylist(rows, schema), source)
    source.seek(0)
    done = rewrite(source, "parquet", False, target, MASK | {"card_number": "masked"})
    target.seek(0)
    table = pq.read_table(target)
    assert table.schema.equals(schema)
    assert table.to_pylist() == [{"a": "[e-mail]", "card": None, "l": ["[e-mail]", "x"], "n": 1}, rows[1]]
    assert (done.rows, done.changed) == (2, 1)


def test_progress_counts_every_row_across_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("apps.datasets.inspection.rewriting.BATCH", 2)
    seen: list[int] = []
    data = b"a\n" + b"ann@example.com\n" * 5
    done = rewrite(io.BytesIO(data), "csv", False, io.BytesIO(), MASK, seen.append)
    assert (seen, done.rows, done.masked["email"]) == ([2, 4, 5], 5, 5)


def test_a_broken_file_names_its_row() -> None:
    with pytest.raises(FileProblem, match="Row 2"):
        rewritten(b"a,b\nonly one\n", "csv")
