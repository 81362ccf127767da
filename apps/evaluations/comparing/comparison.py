"""One run beside others: each metric and segment, what differs, how sure that is, and the thresholds."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from apps.evaluations.comparing.statistics import RESAMPLES, SEED, mcnemar_exact, paired_bootstrap
from apps.evaluations.content import GROUPS, Content, Metric
from apps.evaluations.thresholds import References, judge, values_of

METHOD = 1
LIKELY = 0.05
SAME = 1e-9
Scores = dict[tuple[str, str], dict[str, float]]


@dataclass(frozen=True, slots=True)
class Side:
    """One run: ``role`` is candidate, version or baseline; ``scores`` by metric and segment, then by case."""

    run: str
    digest: str
    label: str
    role: str
    values: Mapping[tuple[str, str], float]
    scores: Scores

    @classmethod
    def of(cls, run: Any, role: str, rows: Iterable[Mapping[str, Any]]) -> "Side":
        scores: Scores = {}
        for row in rows:
            for segment in {"", row["segment"]}:
                scores.setdefault((row["metric"], segment), {})[row["case"]] = float(row["value"])
        return cls(str(run.pk), run.digest, str(run.subject), role, values_of(run.values), scores)


def compare(content: Content, candidate: Side, others: Sequence[Side]) -> dict[str, Any]:
    """Return the comparison as plain JSON values: regressions first, then by group; the same each time.

    A threshold against what is live is judged against the first other version, one against the baseline against the
    baselines among the others.
    """
    rows = [
        _row(metric, segment, candidate, others)
        for metric in content.metrics
        for segment in ("", *(name for name, _source in metric.segments))
    ]
    live = next((side.values for side in others if side.role == "version"), None)
    baselines = [side.values for side in others if side.role == "baseline"]
    verdicts = judge(content, candidate.values, References(live, baselines or None))
    return {
        "method": METHOD,
        "resamples": RESAMPLES,
        "seed": SEED,
        "sides": [
            {"run": side.run, "digest": side.digest, "label": side.label, "role": side.role}
            for side in (candidate, *others)
        ],
        "rows": sorted(rows, key=_order),
        "groups": {group: any(row["group"] == group and row["value"] is not None for row in rows) for group in GROUPS},
        "thresholds": [row.as_dict() for row in verdicts],
        "counts": {
            name: sum(any(pair["direction"] == name for pair in row["against"]) for row in rows)
            for name in ("worse", "better", "same")
        },
    }


def _order(row: dict[str, Any]) -> tuple[int, int]:
    is_worse = any(pair["direction"] == "worse" for pair in row["against"])
    is_sure = any(pair["direction"] == "worse" and pair["is_sure"] for pair in row["against"])
    return (0 if is_sure else 1 if is_worse else 2, list(GROUPS).index(row["group"]))


def _row(metric: Metric, segment: str, candidate: Side, others: Sequence[Side]) -> dict[str, Any]:
    place = (metric.key, segment)
    return {
        "metric": metric.key,
        "title": metric.title,
        "segment": segment,
        "group": metric.group,
        "unit": metric.unit,
        "better": metric.better,
        "value": candidate.values.get(place),
        "against": [_pair(metric, place, candidate, other) for other in others],
    }


def _pair(metric: Metric, place: tuple[str, str], candidate: Side, other: Side) -> dict[str, Any]:
    """Return how the candidate stands to one other run on one metric and segment."""
    one, two = candidate.values.get(place), other.values.get(place)
    found: dict[str, Any] = {
        "value": two,
        "difference": None,
        "direction": "unknown",
        "cases": 0,
        "low": None,
        "high": None,
        "p": None,
        "only_candidate": None,
        "only_other": None,
        "is_sure": False,
    }
    if one is None or two is None:
        return found
    found["difference"] = round(one - two, 10)
    found["direction"] = _direction(one - two, metric.better)
    return found | _certainty(metric, candidate.scores.get(place, {}), other.scores.get(place, {}))


def _direction(difference: float, better: str) -> str:
    if abs(difference) <= SAME:
        return "same"
    return "better" if (difference > 0) == (better == "higher") else "worse"


def _certainty(metric: Metric, one: Mapping[str, float], two: Mapping[str, float]) -> dict[str, Any]:
    """Return interval and p over the cases that both runs scored; nothing without any."""
    cases = sorted(set(one) & set(two))
    if not cases:
        return {}
    first, second = [one[case] for case in cases], [two[case] for case in cases]
    interval = paired_bootstrap(first, second)
    found: dict[str, Any] = {
        "cases": len(cases),
        "low": round(interval.low, 10),
        "high": round(interval.high, 10),
        "is_sure": interval.low > SAME or interval.high < -SAME,
    }
    levels = set(first) | set(second)
    if len(levels) <= 2 and levels <= {0.0, metric.scale}:
        test = mcnemar_exact([value != 0 for value in first], [value != 0 for value in second])
        found |= {
            "p": round(test.p, 10),
            "only_candidate": test.only_first,
            "only_other": test.only_second,
            "is_sure": test.p < LIKELY,
        }
    return found
