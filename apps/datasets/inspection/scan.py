"""One batch of rows read closely: what each row is, and a note of what can simply be added up.

The same function runs in this process, in worker processes, and as an Arrow function on Spark; it yields rows of
``SCHEMA``. A batch's note is one more row, with ``note`` and nothing else.
"""

import functools
import hashlib
import itertools
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import orjson
import pyarrow as pa
import pyarrow.compute as pc

from apps.datasets.inspection import columns
from apps.datasets.inspection.mapping import Mapping
from apps.datasets.inspection.policy import Policy
from apps.datasets.inspection.reading import Batch
from apps.datasets.inspection.records import Records, records
from apps.datasets.inspection.sensitive import KINDS, Scanner, load_all
from apps.datasets.inspection.shingles import Hashes, prefixes, shingle
from apps.datasets.inspection.text import fingerprints, fingerprints_of_few, normalise_all

ROW_BITS = 40
SAMPLES = 20
LIKELY = 0.6
LONGEST_LABEL = 200
MODULUS = 1 << 256
SCHEMA = pa.schema(
    [
        ("split", pa.string()),
        ("place", pa.int64()),
        ("exact", pa.binary()),
        ("normal", pa.binary()),
        ("label", pa.string()),
        ("answer", pa.binary()),
        ("length", pa.int32()),
        ("tokens", pa.int32()),
        ("day", pa.int32()),
        ("size", pa.int32()),
        ("prefix", pa.list_(pa.int64())),
        ("text", pa.string()),
        ("note", pa.string()),
    ]
)


@dataclass(frozen=True, slots=True)
class Context:
    """What every batch's reader must know: equal for the whole inspection."""

    mapping: Mapping
    policy: Policy
    heavy: tuple[int, ...] = ()
    recognisers: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        return {
            "mapping": self.mapping.as_dict(),
            "policy": self.policy.as_dict(),
            "heavy": self.heavy,
            "recognisers": self.recognisers,
        }

    @classmethod
    def of(cls, given: dict[str, Any]) -> "Context":
        return cls(
            Mapping(**given["mapping"]),
            Policy(**given["policy"]),
            tuple(given["heavy"]),
            tuple(given["recognisers"]),
        )


def place_of(file: int, row: int) -> int:
    """Return one number for a row of a file; places order rows as a reader would."""
    return file << ROW_BITS | row


def where(place: int) -> dict[str, Any]:
    return {"file": place >> ROW_BITS, "row": place & (1 << ROW_BITS) - 1}


@functools.cache
def _scanner(recognisers: tuple[str, ...]) -> Scanner:
    return Scanner(load_all(recognisers))


class Scan:
    """The reader of batches; holds what is costly to set up."""

    def __init__(self, context: Context, scanner: Scanner | None = None) -> None:
        self.context = context
        self.heavy: Hashes = np.array(sorted(context.heavy), np.uint64)
        self.scanner = scanner or _scanner(context.recognisers)

    def normalised(self, texts: pa.Array) -> pa.Array:
        return normalise_all(texts, punctuation=not self.context.policy.ignore_punctuation)

    def batch(self, batch: Batch, split: str, file: int) -> pa.RecordBatch:
        """Return the batch's rows of ``SCHEMA`` and its note."""
        policy, mapping, count = self.context.policy, self.context.mapping, batch.rows.num_rows
        found = records(batch.rows, mapping)
        normal = self.normalised(found.inputs)
        prints, sizes, first = near_columns(normal, policy, self.heavy)
        blank = pc.equal(normal, "")
        length = pc.if_else(blank, 0, pc.utf8_length(found.inputs)).cast(pa.int32())
        note = self._note(batch, split, file, found)
        filled = [
            pa.array([split] * count, pa.string()),
            pa.array(np.arange(count, dtype=np.int64) + place_of(file, batch.first)),
            fingerprints(found.inputs),
            prints,
            _labels(found),
            pa.nulls(count, pa.binary())
            if found.answers is None
            else fingerprints_of_few(self.normalised(found.answers)),
            length,
            _tokens(found),
            columns.days(batch.rows.column(mapping.date)) if mapping.date else pa.nulls(count, pa.int32()),
            sizes,
            first,
            found.inputs,
            pa.nulls(count, pa.string()),
        ]
        last = [pa.nulls(1, kind) for kind in SCHEMA.types[:-1]] + [pa.array([orjson.dumps(note).decode()])]
        joined = [pa.concat_arrays([rows, extra]) for rows, extra in zip(filled, last, strict=True)]
        return pa.RecordBatch.from_arrays(joined, schema=SCHEMA)

    def _note(self, batch: Batch, split: str, file: int, found: Records) -> dict[str, Any]:
        names = batch.columns
        plain = {name: _plain(batch.rows.column(name)) for name in names}
        if self.context.mapping.shape == "chat":
            both = pc.binary_join_element_wise(found.inputs, found.answers, "\n")
            plain[self.context.mapping.input] = both
        return {
            "split": split,
            "rows": batch.rows.num_rows,
            "columns": names,
            "fingerprint": f"{row_sum(batch.rows):064x}",
            "profiles": {name: columns.profile(batch.rows.column(name)).as_dict() for name in names},
            "unsafe": _gather(_unsafe(plain), batch, split, file),
            "violations": _gather(((kind, row, "") for row, kind in found.violations), batch, split, file),
            "sensitive": self._sensitive(plain, batch, split, file),
        }

    def _sensitive(self, plain: dict[str, pa.Array], batch: Batch, split: str, file: int) -> dict[str, Any]:
        kinds: dict[str, Any] = {}
        touched: dict[str, set[int]] = {}
        for name, texts in plain.items():
            hits = self.scanner.scan(texts)
            for index in np.unique(hits.kind):
                mine = hits.kind == index
                key, rows = KINDS[index].key, hits.row[mine]
                into = kinds.setdefault(key, {"values": 0, "likely": 0, "by_column": {}, "samples": []})
                into["values"] += int(mine.sum())
                into["likely"] += int((hits.confidence[mine] >= LIKELY).sum())
                into["by_column"][name] = int(mine.sum())
                places = [place_of(file, batch.first + int(row)) for row in np.unique(rows)[:SAMPLES]]
                into["samples"] += [{**where(place), "column": name} for place in places]
                touched.setdefault(key, set()).update(rows.tolist())
        for key, into in kinds.items():
            into["rows"] = len(touched[key])
            into["by_split"] = {split: into["values"]}
            into["samples"] = into["samples"][:SAMPLES]
        return kinds


