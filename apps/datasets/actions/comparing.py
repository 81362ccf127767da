"""The difference between two versions: computed by a worker, written once a pair of contents."""

from collections.abc import Iterable
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _

from apps.core import access, jobs
from apps.core.actor import SYSTEM
from apps.core.canonical import digest_of
from apps.core.clock import now
from apps.core.errors import NotFound
from apps.core.models import Job
from apps.core.transactions import atomic
from apps.datasets import inspection, samples
from apps.datasets.actions.forgetting import erased_among, is_forgotten, refuse_erased
from apps.datasets.actions.inspecting import mapping_of
from apps.datasets.actions.stopping import Stopped, while_asked
from apps.datasets.errors import ColumnUnknown, NotComparable, NothingRuns
from apps.datasets.inspection import difference
from apps.datasets.models import Dataset, DatasetVersion, SampleAudit, VersionDifference
from apps.datasets.refs import version_ref
from apps.datasets.rowfiles import in_content_order, readable
from apps.datasets.storage import hold_bytes
from apps.ledger.actions import record_on
from apps.people.models import User

State = VersionDifference.State
KEY_NOT_UNIQUE = "key_not_unique"


def parameters_of(older: DatasetVersion, newer: DatasetVersion, key_column: str = "") -> str:
    """Return the digest of what the difference depends on besides the two contents."""
    mappings = [mapping_of(version).as_dict() for version in (older, newer)]
    chosen = {"key": key_column} if key_column else {}
    return digest_of({"method": difference.METHOD, "mappings": mappings, **chosen})


def known_difference(older: DatasetVersion, newer: DatasetVersion, key_column: str = "") -> VersionDifference | None:
    """Return the difference from ``older`` to ``newer``, by that key, where somebody asked for it; one query."""
    return VersionDifference.objects.filter(
        older_digest=older.digest, newer_digest=newer.digest, parameters=parameters_of(older, newer, key_column)
    ).first()


def known_differences(newer: DatasetVersion, others: Iterable[DatasetVersion]) -> list[VersionDifference]:
    """Return the differences from the others to ``newer`` that somebody asked for, the newest first; one query."""
    known = {older.digest: older for older in others}
    rows = VersionDifference.objects.filter(newer_digest=newer.digest, older_digest__in=list(known)).order_by("-id")
    return [row for row in rows if row.parameters == parameters_of(known[row.older_digest], newer, row.key_column)]


@atomic
def compare_versions(
    newer: DatasetVersion, older: DatasetVersion, *, by: User, key_column: str = ""
) -> VersionDifference:
    """Ask what changed from ``older`` to ``newer``; what is known or under way is not computed again.

    Rows are recognised by ``key_column``; empty, it is guessed. Whether its values differ from row to row is seen when
    all rows are read. Raise ``NotFound`` unless the person sees both, ``NotComparable`` for versions of two datasets or
    one version, ``ColumnUnknown`` when not both have the column, ``FilesErased`` when one has no files any more.
    """
    if DatasetVersion.objects.visible_to(by).filter(pk__in=[newer.pk, older.pk]).count() < len({newer.pk, older.pk}):
        raise NotFound(_("There is no such version, or you may not see it."))
    if newer.pk == older.pk or newer.dataset_id != older.dataset_id:
        raise NotComparable(
            _("Compare a version with another one of the same dataset."),
            errors={"/against": [_("Choose another version of this dataset.")]},
        )
    key_column = key_column.strip()
    if key_column and known_difference(older, newer, key_column) is None:
        _require_column(key_column, older, newer)
    return start_difference(newer, older, by, key_column)


def _side(version: DatasetVersion) -> difference.Side:
    return difference.Side(readable(in_content_order(version)), mapping_of(version))


def _require_column(name: str, *versions: DatasetVersion) -> None:
    """Raise ``ColumnUnknown`` unless all versions have the column; a file that can't be read is left to the job."""
    for version in versions:
        refuse_erased(version)
        try:
            columns = difference.columns_of(_side(version))
        except (inspection.FileProblem, OSError):
            continue
        if name not in columns:
            raise ColumnUnknown(
                _("%(version)s has no column “%(name)s” to recognise rows by. It has: %(all)s.")
                % {"version": version, "name": name, "all": ", ".join(columns)[:300]},
                errors={"/key_column": [_("Choose a column that both versions have.")]},
            )


def start_difference(newer: DatasetVersion, older: DatasetVersion, by: User, key_column: str = "") -> VersionDifference:
    """Queue the comparison in the caller's transaction, unless it stands; a failed or stopped one starts again."""
    found, created = VersionDifference.objects.select_for_update().get_or_create(
        older_digest=older.digest,
        newer_digest=newer.digest,
        parameters=parameters_of(older, newer, key_column),
        defaults={"key_column": key_column},
    )
    if not created and found.state not in (State.FAILED, State.CANCELLED):
        return found
    hold_bytes()
    for version in (newer, older):
        refuse_erased(version)
    if not created:
        found.state, found.error, found.error_code, found.attempt = State.PENDING, "", "", found.attempt + 1
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
    found.save(update_fields=["job_id", "state", "error", "error_code", "attempt"])
    return found


