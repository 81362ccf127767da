"""The real deletion of the files that Fourgate keeps of a version."""

import contextlib
from typing import Any

from django.core.files.storage import default_storage
from django.db import connection, transaction
from django.db.models import Exists, F, Func, OuterRef
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.core import access
from apps.core.canonical import digest_of
from apps.datasets import samples, storage
from apps.datasets.actions.copies import Method, _delete, _standing
from apps.datasets.errors import ErasureNotConfirmed, FilesByReference, FilesErased, NotErased
from apps.datasets.models import (
    AnnotationTable,
    Copy,
    CopyDeletion,
    DatasetVersion,
    Inspection,
    InspectionResult,
    SplitFile,
    Upload,
)
from apps.people.models import User

_BYTES_LOCK = 0x464F5552


def hold_bytes(*, alone: bool = False) -> None:
    """Keep stored bytes from being deleted until the transaction ends; ``alone``: be the one who deletes."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT pg_advisory_xact_lock{'' if alone else '_shared'}(%s)", [_BYTES_LOCK])


def _held_elsewhere(names: set[str], version: DatasetVersion) -> set[str]:
    """Return the stored names that a table of annotations or another version needs, whose files were not deleted."""
    gone = CopyDeletion.objects.filter(copy__version=OuterRef("version"), copy__kind=Copy.Kind.REGISTERED)
    rows = SplitFile.objects.filter(storage_name__in=names).exclude(version=version).exclude(Exists(gone))
    tables = AnnotationTable.objects.filter(storage_name__in=names)
    return {*rows.values_list("storage_name", flat=True), *tables.values_list("storage_name", flat=True)}


@transaction.atomic
def erase_files(version: DatasetVersion, *, by: User, confirm: str, reason: str = "") -> CopyDeletion:
    """Delete the version's files from the storage for good; ``confirm`` is the version's name, typed again.

    Bytes that another standing version needs stay for that one. Sample rows that the inspection kept are forgotten;
    facts, figures and digests stay. The bytes go before the record does: a failure in between leaves files gone and
    not recorded, never the other way round, and the same call ends it. Raise ``ErasureNotConfirmed``,
    ``CopyIsDeleted``, ``FilesByReference`` for files that lie in a folder of others, ``NotErased``.
    """
    access.require(by, "dataset.erase", version.team.pk)
    if confirm.strip() != str(version):
        raise ErasureNotConfirmed(
            _("Type “%(name)s” to confirm.") % {"name": version},
            errors={"/confirm": [_("Type “%(name)s”.") % {"name": version}]},
        )
    copy = _standing(Copy.objects.get(version=version, kind=Copy.Kind.REGISTERED))
    hold_bytes(alone=True)
    files = list(version.files.all())
    theirs = [
        row.name for row in files if not storage.is_own(row.storage_name) and default_storage.exists(row.storage_name)
    ]
    if theirs:
        raise FilesByReference(
            _("Taken by reference: %(names)s. Delete them where they lie, then record the deletion.")
            % {"names": ", ".join(theirs)[:300]}
        )
    _forget_samples(version)
    names = {row.storage_name for row in files if storage.is_own(row.storage_name)}
    kept = _held_elsewhere(names, version)
    Upload.objects.filter(storage_name__in=names - kept, state=Upload.State.READY).delete()
    proof = _proof(files, kept, reason.strip())
    deletion = _delete(copy, Method.FOURGATE, by=by, proof=proof)
    _erase(names - kept)
    return deletion


def _proof(files: list[Any], kept: set[str], reason: str) -> str:
    lines = [
        f"{file.split} {file.name} {file.digest} {file.size} bytes: "
        + ("kept, for something else needs them" if file.storage_name in kept else "deleted")
        for file in files
    ]
    return "\n".join([*lines, *([reason] if reason else [])])[:4000]


def _erase(names: set[str]) -> None:
    left = []
    for name in sorted(names):
        with contextlib.suppress(OSError):
            default_storage.delete(name)
        if default_storage.exists(name):
            left.append(name)
    if left:
        raise NotErased(
            ngettext(
                "The storage kept %(n)d file. Nothing is recorded; try again, or ask who runs the storage.",
                "The storage kept %(n)d files. Nothing is recorded; try again, or ask who runs the storage.",
                len(left),
            )
            % {"n": len(left)}
        )


def _forget_samples(version: DatasetVersion) -> None:
    found = Inspection.objects.select_for_update(of=("self",)).select_related("result").get(version=version)
    if found.result is not None:
        found.result = without_rows(found.result, version)
        found.save(update_fields=["result"])


def without_rows(result: InspectionResult, version: DatasetVersion) -> InspectionResult:
    """Return a result without its sample rows, with the digest of what was found.

    It is the same row, emptied (the one change that the database allows), unless another version with equal content
    still stands: then it is a row beside it.
    """
    gone = CopyDeletion.objects.filter(copy__version=OuterRef("version"), copy__kind=Copy.Kind.REGISTERED)
    if Inspection.objects.filter(result=result).exclude(version=version).exclude(Exists(gone)).exists():
        beside, _created = InspectionResult.objects.get_or_create(
            key=digest_of([result.key, "without rows"]),
            defaults={
                "digest": result.digest,
                "findings": samples.without(result.findings),
                "engine": result.engine,
            },
        )
        return beside
    emptied = Func(F("findings"), function="datasets_without_rows")
    InspectionResult.objects.filter(pk=result.pk).update(findings=emptied)
    result.refresh_from_db()
    return result


def erased(version: DatasetVersion) -> CopyDeletion | None:
    """Return the deletion of the version's own files, where there was one."""
    rows = CopyDeletion.objects.filter(copy__version=version, copy__kind=Copy.Kind.REGISTERED)
    return rows.select_related("recorded_by").first()


def refuse_erased(version: DatasetVersion) -> None:
    """Raise ``FilesErased`` when the version's own files were deleted, whoever else still needs the bytes."""
    deletion = erased(version)
    if deletion is not None:
        raise FilesErased(
            _("The files of %(version)s were deleted on %(day)s by %(name)s. Only facts and digests are left.")
            % {
                "version": version,
                "day": deletion.created_at.date().isoformat(),
                "name": deletion.recorded_by.name,
            }
        )


@transaction.atomic
def release(storage_name: str) -> bool:
    """Delete stored bytes that no version, table of annotations or upload names any more; return whether they went."""
    if not storage_name or not storage.is_own(storage_name):
        return False
    hold_bytes(alone=True)
    standing = SplitFile.objects.filter(storage_name=storage_name).exclude(
        Exists(CopyDeletion.objects.filter(copy__version=OuterRef("version"), copy__kind=Copy.Kind.REGISTERED))
    )
    others = (Upload.objects, AnnotationTable.objects)
    if standing.exists() or any(rows.filter(storage_name=storage_name).exists() for rows in others):
        return False
    default_storage.delete(storage_name)
    return True
