"""Fourgate's own form, for every tool that has no reader here.

Figures: a JSON object with ``fourgate_evaluation: 1`` and ``metrics`` (each with ``name``, ``value`` and, if wanted,
``segment`` and ``cases``), or a CSV with the columns metric, value and, if wanted, segment and cases. Scores: JSON
Lines or a CSV with case, metric, value and, if wanted, segment, input, output, expected.
"""

import csv
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

from apps.evaluations.importing.found import LONGEST_LABEL, Found, Measured, Score, moment, number, text, whole
from apps.evaluations.importing.reading import ImportProblem, Source, first_line, lines, listing, mapping, table

MARK, VERSION = "fourgate_evaluation", 1
TOOL = "own tool"
OF_FIGURES = {"metric", "value", "segment", "cases"}
OF_SCORES = {"case", "metric", "value", "segment", "input", "output", "expected"}
OF_DOCUMENT = {
    MARK, "tool", "tool_version", "started_at", "finished_at", "seed", "metrics", "parameters",
}  # fmt: skip


def recognises(value: dict[str, Any]) -> bool:
    return MARK in value


def is_score(record: dict[str, Any]) -> bool:
    return {"case", "metric", "value"} <= set(record)


def kind_of_table(first: bytes, source: Source) -> str:
    """Return ``scores`` or ``figures`` for a CSV's header; raise ``ImportProblem`` for another."""
    try:
        columns = {name.strip() for name in next(csv.reader([first.decode("utf-8")]))}
    except (UnicodeDecodeError, csv.Error, StopIteration) as error:
        raise ImportProblem(source.name, "row 1", "This is neither JSON nor CSV in UTF-8.") from error
    if {"case", "metric", "value"} <= columns <= OF_SCORES:
        return "scores"
    if {"metric", "value"} <= columns <= OF_FIGURES:
        return "figures"
    raise ImportProblem(
        source.name,
        "row 1",
        "Neither JSON nor a CSV that is known here. Expected columns: metric, value, segment, cases; or case, metric,"
        " value, segment, input, output, expected.",
    )


def read(value: Any, source: Source, scores: Sequence[Source]) -> Found:
    """Return the figures of a document, or of a CSV when ``value`` is None, with the scores beside them."""
    if value is None:
        return Found(TOOL, "", tuple(_rows(source)), partial(_scores, tuple(scores)))
    if value[MARK] != VERSION:
        raise ImportProblem(
            source.name, f"key “{MARK}”", f"Version {VERSION} is read here, not “{str(value[MARK])[:20]}”."
        )
    strange = sorted(set(value) - OF_DOCUMENT)
    if strange:
        raise ImportProblem(
            source.name,
            f"key “{strange[0][:60]}”",
            f"This is not known here. Known: {', '.join(sorted(OF_DOCUMENT))}.",
        )
    measured = [
        _figure(mapping(row, source, f"metrics[{index}]"), "name", source, f"key “metrics[{index}]”")
        for index, row in enumerate(listing(value.get("metrics"), source, "metrics"))
    ]
    times = {key: moment(value.get(key)) for key in ("started_at", "finished_at")}
    for key, found in times.items():
        if value.get(key) is not None and found is None:
            raise ImportProblem(source.name, f"key “{key}”", "An ISO 8601 moment is expected here.")
    return Found(
        text(value.get("tool"), 60) or TOOL,
        text(value.get("tool_version"), 60),
        tuple(measured),
        partial(_scores, tuple(scores)),
        times["started_at"],
        times["finished_at"],
        whole(value.get("seed")),
        mapping(value.get("parameters", {}), source, "parameters"),
    )


def of_scores(scores: Sequence[Source]) -> Found:
    """Return scores alone: every figure is their mean."""
    return Found(TOOL, "", (), partial(_scores, tuple(scores)))


def _rows(source: Source) -> Iterator[Measured]:
    for where, row in table(source):
        cells: dict[str, Any] = {name: cell.strip() for name, cell in row.items()}
        cells["value"] = _as_number(cells["value"])
        cells["cases"] = _as_count(cells.get("cases", ""))
        yield _figure(cells, "metric", source, where)


def _as_number(cell: str) -> float | None:
    try:
        return float(cell)
    except ValueError:
        return None


def _as_count(cell: str) -> int | None:
    return int(cell) if cell.isascii() and cell.isdigit() and len(cell) < 16 else None


def _figure(row: dict[str, Any], name: str, source: Source, where: str) -> Measured:
    called, amount = text(row.get(name), 300).strip(), number(row.get("value"))
    if not called:
        raise ImportProblem(source.name, where, f"“{name}” is missing.")
    if amount is None:
        raise ImportProblem(source.name, where, f"“value” of {called[:60]} is no number.")
    return Measured(called, amount, text(row.get("segment"), LONGEST_LABEL), whole(row.get("cases")))


def _scores(sources: Sequence[Source]) -> Iterator[Score]:
    for source in sources:
        is_json = first_line(source)[:1] == b"{"
        for where, row in lines(source) if is_json else table(source):
            yield _score(row, source, where)


def _score(row: dict[str, Any], source: Source, where: str) -> Score:
    case, name = text(str(row.get("case", "")), 200).strip(), text(row.get("metric"), 300).strip()
    value = row.get("value")
    amount = number(_as_number(value) if isinstance(value, str) else value)
    if not case or not name or amount is None:
        raise ImportProblem(source.name, where, "“case”, “metric” and a number as “value” are expected.")
    return Score(
        case,
        name,
        amount,
        text(row.get("segment"), LONGEST_LABEL),
        input=text(row.get("input")),
        output=text(row.get("output")),
        expected=text(row.get("expected")),
    )
