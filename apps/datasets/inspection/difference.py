"""What is different between two versions: rows as fingerprints in DuckDB, paired there under a memory limit."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from apps.datasets.inspection import embedded
from apps.datasets.inspection.embedded import Link
from apps.datasets.inspection.files import SplitFile
from apps.datasets.inspection.mapping import Mapping
from apps.datasets.inspection.reading import Batch, FileProblem
from apps.datasets.inspection.records import Records
from apps.datasets.inspection.rowfiles import Progress, read_places, reading
from apps.datasets.inspection.scan import place_of, where
from apps.datasets.inspection.text import fingerprints, normalise_all

METHOD = 1
SAMPLES = 20
MOST_MOVES = 500
MOST_LABELS = 500
LONGEST_TEXT = 500
LONGEST_LABEL = 200
KEYS = ("id", "key", "uuid", "row_id", "item_id", "record_id", "example_id", "external_id", "guid")
PRINTS = pa.schema(
    [("place", pa.int64()), ("split", pa.string())]
    + [(name, pa.binary()) for name in ("key", "input", "normal", "label", "rest")]
)
PAIRED_BY = (
    ("split", "key", "input", "label", "rest"),
    ("key",),
    ("split", "input", "label", "rest"),
    ("split", "input", "label"),
    ("input", "label"),
    ("split", "input"),
    ("input",),
    ("split", "normal", "label"),
    ("normal", "label"),
    ("normal",),
)
FLAGS = {
    "relabelled": "o.label <> n.label",
    "rewritten": "o.normal <> n.normal",
    "respelled": "o.input <> n.input AND o.normal = n.normal",
    "moved": "o.split <> n.split",
    "details": "o.rest <> n.rest",
}
CHANGED = "relabelled OR rewritten OR respelled"
KINDS = ("added", "removed", *FLAGS)


class KeyNotUnique(Exception):
    """The chosen key column holds one value in two rows of a side: ``old`` or ``new``, and their places."""

    def __init__(self, side: str, places: Sequence[int]) -> None:
        super().__init__(side, places)
        self.side = side
        self.places = [where(place) for place in places]


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two versions: its files and how their records are read."""

    files: Sequence[SplitFile]
    mapping: Mapping

    @property
    def used(self) -> set[str]:
        return {self.mapping.input, self.mapping.label, self.mapping.context}


def compare(
    old: Side,
    new: Side,
    *,
    key: str = "",
    progress: Progress = lambda rows: None,
    memory_limit: str = "256MB",
    scratch: Path | None = None,
) -> dict[str, Any]:
    """Return what changed from ``old`` to ``new``, as plain JSON values.

    Rows are paired one to one: by the column ``key``, or where none is chosen by one that both have, whose name says
    that it identifies a row and whose values differ from row to row; then by what they hold, the closest first
    (``PAIRED_BY``). What is left of the new rows is added, of the old ones removed. A pair may be relabelled (other
    label), rewritten (the same key, other input), respelled (an input that differs in case, white space or Unicode form
    alone), moved (other split), or differ in details (another column that both have). ``changed_percent`` is the share
    of added, removed, relabelled, rewritten and respelled rows in all pairs and unpaired rows. Rows that repeat count
    as often as they stand.

    Memory is bounded by ``memory_limit`` and a batch of rows; the rest spills to ``scratch``. Raise ``FileProblem``
    when a file can't be read or lacks a column, ``KeyNotUnique`` when the chosen key names more than one row.
    """
    with embedded.opened(memory_limit, scratch) as link:
        found = _figures(link, old, new, key, progress)
    _show(found, old, new)
    return found


def columns_of(side: Side) -> tuple[str, ...]:
    """Return the columns of a side as its first file names them; raise ``FileProblem`` when it can't be read."""
    for file in side.files:
        with reading(file, side.mapping) as batches:
            for batch, _found in batches:
                return batch.columns
    return ()


