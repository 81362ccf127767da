"""How other floors name the things of this one."""

from apps.core.subjects import SubjectRef
from apps.registry.models import Model, ModelVersion, TrainingRun


def model_ref(model: Model) -> SubjectRef:
    return SubjectRef("model", model.pk)


def run_ref(run: TrainingRun) -> SubjectRef:
    return SubjectRef("training_run", run.pk)


def model_version_ref(version: ModelVersion) -> SubjectRef:
    return SubjectRef("model_version", version.pk)
