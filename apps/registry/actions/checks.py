"""Reading an artefact's bytes where Fourgate can: a job that compares size and digest with what was registered."""

import hashlib
from typing import Any

from django.core.files.storage import default_storage
from django.db import transaction
from django.utils.translation import gettext as _

from apps.core import access, jobs, subjects
from apps.core.actor import SYSTEM, Actor
from apps.core.models import Job
from apps.core.transactions import atomic
from apps.ledger.actions import record_on
from apps.people.models import User
from apps.registry.errors import ArtefactElsewhere
from apps.registry.models import ArtefactCheck, ModelVersion
from apps.registry.places import storage_key
from apps.registry.refs import model_version_ref

KIND = "registry.check_artefact"
CHUNK = 4 * 1024 * 1024


def start_check(version: ModelVersion, by: Actor) -> Job | None:
    """Queue the reading of an artefact that lies in the storage, in the caller's transaction."""
    if storage_key(version.place) is None:
        return None
    job = jobs.enqueue(
        KIND,
        key=f"{version.pk}:{version.checks.count() + 1}",
        payload={"version": str(version.pk)},
        by=by,
        team_id=version.team.pk,
        subject=model_version_ref(version),
    )
    jobs.retry(job)
    return job


@atomic
def check_artefact(version: ModelVersion, *, by: User) -> Job:
    """Read the artefact's bytes again; while that waits or runs, the same job. Raise ``ArtefactElsewhere``."""
    access.require(by, "model.register", version.team.pk)
    job = start_check(version, by)
    if job is None:
        raise ArtefactElsewhere(
            _("%(place)s is not in Fourgate’s storage: digest and size stay declared.") % {"place": version.place}
        )
    return job


@jobs.handler(KIND)
def _check(job: Job, progress: jobs.Progress) -> dict[str, Any]:
    version = ModelVersion.objects.select_related("model__use_case__team").get(pk=job.payload["version"])
    key = storage_key(version.place) or ""
    size, digest = None, ""
    if default_storage.exists(key):
        size, digest = _read(key, version.size, progress)
    with transaction.atomic():
        jobs.hold(job)
        check = ArtefactCheck.objects.create(version=version, size=size, digest=digest)
        record_on(
            "model_version.artefact_checked",
            by=SYSTEM,
            ref=model_version_ref(version),
            obj=version,
            payload={"size": size, "digest": digest, "as_registered": digest == version.artefact_digest},
        )
        subjects.announce_change(model_version_ref(version), "model_version.artefact_checked")
    return {"check": str(check.pk), "digest": digest}


def _read(key: str, expected: int, progress: jobs.Progress) -> tuple[int, str]:
    found, size = hashlib.sha256(), 0
    with default_storage.open(key) as file:
        while chunk := file.read(CHUNK):
            found.update(chunk)
            size += len(chunk)
            progress(size, expected)
    return size, "sha256:" + found.hexdigest()
