"""Exports: a signed link to a version's rows, followed at most so often and until its time."""

import datetime as dt
import uuid
from typing import Any

from django.core import signing
from django.core.files.storage import default_storage
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.core import access
from apps.core.actor import SYSTEM
from apps.core.canonical import moment_text
from apps.core.clock import now, today
from apps.core.errors import InvalidInput, NotFound, NotPermitted
from apps.core.transactions import atomic
from apps.datasets.actions.copies import _register, require_person_of_team
from apps.datasets.actions.forgetting import refuse_erased
from apps.datasets.errors import DateNotPossible, LinkEnded, LinkNotPossible, ReasonNeeded
from apps.datasets.models import (
    Copy,
    DatasetVersion,
    ExportCopy,
    ExportDownload,
    ExportRevocation,
    SplitFile,
    VersionExport,
)
from apps.datasets.refs import version_ref
from apps.evidence.errors import FileGone
from apps.ledger.actions import record_on
from apps.people.models import User

SALT = "fourgate.datasets.export"
LONGEST_HOURS, MOST_DOWNLOADS = 7 * 24, 100
ENDED = {
    VersionExport.State.REVOKED: gettext_lazy("This link was taken back. Ask for a new one."),
    VersionExport.State.EXPIRED: gettext_lazy("This link has expired. Ask for a new one."),
    VersionExport.State.USED_UP: gettext_lazy("This link was used as often as it may be. Ask for a new one."),
}


@atomic
def create_export(
    version: DatasetVersion,
    format: str,
    *,
    by: User,
    reason: str,
    delete_by: dt.date,
    owner: User | None = None,
    file: SplitFile | None = None,
    hours: int = 24,
    most_downloads: int = 3,
    is_for_anyone: bool = False,
) -> VersionExport:
    """Make a link to one file's rows, or to the whole version's, for ``hours`` and so many downloads.

    It is bound to ``by`` unless it is for anyone who has it. ``delete_by`` is the day by which ``owner`` (a person of
    the team; ``by`` when nobody is named) deletes what was downloaded; the download registers it as a copy. Raise
    ``FilesErased``, ``ReasonNeeded``, ``LinkNotPossible``, ``DateNotPossible``, ``OwnerOutsideTeam``.
    """
    access.require(by, "dataset.export", version.team.pk)
    refuse_erased(version)
    require_person_of_team(owner or by, version)
    if not reason.strip():
        raise ReasonNeeded(_("Say what the rows are needed for."), errors={"/reason": [_("Say what for.")]})
    if format not in VersionExport.Format.values:
        raise InvalidInput(_("There is no such format."), errors={"/format": [_("Choose one of the formats.")]})
    if file is not None and file.version_id != version.pk:
        raise LinkNotPossible(_("This file is not one of the version's."), errors={"/file": [_("Choose another.")]})
    for name, value, most in (("hours", hours, LONGEST_HOURS), ("most_downloads", most_downloads, MOST_DOWNLOADS)):
        if not 1 <= value <= most:
            text = _("Between 1 and %(n)d.") % {"n": most}
            raise LinkNotPossible(text, errors={f"/{name}": [text]})
    if not today() <= delete_by < dt.date(2200, 1, 1):
        raise DateNotPossible(
            _("What is downloaded is deleted again on a day that is not past."),
            errors={"/delete_by": [_("Choose today or a later day.")]},
        )
    export = VersionExport.objects.create(
        version=version,
        requested_by=by,
        owner=owner or by,
        file=file,
        format=format,
        reason=reason.strip(),
        is_for_anyone=is_for_anyone,
        expires_at=now() + dt.timedelta(hours=hours),
        most_downloads=most_downloads,
        delete_by=delete_by,
    )
    record_on(
        "dataset_version.exported",
        by=by,
        ref=version_ref(version),
        obj=version,
        payload={
            **_said(export),
            "reason": export.reason,
            "for": "anyone with the link" if is_for_anyone else by.name,
            "expires": moment_text(export.expires_at),
            "most_downloads": most_downloads,
            "delete_by": delete_by.isoformat(),
            "owner": export.owner.name,
        },
    )
    return export


def _said(export: VersionExport) -> dict[str, Any]:
    return {"export": str(export.pk), "what": export.what, "format": export.format}


def link_token(export: VersionExport) -> str:
    """Return the signed token of the export's link: which one, for whom, until when; always the same one."""
    bound_to = "" if export.is_for_anyone else str(export.requested_by_id)
    return signing.Signer(salt=SALT).sign_object([export.pk.hex, bound_to, int(export.expires_at.timestamp())])


