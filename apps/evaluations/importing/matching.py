"""From the tool's names to the suite's metrics: what is matched, and what is left over on either side."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from apps.evaluations.importing.found import Found, Score
from apps.evaluations.importing.reading import ImportProblem

MOST_SCORES = 200_000
MOST_UNMATCHED = 500


@dataclass(frozen=True, slots=True)
class Asked:
    """One metric of a suite as an import needs it: the tool's name for it, its segments, and what to multiply by.

    ``segments`` are names, each with the tool's name of its figure (or nothing: the same name, in that segment).
    ``segment_by`` is the label of a case that says its segment.
    """

    key: str
    source: str
    segments: Mapping[str, str] = field(default_factory=dict)
    segment_by: str = ""
    scale: float = 1.0


@dataclass(slots=True)
class Matched:
    """``values`` of the suite's metrics, ``unmatched`` figures of the tool, ``unmeasured`` metrics and segments."""

    values: list[dict[str, Any]]
    unmatched: list[dict[str, Any]]
    unmeasured: list[tuple[str, str]]
    scores: int


def match(found: Found, metrics: Sequence[Asked], keep: Callable[[dict[str, Any]], None]) -> Matched:
    """Match what was found; every score of a matched metric is given to ``keep`` as a plain row.

    A figure that the tool does not report is the mean of its cases' scores, where there are some. Raise
    ``ImportProblem`` for more than 200,000 scores or a case that is scored twice.
    """
    by_source: dict[str, list[Asked]] = {}
    for metric in metrics:
        by_source.setdefault(metric.source, []).append(metric)
    means, kept = _keep_scores(found, by_source, keep)
    figures = {(row.name, row.segment): row for row in found.measured}
    values, unmeasured, used = list[dict[str, Any]](), list[tuple[str, str]](), set[tuple[str, str]]()
    for metric in metrics:
        for segment in ("", *metric.segments):
            named = (metric.segments.get(segment) or metric.source, segment)
            named = named if named in figures or not metric.segments.get(segment) else (named[0], "")
            total, cases = means.get((metric.key, segment), (0.0, 0))
            if named in figures:
                row = figures[named]
                used.add(named)
                values.append(_value(metric, segment, row.value, row.cases or cases or None, row.name))
            elif cases:
                values.append(_value(metric, segment, total / cases, cases, f"mean of {metric.source}"))
            else:
                unmeasured.append((metric.key, segment))
    unmatched = [
        {"name": row.name, "segment": row.segment, "value": row.value}
        for key, row in figures.items()
        if key not in used
    ]
    return Matched(values, unmatched[:MOST_UNMATCHED], unmeasured, kept)


def _value(metric: Asked, segment: str, value: float, cases: int | None, source: str) -> dict[str, Any]:
    return {
        "metric": metric.key,
        "segment": segment,
        "value": round(value * metric.scale, 10),
        "cases": cases,
        "source": source,
    }


def _keep_scores(
    found: Found, by_source: Mapping[str, Sequence[Asked]], keep: Callable[[dict[str, Any]], None]
) -> tuple[dict[tuple[str, str], tuple[float, int]], int]:
    """Return sum and count of scores by metric and segment, and how many rows were kept."""
    means: dict[tuple[str, str], tuple[float, int]] = {}
    seen = set[tuple[str, str]]()
    kept = 0
    for score in found.scores():
        for metric in by_source.get(score.name, ()):
            if (metric.key, score.case) in seen:
                raise ImportProblem(score.case[:100], score.name[:100], "This case is scored twice.")
            seen.add((metric.key, score.case))
            kept += 1
            if kept > MOST_SCORES:
                raise ImportProblem("scores", "", f"There are more than {MOST_SCORES} scores. Split the suite.")
            segment = score.labels.get(metric.segment_by, "") if metric.segment_by else score.segment
            segment = segment if segment in metric.segments else ""
            for part in {"", segment}:
                total, count = means.get((metric.key, part), (0.0, 0))
                means[metric.key, part] = (total + score.value, count + 1)
            keep(_row(metric, score, segment))
    return means, kept


def _row(metric: Asked, score: Score, segment: str) -> dict[str, Any]:
    row = {
        "case": score.case,
        "metric": metric.key,
        "segment": segment,
        "value": round(score.value * metric.scale, 10),
    }
    words = {"input": score.input, "output": score.output, "expected": score.expected}
    return row | {name: value for name, value in words.items() if value}