def near_columns(normal: pa.Array, policy: Policy, heavy: Hashes) -> tuple[pa.Array, pa.Array, pa.Array]:
    """Return of normalised inputs what near duplicates are found by: fingerprint, number of n-grams, and prefix."""
    sets = shingle(normal, policy.near_words)
    first = prefixes(sets, policy.near_threshold, heavy)
    offsets = np.concatenate(([0], np.cumsum(first.counts))).astype(np.int32)
    lists = pa.ListArray.from_arrays(pa.array(offsets), pa.array(first.tokens))
    return fingerprints(normal), pa.array(sets.sizes.astype(np.int32)), lists


def _labels(found: Records) -> pa.Array:
    if found.answers is None:
        return pa.nulls(len(found.inputs), pa.string())
    return pc.utf8_slice_codeunits(found.answers, 0, LONGEST_LABEL)


def _tokens(found: Records) -> pa.Array:
    """Return the approximate tokens of input and answer together: one for every four bytes of UTF-8, rounded up."""
    size = pc.binary_length(found.inputs)
    if found.answers is not None:
        size = pc.add(size, pc.binary_length(found.answers))
    return pc.divide(pc.add(size, 3), 4).cast(pa.int32())


def row_sum(rows: pa.RecordBatch) -> int:
    """Return the sum modulo 2**256 of the SHA-256 of each row: independent of their order, and doubled rows count.

    A row is its columns in the order of their names, each value as its length in bytes, a colon and the bytes; a
    missing value is empty.
    """
    names = sorted(rows.schema.names)
    values = [rows.column(name).fill_null("").cast(pa.binary()).to_pylist() for name in names]
    form, sha256 = b"%d:%b" * len(names), hashlib.sha256
    pairs = [item for found in values for item in (map(len, found), found)]
    joined = b"".join([sha256(form % row).digest() for row in zip(*pairs, strict=True)])
    parts: npt.NDArray[Any] = np.frombuffer(joined, ">u4").reshape(-1, 8).sum(axis=0, dtype=np.uint64)
    return sum(int(part) << 32 * (7 - index) for index, part in enumerate(parts)) % MODULUS


def _plain(values: pa.Array) -> pa.Array:
    """Return the texts with what is JSON unfolded into its strings: a pattern must not meet an escape."""
    texts = values.fill_null("")
    nested = pc.match_substring_regex(texts, r"^[\[{]")
    if not pc.any(nested).as_py():
        return texts
    unfolded = []
    for text in texts.filter(nested).to_pylist():
        try:
            unfolded.append("\n".join(_leaves(orjson.loads(text))))
        except (orjson.JSONDecodeError, RecursionError):
            unfolded.append(text)
    return pc.replace_with_mask(texts, nested, pa.array(unfolded, pa.string()))


def _leaves(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [text for each in value.values() for text in _leaves(each)]
    if isinstance(value, list):
        return [text for each in value for text in _leaves(each)]
    return [value] if isinstance(value, str) else [] if value is None else [str(value)]


def _unsafe(plain: dict[str, pa.Array]) -> Iterator[tuple[str, int, str]]:
    for name, texts in plain.items():
        for kind, rows in columns.unsafe(texts).items():
            yield from ((kind, row, name) for row in rows)


def _gather(found: Any, batch: Batch, split: str, file: int) -> dict[str, Any]:
    """Return by kind: how often, in how many rows, in which columns, and the first places."""
    kinds: dict[str, Any] = {}
    for kind, group in itertools.groupby(sorted(found), lambda row: row[0]):
        hits = list(group)
        rows = sorted({row for _kind, row, _name in hits})
        named = Counter(name for _kind, _row, name in hits if name)
        kinds[kind] = {
            "values": len(hits),
            "rows": len(rows),
            "by_column": dict(named),
            "by_split": {split: len(rows)},
            "samples": [
                {**where(place_of(file, batch.first + row)), "column": name}
                for _kind, row, name in sorted(hits, key=lambda hit: hit[1])[:SAMPLES]
            ],
        }
    return kinds
