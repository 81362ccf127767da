"""The slot of a model in an environment: locked by every act that changes what is live in it."""

import uuid
from typing import Any

from django.db.models import Max

from apps.core import subjects
from apps.core.clock import now
from apps.core.subjects import SubjectRef
from apps.gates.models import Gate
from apps.people.models import User
from apps.registry.models import Model, ModelVersion
from apps.releases.models import Ending, Environment, Release, ReleaseState
from apps.releases.refs import release_ref


def lock_environment(pk: uuid.UUID) -> Environment:
    """Lock the environment's row until the transaction ends: one act after another changes what is live."""
    return Environment.objects.select_for_update(of=("self",)).select_related("team").get(pk=pk)


def lock_release(pk: Any) -> Release:
    """Lock the release's environment, then read the release as it is now."""
    lock_environment(Release.objects.values_list("environment_id", flat=True).get(pk=pk))
    return Release.objects.whole().get(pk=pk)


def live_in_slot(environment: Environment, model_id: uuid.UUID) -> Release | None:
    """Return the live release of the model in the environment; one query."""
    rows = Release.objects.live().filter(environment=environment, model=model_id)
    return rows.whole().select_related("version__run").first()


def next_number(environment: Environment, model_id: uuid.UUID) -> int:
    rows = Release.objects.filter(environment=environment, model=model_id)
    return int(rows.aggregate(n=Max("number"))["n"] or 0) + 1


def end(release: Release, ending: Ending, *, by: User, reason: str = "") -> None:
    """End a release whose slot is locked."""
    release.state, release.ending, release.ending_reason = ReleaseState.ENDED, ending, reason
    release.ended_at, release.ended_by = now(), by
    release.save(update_fields=["state", "ending", "ending_reason", "ended_at", "ended_by"])


def announce(environment: Environment, model_id: uuid.UUID, reason: str) -> None:
    """Say of what is proposed or live in the slot, and of its use case, that something changed on which gates may rest.

    Versions that were never live are evaluated against what is live: the gates on them rest on it too.
    """
    versions = ModelVersion.objects.filter(model=model_id).values("pk")
    gates = Gate.objects.live().filter(subject_type="model_version", subject_id__in=versions)
    versions_held = [SubjectRef("model_version", pk) for pk in sorted(set(gates.values_list("subject_id", flat=True)))]
    rows = Release.objects.filter(environment=environment, model=model_id).exclude(state=ReleaseState.ENDED)
    standing = [release_ref(release.origin) for release in rows.order_by("pk")]
    (use_case,) = Model.objects.filter(pk=model_id).values_list("use_case_id", flat=True)
    subjects.announce_changes([*versions_held, *standing, SubjectRef("use_case", use_case)], reason)