@atomic
def cancel_comparison(
    newer: DatasetVersion, older: DatasetVersion, *, by: User, key_column: str = ""
) -> VersionDifference:
    """Stop the comparison that runs; the worker lets go within seconds and writes nothing. Raise ``NothingRuns``."""
    access.require(by, "dataset.register", newer.team.pk)
    known = known_difference(older, newer, key_column.strip())
    found = VersionDifference.objects.select_for_update().get(pk=known.pk) if known is not None else None
    if found is None or found.state != State.PENDING:
        raise NothingRuns(_("No comparison of these two versions is running."))
    found.state, found.finished_at = State.CANCELLED, now()
    found.error = _("Stopped by %(name)s.") % {"name": by.name}
    found.save(update_fields=["state", "error", "finished_at"])
    payload = {"with": str(older), "with_digest": older.digest, "attempt": found.attempt}
    record_on("dataset_version.comparison_stopped", by=by, ref=version_ref(newer), obj=newer, payload=payload)
    return found


def start_differences(dataset: Dataset, by: User) -> None:
    """Compare the dataset's newest version with the last audited one, so that it is known whether an audit is due."""
    newest = dataset.versions.order_by("-number").first()
    closed = SampleAudit.objects.filter(version__dataset=dataset, state=SampleAudit.State.CLOSED)
    audit = closed.select_related("version__dataset__use_case__team").order_by("-version__number").first()
    versions = [newest, audit.version] if newest is not None and audit is not None else []
    if newest is not None and audit is not None and audit.version_id != newest.pk and not erased_among(versions):
        start_difference(newest, audit.version, by)


@jobs.handler("compare_versions")
def compare_job(job: Job, progress: jobs.Progress) -> dict[str, Any]:
    """Compute and write one difference; a second run of the same attempt changes nothing."""
    versions = DatasetVersion.objects.select_related("dataset__use_case__team")
    older, newer = versions.get(pk=job.payload["older"]), versions.get(pk=job.payload["newer"])
    asked = VersionDifference.objects.filter(pk=job.payload["difference"], state=State.PENDING)
    look = while_asked(asked.filter(attempt=job.payload["attempt"]))

    def say(rows: int) -> None:
        look()
        progress(rows, older.rows + newer.rows, str(_("Reading rows")))

    try:
        found = difference.compare(
            _side(older),
            _side(newer),
            key=VersionDifference.objects.values_list("key_column", flat=True).get(pk=job.payload["difference"]),
            progress=say,
            memory_limit=settings.INSPECTION_MEMORY_LIMIT,
        )
    except Stopped:
        return {"state": "stopped"}
    except difference.KeyNotUnique as problem:
        error = _twice(problem, older if problem.side == "old" else newer)
        _finish(job, older, newer, State.FAILED, {}, error, KEY_NOT_UNIQUE)
        return {"state": "failed", "error": error, "code": KEY_NOT_UNIQUE}
    except (inspection.FileProblem, OSError) as problem:
        gone = isinstance(problem, OSError)
        error = _("A file of these versions is not in the storage any more.") if gone else str(problem)
        _finish(job, older, newer, State.FAILED, {}, error)
        return {"state": "failed", "error": error}
    _finish(job, older, newer, State.DONE, found, "")
    return {"state": "done", "changed_percent": found["totals"]["changed_percent"]}


def _twice(problem: difference.KeyNotUnique, version: DatasetVersion) -> str:
    names = [file.name for file in in_content_order(version)]
    first, second = (
        _("row %(row)s of %(file)s") % {"row": f"{place['row']:,}", "file": names[place["file"]]}
        for place in problem.places
    )
    return _(
        "The key does not name each row of %(version)s: %(first)s and %(second)s hold the same value, or none. Choose "
        "another column, or leave it to be guessed."
    ) % {"version": version, "first": first, "second": second}


@atomic
def _finish(
    job: Job,
    older: DatasetVersion,
    newer: DatasetVersion,
    state: str,
    result: dict[str, Any],
    error: str,
    error_code: str = "",
) -> None:
    jobs.hold(job)
    hold_bytes()
    if any(is_forgotten(version) for version in (older, newer)):
        result = samples.without_shown(result)
    found = VersionDifference.objects.select_for_update().get(pk=job.payload["difference"])
    if found.attempt != job.payload["attempt"] or found.state != State.PENDING:
        return
    totals = result.get("totals", {})
    found.state, found.result, found.error, found.finished_at = state, result, error, now()
    found.changed_percent, found.error_code = totals.get("changed_percent"), error_code
    found.save(update_fields=["state", "result", "error", "error_code", "finished_at", "changed_percent"])
    record_on(
        "dataset_version.compared",
        by=SYSTEM,
        ref=version_ref(newer),
        obj=newer,
        payload={
            "with": str(older),
            "with_digest": older.digest,
            "key_column": found.key_column,
            "state": state,
            "error": error,
            "found": totals,
        },
    )
