"""Taking a table that the inspection's engine can reach: asked by a person, read by a worker, kept as an upload."""

import tempfile
from collections.abc import Sequence
from typing import Any

import structlog
from django.conf import settings
from django.utils.translation import gettext as _

from apps.core import access, jobs
from apps.core.clock import now
from apps.core.errors import Refusal
from apps.core.models import Job
from apps.core.transactions import atomic
from apps.datasets import errors, storage
from apps.datasets.actions.erasing import release
from apps.datasets.actions.stopping import Stopped, while_asked
from apps.datasets.actions.uploads import refuse_size
from apps.datasets.inspection.tables import TableName, TableProblem, take
from apps.datasets.models import Dataset, Upload
from apps.datasets.refs import dataset_ref
from apps.ledger.actions import record_on
from apps.people.models import User

JOB = "take_table"
State = Upload.State
REFUSALS: dict[str, type[Refusal]] = {
    "name": errors.TableNameUnreadable,
    "missing": errors.TableNotFound,
    "empty": errors.TableEmpty,
    "unfit": errors.TableUnfit,
    "column": errors.ColumnUnknown,
    "unreachable": errors.TableUnreachable,
}
log = structlog.get_logger(__name__)


def may_take_tables() -> bool:
    """Tell whether any table may be read here."""
    return bool(settings.TABLES)


def _allowed(text: str) -> TableName:
    """Return the name of a table that may be read; whether it is there is not looked at before."""
    if not may_take_tables():
        raise errors.TablesOff(_("Reading tables is switched off here. Ask who runs Fourgate to allow it (TABLES)."))
    try:
        name = TableName.of(text)
    except TableProblem as problem:
        raise _refusal(problem, "/table") from problem
    if not name.is_among(settings.TABLES):
        raise errors.TableNotAllowed(
            _("%(table)s is not among the tables that may be read here: %(patterns)s.")
            % {"table": name, "patterns": ", ".join(settings.TABLES)[:300]},
            errors={"/table": [_("Not among the tables that may be read.")]},
        )
    return name


def _refusal(problem: TableProblem, pointer: str = "") -> Refusal:
    refusal = REFUSALS[problem.reason]
    return refusal(str(problem), errors={pointer: [str(problem)]} if pointer else None)


@atomic
def take_table(dataset: Dataset, table: str, *, by: User, columns: Sequence[str] = ()) -> Upload:
    """Queue the reading of a table, ``schema.table``, or of some of its columns, into a file for this dataset.

    The upload is *reading*, then *ready* to be registered, or *refused* with its code. Raise ``TablesOff``,
    ``TableNameUnreadable`` or ``TableNotAllowed``.
    """
    access.require(by, "dataset.register", dataset.team.pk)
    name = _allowed(table)
    wanted = list(dict.fromkeys(column.strip() for column in columns if column.strip()))
    upload = Upload.objects.create(
        dataset=dataset,
        by=by,
        name=f"{name}.parquet",
        size=0,
        format="parquet",
        is_packed=False,
        state=State.READING,
        taken_from={"table": str(name), "columns": wanted, "engine": settings.INSPECTION_ENGINE},
    )
    job = jobs.enqueue(
        JOB,
        key=str(upload.pk),
        payload={"upload": str(upload.pk)},
        by=by,
        team_id=dataset.team.pk,
        subject=dataset_ref(dataset),
    )
    upload.job_id = job.pk
    upload.save(update_fields=["job_id"])
    asked = {"table": str(name), "columns": wanted}
    record_on("dataset.table_asked", by=by, ref=dataset_ref(dataset), obj=dataset, payload=asked)
    return upload


@jobs.handler(JOB)
def take_table_job(job: Job, progress: jobs.Progress) -> dict[str, Any]:
    """Read the table into a file and keep it; a second run of the same starts again, and ends once."""
    rows = Upload.objects.filter(pk=job.payload["upload"], state=State.READING)
    upload = rows.select_related("dataset__use_case__team", "by").first()
    if upload is None:
        return {"state": "stopped"}
    try:
        _read(upload, rows, progress)
    except Stopped:
        return {"state": "stopped"}
    except TableProblem as problem:
        log.warning("table_not_taken", table=upload.taken_from["table"], exc_info=problem.reason == "unreachable")
        return _finish(job, upload, _refusal(problem))
    except Refusal as refusal:
        return _finish(job, upload, refusal)
    return _finish(job, upload)


def _read(upload: Upload, rows: Any, progress: jobs.Progress) -> None:
    """Fill the upload in with what was read and stored."""
    name, look = _allowed(upload.taken_from["table"]), while_asked(rows)
    with tempfile.TemporaryFile(dir=settings.FOURGATE_HOME) as file:

        def say(done: int, expected: int | None) -> None:
            look()
            refuse_size(file.tell())
            progress(done, expected and max(done, expected), _("Reading rows"))

        started = now()
        taken = take(
            settings.INSPECTION_ENGINE,
            name,
            file,
            columns=upload.taken_from["columns"],
            database=settings.TABLES_DATABASE,
            memory_limit=settings.INSPECTION_MEMORY_LIMIT,
            progress=say,
        )
        file.seek(0)
        upload.digest, upload.size, shape = storage.checked(file, upload.name)
        upload.storage_name = storage.keep(file, upload.digest)
    upload.received, upload.columns, upload.rows = upload.size, list(shape.columns), shape.rows
    upload.taken_from |= {"rows": taken.rows, "read_at": started.isoformat()}
    upload.state = State.READY


@atomic
def _finish(job: Job, upload: Upload, refusal: Refusal | None = None) -> dict[str, Any]:
    """Write what became of the reading, unless somebody stopped it meanwhile: then its bytes go again."""
    jobs.hold(job)
    if not Upload.objects.select_for_update(of=("self",)).filter(pk=upload.pk, state=State.READING).exists():
        release(upload.storage_name)
        return {"state": "stopped"}
    told = {"table": upload.taken_from["table"], "columns": upload.taken_from["columns"]}
    if refusal is not None:
        upload.state, upload.error, upload.error_code = State.REFUSED, str(refusal.detail), refusal.code
        action, told = "dataset.table_refused", {**told, "code": refusal.code}
    else:
        action, told = "dataset.table_taken", {**told, "rows": upload.rows, "digest": upload.digest}
    upload.save()
    record_on(action, by=upload.by, ref=dataset_ref(upload.dataset), obj=upload.dataset, payload=told)
    return {"state": str(upload.state)}
