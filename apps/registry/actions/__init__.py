"""Every change of models, training runs and model versions."""

from apps.registry.actions.checks import check_artefact
from apps.registry.actions.models import create_model, edit_model
from apps.registry.actions.runs import DataUse, register_run
from apps.registry.actions.versions import register_model_version, withdraw_model_version

__all__ = [
    "DataUse",
    "check_artefact",
    "create_model",
    "edit_model",
    "register_model_version",
    "register_run",
    "withdraw_model_version",
]
