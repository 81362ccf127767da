"""The inspection job: computed by a worker, written once, whoever dies on the way."""

from functools import partial
from typing import IO, Any, cast

from django.conf import settings
from django.core.files.storage import default_storage
from django.db import transaction
from django.utils.translation import gettext as _

from apps.core import access, jobs, subjects
from apps.core.actor import SYSTEM
from apps.core.clock import now
from apps.core.models import Job
from apps.core.subjects import SubjectRef
from apps.datasets import inspection
from apps.datasets.errors import InspectionRuns
from apps.datasets.inspection.reading import Format
from apps.datasets.models import DatasetVersion, Inspection
from apps.datasets.refs import version_ref
from apps.ledger.actions import record_on
from apps.people.models import User

State = Inspection.State


def start_inspection(version: DatasetVersion, by: User) -> Inspection:
    """Queue the inspection of a fresh version in the caller's transaction."""
    found = Inspection.objects.create(version=version)
    _enqueue(found, version, by)
    return found


def _enqueue(found: Inspection, version: DatasetVersion, by: User) -> None:
    job = jobs.enqueue(
        "inspect_version",
        key=f"{version.pk}:{found.attempt}",
        payload={"version": str(version.pk), "attempt": found.attempt},
        by=by,
        team_id=version.team.pk,
        subject=version_ref(version),
    )
    found.job_id = job.pk
    found.save(update_fields=["job_id"])


@transaction.atomic
def inspect_again(version: DatasetVersion, *, by: User) -> Inspection:
    """Compute the facts of a version again, after a failure or a change of the inspection."""
    access.require(by, "dataset.register", version.team.pk)
    found = Inspection.objects.select_for_update(of=("self",)).get(version=version)
    if found.state == State.PENDING:
        raise InspectionRuns(_("The inspection is still running. Wait for it."))
    found.state, found.error, found.attempt = State.PENDING, "", found.attempt + 1
    found.save(update_fields=["state", "error", "attempt"])
    _enqueue(found, version, by)
    subjects.announce_change(version_ref(version), "inspection.started")
    return found


def _open(storage_name: str) -> IO[bytes]:
    return cast(IO[bytes], default_storage.open(storage_name))


@jobs.handler("inspect_version")
def inspect_job(job: Job, progress: jobs.Progress) -> dict[str, Any]:
    """Compute and write the facts of one version; a second run of the same attempt changes nothing."""
    version = DatasetVersion.objects.select_related("dataset__use_case__team").get(pk=job.payload["version"])
    files = list(version.files.all())
    try:
        findings = inspection.inspect(
            [
                inspection.SplitFile(
                    file.split,
                    file.name,
                    cast(Format, file.format),
                    file.is_packed,
                    partial(_open, file.storage_name),
                )
                for file in files
            ],
            inspection.Mapping(version.input_column, version.label_column),
            progress=lambda rows: progress(rows, version.rows, str(_("Reading rows"))),
            memory_limit=settings.INSPECTION_MEMORY_LIMIT,
        )
    except (inspection.FileProblem, OSError) as problem:
        gone = isinstance(problem, OSError)
        error = _("A file of this version is not in the storage any more.") if gone else str(problem)
        _finish(job, version, State.FAILED, {}, error)
        return {"state": "failed", "error": error}
    _finish(job, version, State.DONE, findings, "")
    return {"state": "done", "rows": version.rows}


@transaction.atomic
def _finish(job: Job, version: DatasetVersion, state: str, findings: dict[str, Any], error: str) -> None:
    jobs.hold(job)
    found = Inspection.objects.select_for_update(of=("self",)).get(version=version)
    if found.attempt != job.payload["attempt"] or found.state != State.PENDING:
        return
    found.state, found.findings, found.error, found.finished_at = state, findings, error, now()
    found.save(update_fields=["state", "findings", "error", "finished_at"])
    record_on(
        "dataset_version.inspected",
        by=SYSTEM,
        ref=SubjectRef("dataset_version", version.pk),
        obj=version,
        payload={"state": state, "error": error, "attempt": found.attempt} | _headline(findings),
    )
    subjects.announce_change(version_ref(version), "inspection.finished")


def _headline(findings: dict[str, Any]) -> dict[str, Any]:
    if not findings:
        return {}
    return {
        "leakage_normalised_rows": findings["split_leakage"]["normalised_rows"],
        "duplicates_normalised_rows": findings["duplicates"]["normalised_rows"],
    }
