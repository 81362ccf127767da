"""What of this app can be governed, named, found and linked to."""

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from apps.core import search
from apps.core.subjects import SubjectKind, SubjectRef
from apps.evaluations.models import Baseline, EvaluationRun, Suite, SuiteVersion

SUITE = SubjectKind(
    type="suite",
    title=_("Evaluation suite"),
    visible=lambda user: Suite.objects.visible_to(user).select_related("use_case__team"),
    all=lambda: Suite.objects.select_related("use_case__team"),
    label=lambda suite: suite.name,
    url=lambda suite: reverse("evaluations:suite_detail", args=[suite.pk]),
    parent=lambda suite: SubjectRef("use_case", suite.use_case_id),
    above=lambda suite: suite.use_case,
    ancestors=("use_case",),
    icon="list-check",
)
VERSION = SubjectKind(
    type="suite_version",
    title=_("Version of an evaluation suite"),
    visible=lambda user: SuiteVersion.objects.visible_to(user).select_related("suite__use_case__team", "signature"),
    all=lambda: SuiteVersion.objects.select_related("suite__use_case__team", "signature"),
    label=str,
    url=lambda version: reverse("evaluations:version_detail", args=[version.pk]),
    parent=lambda version: SubjectRef("suite", version.suite_id),
    above=lambda version: version.suite,
    digest=lambda version: version.digest,
    authors=lambda version: {version.drafted_by_id, version.published_by_id} - {None},
    ancestors=("use_case", "suite"),
    icon="list-check",
)
BASELINE = SubjectKind(
    type="baseline",
    title=_("Baseline"),
    visible=lambda user: Baseline.objects.visible_to(user).select_related("use_case__team"),
    all=lambda: Baseline.objects.select_related("use_case__team"),
    label=lambda baseline: baseline.name,
    url=lambda baseline: reverse("evaluations:baseline_detail", args=[baseline.pk]),
    parent=lambda baseline: SubjectRef("use_case", baseline.use_case_id),
    above=lambda baseline: baseline.use_case,
    digest=lambda baseline: baseline.digest,
    authors=lambda baseline: {baseline.registered_by_id},
    ancestors=("use_case",),
    icon="file-text",
)
_WITH = ("suite_version__suite__use_case__team", "suite_version__signature", "model_version__model", "baseline")
RUN = SubjectKind(
    type="evaluation_run",
    title=_("Evaluation run"),
    visible=lambda user: EvaluationRun.objects.visible_to(user).select_related(*_WITH),
    all=lambda: EvaluationRun.objects.select_related(*_WITH),
    label=lambda run: f"{run.subject}: {run}",
    url=lambda run: reverse("evaluations:run_detail", args=[run.pk]),
    parent=lambda run: SubjectRef("suite_version", run.suite_version_id),
    above=lambda run: run.suite_version,
    digest=lambda run: run.digest,
    authors=lambda run: {run.evaluated_by_id, run.registered_by_id},
    ancestors=("use_case", "suite", "suite_version"),
    icon="scale",
)
KINDS = (SUITE, VERSION, BASELINE, RUN)


def authors_of(version: Any) -> set[Any]:
    """Return who evaluated a model version: it is their own work too."""
    pairs = version.evaluations.values_list("evaluated_by_id", "registered_by_id")
    return {person for pair in pairs for person in pair}


def find_suites(user: Any, text: str, limit: int) -> list[search.Hit]:
    rows = Suite.objects.visible_to(user).filter(name__icontains=text).select_related("use_case")
    return [
        search.Hit(
            row.name,
            _("Evaluation suite"),
            reverse("evaluations:suite_detail", args=[row.pk]),
            row.use_case.name,
            "list-check",
        )
        for row in rows.order_by("name")[:limit]
    ]
