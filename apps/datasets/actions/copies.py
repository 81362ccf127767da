"""Copies of a version: registered, handed over, extended, and deleted with proof."""

import datetime as dt

from django.core.files.storage import default_storage
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from apps.core import access, subjects
from apps.core.canonical import sha256_digest
from apps.core.clock import today
from apps.core.errors import InvalidInput
from apps.core.transactions import atomic
from apps.datasets.actions.forgetting import forget_rows
from apps.datasets.errors import (
    BeyondTheTerms,
    CopyIsDeleted,
    DateNotPossible,
    FilesStillStored,
    OwnerOutsideTeam,
    ProofMissing,
    ReasonNeeded,
)
from apps.datasets.models import Copy, CopyDeletion, CopyExtension, DatasetVersion
from apps.datasets.refs import version_ref
from apps.datasets.storage import hold_bytes
from apps.evidence.models import Document
from apps.ledger.actions import record_on
from apps.people.models import User

Method = CopyDeletion.Method
LATEST = dt.date(2200, 1, 1)


def _said(copy: Copy) -> dict[str, str]:
    return {"copy": str(copy.pk), "kind": copy.kind, "place": copy.place}


def require_person_of_team(owner: User, version: DatasetVersion) -> None:
    """Raise ``OwnerOutsideTeam`` unless the owner is a person, active, and of the version's team."""
    is_person = owner.is_active and owner.kind == User.Kind.PERSON
    if not is_person or not owner.memberships.filter(team_id=version.team.pk).exists():
        raise OwnerOutsideTeam(
            _("%(name)s is not an active person of the team “%(team)s”. Name somebody who is.")
            % {"name": owner.name, "team": version.team.name},
            errors={"/owner": [_("Name a person of the team.")]},
        )


def _possible(day: dt.date, field: str) -> None:
    if not dt.date(1990, 1, 1) <= day < LATEST:
        raise DateNotPossible(
            _("%(day)s is not a day on which a copy can end.") % {"day": day.isoformat()},
            errors={f"/{field}": [_("Choose another day.")]},
        )


def own_files_copy(version: DatasetVersion, *, by: User) -> Copy:
    """Register the files that Fourgate keeps of a fresh version, in the caller's transaction."""
    return Copy.objects.create(
        version=version,
        kind=Copy.Kind.REGISTERED,
        place="Fourgate",
        owner=by,
        purpose="What the version was registered with.",
        made_on=today(),
        registered_by=by,
    )


@atomic
def register_copy(
    version: DatasetVersion,
    kind: str,
    place: str,
    owner: User,
    purpose: str,
    *,
    by: User,
    made_on: dt.date | None = None,
    keep_until: dt.date | None = None,
    keep_days: int | None = None,
) -> Copy:
    """Register a place where bytes of the version live, with its owner and the day by which it is deleted.

    ``keep_days`` counts from ``made_on`` (today when it is not given) and stands for ``keep_until``. What the
    dataset's policy and the sources' terms say ends the copy earlier, whatever is given here. Raise
    ``OwnerOutsideTeam``, ``DateNotPossible``, ``BeyondTheTerms``.
    """
    access.require(by, "copy.register", version.team.pk)
    require_person_of_team(owner, version)
    return _register(
        version,
        kind,
        place,
        owner,
        purpose,
        by=by,
        made_on=made_on or today(),
        keep_until=keep_until,
        keep_days=keep_days,
    )


