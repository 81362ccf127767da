"""Whether a suite's rows stand in the training data: asked for with each run, computed by a worker, written once."""

from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _

from apps.core import access, jobs, subjects
from apps.core.actor import SYSTEM
from apps.core.canonical import digest_of
from apps.core.clock import now
from apps.core.models import Job
from apps.core.subjects import SubjectRef
from apps.core.transactions import atomic
from apps.datasets import inspection
from apps.datasets.actions.inspecting import mapping_of
from apps.datasets.inspection import overlap
from apps.datasets.models import SplitName
from apps.datasets.rowfiles import readable
from apps.evaluations.errors import NoTrainingRows
from apps.evaluations.models import LeakageCheck, SuiteVersion
from apps.evaluations.refs import suite_version_ref
from apps.ledger.actions import record_on
from apps.people.models import User
from apps.registry.models import ModelVersion, TrainingRun

KIND = "evaluations.check_leakage"
State = LeakageCheck.State


def start_check(version: SuiteVersion, run: TrainingRun, by: User) -> LeakageCheck | None:
    """Queue the check of a pair in the caller's transaction, unless it stands; a failed one is tried again."""
    if not version.datasets.exists():
        return None
    found, created = LeakageCheck.objects.select_for_update().get_or_create(suite_version=version, training_run=run)
    if not created and found.state != State.FAILED:
        return found
    if not created:
        found.state, found.error, found.attempt = State.PENDING, "", found.attempt + 1
    job = jobs.enqueue(
        KIND,
        key=f"{found.pk}:{found.attempt}",
        payload={"check": str(found.pk), "attempt": found.attempt},
        by=by,
        team_id=version.team.pk,
        subject=suite_version_ref(version),
    )
    found.job_id = job.pk
    found.save(update_fields=["job_id", "state", "error", "attempt"])
    return found


@atomic
def check_leakage(version: SuiteVersion, model_version: ModelVersion, *, by: User) -> LeakageCheck:
    """Look for the suite's rows in what the model version's run was trained on; what is known is not asked again.

    Raise ``NoTrainingRows`` for a suite without registered data.
    """
    access.require(by, "evaluation.register", version.team.pk)
    found = start_check(version, model_version.run, by)
    if found is None:
        raise NoTrainingRows(_("This version of the suite names no registered data to look for."))
    return found


def _sides(check: LeakageCheck) -> tuple[list[overlap.Side], dict[str, overlap.Side]]:
    """Return what the run learnt from, and what the suite asks, by task.

    Where a run names no splits of a version it learnt from all but its test split; a test split that it names counts.
    """
    seen = []
    for use in check.training_run.datasets.select_related("version").prefetch_related("version__files"):
        wanted = use.splits or [name for name in SplitName.values if name != SplitName.TEST]
        files = [file for file in use.version.files.all() if file.split in wanted]
        seen.append(overlap.Side(readable(files), mapping_of(use.version)))
    asked = {}
    for row in check.suite_version.datasets.select_related("dataset_version").prefetch_related(
        "dataset_version__files"
    ):
        files = [file for file in row.dataset_version.files.all() if file.split == row.split]
        asked[row.task] = overlap.Side(readable(files), mapping_of(row.dataset_version))
    return seen, asked


@jobs.handler(KIND)
def check_job(job: Job, progress: jobs.Progress) -> dict[str, Any]:
    """Compute and write one check; a second run of the same attempt changes nothing."""
    rows = LeakageCheck.objects.select_related("suite_version__suite__use_case__team", "training_run__model")
    check = rows.get(pk=job.payload["check"])
    seen, asked = _sides(check)
    try:
        found = overlap.find(
            seen,
            asked,
            progress=lambda number, stage="reading": progress(number, None, str(_("Reading rows"))),
            memory_limit=settings.INSPECTION_MEMORY_LIMIT,
        )
    except (inspection.FileProblem, OSError) as problem:
        gone = isinstance(problem, OSError)
        error = _("A file of this data is not in the storage any more.") if gone else str(problem)
        _finish(job, check, State.FAILED, {}, error)
        return {"state": "failed", "error": error}
    _finish(job, check, State.DONE, found, "")
    return {"state": "done", "normalised_rows": found["normalised_rows"]}


@atomic
def _finish(job: Job, check: LeakageCheck, state: str, result: dict[str, Any], error: str) -> None:
    jobs.hold(job)
    found = LeakageCheck.objects.select_for_update().get(pk=check.pk)
    if found.attempt != job.payload["attempt"] or found.state != State.PENDING:
        return
    found.state, found.result, found.error, found.finished_at = state, result, error, now()
    found.digest = digest_of(result) if result else ""
    found.save(update_fields=["state", "result", "error", "finished_at", "digest"])
    record_on(
        "suite_version.leakage_checked",
        by=SYSTEM,
        ref=suite_version_ref(check.suite_version),
        obj=check.suite_version,
        payload={
            "training_run": str(check.training_run_id),
            "run_digest": check.training_run.digest,
            "state": state,
            "error": error,
            "digest": found.digest,
            **{name: result[name] for name in ("exact_rows", "normalised_rows", "near_rows", "rows") if result},
        },
    )
    made = ModelVersion.objects.filter(run=check.training_run_id).order_by("pk").values_list("pk", flat=True)
    subjects.announce_changes([SubjectRef("model_version", pk) for pk in made], "suite_version.leakage_checked")
