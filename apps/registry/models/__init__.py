"""The tables of models, their training runs and versions, one noun a file."""

from apps.registry.models.catalogue import Model
from apps.registry.models.runs import RunDataset, RunGuideline, TrainingRun
from apps.registry.models.versions import ArtefactCheck, ModelVersion, ModelVersionWithdrawal

__all__ = [
    "ArtefactCheck",
    "Model",
    "ModelVersion",
    "ModelVersionWithdrawal",
    "RunDataset",
    "RunGuideline",
    "TrainingRun",
]