def _register(
    version: DatasetVersion,
    kind: str,
    place: str,
    owner: User,
    purpose: str,
    *,
    by: User,
    made_on: dt.date,
    keep_until: dt.date | None = None,
    keep_days: int | None = None,
    how: str = "declared",
) -> Copy:
    if kind not in set(Copy.Kind.values) - {Copy.Kind.REGISTERED}:
        raise InvalidInput(_("There is no such kind of copy."), errors={"/kind": [_("Choose one of the kinds.")]})
    if keep_days is not None and keep_until is not None:
        raise DateNotPossible(
            _("Give either a day or a number of days."), errors={"/keep_days": [_("Give one of the two.")]}
        )
    _possible(made_on, "made_on")
    if made_on > today():
        raise DateNotPossible(
            _("A copy that is still to be made can't be registered."), errors={"/made_on": [_("Not in the future.")]}
        )
    if keep_days is not None:
        keep_until = min(made_on + dt.timedelta(days=min(keep_days, 36500)), LATEST - dt.timedelta(days=1))
    if keep_until is not None:
        _possible(keep_until, "keep_until")
        if keep_until < made_on:
            raise DateNotPossible(
                _("The copy can't be deleted before it was made."), errors={"/keep_until": [_("Choose a later day.")]}
            )
    copy = Copy.objects.create(
        version=version,
        kind=kind,
        place=place.strip(),
        owner=owner,
        purpose=purpose.strip(),
        made_on=made_on,
        keep_until=keep_until,
        registered_by=by,
    )
    copy = Copy.objects.with_terms().select_related("owner").get(pk=copy.pk)
    record_on(
        "dataset_copy.registered",
        by=by,
        ref=version_ref(version),
        payload={
            **_said(copy),
            "owner": owner.name,
            "purpose": copy.purpose,
            "made_on": made_on.isoformat(),
            "delete_by": copy.delete_by.isoformat() if copy.delete_by else None,
            "how": how,
        },
    )
    subjects.announce_change(version_ref(version), "dataset_copy.registered")
    return copy


def _standing(copy: Copy) -> Copy:
    """Lock the copy and return it with its terms; raise ``CopyIsDeleted``."""
    Copy.objects.select_for_update(of=("self",)).get(pk=copy.pk)
    rows = Copy.objects.with_terms().select_related("owner", "version__dataset__use_case__team", "deletion")
    found: Copy = rows.get(pk=copy.pk)
    if found.is_deleted:
        raise CopyIsDeleted(
            _("“%(place)s” was deleted on %(day)s. Nothing is left to change.")
            % {"place": found.place, "day": found.deletion.created_at.date().isoformat()}
        )
    return found


def _require_owner_or(permission: str, copy: Copy, by: User) -> None:
    if not (copy.owner_id == by.pk and by.is_active and by.may("view", copy.team.pk)):
        access.require(by, permission, copy.team.pk)


@atomic
def hand_over_copy(copy: Copy, to: User, *, by: User) -> Copy:
    """Name another person of the team who answers for the copy; by its owner or who may register copies."""
    copy = _standing(copy)
    _require_owner_or("copy.register", copy, by)
    require_person_of_team(to, copy.version)
    if to.pk == copy.owner_id:
        return copy
    before, copy.owner = copy.owner, to
    copy.save(update_fields=["owner"])
    record_on(
        "dataset_copy.handed_over",
        by=by,
        ref=version_ref(copy.version),
        payload={**_said(copy), "changed": {"owner": {"from": before.name, "to": to.name}}},
    )
    return copy


