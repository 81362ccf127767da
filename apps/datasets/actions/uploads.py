"""Uploads: resumable, digested and checked before anything is registered."""

import datetime as dt
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from apps.core import access, jobs
from apps.core.errors import Refusal
from apps.core.models import Job
from apps.core.transactions import atomic
from apps.datasets import storage
from apps.datasets.actions.erasing import release
from apps.datasets.errors import OffsetDiffers, UploadNotReady, UploadTooLarge
from apps.datasets.inspection import FileProblem
from apps.datasets.models import Dataset, Upload
from apps.datasets.refs import dataset_ref
from apps.evidence.actions import plain_name
from apps.ledger.actions import record_on
from apps.people.models import User

State = Upload.State
KEPT = dt.timedelta(days=2)
CHECKED_AT_ONCE = 32 * 1024 * 1024


def refuse_size(size: int) -> None:
    if size > settings.UPLOAD_LIMIT_BYTES:
        raise UploadTooLarge(
            _("A file holds at most %(n)d bytes here. Split it, or pack it with gzip.")
            % {"n": settings.UPLOAD_LIMIT_BYTES}
        )


@atomic
def start_upload(dataset: Dataset, name: str, size: int, *, by: User, digest: str = "") -> Upload:
    """Announce a file of ``size`` bytes, to be sent in pieces; ``digest`` (sha256:…) is compared at the end."""
    access.require(by, "dataset.register", dataset.team.pk)
    refuse_size(size)
    name = plain_name(name)
    kind, packed = storage.format_of(name)
    if size <= 0:
        raise storage.unreadable(name, FileProblem(None, _("The file is empty. Choose one with rows.")))
    upload = Upload.objects.create(
        dataset=dataset, by=by, name=name, size=size, declared_digest=digest, format=kind, is_packed=packed
    )
    storage.staged(upload.pk).touch()
    return upload


def append_upload(upload: Upload, offset: int, stream: Any, *, by: User, digest: str = "") -> Upload:
    """Add a piece at ``offset`` (what was received so far); ``digest`` is the piece's, where the sender gives it.

    With the last piece the file is checked and stored: at once, or by a job when it is larger than 32 MiB. A piece
    whose connection breaks is lost alone. Raise ``OffsetDiffers`` with the offset to go on from; a file that can't be
    used is refused with its row and forgotten.
    """
    with storage.receiving(upload.pk) as path:
        upload = Upload.objects.select_related("dataset__use_case").get(pk=upload.pk)
        access.require(by, "dataset.register", upload.dataset.use_case.team_id)
        if upload.by_id != by.pk or upload.state != State.RECEIVING:
            raise UploadNotReady(_("This upload takes no more bytes."))
        if offset != upload.received:
            raise OffsetDiffers(
                _("%(n)d bytes are here. Go on from there.") % {"n": upload.received},
                extra={"offset": upload.received},
            )
        upload.received = storage.append(path, offset, stream, upload.size, digest)
        upload.save(update_fields=["received"])
        if upload.received == upload.size:
            _check_soon(upload, by)
    return upload


def _check_soon(upload: Upload, by: User) -> None:
    """Check a small file here and now; leave a large one to a worker, so that no request waits for minutes."""
    if upload.size > CHECKED_AT_ONCE:
        with transaction.atomic():
            job = jobs.enqueue("check_upload", key=str(upload.pk), payload={"upload": str(upload.pk)}, by=by)
            upload.state, upload.job_id = State.CHECKING, job.pk
            upload.save(update_fields=["state", "job_id"])
        return
    try:
        _check(upload)
    except Refusal:
        storage.staged(upload.pk).unlink(missing_ok=True)
        upload.delete()
        raise


def _check(upload: Upload, progress: Callable[[int], None] = lambda size: None) -> None:
    """Read the whole file and move it to storage; another run of the same changes nothing."""
    path = storage.staged(upload.pk)
    with path.open("rb") as file:
        digest, _size, shape = storage.checked(file, upload.name, upload.declared_digest, progress)
        upload.storage_name = storage.keep(file, digest)
    upload.digest, upload.columns, upload.rows = digest, list(shape.columns), shape.rows
    upload.state = State.READY
    upload.save(update_fields=["storage_name", "digest", "columns", "rows", "state"])
    path.unlink(missing_ok=True)


@jobs.handler("check_upload")
def check_upload_job(job: Job, progress: jobs.Progress) -> dict[str, Any]:
    """Check one large file; a refused one keeps its row, with the sentence that says why."""
    upload = Upload.objects.filter(pk=job.payload["upload"], state=State.CHECKING).first()
    if upload is None:
        return {}
    try:
        _check(upload, lambda size: progress(size, upload.size, str(_("Reading the file"))))
    except Refusal as refusal:
        upload.state, upload.error, upload.error_code = State.REFUSED, str(refusal.detail), refusal.code
        upload.save(update_fields=["state", "error", "error_code"])
        storage.staged(upload.pk).unlink(missing_ok=True)
    return {"state": str(upload.state)}


def take_file(dataset: Dataset, file: Any, *, by: User, digest: str = "") -> Upload:
    """Take a file that came whole with a form; the same checks as for pieces."""
    access.require(by, "dataset.register", dataset.team.pk)
    refuse_size(file.size)
    name = plain_name(file.name or "")
    kind, packed = storage.format_of(name)
    found, size, shape = storage.checked(file, name, digest)
    return Upload.objects.create(
        dataset=dataset,
        by=by,
        name=name,
        size=size,
        received=size,
        declared_digest=digest,
        digest=found,
        storage_name=storage.keep(file, found),
        format=kind,
        is_packed=packed,
        columns=list(shape.columns),
        rows=shape.rows,
        state=State.READY,
    )


@atomic
def abandon_upload(upload: Upload, *, by: User) -> None:
    """Forget an upload that no version uses; a table that is being read for it is let go within seconds."""
    upload = Upload.objects.select_for_update(of=("self",)).get(pk=upload.pk)
    if upload.by_id != by.pk:
        access.require(by, "dataset.edit", upload.dataset.team.pk)
    if upload.state == State.USED:
        raise UploadNotReady(_("A registered version uses this file."))
    if upload.state == State.READING:
        table = {"table": upload.taken_from["table"]}
        record_on("dataset.table_stopped", by=by, ref=dataset_ref(upload.dataset), obj=upload.dataset, payload=table)
    _forget(upload)


def forget_uploads() -> int:
    """Forget uploads that nobody used for two days; return how many."""
    stale = Upload.objects.exclude(state=State.USED).filter(created_at__lt=Now() - KEPT)
    count = 0
    for upload in stale:
        _forget(upload)
        count += 1
    return count


def _forget(upload: Upload) -> None:
    """Take the row away, and its bytes where nothing else names them."""
    storage.staged(upload.pk).unlink(missing_ok=True)
    upload.delete()
    release(upload.storage_name)
