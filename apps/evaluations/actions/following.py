"""What changes of model versions when something of this floor does: said in the same transaction."""

import uuid

from apps.core import subjects
from apps.core.subjects import SubjectRef
from apps.evaluations.models import EvaluationRun
from apps.registry.refs import model_version_ref


def announce_use_case(use_case_id: uuid.UUID, reason: str) -> None:
    """Say of the use case, and so of every model version in it, that what models are judged by has changed."""
    subjects.announce_change(SubjectRef("use_case", use_case_id), reason)


def announce_run(run: EvaluationRun, reason: str) -> None:
    """Say it of the run's model version; of a baseline's run, of every model version that is held against it."""
    if run.model_version is not None:
        subjects.announce_change(model_version_ref(run.model_version), reason)
    else:
        announce_use_case(run.suite_version.suite.use_case_id, reason)
