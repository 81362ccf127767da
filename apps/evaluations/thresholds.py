"""Thresholds judged on values: pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from django.utils.translation import gettext as _

from apps.evaluations.content import RULES, Content, Metric, Threshold

Outcome = Literal["met", "missed", "unmeasured", "not_applicable"]
Values = Mapping[tuple[str, str], float]
ROUNDING = 1e-9


@dataclass(frozen=True, slots=True)
class Verdict:
    """One threshold on one subject: what was asked, what was measured, what it was held against, what follows."""

    threshold: Threshold
    metric: Metric
    outcome: Outcome
    value: float | None
    reference: float | None
    sentence: str

    @property
    def asked(self) -> str:
        return asked(self.threshold, self.metric)

    def as_dict(self) -> dict[str, Any]:
        return {
            "metric": self.threshold.metric,
            "segment": self.threshold.segment,
            "rule": self.threshold.rule,
            "limit": self.threshold.limit,
            "outcome": self.outcome,
            "value": self.value,
            "reference": self.reference,
            "sentence": self.sentence,
        }


@dataclass(frozen=True, slots=True)
class References:
    """What relative thresholds are held against: None where there is nothing of the kind at all."""

    live: Values | None = None
    baselines: Sequence[Values] | None = None


def values_of(rows: Sequence[Mapping[str, Any]]) -> dict[tuple[str, str], float]:
    """Return a run's values by metric and segment."""
    return {(row["metric"], row["segment"]): float(row["value"]) for row in rows}


def figure(value: float | None, unit: str) -> str:
    """Return a value with its unit, as people read it."""
    if value is None:
        return "–"
    number = f"{value:.4f}".rstrip("0").rstrip(".") if abs(value) < 1000 else f"{value:,.1f}"
    number = "0" if number == "-0" else number
    return f"{number} %" if unit == "percent" else number if unit in ("ratio", "") else f"{number} {unit}"


def asked(threshold: Threshold, metric: Metric) -> str:
    """Return the threshold in words, as in “Accuracy (card): at least 0.9”."""
    name = f"{metric.title} ({threshold.segment})" if threshold.segment else metric.title
    return f"{name}: {RULES[threshold.rule]} {figure(threshold.limit, metric.unit)}"


def judge(content: Content, values: Values | None, references: References) -> list[Verdict]:
    """Judge every threshold of a suite version, in its order, on the values of one subject (None: never evaluated)."""
    return [_judge(row, content.metric(row.metric), values or {}, references) for row in content.thresholds]


def _judge(row: Threshold, metric: Metric, values: Values, references: References) -> Verdict:
    place = (row.metric, row.segment)
    value = values.get(place)
    reference: float | None = None
    if row.rule == "not_worse_than_live_by":
        if references.live is None:
            return Verdict(row, metric, "not_applicable", value, None, _("Nothing is live to be compared with."))
        reference = references.live.get(place)
        if reference is None:
            return Verdict(row, metric, "unmeasured", value, None, _("What is live was not measured."))
    elif row.rule == "not_worse_than_baseline_by":
        known = [found[place] for found in references.baselines or () if place in found]
        if not known:
            return Verdict(row, metric, "unmeasured", value, None, _("No baseline was measured."))
        reference = max(known) if metric.better == "higher" else min(known)
    if value is None:
        return Verdict(row, metric, "unmeasured", None, reference, _("It was not measured."))
    floor = row.limit if reference is None else _floor(reference, row.limit, metric.better)
    good = value >= floor - ROUNDING if metric.better == "higher" else value <= floor + ROUNDING
    words = {"value": figure(value, metric.unit), "floor": figure(floor, metric.unit)}
    if metric.better == "higher":
        sentence = _("%(value)s, at least %(floor)s was asked for.") % words
    else:
        sentence = _("%(value)s, at most %(floor)s was asked for.") % words
    return Verdict(row, metric, "met" if good else "missed", value, reference, sentence)


def _floor(reference: float, limit: float, better: str) -> float:
    return reference - limit if better == "higher" else reference + limit
