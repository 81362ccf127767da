"""The resources of this app, one noun a file."""

from typing import Any

from apps.registry.api.models import ModelViewSet
from apps.registry.api.runs import TrainingRunViewSet
from apps.registry.api.versions import ModelVersionViewSet


def register(router: Any) -> None:
    """Add this app's resources to the API."""
    router.register("models", ModelViewSet, basename="model")
    router.register("training-runs", TrainingRunViewSet, basename="training-run")
    router.register("model-versions", ModelVersionViewSet, basename="model-version")