def export_of(token: str) -> VersionExport:
    """Return the export that a link names; raise ``NotFound`` for a token that was not made here."""
    nothing = NotFound(_("There is no such link."))
    try:
        key, bound_to, until = signing.Signer(salt=SALT).unsign_object(token)
        export = _export(uuid.UUID(key))
    except (signing.BadSignature, ValueError, TypeError) as error:
        raise nothing from error
    if bound_to != ("" if export.is_for_anyone else str(export.requested_by_id)):
        raise nothing
    if until != int(export.expires_at.timestamp()):
        raise nothing
    return export


def _export(pk: uuid.UUID) -> VersionExport:
    rows = VersionExport.objects.with_state().select_related(
        "version__dataset__use_case__team", "requested_by", "owner", "file"
    )
    found: VersionExport | None = rows.filter(pk=pk).first()
    if found is None:
        raise NotFound(_("There is no such link."))
    return found


def open_link(export: VersionExport, by: User | None) -> VersionExport:
    """Return the export as it stands when ``by`` (None: nobody signed in) may follow its link.

    A bound link is not found by anybody else. Raise ``LinkEnded`` when it was taken back, has expired or was used up,
    or when whoever made it may not export any more; ``FilesErased``.
    """
    if export.is_bound and (by is None or by.pk != export.requested_by_id):
        raise NotFound(_("There is no such link."))
    if export.state != VersionExport.State.OPEN:
        raise LinkEnded(ENDED[VersionExport.State(export.state)], extra={"reason": export.state})
    try:
        access.require(export.requested_by, "dataset.export", export.team.pk)
    except NotPermitted as error:
        raise LinkEnded(
            _("Who made this link may not export this data any more. Ask somebody who may."),
            extra={"reason": "maker"},
        ) from error
    refuse_erased(export.version)
    return export


def files_of(export: VersionExport) -> list[SplitFile]:
    """Return the files that the export reads, in order; raise ``FileGone`` when one is not in the storage."""
    files = [export.file] if export.file is not None else list(export.version.files.all())
    gone = [file.name for file in files if not default_storage.exists(file.storage_name)]
    if gone:
        raise FileGone(
            _("Gone from the storage: %(names)s. Ask for the files to be restored.") % {"names": ", ".join(gone)[:300]}
        )
    return files


@atomic
def download_export(export: VersionExport, *, by: User | None) -> list[SplitFile]:
    """Count and record one download and return the files to stream; the first one registers the copy.

    Raise what ``open_link`` and ``files_of`` raise. What breaks off on the way counts: bytes have left.
    """
    VersionExport.objects.select_for_update(of=("self",)).get(pk=export.pk)
    export = open_link(_export(export.pk), by)
    files = files_of(export)
    ExportDownload.objects.create(export=export, by=by)
    if not ExportCopy.objects.filter(export=export).exists():
        ExportCopy.objects.create(export=export, copy=_copy_of(export))
    record_on(
        "dataset_version.downloaded",
        by=by or SYSTEM,
        ref=version_ref(export.version),
        obj=export.version,
        payload={
            **_said(export),
            "rows": sum(file.rows for file in files),
            "number": export.download_count + 1,
            "by": by.name if by is not None else "Somebody with the link",
            "link_of": export.requested_by.name,
        },
    )
    return files


def _copy_of(export: VersionExport) -> Copy:
    name = export.requested_by.name
    place = _("Anyone with the link of %(name)s") if export.is_for_anyone else _("Downloaded by %(name)s")
    day = today()
    return _register(
        export.version,
        Copy.Kind.EXPORT,
        f"{place % {'name': name}}: {export}"[:300],
        export.owner,
        export.reason,
        by=export.requested_by,
        made_on=day,
        keep_until=max(export.delete_by, day),
        how=f"export {export.pk}",
    )


@atomic
def revoke_export(export: VersionExport, *, by: User, reason: str = "") -> ExportRevocation:
    """Take a link back: by who made it, or by who may export. Raise ``LinkEnded`` when it has ended already."""
    VersionExport.objects.select_for_update(of=("self",)).get(pk=export.pk)
    export = _export(export.pk)
    if not (by.is_active and by.pk == export.requested_by_id and by.may("view", export.team.pk)):
        access.require(by, "dataset.export", export.team.pk)
    if export.state in (VersionExport.State.REVOKED, VersionExport.State.EXPIRED):
        raise LinkEnded(_("This link has ended already."), extra={"reason": export.state})
    revocation = ExportRevocation.objects.create(export=export, revoked_by=by, reason=reason.strip())
    record_on(
        "dataset_version.export_revoked",
        by=by,
        ref=version_ref(export.version),
        obj=export.version,
        payload={**_said(export), "reason": revocation.reason},
    )
    return revocation
