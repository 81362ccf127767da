"""Uploads: resumable, digested and checked before anything is registered."""

import datetime as dt
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from apps.core import access
from apps.core.errors import Refusal
from apps.datasets import storage
from apps.datasets.errors import OffsetDiffers, UploadNotReady, UploadTooLarge
from apps.datasets.inspection import FileProblem
from apps.datasets.models import Dataset, Upload
from apps.evidence.actions import plain_name
from apps.people.models import User

KEPT = dt.timedelta(days=2)


def _refuse_size(size: int) -> None:
    if size > settings.UPLOAD_LIMIT_BYTES:
        raise UploadTooLarge(
            _("A file holds at most %(n)d bytes here. Split it, or pack it with gzip.")
            % {"n": settings.UPLOAD_LIMIT_BYTES}
        )


@transaction.atomic
def start_upload(dataset: Dataset, name: str, size: int, *, by: User, digest: str = "") -> Upload:
    """Announce a file of ``size`` bytes, to be sent in pieces; ``digest`` (sha256:…) is compared at the end."""
    access.require(by, "dataset.register", dataset.team.pk)
    _refuse_size(size)
    name = plain_name(name)
    kind, packed = storage.format_of(name)
    if size <= 0:
        raise storage.unreadable(name, FileProblem(None, _("The file is empty. Choose one with rows.")))
    return Upload.objects.create(
        dataset=dataset, by=by, name=name, size=size, declared_digest=digest, format=kind, is_packed=packed
    )


def append_upload(upload: Upload, offset: int, stream: Any, *, by: User) -> Upload:
    """Add a piece at ``offset`` (what was received so far); the last piece has the file checked and stored.

    A connection that breaks keeps what arrived. Raise ``OffsetDiffers`` with the offset to go on from; a file that
    can't be used is refused with its row and forgotten.
    """
    with transaction.atomic():
        upload = Upload.objects.select_for_update(of=("self",)).select_related("dataset__use_case").get(pk=upload.pk)
        access.require(by, "dataset.register", upload.dataset.use_case.team_id)
        if upload.by_id != by.pk or upload.state != Upload.State.RECEIVING:
            raise UploadNotReady(_("This upload takes no more bytes."))
        if offset != upload.received:
            raise OffsetDiffers(
                _("%(n)d bytes are here. Go on from there.") % {"n": upload.received},
                extra={"offset": upload.received},
            )
        upload.received = storage.append(storage.staged(upload.pk), offset, stream, upload.size)
        upload.save(update_fields=["received"])
    if upload.received == upload.size:
        _finish(upload)
    return upload


def _finish(upload: Upload) -> None:
    """Check the whole file and move it to storage; a refused one is forgotten, so that nothing half stays."""
    path = storage.staged(upload.pk)
    try:
        with path.open("rb") as file:
            digest, _size, shape = storage.checked(file, upload.name, upload.declared_digest)
            upload.storage_name = storage.keep(file, digest)
    except Refusal:
        path.unlink(missing_ok=True)
        upload.delete()
        raise
    upload.digest, upload.columns, upload.rows = digest, list(shape.columns), shape.rows
    upload.state = Upload.State.READY
    upload.save(update_fields=["storage_name", "digest", "columns", "rows", "state"])
    path.unlink(missing_ok=True)


def take_file(dataset: Dataset, file: Any, *, by: User, digest: str = "") -> Upload:
    """Take a file that came whole with a form; the same checks as for pieces."""
    access.require(by, "dataset.register", dataset.team.pk)
    _refuse_size(file.size)
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
        state=Upload.State.READY,
    )


@transaction.atomic
def abandon_upload(upload: Upload, *, by: User) -> None:
    """Forget an upload that no version uses."""
    upload = Upload.objects.select_for_update(of=("self",)).get(pk=upload.pk)
    if upload.by_id != by.pk:
        access.require(by, "dataset.edit", upload.dataset.team.pk)
    if upload.state == Upload.State.USED:
        raise UploadNotReady(_("A registered version uses this file."))
    storage.staged(upload.pk).unlink(missing_ok=True)
    upload.delete()


def forget_uploads() -> int:
    """Forget uploads that nobody used for two days; return how many."""
    stale = Upload.objects.exclude(state=Upload.State.USED).filter(created_at__lt=Now() - KEPT)
    count = 0
    for upload in stale:
        storage.staged(upload.pk).unlink(missing_ok=True)
        upload.delete()
        count += 1
    return count
