"""What was measured: thresholds, groups of metrics, age, and the baseline."""

import datetime as dt
from collections import Counter
from collections.abc import Iterator, Sequence

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.utils.translation import ngettext

from apps.core.canonical import digest_of
from apps.core.clock import now
from apps.evaluations.content import GROUPS
from apps.evaluations.reading import Standing
from apps.evaluations.thresholds import asked, values_of
from apps.evidence.facts import Fact, FactDefinition, Figure

THRESHOLDS, MEASURED, AGE, BASELINE = (
    "evaluation.thresholds",
    "evaluation.groups",
    "evaluation.age_days",
    "evaluation.baseline",
)
STEPS = (7, 30, 90, 180, 365)
OLDER = 9999
DEFINITIONS = (
    FactDefinition(
        THRESHOLDS,
        lazy("Thresholds"),
        lazy(
            "How many thresholds the version meets: those of the newest signed version of each suite of the use case,"
            " by the newest run that began after they were signed."
        ),
        {
            "suites": lazy("Suites with signed thresholds"),
            "evaluated_suites": lazy("Of them with a run that counts"),
            "met": lazy("Thresholds met"),
            "missed": lazy("Thresholds missed"),
            "unmeasured": lazy("Thresholds that nothing was measured for"),
            "not_applicable": lazy("Thresholds against what is live, while nothing is"),
            "attempts": lazy("Runs of this version that count"),
            "all_met": lazy("every threshold that applies was measured and is met"),
        },
    ),
    FactDefinition(
        MEASURED,
        lazy("Groups of metrics"),
        lazy("How many metrics of each group the runs that count have measured."),
        {
            "task": lazy("Task metrics measured"),
            "risk": lazy("Risk metrics measured"),
            "operational": lazy("Operational metrics measured"),
            "groups": lazy("Groups with a metric measured, of three"),
        },
    ),
    FactDefinition(
        AGE,
        lazy("Age of the evaluation"),
        lazy(
            "How long ago the oldest of the runs that count ended. It is told in steps of 7, 30, 90, 180 and 365 days"
            " (9999 beyond), so that an approval does not lapse because a day has passed."
        ),
        {"age_days": lazy("At most so many days old")},
    ),
    FactDefinition(
        BASELINE,
        lazy("Against the baseline"),
        lazy("Task metrics of the runs that count beside the best of the baselines on the same suite."),
        {
            "baselines": lazy("Baselines measured"),
            "compared": lazy("Task metrics compared"),
            "better": lazy("Better than the best baseline"),
            "same": lazy("The same"),
            "worse": lazy("Worse than the best baseline"),
        },
    ),
)


def read(standings: Sequence[Standing]) -> Iterator[Fact]:
    yield _thresholds(standings)
    yield _groups(standings)
    yield _age(standings)
    yield _baseline(standings)


def _origin(standings: Sequence[Standing]) -> dict[str, str]:
    """Return what the facts are computed from: the suites and the runs by their digests."""
    return {
        "suites": digest_of([row.version.digest for row in standings]),
        "runs": digest_of([row.run.digest if row.run else "" for row in standings]),
    }


def _thresholds(standings: Sequence[Standing]) -> Fact:
    if not standings:
        return Fact(THRESHOLDS, "unknown", _("No suite of the use case has signed thresholds."))
    counts = Counter[str](verdict.outcome for row in standings for verdict in row.verdicts)
    evaluated = sum(row.run is not None for row in standings)
    figures: dict[str, Figure] = {
        "suites": len(standings),
        "evaluated_suites": evaluated,
        "met": counts["met"],
        "missed": counts["missed"],
        "unmeasured": counts["unmeasured"],
        "not_applicable": counts["not_applicable"],
        "attempts": sum(row.attempts for row in standings),
        "all_met": evaluated == len(standings) and not counts["missed"] and not counts["unmeasured"],
    }
    references = digest_of(
        [[run.digest for run in (*row.baselines, *([row.live] if row.live else []))] for row in standings]
    )
    return Fact(
        THRESHOLDS, "known", _said(standings, counts), figures, {**_origin(standings), "references": references}
    )


