"""Documents and attestations: added, and taken back."""

import datetime as dt
import hashlib
import unicodedata
from typing import IO, Any
from urllib.parse import urlsplit

from django.core.files import File
from django.core.files.storage import default_storage
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from apps.core import access, subjects
from apps.core.canonical import sha256_digest
from apps.core.clock import today
from apps.core.errors import InvalidInput
from apps.core.subjects import SubjectRef
from apps.core.transactions import atomic
from apps.evidence.errors import (
    AlreadyWithdrawn,
    FileOrLink,
    FileTooLarge,
    LinkNotAllowed,
    NotTheHolder,
    UnknownEvidenceKind,
)
from apps.evidence.kinds import ATTESTATIONS, DOCUMENT_KINDS, AttestationKind
from apps.evidence.models import Attestation, AttestationWithdrawal, Document, DocumentWithdrawal
from apps.ledger.actions import record_on
from apps.owners import holders
from apps.owners.responsibilities import RESPONSIBILITIES, title
from apps.people.models import User

LARGEST_DOCUMENT = 50 * 1024 * 1024


def plain_name(name: str) -> str:
    """Return the last part of a file's name without path tricks and control characters, at most 160 long."""
    last = unicodedata.normalize("NFC", name).replace("\\", "/").rsplit("/", 1)[-1]
    kept = "".join(char for char in last if unicodedata.category(char)[0] != "C").strip(" .")
    return kept[-160:] or "file"