def _key_of(old: Side, new: Side, columns: Iterable[str], others: Iterable[str]) -> str:
    """Return the column whose name says that it identifies a row, where both sides have it."""
    taken = old.used | new.used
    both = {name.casefold(): name for name in columns if name in set(others) and name not in taken}
    return next((both[name] for name in KEYS if name in both), "")


def _figures(link: Link, old: Side, new: Side, chosen: str, progress: Progress) -> dict[str, Any]:
    columns = {"old": columns_of(old), "new": columns_of(new)}
    if chosen and not all(chosen in names for names in columns.values()):
        raise FileProblem(1, f"There is no column “{chosen}” in both versions.")
    key = chosen or _key_of(old, new, columns["old"], columns["new"])
    rest = tuple(sorted((set(columns["old"]) & set(columns["new"])) - old.used - new.used - {key}))
    done = 0
    for name, side in (("old", old), ("new", new)):
        done = _load(link, name, side, key, rest, progress, done)
    why_no_key = ""
    doubled = (
        next(((name, places) for name in ("old", "new") if (places := _doubled(link, name))), None) if key else None
    )
    if doubled and chosen:
        raise KeyNotUnique(*doubled)
    if doubled:
        key, why_no_key = "", f"“{key}” names more than one row."
    _pair(link, bool(key))
    totals = _totals(link)
    union = totals["pairs"] + totals["added"] + totals["removed"]
    touched = totals["changed"] + totals["added"] + totals["removed"]
    return {
        "method": METHOD,
        "key": key,
        "why_no_key": why_no_key,
        "rows": {name: _one(link, f"SELECT count(*) FROM {name}_rows") for name in ("old", "new")},
        "totals": totals | {"changed_percent": round(100 * touched / union, 4) if union else 0.0},
        "by_split": _by_split(link),
        "moves_between_splits": [
            {"from": old_split, "to": new_split, "rows": rows}
            for old_split, new_split, rows in _all(
                link,
                "SELECT old_split, new_split, count(*) FROM pairs WHERE moved GROUP BY ALL ORDER BY 3 DESC, 1, 2",
            )
        ],
        "label_moves": _label_moves(link),
        "labels": _labels(link),
        "columns": {
            "added": sorted(set(columns["new"]) - set(columns["old"])),
            "removed": sorted(set(columns["old"]) - set(columns["new"])),
            "input": {"from": old.mapping.input, "to": new.mapping.input},
            "label": {"from": old.mapping.label, "to": new.mapping.label},
        },
        "samples": {kind: _sampled(link, kind) for kind in KINDS},
    }


def _load(link: Link, name: str, side: Side, key: str, rest: Sequence[str], progress: Progress, done: int) -> int:
    with embedded.filling(link, f"{name}_rows", PRINTS) as add:
        for index, file in enumerate(side.files):
            with reading(file, side.mapping) as batches:
                for batch, found in batches:
                    add(_prints(batch, found, file.split, index, key, rest))
                    done += batch.rows.num_rows
                    progress(done)
    return done


def _prints(batch: Batch, found: Records, split: str, index: int, key: str, rest: Sequence[str]) -> pa.RecordBatch:
    """Return the batch's rows as fingerprints; what a side does not have is the same for all."""
    count = batch.rows.num_rows
    same = pa.array([b""] * count, pa.binary())
    others = [batch.rows.column(column).fill_null("") for column in rest]
    columns = [
        pa.array(range(place_of(index, batch.first), place_of(index, batch.first) + count), pa.int64()),
        pa.array([split] * count, pa.string()),
        fingerprints(batch.rows.column(key)) if key else same,
        fingerprints(found.inputs),
        fingerprints(normalise_all(found.inputs)),
        same if found.answers is None else fingerprints(found.answers),
        fingerprints(pc.binary_join_element_wise(*others, "\x1f")) if others else same,
    ]
    return pa.RecordBatch.from_arrays(columns, schema=PRINTS)


def _all(link: Link, query: str) -> list[tuple[Any, ...]]:
    return link.execute(query).fetchall()


