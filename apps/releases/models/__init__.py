"""The tables of environments, releases, rehearsals and rollbacks, one noun a file."""

from apps.releases.models.environments import Environment
from apps.releases.models.releases import Ending, Release, ReleaseAttestation, ReleaseState
from apps.releases.models.rollbacks import Rehearsal, Rollback, RollbackReview

__all__ = [
    "Ending",
    "Environment",
    "Rehearsal",
    "Release",
    "ReleaseAttestation",
    "ReleaseState",
    "Rollback",
    "RollbackReview",
]
