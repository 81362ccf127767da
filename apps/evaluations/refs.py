"""How other floors name the things of this one."""

from apps.core.subjects import SubjectRef
from apps.evaluations.models import Baseline, EvaluationRun, Suite, SuiteVersion


def suite_ref(suite: Suite) -> SubjectRef:
    return SubjectRef("suite", suite.pk)


def suite_version_ref(version: SuiteVersion) -> SubjectRef:
    return SubjectRef("suite_version", version.pk)


def baseline_ref(baseline: Baseline) -> SubjectRef:
    return SubjectRef("baseline", baseline.pk)


def evaluation_ref(run: EvaluationRun) -> SubjectRef:
    return SubjectRef("evaluation_run", run.pk)