def _one(link: Link, query: str) -> int:
    row = link.execute(query).fetchone()
    return int(row[0]) if row and row[0] is not None else 0


def _doubled(link: Link, name: str) -> list[int]:
    """Return the places of the first two rows of the first key that stands more than once; none where none does."""
    first = f"SELECT key FROM {name}_rows GROUP BY key HAVING count(*) > 1 ORDER BY min(place) LIMIT 1"
    same = f"SELECT r.place FROM {name}_rows r JOIN ({first}) f ON r.key IS NOT DISTINCT FROM f.key"
    return [place for (place,) in _all(link, f"{same} ORDER BY r.place LIMIT 2")]


def _pair(link: Link, with_key: bool) -> None:
    """Fill ``pairs``; ``old_left`` and ``new_left`` keep what found no partner.

    Equal rows are numbered on each side and the first paired with the first: none is paired twice.
    """
    link.execute(
        "CREATE TABLE pairs (old_place BIGINT, new_place BIGINT, old_split VARCHAR, new_split VARCHAR,"
        " old_label BLOB, new_label BLOB, " + ", ".join(f"{flag} BOOLEAN" for flag in FLAGS) + ")"
    )
    for name in ("old", "new"):
        link.execute(f"CREATE VIEW {name}_left AS SELECT * FROM {name}_rows")
    flags = ", ".join(f"{rule} AS {flag}" for flag, rule in FLAGS.items())
    steps = [columns for columns in PAIRED_BY if with_key or "key" not in columns]
    for step, columns in enumerate(steps, 1):
        same = ", ".join(columns)
        numbered = f"SELECT *, row_number() OVER (PARTITION BY {same} ORDER BY place) AS nth FROM"
        matches = " AND ".join(f"o.{column} = n.{column}" for column in (*columns, "nth"))
        link.execute(
            "CREATE OR REPLACE TABLE fresh AS SELECT o.place AS old_place, n.place AS new_place,"
            " o.split AS old_split, n.split AS new_split, o.label AS old_label, n.label AS new_label,"
            f" {flags} FROM ({numbered} old_left) o JOIN ({numbered} new_left) n ON {matches}"
        )
        link.execute("INSERT INTO pairs SELECT * FROM fresh")
        for name in ("old", "new"):
            link.execute(
                f"CREATE TABLE {name}_kept_{step} AS SELECT r.* FROM {name}_left r ANTI JOIN fresh f"
                f" ON r.place = f.{name}_place"
            )
            link.execute(f"CREATE OR REPLACE VIEW {name}_left AS SELECT * FROM {name}_kept_{step}")
            link.execute(f"DROP TABLE IF EXISTS {name}_kept_{step - 1}")
        if not _one(link, "SELECT (SELECT count(*) FROM old_left) * (SELECT count(*) FROM new_left)"):
            break


def _totals(link: Link) -> dict[str, int]:
    counts = ", ".join(f"count(*) FILTER (WHERE {flag}) AS {flag}" for flag in FLAGS)
    row = _all(link, f"SELECT count(*), count(*) FILTER (WHERE {CHANGED}), {counts} FROM pairs")[0]
    pairs, changed, *flags = row
    unchanged = _one(link, f"SELECT count(*) FROM pairs WHERE NOT ({' OR '.join(FLAGS)})")
    return {
        "pairs": pairs,
        "unchanged": unchanged,
        "changed": changed,
        "added": _one(link, "SELECT count(*) FROM new_left"),
        "removed": _one(link, "SELECT count(*) FROM old_left"),
        **dict(zip(FLAGS, flags, strict=True)),
    }