@atomic
def extend_copy(copy: Copy, keep_until: dt.date, *, by: User, reason: str) -> CopyExtension:
    """Let a copy stand until another, later day; a copy without a day gets its first.

    Raise ``CopyIsDeleted``, ``ReasonNeeded``, ``DateNotPossible`` for a day that is not later or is past, and
    ``BeyondTheTerms`` for one that a source of the data does not allow.
    """
    copy = _standing(copy)
    access.require(by, "copy.extend", copy.team.pk)
    if not reason.strip():
        raise ReasonNeeded(_("Say why the copy is still needed."), errors={"/reason": [_("Say why.")]})
    _possible(keep_until, "keep_until")
    if copy.source_until is not None and keep_until > copy.source_until:
        raise BeyondTheTerms(
            _("A source of this data allows no copy after %(day)s. Change its terms first, if they did change.")
            % {"day": copy.source_until.isoformat()},
            errors={"/keep_until": [_("At the latest %(day)s.") % {"day": copy.source_until.isoformat()}]},
            extra={"source_until": copy.source_until.isoformat()},
        )
    if keep_until < today() or (copy.delete_by is not None and keep_until <= copy.delete_by):
        raise DateNotPossible(
            _("An extension goes to a day after %(day)s.") % {"day": (copy.delete_by or today()).isoformat()},
            errors={"/keep_until": [_("Choose a later day.")]},
        )
    extension = CopyExtension.objects.create(copy=copy, keep_until=keep_until, reason=reason.strip(), extended_by=by)
    before = copy.delete_by.isoformat() if copy.delete_by else None
    record_on(
        "dataset_copy.extended",
        by=by,
        ref=version_ref(copy.version),
        payload={
            **_said(copy),
            "reason": extension.reason,
            "changed": {"delete_by": {"from": before, "to": keep_until.isoformat()}},
        },
    )
    subjects.announce_change(version_ref(copy.version), "dataset_copy.extended")
    return extension


@atomic
def record_deletion(
    copy: Copy, method: str, *, by: User, proof: str = "", document: Document | None = None
) -> CopyDeletion:
    """Record that a copy is gone, with a text or a document of the version as its proof, once and for all.

    The files that Fourgate keeps are looked for: while one is there, ``FilesStillStored``; with them the texts of rows
    that the database kept are forgotten. Raise ``CopyIsDeleted``, ``ProofMissing``.
    """
    copy = _standing(copy)
    _require_owner_or("copy.register", copy, by)
    if method not in set(Method.values) - {Method.FOURGATE}:
        raise InvalidInput(_("Say how the copy was deleted."), errors={"/method": [_("Choose one of the ways.")]})
    if document is not None and (document.ref != version_ref(copy.version) or hasattr(document, "withdrawal")):
        raise ProofMissing(
            _("Attach the document to this version first; one that was taken back proves nothing."),
            errors={"/document": [_("Not a standing document of this version.")]},
        )
    if not proof.strip() and document is None:
        raise ProofMissing(
            _("Give a text or a document that proves the deletion: a job's output, a ticket, a certificate."),
            errors={"/proof": [_("Give a text or a document.")]},
        )
    forgotten = None
    if copy.is_own:
        hold_bytes(alone=True)
        left = [file.name for file in copy.version.files.all() if default_storage.exists(file.storage_name)]
        if left:
            raise FilesStillStored(
                _("Still in the storage: %(names)s. Delete them; only then can it be recorded.")
                % {"names": ", ".join(left)[:300]}
            )
        forgotten = forget_rows(copy.version, by=by)
    return _delete(copy, method, by=by, proof=proof.strip(), document=document, forgotten=forgotten)


def _delete(
    copy: Copy,
    method: str,
    *,
    by: User,
    proof: str,
    document: Document | None = None,
    forgotten: dict[str, int] | None = None,
) -> CopyDeletion:
    digest = document.digest if document is not None and not proof else sha256_digest(proof.encode())
    try:
        with transaction.atomic():
            deletion = CopyDeletion.objects.create(
                copy=copy, recorded_by=by, method=method, proof=proof, document=document, proof_digest=digest
            )
    except IntegrityError as error:
        raise CopyIsDeleted(_("The deletion of this copy is recorded already.")) from error
    record_on(
        "dataset_copy.deleted",
        by=by,
        ref=version_ref(copy.version),
        payload={
            **_said(copy),
            "method": method,
            "proof": proof[:1000],
            "proof_digest": digest,
            "document": str(document.pk) if document else None,
            "document_digest": document.digest if document else None,
            **({"forgotten": forgotten} if forgotten is not None else {}),
        },
    )
    subjects.announce_change(version_ref(copy.version), "dataset_copy.deleted")
    return deletion
