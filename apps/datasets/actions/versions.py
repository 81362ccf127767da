"""Registration: from checked files to an immutable version."""

from collections import abc
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, cast
from uuid import UUID

from django.core.files.storage import default_storage
from django.db import IntegrityError, transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from apps.core import access, subjects
from apps.core.canonical import digest_of
from apps.datasets import storage
from apps.datasets.actions.comparing import start_differences
from apps.datasets.actions.copies import own_files_copy
from apps.datasets.actions.inspecting import start_inspection
from apps.datasets.actions.origins import declared_before, require_origins
from apps.datasets.actions.reading import reading_of
from apps.datasets.errors import (
    ColumnsDiffer,
    ColumnUnknown,
    NothingToRegister,
    SameContent,
    UploadNotReady,
)
from apps.datasets.inspection import Mapping, guess_mapping
from apps.datasets.inspection.mapping import Shape, shape_of
from apps.datasets.models import Dataset, DatasetVersion, FileOrigin, SplitFile, SplitName, Upload
from apps.datasets.refs import version_ref
from apps.datasets.storage import hold_bytes
from apps.evidence.actions import plain_name
from apps.ledger.actions import record_on
from apps.people.models import User


@dataclass(frozen=True, slots=True)
class FileOffer:
    """One file for a split: an upload, or a file that lies in the storage already (with its digest, if known).

    One whose ``origin`` is production feedback says in ``origin_column`` of every row where that came from.
    """

    upload: UUID | None = None
    storage_key: str = ""
    digest: str = ""
    origin: str = ""
    origin_column: str = ""


@dataclass(frozen=True, slots=True)
class _Named:
    """What the caller says of the columns; an empty one is not said, a label of None neither."""

    input: str
    label: str | None
    context: str
    date: str
    shape: str


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
    taken_from: dict[str, Any] = field(default_factory=dict)
    origin_column: str = ""


def version_digest(files: Sequence[_File]) -> str:
    """Return the digest that names a content: of the sorted pairs of split and file digest.

    Neither the files' names nor their order within a split change it.
    """
    return digest_of(sorted([file.split, file.digest] for file in files))


def register_version(
    dataset: Dataset,
    splits: abc.Mapping[str, Sequence[FileOffer]],
    *,
    by: User,
    note: str = "",
    fewer_splits_reason: str = "",
    input_column: str = "",
    label_column: str | None = None,
    context_column: str = "",
    date_column: str = "",
    shape: str = "",
) -> DatasetVersion:
    """Register the files as the dataset's next version and queue its inspection.

    Columns that are not named are those that the dataset remembers, else guessed. Raise ``NothingToRegister``,
    ``UploadNotReady``, ``StorageKeyRefused``, ``ColumnsDiffer``, ``ColumnUnknown``, ``OriginMissing`` or
    ``SameContent``; then nothing is registered.
    """
    access.require(by, "dataset.register", dataset.team.pk)
    referenced = {
        offer.storage_key: _from_storage(split, offer, by)
        for split in SplitName.values
        for offer in splits.get(split, ())
        if not offer.upload
    }
    require_origins(dataset, splits)
    with transaction.atomic():
        return _register(
            dataset,
            splits,
            referenced,
            by=by,
            note=note.strip(),
            fewer_splits_reason=fewer_splits_reason.strip(),
            named=_Named(
                input_column.strip(),
                None if label_column is None else label_column.strip(),
                context_column.strip(),
                date_column.strip(),
                shape,
            ),
        )


def _register(
    dataset: Dataset,
    splits: abc.Mapping[str, Sequence[FileOffer]],
    referenced: abc.Mapping[str, _File],
    *,
    by: User,
    note: str,
    fewer_splits_reason: str,
    named: _Named,
) -> DatasetVersion:
    dataset = Dataset.objects.select_for_update(of=("self",)).select_related("use_case__team").get(pk=dataset.pk)
    hold_bytes()
    files = [
        replace(
            _from_upload(dataset, split, offer) if offer.upload else referenced[offer.storage_key],
            split=split,
            origin_column=offer.origin_column.strip() if offer.origin else "",
        )
        for split in SplitName.values
        for offer in splits.get(split, ())
    ]
    known = declared_before(dataset, [file.digest for file in files])
    files = [replace(file, origin_column=file.origin_column or known.get(file.digest, "")) for file in files]
    if not files or SplitName.TRAIN not in {file.split for file in files}:
        raise NothingToRegister(
            _("A version needs at least one file in the training split."),
            errors={"/splits": [_("Add a file to the training split.")]},
        )
    columns = _same_columns(files)
    mapping = _mapping(dataset, columns, named)
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
                input_column=mapping.input,
                label_column=mapping.label,
                context_column=mapping.context,
                date_column=mapping.date,
                shape=mapping.shape,
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
                taken_from=file.taken_from,
                origin=FileOrigin.PRODUCTION_FEEDBACK if file.origin_column else "",
                origin_column=file.origin_column,
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
                    **({"taken_from": file.taken_from} if file.taken_from else {}),
                    **({"production_feedback": file.origin_column} if file.origin_column else {}),
                }
                for file in files
            ],
            "columns": mapping.as_dict(),
            "fewer_splits_reason": version.fewer_splits_reason,
        },
    )
    own_files_copy(version, by=by)
    start_inspection(version, by)
    start_differences(dataset, by)
    subjects.announce_change(version_ref(version), "dataset_version.registered")
    return version


def _mapping(dataset: Dataset, columns: Sequence[str], named: _Named) -> Mapping:
    """Return how the records are read: as named, else as the dataset remembers, else as the header lets guess."""
    kept = reading_of(dataset)["mapping"]
    known = {name: column for name, column in kept.items() if column in columns or name == "shape"}
    guessed = guess_mapping(columns)
    if named.input or known.get("input"):
        guessed = Mapping(guessed.input, guessed.label, "other", guessed.context, guessed.date)
    label = named.label if named.label is not None else known.get("label", guessed.label)
    found = Mapping(
        named.input or known.get("input", guessed.input),
        label,
        "other",
        named.context or known.get("context", ""),
        named.date or known.get("date", guessed.date),
    )
    for pointer in ("input", "label", "context", "date"):
        column = getattr(found, pointer)
        if column and column not in columns:
            has = ", ".join(columns)[:300]
            raise ColumnUnknown(
                _("There is no column “%(name)s”. The files have: %(columns)s.") % {"name": column, "columns": has},
                errors={f"/{pointer}_column": [_("The files have: %(columns)s.") % {"columns": has}]},
            )
    shape = cast(Shape, named.shape or known.get("shape") or shape_of(found, columns))
    context = found.context or (guessed.context if shape == "instruction" else "")
    return Mapping(found.input, "" if label == found.input else label, shape, context, found.date)


def _from_upload(dataset: Dataset, split: str, offer: FileOffer) -> _File:
    rows = Upload.objects.select_for_update(of=("self",)).select_related("by")
    upload = rows.filter(pk__in=[offer.upload], dataset=dataset).first()
    if upload is None or upload.state not in (Upload.State.READY, Upload.State.USED):
        raise UploadNotReady(
            _("An upload is unknown or not complete. Send the rest of the file first."),
            errors={"/splits": [_("An upload is not complete.")]},
        )
    if not default_storage.exists(upload.storage_name):
        raise UploadNotReady(
            _("The bytes of “%(name)s” were deleted in the meantime. Upload the file again.") % {"name": upload.name},
            errors={"/splits": [_("Upload it again.")]},
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
        upload.taken_from,
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
