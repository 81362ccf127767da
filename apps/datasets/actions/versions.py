"""Registration: from checked files to an immutable version."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from django.core.files.storage import default_storage
from django.db import IntegrityError, transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from apps.core import access, subjects
from apps.core.canonical import digest_of
from apps.datasets import storage
from apps.datasets.actions.inspecting import start_inspection
from apps.datasets.errors import (
    ColumnsDiffer,
    ColumnUnknown,
    NothingToRegister,
    SameContent,
    UploadNotReady,
)
from apps.datasets.inspection import guess_mapping
from apps.datasets.models import Dataset, DatasetVersion, SplitFile, SplitName, Upload
from apps.datasets.refs import version_ref
from apps.evidence.actions import plain_name
from apps.ledger.actions import record_on
from apps.people.models import User


@dataclass(frozen=True, slots=True)
class FileOffer:
    """One file for a split: an upload, or a file that lies in the storage already (with its digest, if known)."""

    upload: UUID | None = None
    storage_key: str = ""
    digest: str = ""


@dataclass(frozen=True, slots=True)
class _File:
    split: str
    name: str
    storage_name: str
    digest: str
    size: int
    rows: int
    format: str
    is_packed: bool
    columns: tuple[str, ...]
    added_by: User


def version_digest(files: Sequence[_File]) -> str:
    """Return the digest that names a content: of the sorted pairs of split and file digest.

    Neither the files' names nor their order within a split change it.
    """
    return digest_of(sorted([file.split, file.digest] for file in files))


def register_version(
    dataset: Dataset,
    splits: Mapping[str, Sequence[FileOffer]],
    *,
    by: User,
    note: str = "",
    fewer_splits_reason: str = "",
    input_column: str = "",
    label_column: str | None = None,
) -> DatasetVersion:
    """Register the files as the dataset's next version and queue its inspection.

    Columns that are not named are guessed. Raise ``NothingToRegister``, ``UploadNotReady``, ``StorageKeyRefused``,
    ``ColumnsDiffer``, ``ColumnUnknown`` or ``SameContent``; then nothing is registered.
    """
    access.require(by, "dataset.register", dataset.team.pk)
    referenced = {
        offer.storage_key: _from_storage(split, offer, by)
        for split in SplitName.values
        for offer in splits.get(split, ())
        if not offer.upload
    }
    with transaction.atomic():
        return _register(
            dataset,
            splits,
            referenced,
            by=by,
            note=note.strip(),
            fewer_splits_reason=fewer_splits_reason.strip(),
            input_column=input_column.strip(),
            label_column=label_column,
        )


def _register(
    dataset: Dataset,
    splits: Mapping[str, Sequence[FileOffer]],
    referenced: Mapping[str, _File],
    *,
    by: User,
    note: str,
    fewer_splits_reason: str,
    input_column: str,
    label_column: str | None,
) -> DatasetVersion:
    Dataset.objects.select_for_update(of=("self",)).get(pk=dataset.pk)
    files = [
        _from_upload(dataset, split, offer) if offer.upload else replace(referenced[offer.storage_key], split=split)
        for split in SplitName.values
        for offer in splits.get(split, ())
    ]
    if not files or SplitName.TRAIN not in {file.split for file in files}:
        raise NothingToRegister(
            _("A version needs at least one file in the training split."),
            errors={"/splits": [_("Add a file to the training split.")]},
        )
    columns = _same_columns(files)
    mapping = guess_mapping(columns)
    wanted_input = input_column or mapping.input
    wanted_label = mapping.label if label_column is None else label_column.strip()
    for pointer, column in (("/input_column", wanted_input), ("/label_column", wanted_label)):
        if column and column not in columns:
            raise ColumnUnknown(
                _("There is no column “%(name)s”. The files have: %(columns)s.")
                % {"name": column, "columns": ", ".join(columns)[:300]},
                errors={pointer: [_("The files have: %(columns)s.") % {"columns": ", ".join(columns)[:300]}]},
            )
    digest = version_digest(files)
    number = int(dataset.versions.aggregate(n=Max("number"))["n"] or 0) + 1
    try:
        with transaction.atomic():
            version = DatasetVersion.objects.create(
                dataset=dataset,
                number=number,
                digest=digest,
                note=note,
                fewer_splits_reason=fewer_splits_reason,
                input_column=wanted_input,
                label_column=wanted_label if wanted_label != wanted_input else "",
                rows=sum(file.rows for file in files),
                registered_by=by,
            )
    except IntegrityError as error:
        standing = dataset.versions.filter(digest=digest).first()
        raise SameContent(
            _("Version %(n)s holds exactly these files. Use that one.") % {"n": standing.number if standing else "?"},
            extra={"version": str(standing.pk)} if standing else {},
        ) from error
    SplitFile.objects.bulk_create(
        [
            SplitFile(
                version=version,
                split=file.split,
                position=position,
                name=file.name,
                storage_name=file.storage_name,
                digest=file.digest,
                size=file.size,
                rows=file.rows,
                format=file.format,
                is_packed=file.is_packed,
                added_by=file.added_by,
            )
            for position, file in enumerate(files)
        ]
    )
    record_on(
        "dataset_version.registered",
        by=by,
        ref=version_ref(version),
        payload={
            "digest": digest,
            "rows": version.rows,
            "files": [
                {
                    "split": file.split,
                    "name": file.name,
                    "digest": file.digest,
                    "size": file.size,
                    "rows": file.rows,
                }
                for file in files
            ],
            "columns": {"input": version.input_column, "label": version.label_column},
            "fewer_splits_reason": version.fewer_splits_reason,
        },
    )
    start_inspection(version, by)
    subjects.announce_change(version_ref(version), "dataset_version.registered")
    return version


def _from_upload(dataset: Dataset, split: str, offer: FileOffer) -> _File:
    rows = Upload.objects.select_for_update(of=("self",)).select_related("by")
    upload = rows.filter(pk__in=[offer.upload], dataset=dataset).first()
    if upload is None or upload.state not in (Upload.State.READY, Upload.State.USED):
        raise UploadNotReady(
            _("An upload is unknown or not complete. Send the rest of the file first."),
            errors={"/splits": [_("An upload is not complete.")]},
        )
    upload.state = Upload.State.USED
    upload.save(update_fields=["state"])
    return _File(
        split,
        upload.name,
        upload.storage_name,
        upload.digest,
        upload.size,
        upload.rows or 0,
        upload.format,
        upload.is_packed,
        tuple(upload.columns),
        upload.by,
    )


def _from_storage(split: str, offer: FileOffer, by: User) -> _File:
    key = storage.checked_key(offer.storage_key)
    name = plain_name(key)
    kind, packed = storage.format_of(name)
    with default_storage.open(key) as file:
        digest, size, shape = storage.checked(file, name, offer.digest)  # type: ignore[arg-type]
    return _File(split, name, key, digest, size, shape.rows, kind, packed, shape.columns, by)


def _same_columns(files: Sequence[_File]) -> tuple[str, ...]:
    first = files[0]
    for file in files[1:]:
        if set(file.columns) != set(first.columns):
            raise ColumnsDiffer(
                _("%(other)s has the columns %(theirs)s, but %(first)s has %(ours)s. Give all files the same columns.")
                % {
                    "other": file.name,
                    "theirs": ", ".join(file.columns)[:200],
                    "first": first.name,
                    "ours": ", ".join(first.columns)[:200],
                },
                errors={"/splits": [_("%(name)s has other columns.") % {"name": file.name}]},
            )
    return first.columns
