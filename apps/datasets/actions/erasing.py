"""The real deletion of the files that Fourgate keeps of a version."""

import contextlib
from typing import Any

from django.core.files.storage import default_storage
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.core import access
from apps.core.transactions import atomic
from apps.datasets import storage
from apps.datasets.actions.copies import Method, _delete, _standing
from apps.datasets.actions.forgetting import forget_rows
from apps.datasets.errors import ErasureNotConfirmed, FilesByReference, NotErased
from apps.datasets.models import (
    AnnotationTable,
    Copy,
    CopyDeletion,
    DatasetVersion,
    SplitFile,
    Upload,
    files_deleted,
)
from apps.people.models import User


def _held_elsewhere(names: set[str], version: DatasetVersion) -> set[str]:
    """Return the stored names that a table of annotations or another version needs, whose files were not deleted."""
    rows = SplitFile.objects.filter(storage_name__in=names).exclude(version=version).exclude(files_deleted("version"))
    tables = AnnotationTable.objects.filter(storage_name__in=names)
    return {*rows.values_list("storage_name", flat=True), *tables.values_list("storage_name", flat=True)}


@atomic
def erase_files(version: DatasetVersion, *, by: User, confirm: str, reason: str = "") -> CopyDeletion:
    """Delete the version's files from the storage for good; ``confirm`` is the version's name, typed again.

    Bytes that another standing version needs stay for that one. Every text of its rows that inspection, audits,
    annotations and comparisons kept is forgotten; facts, figures and digests stay. The bytes go before the record
    does: a failure in between leaves files gone and not recorded, never the other way round, and the same call ends
    it. Raise ``ErasureNotConfirmed``, ``CopyIsDeleted``, ``FilesByReference`` for files that lie in a folder of others,
    ``NotErased``.
    """
    access.require(by, "dataset.erase", version.team.pk)
    if confirm.strip() != str(version):
        raise ErasureNotConfirmed(
            _("Type “%(name)s” to confirm.") % {"name": version},
            errors={"/confirm": [_("Type “%(name)s”.") % {"name": version}]},
        )
    copy = _standing(Copy.objects.get(version=version, kind=Copy.Kind.REGISTERED))
    storage.hold_bytes(alone=True)
    files = list(version.files.all())
    theirs = [
        row.name for row in files if not storage.is_own(row.storage_name) and default_storage.exists(row.storage_name)
    ]
    if theirs:
        raise FilesByReference(
            _("Taken by reference: %(names)s. Delete them where they lie, then record the deletion.")
            % {"names": ", ".join(theirs)[:300]}
        )
    forgotten = forget_rows(version, by=by)
    names = {row.storage_name for row in files if storage.is_own(row.storage_name)}
    kept = _held_elsewhere(names, version)
    Upload.objects.filter(storage_name__in=names - kept, state=Upload.State.READY).delete()
    proof = _proof(files, kept, forgotten, reason.strip())
    deletion = _delete(copy, Method.FOURGATE, by=by, proof=proof, forgotten=forgotten)
    _erase(names - kept)
    return deletion


def _proof(files: list[Any], kept: set[str], forgotten: dict[str, int], reason: str) -> str:
    counts = ", ".join(f"{name} {number}" for name, number in forgotten.items())
    lines = [
        f"{file.split} {file.name} {file.digest} {file.size} bytes: "
        + ("kept, for something else needs them" if file.storage_name in kept else "deleted")
        for file in files
    ]
    return "\n".join([f"forgotten: {counts}", *lines, *([reason] if reason else [])])[:4000]


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


@atomic
def release(storage_name: str) -> bool:
    """Delete stored bytes that no version, table of annotations or upload names any more; return whether they went."""
    if not storage_name or not storage.is_own(storage_name):
        return False
    storage.hold_bytes(alone=True)
    standing = SplitFile.objects.filter(storage_name=storage_name).exclude(files_deleted("version"))
    others = (Upload.objects, AnnotationTable.objects)
    if standing.exists() or any(rows.filter(storage_name=storage_name).exists() for rows in others):
        return False
    default_storage.delete(storage_name)
    return True