def _said(standings: Sequence[Standing], counts: Counter[str]) -> str:
    lacking = [row.version.suite.name for row in standings if row.run is None]
    missed = [asked(verdict.threshold, verdict.metric) for row in standings for verdict in row.missed]
    if lacking:
        return _("No run counts for: %(names)s.") % {"names": ", ".join(lacking)}
    if missed:
        return ngettext(
            "%(n)d threshold is missed: %(first)s.", "%(n)d thresholds are missed, the first: %(first)s.", len(missed)
        ) % {"n": len(missed), "first": missed[0]}
    if counts["unmeasured"]:
        return ngettext(
            "%(n)d threshold is not measured.", "%(n)d thresholds are not measured.", counts["unmeasured"]
        ) % {"n": counts["unmeasured"]}
    return ngettext(
        "The one threshold that applies is met.", "All %(n)d thresholds that apply are met.", counts["met"]
    ) % {"n": counts["met"]}


def measured_groups(standings: Sequence[Standing]) -> dict[str, int]:
    """Return how many different metrics of each group were measured, over all suites."""
    found = Counter[str]()
    for row in standings:
        keys = {key for key, _segment in values_of(row.run.values)} if row.run else set()
        found.update(metric.group for metric in row.content.metrics if metric.key in keys)
    return {group: found[group] for group in GROUPS}


def _groups(standings: Sequence[Standing]) -> Fact:
    found = measured_groups(standings)
    lacking = [str(title).lower() for group, title in GROUPS.items() if not found[group]]
    if lacking:
        sentence = _("No metric was measured of: %(names)s.") % {"names": ", ".join(lacking)}
    else:
        sentence = _("Task, risk and operational metrics were measured.")
    figures = {**found, "groups": len(GROUPS) - len(lacking)}
    return Fact(MEASURED, "known", sentence, figures, _origin(standings))


def _age(standings: Sequence[Standing]) -> Fact:
    ended = [row.run.finished_at for row in standings if row.run is not None]
    if not ended:
        return Fact(AGE, "unknown", _("No run counts yet."))
    oldest = min(ended)
    days = (now() - oldest).days
    step = next((step for step in STEPS if days <= step), OLDER)
    sentence = (
        _("Evaluated more than a year ago.")
        if step == OLDER
        else _("Evaluated within the last %(n)d days.") % {"n": step}
    )
    turns_at = None if step == OLDER else oldest + dt.timedelta(days=step + 1)
    origin = {**_origin(standings), "oldest": oldest.date().isoformat()}
    return Fact(AGE, "known", sentence, {"age_days": step}, origin, turns_at)


def _baseline(standings: Sequence[Standing]) -> Fact:
    baselines = {run.baseline_id for row in standings for run in row.baselines}
    if not baselines:
        return Fact(BASELINE, "unknown", _("No baseline was measured by a run that counts."))
    counts = Counter[str]()
    for row in standings:
        if row.run is None or not row.baselines:
            continue
        mine, others = values_of(row.run.values), [values_of(run.values) for run in row.baselines]
        for metric in row.content.metrics:
            place = (metric.key, "")
            known = [found[place] for found in others if place in found]
            if metric.group != "task" or place not in mine or not known:
                continue
            best = max(known) if metric.better == "higher" else min(known)
            ahead = (mine[place] - best) * (1 if metric.better == "higher" else -1)
            counts["better" if ahead > 1e-9 else "worse" if ahead < -1e-9 else "same"] += 1
    figures = {
        "baselines": len(baselines),
        "compared": counts.total(),
        "better": counts["better"],
        "same": counts["same"],
        "worse": counts["worse"],
    }
    sentence = _("Task metrics: %(n)d. Better than the best baseline: %(better)d, worse: %(worse)d.") % {
        "n": counts.total(),
        "better": counts["better"],
        "worse": counts["worse"],
    }
    held = digest_of([[run.digest for run in row.baselines] for row in standings])
    return Fact(BASELINE, "known", sentence, figures, {**_origin(standings), "baselines": held})
