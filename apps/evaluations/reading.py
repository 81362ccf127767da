"""How a model version stands: the suites it is judged by, the runs that count, and what follows from them."""

import uuid
from collections import Counter
from dataclasses import dataclass, field

from django.db.models import Count, Q

from apps.evaluations import live
from apps.evaluations.content import Content
from apps.evaluations.models import EvaluationRun, SuiteVersion
from apps.evaluations.thresholds import References, Verdict, judge, values_of
from apps.registry.models import ModelVersion


@dataclass(frozen=True, slots=True)
class Standing:
    """One suite's newest signed version, the newest run of the model version that counts, and what it is held against.

    ``attempts`` is how many runs of the model version count: choosing among many would show.
    """

    version: SuiteVersion
    content: Content
    run: EvaluationRun | None
    attempts: int
    baselines: tuple[EvaluationRun, ...]
    live: EvaluationRun | None
    verdicts: tuple[Verdict, ...] = field(default=())

    @property
    def missed(self) -> list[Verdict]:
        return [row for row in self.verdicts if row.outcome == "missed"]


def signed_versions(use_case_id: uuid.UUID) -> list[SuiteVersion]:
    """Return the newest signed version of each suite of the use case that is not retired; one query."""
    rows = SuiteVersion.objects.published().filter(
        suite__use_case=use_case_id, suite__retired_at=None, signature__isnull=False
    )
    return list(rows.select_related("suite", "signature").order_by("suite_id", "-number").distinct("suite_id"))


def standings(model_version: ModelVersion) -> list[Standing]:
    """Return how the model version stands with every suite of its use case; at most four queries."""
    versions = signed_versions(model_version.model.use_case_id)
    if not versions:
        return []
    live_id = live.versions([model_version.pk]).get(model_version.pk)
    counted = EvaluationRun.objects.counted().filter(suite_version__in=versions)
    wanted = Q(baseline__isnull=False) | Q(model_version__in=[model_version.pk, *([live_id] if live_id else [])])
    order = ("suite_version_id", "model_version_id", "baseline_id")
    newest = counted.filter(wanted).select_related("model_version__model", "baseline")
    runs: dict[object, list[EvaluationRun]] = {}
    for run in newest.order_by(*order, "-id").distinct(*order):
        runs.setdefault(run.suite_version_id, []).append(run)
    mine = counted.filter(model_version=model_version).order_by()
    attempts = Counter(dict(mine.values_list("suite_version").annotate(n=Count("pk"))))
    return [
        _standing(version, runs.get(version.pk, []), model_version, live_id, attempts[version.pk])
        for version in sorted(versions, key=lambda row: row.suite.name)
    ]


def _standing(
    version: SuiteVersion, runs: list[EvaluationRun], model_version: ModelVersion, live_id: object, attempts: int
) -> Standing:
    content = Content.of(version.content)
    own = next((run for run in runs if run.model_version_id == model_version.pk), None)
    now_live = next((run for run in runs if live_id is not None and run.model_version_id == live_id), None)
    baselines = tuple(run for run in runs if run.baseline_id is not None)
    is_live_itself = live_id == model_version.pk
    references = References(
        None if live_id is None or is_live_itself else values_of(now_live.values) if now_live else {},
        [values_of(run.values) for run in baselines] or None,
    )
    verdicts = judge(content, values_of(own.values) if own else None, references)
    return Standing(version, content, own, attempts, baselines, now_live, tuple(verdicts))
