"""The inspection job: computed by a worker, written once, whoever dies on the way."""

import datetime as dt
from functools import partial
from typing import IO, Any, cast

from django.conf import settings
from django.core.files.storage import default_storage
from django.utils.translation import gettext as _

from apps.core import access, jobs, subjects
from apps.core.actor import SYSTEM
from apps.core.canonical import digest_of
from apps.core.clock import now
from apps.core.models import Job
from apps.core.subjects import SubjectRef
from apps.core.transactions import atomic
from apps.datasets import inspection
from apps.datasets.actions.forgetting import erased, refuse_erased, without_rows
from apps.datasets.actions.stopping import Stopped, while_asked
from apps.datasets.errors import InspectionRuns, NothingRuns
from apps.datasets.inspection.compute import FORMAT, inspect, parameters
from apps.datasets.inspection.mapping import Shape
from apps.datasets.inspection.reading import Format
from apps.datasets.models import DatasetVersion, Inspection, InspectionResult
from apps.datasets.period import EPOCH, declared_period
from apps.datasets.refs import version_ref
from apps.ledger.actions import record_on
from apps.people.models import User

State = Inspection.State
STAGES = {
    "reading": _("Reading rows"),
    "comparing": _("Comparing texts"),
    "counting": _("Counting"),
}


def mapping_of(version: DatasetVersion) -> inspection.Mapping:
    """Return how the version's records are read."""
    return inspection.Mapping(
        version.input_column,
        version.label_column,
        cast(Shape, version.shape),
        version.context_column,
        version.date_column,
    )


def policy_of(version: DatasetVersion, today: dt.date) -> inspection.Policy:
    """Return the parameters that the dataset and its sources set.

    The day counts only where an age is set, the sources' period only where records have dates.
    """
    policy = inspection.Policy.of(version.dataset.reading.get("policy", {}))
    period = declared_period(version.dataset.sources.all()) if version.date_column else {}
    as_of = (today - EPOCH).days if policy.stale_days else None
    return inspection.Policy.of({**policy.as_dict(), **period, "as_of": as_of})


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


@atomic
def inspect_again(version: DatasetVersion, *, by: User) -> Inspection:
    """Compute the facts of a version again: after a failure, a stop, or a change of the policy or the inspection.

    The same question as before is answered by the result that stands.
    """
    access.require(by, "dataset.register", version.team.pk)
    refuse_erased(version)
    found = Inspection.objects.select_for_update(of=("self",)).get(version=version)
    if found.state == State.PENDING:
        raise InspectionRuns(_("The inspection is still running. Wait for it, or stop it."))
    found.state, found.error, found.attempt = State.PENDING, "", found.attempt + 1
    found.save(update_fields=["state", "error", "attempt"])
    _enqueue(found, version, by)
    subjects.announce_change(version_ref(version), "inspection.started")
    return found


@atomic
def cancel_inspection(version: DatasetVersion, *, by: User) -> Inspection:
    """Stop the inspection that runs; the worker lets go within seconds and writes nothing."""
    access.require(by, "dataset.register", version.team.pk)
    found = Inspection.objects.select_for_update(of=("self",)).get(version=version)
    if found.state != State.PENDING:
        raise NothingRuns(_("No inspection of this version is running."))
    found.state, found.finished_at = State.CANCELLED, now()
    found.error = _("Stopped by %(name)s.") % {"name": by.name}
    found.save(update_fields=["state", "error", "finished_at"])
    stopped = {"attempt": found.attempt}
    record_on("dataset_version.inspection_stopped", by=by, ref=version_ref(version), obj=version, payload=stopped)
    subjects.announce_change(version_ref(version), "inspection.stopped")
    return found


def _open(storage_name: str) -> IO[bytes]:
    return cast(IO[bytes], default_storage.open(storage_name))


def _say(job: Job, version: DatasetVersion, progress: jobs.Progress) -> inspection.Progress:
    asked = Inspection.objects.filter(version=version, state=State.PENDING, attempt=job.payload["attempt"])
    look = while_asked(asked)

    def say(rows: int, stage: str = "reading") -> None:
        look()
        progress(rows, version.rows, str(STAGES[stage]))

    return say


@jobs.handler("inspect_version")
def inspect_job(job: Job, progress: jobs.Progress) -> dict[str, Any]:
    """Compute and write the facts of one version; a second run of the same attempt changes nothing."""
    version = DatasetVersion.objects.select_related("dataset__use_case__team").get(pk=job.payload["version"])
    files = list(version.files.all())
    mapping, policy = mapping_of(version), policy_of(version, now().date())
    recognisers = tuple(settings.SENSITIVE_RECOGNISERS)
    key = digest_of(
        [
            FORMAT,
            [[file.split, file.name, file.digest] for file in files],
            mapping.as_dict(),
            parameters(policy, recognisers),
        ]
    )
    result = InspectionResult.objects.filter(key=key).first()
    gone = [file.name for file in files if not default_storage.exists(file.storage_name)]
    if gone:
        if result is not None and erased(version) is not None:
            without_rows(result, version)
        return _fail(job, version, _("A file of this version is not in the storage any more."))
    try:
        if result is None:
            findings = inspect(
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
                mapping,
                policy=policy,
                progress=_say(job, version, progress),
                memory_limit=settings.INSPECTION_MEMORY_LIMIT,
                engine=settings.INSPECTION_ENGINE,
                recognisers=recognisers,
            )
            result, _created = InspectionResult.objects.get_or_create(
                key=key,
                defaults={
                    "digest": digest_of(findings),
                    "findings": findings,
                    "engine": settings.INSPECTION_ENGINE,
                },
            )
    except Stopped:
        return {"state": "stopped"}
    except inspection.FileProblem as problem:
        return _fail(job, version, str(problem))
    except FileNotFoundError:
        return _fail(job, version, _("A file of this version is not in the storage any more."))
    _finish(job, version, State.DONE, result, "")
    return {"state": "done", "rows": version.rows}


def _fail(job: Job, version: DatasetVersion, error: str) -> dict[str, Any]:
    _finish(job, version, State.FAILED, None, error)
    return {"state": "failed", "error": error}


@atomic
def _finish(job: Job, version: DatasetVersion, state: str, result: InspectionResult | None, error: str) -> None:
    jobs.hold(job)
    found = Inspection.objects.select_for_update(of=("self",)).get(version=version)
    if found.attempt != job.payload["attempt"] or found.state != State.PENDING:
        return
    if result is not None and erased(version) is not None:
        result = without_rows(result, version)
    found.state, found.result, found.error, found.finished_at = state, result, error, now()
    found.save(update_fields=["state", "result", "error", "finished_at"])
    record_on(
        "dataset_version.inspected",
        by=SYSTEM,
        ref=SubjectRef("dataset_version", version.pk),
        obj=version,
        payload={"state": state, "error": error, "attempt": found.attempt} | _headline(result),
    )
    subjects.announce_change(version_ref(version), "inspection.finished")


def _headline(result: InspectionResult | None) -> dict[str, Any]:
    if result is None:
        return {}
    findings = result.findings
    return {
        "findings": result.digest,
        "fingerprint": findings["fingerprint"]["content"],
        "leakage_normalised_rows": findings["split_leakage"]["normalised_rows"],
        "duplicates_normalised_rows": findings["duplicates"]["normalised_rows"],
        "sensitive_kinds": sorted(findings["sensitive"]["kinds"]),
    }
