"""From a file to a table of annotations; what can't be used is named by its row with what to do."""

import datetime as dt
import math
import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import asdict, dataclass
from typing import IO, NoReturn

from apps.datasets.inspection.annotations import Annotations, Collector, Scale, TableProblem, place_of
from apps.datasets.inspection.reading import FileProblem, Format, read_rows

NAMES = {
    "item": ("item", "item_id", "id", "row", "row_id", "text", "task", "unit"),
    "annotator": ("annotator", "annotator_id", "rater", "coder", "labeller", "labeler", "worker", "user", "by"),
    "label": ("label", "category", "annotation", "intent", "class", "choice", "rating", "value"),
    "time": ("time", "timestamp", "created_at", "labelled_at", "labeled_at", "date", "when"),
    "guideline": ("guideline", "guideline_version", "guideline_number"),
}
REQUIRED = ("item", "annotator", "label")
LONGEST_ITEM, LONGEST_NAME = 2_000, 200
SAY_EVERY = 20_000
_VERSION = re.compile(r"(?:v|version)?\s*(\d{1,9})", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Columns:
    """Which column holds what; ``time`` and ``guideline`` may be empty."""

    item: str
    annotator: str
    label: str
    time: str = ""
    guideline: str = ""

    def as_dict(self) -> dict[str, str]:
        return asdict(self)


def guess_columns(columns: Sequence[str]) -> Columns:
    """Guess by the columns' names; what no name speaks for stays empty, also where it is required."""
    by_name = {column.casefold(): column for column in columns}
    found: dict[str, str] = {}
    for key, names in NAMES.items():
        found[key] = next(
            (by_name[name] for name in names if name in by_name and by_name[name] not in found.values()), ""
        )
    return Columns(**found)


def read_annotations(
    stream: IO[bytes],
    kind: Format,
    packed: bool,
    columns: Columns,
    *,
    scale: Scale = "nominal",
    order: Sequence[str] = (),
    guidelines: Collection[str] = (),
    default_guideline: str = "",
    progress: Callable[[int], None] = lambda rows: None,
) -> tuple[Annotations, int]:
    """Return the table, and how many rows carry no label (they are left out).

    ``guidelines`` are the numbers of the published versions; a row without one was labelled under
    ``default_guideline``. Times are ISO 8601 (UTC where no zone is given) or seconds since 1970. Raise
    ``FileProblem`` with the row (from 1, a header counts) for anything that can't be used.
    """
    rows = read_rows(stream, kind, packed)
    item_at, annotator_at, label_at, time_at, guideline_at = _places(next(rows), columns)
    found, labels, versions = Collector(), set[str](), {"": default_guideline}
    unlabelled = number = 0
    for number, row in enumerate(rows, 2 if kind == "csv" else 1):
        item, annotator, label = row[item_at].strip(), row[annotator_at].strip(), row[label_at].strip()
        if not label:
            unlabelled += 1
            continue
        if not item or not annotator or len(item) > LONGEST_ITEM or len(annotator) > LONGEST_NAME:
            _refuse(number, columns, item, annotator)
        time = row[time_at].strip() if time_at >= 0 else ""
        guideline = row[guideline_at].strip() if guideline_at >= 0 else ""
        try:
            if label not in labels:
                _place(label, scale, order)
                labels.add(label)
            if guideline not in versions:
                versions[guideline] = _version(guideline, guidelines)
            found.add(item, annotator, label, _seconds(time) if time else math.nan, versions[guideline])
        except TableProblem as problem:
            raise FileProblem(number, str(problem)) from problem
        if number % SAY_EVERY == 0:
            progress(number)
    progress(number)
    table = found.finish(scale, order)
    if not len(table):
        raise FileProblem(None, "No row carries a label. Choose another label column.")
    return table, unlabelled


def _places(header: Sequence[str], columns: Columns) -> list[int]:
    found = []
    for key, name in columns.as_dict().items():
        if name and name not in header:
            raise FileProblem(1, f"There is no column “{name}”. The table has: {', '.join(header)[:200]}.")
        if not name and key in REQUIRED:
            raise FileProblem(1, f"Say which column holds the {key}. The table has: {', '.join(header)[:200]}.")
        found.append(list(header).index(name) if name else -1)
    return found


def _refuse(number: int, columns: Columns, item: str, annotator: str) -> NoReturn:
    if not item or not annotator:
        empty = columns.annotator if item else columns.item
        raise FileProblem(number, f"“{empty}” is empty. Fill it in, or take the row away.")
    if len(item) > LONGEST_ITEM:
        raise FileProblem(number, f"The item is longer than {LONGEST_ITEM:,} characters. Name it by an identifier.")
    raise FileProblem(number, f"The annotator is longer than {LONGEST_NAME} characters. Shorten it.")


def _place(label: str, scale: Scale, order: Sequence[str]) -> None:
    if len(label) > LONGEST_NAME:
        raise TableProblem(f"The label is longer than {LONGEST_NAME} characters. Is this the labels' column?")
    place_of(label, scale, order)


def _version(text: str, guidelines: Collection[str]) -> str:
    match = _VERSION.fullmatch(text)
    number = str(int(match[1])) if match else ""
    if number not in guidelines:
        known = ", ".join(sorted(guidelines, key=int)) or "none"
        raise TableProblem(
            f"“{text[:60]}” is no published version of the guideline (published: {known}). "
            "Write the number of one, or leave it empty."
        )
    return number


def _seconds(text: str) -> float:
    try:
        if text.replace(".", "", 1).isdecimal() and len(text.partition(".")[0]) > 8:
            return float(text)
        moment = dt.datetime.fromisoformat(text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)).timestamp()
    except (ValueError, OverflowError):
        raise TableProblem(
            f"“{text[:60]}” is no time. Write it as 2026-03-01T09:30:00Z, or as seconds since 1970."
        ) from None
