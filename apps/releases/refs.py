"""How other floors name the things of this one."""

from apps.core.subjects import SubjectRef
from apps.releases.models import Environment, Release


def environment_ref(environment: Environment) -> SubjectRef:
    return SubjectRef("environment", environment.pk)


def release_ref(release: Release) -> SubjectRef:
    return SubjectRef("release", release.pk)
