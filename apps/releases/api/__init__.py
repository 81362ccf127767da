"""The resources of this app, one noun a file."""

from typing import Any

from apps.releases.api.environments import EnvironmentViewSet
from apps.releases.api.releases import ReleaseViewSet
from apps.releases.api.rollbacks import RehearsalViewSet, RollbackViewSet


def register(router: Any) -> None:
    """Add this app's resources to the API."""
    router.register("environments", EnvironmentViewSet, basename="environment")
    router.register("releases", ReleaseViewSet, basename="release")
    router.register("rollbacks", RollbackViewSet, basename="rollback")
    router.register("rehearsals", RehearsalViewSet, basename="rehearsal")