def _store(file: IO[bytes]) -> tuple[str, str, int]:
    """Stream the file to storage under its digest; return (storage name, digest, bytes)."""
    digest, size = hashlib.sha256(), 0
    for chunk in iter(lambda: file.read(1 << 20), b""):
        digest.update(chunk)
        size += len(chunk)
        if size > LARGEST_DOCUMENT:
            raise FileTooLarge(
                _("A document holds at most %(n)d MB. Split it, or give a link.") % {"n": LARGEST_DOCUMENT // 1024**2},
                errors={"/file": [_("Too large.")]},
            )
    if size == 0:
        raise FileOrLink(_("The file is empty. Choose another one."), errors={"/file": [_("Empty file.")]})
    name = f"documents/{digest.hexdigest()[:2]}/{digest.hexdigest()}"
    if not default_storage.exists(name):
        file.seek(0)
        name = default_storage.save(name, File(file))
    return name, "sha256:" + digest.hexdigest(), size


def _checked_link(link: str) -> str:
    parts = urlsplit(link)
    if parts.scheme != "https" or not parts.hostname or "@" in parts.netloc:
        raise LinkNotAllowed(
            _("Only https links to a named host are kept."), errors={"/link": [_("Use an https link.")]}
        )
    return link


@transaction.atomic
def add_document(
    ref: SubjectRef,
    kind: str,
    title: str,
    *,
    by: User,
    file: Any = None,
    link: str = "",
    note: str = "",
    dated_on: dt.date | None = None,
    valid_until: dt.date | None = None,
) -> Document:
    """Attach a document to the subject: a file (streamed, at most 50 MB) or an https link.

    The digest is that of the file's bytes, or of the link's text. ``dated_on`` is the day that the document bears;
    without it, its age counts from now.
    """
    obj = subjects.get(ref)
    team = subjects.kind(ref.type).team(obj)
    access.require(by, "evidence.add", team.pk)
    if kind not in DOCUMENT_KINDS:
        raise UnknownEvidenceKind(
            _("Known kinds: %(kinds)s.") % {"kinds": ", ".join(DOCUMENT_KINDS)},
            errors={"/kind": [_("Choose one of the kinds.")]},
        )
    if dated_on is not None and dated_on > today():
        raise InvalidInput(
            _("A document can't be dated ahead. Give the day that it bears, or leave it empty."),
            errors={"/dated_on": [_("This day has not come yet.")]},
        )
    if bool(file) == bool(link):
        raise FileOrLink(_("Give either a file or a link."), errors={"/file": [_("Give either a file or a link.")]})
    values: dict[str, Any]
    if file:
        name, digest, size = _store(file)
        values = {"file": name, "file_name": plain_name(file.name or ""), "digest": digest, "size": size}
    else:
        values = {"link": _checked_link(link), "digest": sha256_digest(link.encode())}
    document = Document.objects.create(
        team=team,
        subject_type=ref.type,
        subject_id=ref.id,
        kind=kind,
        title=title.strip(),
        note=note.strip(),
        dated_on=dated_on,
        valid_until=valid_until,
        added_by=by,
        **values,
    )
    record_on(
        "document.added",
        by=by,
        ref=ref,
        obj=obj,
        payload={
            "document": str(document.pk),
            "kind": kind,
            "title": document.title,
            "digest": document.digest,
            "dated_on": dated_on.isoformat() if dated_on else None,
            "valid_until": valid_until.isoformat() if valid_until else None,
        },
    )
    subjects.announce_change(ref, "document.added")
    return document


@atomic
def withdraw_document(document: Document, *, by: User, reason: str) -> DocumentWithdrawal:
    """Take a document back: it stays readable and stops counting."""
    access.require(by, "evidence.add", document.team_id)
    try:
        with transaction.atomic():
            withdrawal = DocumentWithdrawal.objects.create(document=document, withdrawn_by=by, reason=reason.strip())
    except IntegrityError as error:
        raise AlreadyWithdrawn(_("This document was taken back before.")) from error
    record_on(
        "document.withdrawn",
        by=by,
        ref=document.ref,
        payload={"document": str(document.pk), "kind": document.kind, "reason": withdrawal.reason},
    )
    subjects.announce_change(document.ref, "document.withdrawn")
    return withdrawal


@atomic
def attest(
    ref: SubjectRef, kind: str, *, by: User, comment: str = "", statement: str = "", responsibility: str = ""
) -> Attestation:
    """State something under one's responsibility; only who holds it (or stands in) can.

    The table says the words and the responsibility of each kind; of a statement that a policy asks for, both are given.
    """
    subject_kind, obj = subjects.kind(ref.type), subjects.get(ref)
    team = subject_kind.team(obj)
    access.require(by, "evidence.attest", team.pk)
    known = ATTESTATIONS.get(kind)
    if known is None:
        raise UnknownEvidenceKind(
            _("Known kinds: %(kinds)s.") % {"kinds": ", ".join(ATTESTATIONS)},
            errors={"/kind": [_("Choose one of the kinds.")]},
        )
    words, responsibility = _words(known, statement.strip(), responsibility)
    ownership = holders.holders(ref).get(responsibility)
    if ownership is None or not holders.may_sign(ownership, by):
        raise NotTheHolder(_("Only the %(title)s can state this.") % {"title": str(title(responsibility)).lower()})
    attestation = Attestation.objects.create(
        team=team,
        subject_type=ref.type,
        subject_id=ref.id,
        kind=kind,
        statement=words,
        responsibility=responsibility,
        ownership=ownership,
        subject_digest=subject_kind.digest(obj),
        comment=comment.strip(),
        added_by=by,
    )
    record_on(
        "attestation.made",
        by=by,
        ref=ref,
        obj=obj,
        payload={
            "attestation": str(attestation.pk),
            "kind": kind,
            "responsibility": responsibility,
            "statement": attestation.statement,
        },
    )
    subjects.announce_change(ref, "attestation.made")
    return attestation


def _words(known: AttestationKind, statement: str, responsibility: str) -> tuple[str, str]:
    """Return what is stated, and under which responsibility."""
    if known.responsibility:
        if statement or responsibility:
            raise InvalidInput(
                _("The words and the responsibility of this kind are fixed; leave both out."),
                errors={"/kind": [_("Its words and its responsibility are fixed.")]},
            )
        return str(known.statement), known.responsibility
    missing = {"/statement": statement, "/responsibility": responsibility if responsibility in RESPONSIBILITIES else ""}
    errors = {pointer: [_("Give what the policy asks for.")] for pointer, value in missing.items() if not value}
    if errors:
        raise InvalidInput(_("Say what is stated and under which responsibility."), errors=errors)
    return statement, responsibility


@atomic
def withdraw_attestation(attestation: Attestation, *, by: User, reason: str) -> AttestationWithdrawal:
    """Take one's statement back."""
    if attestation.added_by_id != by.pk:
        access.require(by, "gate.withdraw", attestation.team_id)
    try:
        with transaction.atomic():
            withdrawal = AttestationWithdrawal.objects.create(
                attestation=attestation, withdrawn_by=by, reason=reason.strip()
            )
    except IntegrityError as error:
        raise AlreadyWithdrawn(_("This attestation was taken back before.")) from error
    record_on(
        "attestation.withdrawn",
        by=by,
        ref=attestation.ref,
        payload={"attestation": str(attestation.pk), "kind": attestation.kind, "reason": withdrawal.reason},
    )
    subjects.announce_change(attestation.ref, "attestation.withdrawn")
    return withdrawal