def _by_split(link: Link) -> dict[str, dict[str, int]]:
    """Count by split: removed rows by the one they stood in, all others by the one in which they stand now."""
    found: dict[str, dict[str, int]] = {}

    def put(figure: str, query: str) -> None:
        for split, rows in _all(link, query):
            found.setdefault(split, {})[figure] = rows

    put("rows_before", "SELECT split, count(*) FROM old_rows GROUP BY split")
    put("rows_now", "SELECT split, count(*) FROM new_rows GROUP BY split")
    put("added", "SELECT split, count(*) FROM new_left GROUP BY split")
    put("removed", "SELECT split, count(*) FROM old_left GROUP BY split")
    for flag in FLAGS:
        put(flag, f"SELECT new_split, count(*) FROM pairs WHERE {flag} GROUP BY new_split")
    put("unchanged", f"SELECT new_split, count(*) FROM pairs WHERE NOT ({' OR '.join(FLAGS)}) GROUP BY new_split")
    figures = ("rows_before", "rows_now", "unchanged", *KINDS)
    return {split: {name: rows.get(name, 0) for name in figures} for split, rows in sorted(found.items())}


def _label_moves(link: Link) -> dict[str, Any]:
    moves = _all(
        link,
        "SELECT count(*) AS n, min(old_place), min(new_place) FROM pairs WHERE relabelled"
        f" GROUP BY old_label, new_label ORDER BY n DESC, min(old_place) LIMIT {MOST_MOVES}",
    )
    return {
        "kinds": _one(
            link,
            "SELECT count(*) FROM (SELECT 1 FROM pairs WHERE relabelled GROUP BY old_label, new_label)",
        ),
        "moves": [{"rows": rows, "old": old_place, "new": new_place} for rows, old_place, new_place in moves],
    }


def _labels(link: Link) -> dict[str, Any]:
    """Return labels that are new and labels that are gone, each with its rows and one place to read it from."""

    def only(here: str, there: str) -> dict[str, Any]:
        alone = f"FROM {here}_rows r ANTI JOIN (SELECT DISTINCT label FROM {there}_rows) t ON r.label = t.label"
        rows = _all(
            link,
            f"SELECT count(*) AS n, min(r.place) {alone} GROUP BY r.label ORDER BY n DESC, min(r.place)"
            f" LIMIT {MOST_LABELS}",
        )
        kinds = _one(link, f"SELECT count(*) FROM (SELECT 1 {alone} GROUP BY r.label)")
        return {"kinds": kinds, "labels": [{"rows": n, here: place} for n, place in rows]}

    return {"new": only("new", "old"), "gone": only("old", "new")}


def _sampled(link: Link, kind: str) -> list[dict[str, int]]:
    """Return places of some rows of a kind, spread over the file by the order of their fingerprints."""
    if kind in ("added", "removed"):
        side = "new" if kind == "added" else "old"
        rows = _all(link, f"SELECT place FROM {side}_left ORDER BY input, place LIMIT {SAMPLES}")
        return [{side: place} for (place,) in rows]
    rows = _all(
        link, f"SELECT old_place, new_place FROM pairs WHERE {kind} ORDER BY md5(new_place::VARCHAR) LIMIT {SAMPLES}"
    )
    return [{"old": old_place, "new": new_place} for old_place, new_place in rows]


def _show(found: dict[str, Any], old: Side, new: Side) -> None:
    """Put texts and labels in the place of places: one more pass over the files that hold some."""
    holders: list[dict[str, Any]] = [
        *found["label_moves"]["moves"],
        *found["labels"]["new"]["labels"],
        *found["labels"]["gone"]["labels"],
        *(row for rows in found["samples"].values() for row in rows),
    ]
    for name, side in (("old", old), ("new", new)):
        places = {row[name] for row in holders if name in row}
        shown = {
            place: {
                **where(place),
                "split": row.split,
                "text": row.input[:LONGEST_TEXT],
                "label": row.answer[:LONGEST_LABEL],
            }
            for place, row in read_places(side.files, side.mapping, places)
        }
        for holder in holders:
            if name in holder:
                holder[name] = shown[holder[name]]
    for move in found["label_moves"]["moves"]:
        move |= {"from": move.pop("old")["label"], "to": move.pop("new")["label"]}
    for key, name in (("new", "new"), ("gone", "old")):
        for row in found["labels"][key]["labels"]:
            row["label"] = row.pop(name)["label"]
