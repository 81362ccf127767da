"""The difference between two versions: computed by a worker, written once a pair of contents."""

from collections.abc import Iterable
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from apps.core import jobs
from apps.core.actor import SYSTEM
from apps.core.canonical import digest_of
from apps.core.clock import now
from apps.core.errors import NotFound
from apps.core.models import Job
from apps.datasets import inspection
from apps.datasets.actions.inspecting import mapping_of
from apps.datasets.errors import NotComparable
from apps.datasets.inspection import difference
from apps.datasets.models import Dataset, DatasetVersion, SampleAudit, VersionDifference
from apps.datasets.refs import version_ref
from apps.datasets.rowfiles import in_content_order, readable
from apps.ledger.actions import record_on
from apps.people.models import User

State = VersionDifference.State


def parameters_of(older: DatasetVersion, newer: DatasetVersion) -> str:
    """Return the digest of what the difference depends on besides the two contents."""
    mappings = [mapping_of(version).as_dict() for version in (older, newer)]
    return digest_of({"method": difference.METHOD, "mappings": mappings})


def known_difference(older: DatasetVersion, newer: DatasetVersion) -> VersionDifference | None:
    """Return the difference from ``older`` to ``newer`` where somebody asked for it; one query."""
    return VersionDifference.objects.filter(
        older_digest=older.digest, newer_digest=newer.digest, parameters=parameters_of(older, newer)
    ).first()


def known_differences(newer: DatasetVersion, others: Iterable[DatasetVersion]) -> list[VersionDifference]:
    """Return the differences from the others to ``newer`` that somebody asked for, the newest first; one query."""
    wanted = {(older.digest, parameters_of(older, newer)) for older in others}
    rows = VersionDifference.objects.filter(
        newer_digest=newer.digest, older_digest__in=[digest for digest, _parameters in wanted]
    )
    return [row for row in rows.order_by("-id") if (row.older_digest, row.parameters) in wanted]


@transaction.atomic
def compare_versions(newer: DatasetVersion, older: DatasetVersion, *, by: User) -> VersionDifference:
    """Ask what changed from ``older`` to ``newer``; what is known or under way is not computed again.

    Raise ``NotFound`` unless the person sees both, ``NotComparable`` for versions of two datasets or one version.
    """
    if DatasetVersion.objects.visible_to(by).filter(pk__in=[newer.pk, older.pk]).count() < len({newer.pk, older.pk}):
        raise NotFound(_("There is no such version, or you may not see it."))
    if newer.pk == older.pk or newer.dataset_id != older.dataset_id:
        raise NotComparable(
            _("Compare a version with another one of the same dataset."),
            errors={"/against": [_("Choose another version of this dataset.")]},
        )
    return start_difference(newer, older, by)


def start_difference(newer: DatasetVersion, older: DatasetVersion, by: User) -> VersionDifference:
    """Queue the comparison in the caller's transaction, unless it stands; a failed one is tried again."""
    found, created = VersionDifference.objects.select_for_update().get_or_create(
        older_digest=older.digest, newer_digest=newer.digest, parameters=parameters_of(older, newer)
    )
    if not created and found.state != State.FAILED:
        return found
    if not created:
        found.state, found.error, found.attempt = State.PENDING, "", found.attempt + 1
    job = jobs.enqueue(
        "compare_versions",
        key=f"{found.pk}:{found.attempt}",
        payload={
            "difference": str(found.pk),
            "attempt": found.attempt,
            "older": str(older.pk),
            "newer": str(newer.pk),
        },
        by=by,
        team_id=newer.team.pk,
        subject=version_ref(newer),
    )
    found.job_id = job.pk
    found.save(update_fields=["job_id", "state", "error", "attempt"])
    return found


def start_differences(dataset: Dataset, by: User) -> None:
    """Compare the dataset's newest version with the last audited one, so that it is known whether an audit is due."""
    newest = dataset.versions.order_by("-number").first()
    closed = SampleAudit.objects.filter(version__dataset=dataset, state=SampleAudit.State.CLOSED)
    audit = closed.select_related("version__dataset__use_case__team").order_by("-version__number").first()
    if newest is not None and audit is not None and audit.version_id != newest.pk:
        start_difference(newest, audit.version, by)


@jobs.handler("compare_versions")
def compare_job(job: Job, progress: jobs.Progress) -> dict[str, Any]:
    """Compute and write one difference; a second run of the same attempt changes nothing."""
    versions = DatasetVersion.objects.select_related("dataset__use_case__team")
    older, newer = versions.get(pk=job.payload["older"]), versions.get(pk=job.payload["newer"])
    sides = [difference.Side(readable(in_content_order(version)), mapping_of(version)) for version in (older, newer)]
    try:
        found = difference.compare(
            sides[0],
            sides[1],
            progress=lambda rows: progress(rows, older.rows + newer.rows, str(_("Reading rows"))),
            memory_limit=settings.INSPECTION_MEMORY_LIMIT,
        )
    except (inspection.FileProblem, OSError) as problem:
        gone = isinstance(problem, OSError)
        error = _("A file of these versions is not in the storage any more.") if gone else str(problem)
        _finish(job, older, newer, State.FAILED, {}, error)
        return {"state": "failed", "error": error}
    _finish(job, older, newer, State.DONE, found, "")
    return {"state": "done", "changed_percent": found["totals"]["changed_percent"]}


@transaction.atomic
def _finish(
    job: Job, older: DatasetVersion, newer: DatasetVersion, state: str, result: dict[str, Any], error: str
) -> None:
    jobs.hold(job)
    found = VersionDifference.objects.select_for_update().get(pk=job.payload["difference"])
    if found.attempt != job.payload["attempt"] or found.state != State.PENDING:
        return
    totals = result.get("totals", {})
    found.state, found.result, found.error, found.finished_at = state, result, error, now()
    found.changed_percent = totals.get("changed_percent")
    found.save(update_fields=["state", "result", "error", "finished_at", "changed_percent"])
    record_on(
        "dataset_version.compared",
        by=SYSTEM,
        ref=version_ref(newer),
        obj=newer,
        payload={"with": str(older), "with_digest": older.digest, "state": state, "error": error, "found": totals},
    )
