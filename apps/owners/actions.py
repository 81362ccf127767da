"""Who answers for it: every change of an ownership."""

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from apps.core import access, subjects
from apps.core.actor import Actor
from apps.core.clock import now
from apps.core.subjects import SubjectRef
from apps.ledger.actions import record_on
from apps.owners.errors import AlreadyHeld, DeputyIsHolder, NotEligible, OwnershipEnded, UnknownResponsibility
from apps.owners.models import Ownership
from apps.owners.responsibilities import RESPONSIBILITIES, title
from apps.people.identity import same_person
from apps.people.models import Team, User


def _require(by: Actor, ownership: Ownership) -> None:
    """Ask for the permission, or for being the holder: one may give away what is one's own."""
    if by.id == ownership.holder_id and by.is_active:
        return
    access.require(by, "owner.assign", ownership.team_id)


def _eligible(person: User, ownership_team: Team, pointer: str) -> None:
    """Refuse who can't hold: a service account, a deactivated account, somebody from outside the team."""
    if person.kind != User.Kind.PERSON:
        raise NotEligible(
            _("%(name)s is a service account. Name a person.") % {"name": person.name},
            errors={pointer: [_("Name a person, not a service account.")]},
        )
    if not person.is_active:
        raise NotEligible(
            _("%(name)s’s account is deactivated. Name somebody who is active.") % {"name": person.name},
            errors={pointer: [_("This account is deactivated.")]},
        )
    if not person.memberships.filter(team=ownership_team).exists():
        raise NotEligible(
            _("%(name)s is not a member of the team. Add them to the team first.") % {"name": person.name},
            errors={pointer: [_("Not a member of the team.")]},
        )


def _another(holder: User, deputy: User) -> None:
    if same_person(holder, deputy):
        raise DeputyIsHolder(
            _("Holder and deputy are the same person. Name somebody else as deputy."),
            errors={"/deputy": [_("The same person as the holder.")]},
        )


def _locked(ownership: Ownership) -> Ownership:
    row = (
        Ownership.objects.select_for_update(of=("self",))
        .select_related("holder", "deputy", "team")
        .get(pk=ownership.pk)
    )
    if row.ended_at is not None:
        raise OwnershipEnded(
            _("This ownership ended in the meantime. Look at who holds “%(title)s” now.") % {"title": row.title},
        )
    return row


def _described(row: Ownership) -> dict[str, object]:
    return {
        "responsibility": row.responsibility,
        "holder": {"id": str(row.holder_id), "name": row.holder.name},
        "deputy": {"id": str(row.deputy_id), "name": row.deputy.name} if row.deputy else None,
        "note": row.note,
    }


def _end(row: Ownership, ending: str) -> None:
    row.ended_at, row.ending = now(), ending
    row.save(update_fields=["ended_at", "ending"])


@transaction.atomic
def assign(
    ref: SubjectRef,
    responsibility: str,
    holder: User,
    *,
    by: Actor,
    deputy: User | None = None,
    note: str = "",
) -> Ownership:
    """Name the holder of a responsibility that nobody holds.

    Raise ``UnknownResponsibility``, ``NotEligible``, ``DeputyIsHolder`` or ``AlreadyHeld``.
    """
    kind, obj = subjects.kind(ref.type), subjects.get(ref)
    team = kind.team(obj)
    access.require(by, "owner.assign", team.pk)
    known = RESPONSIBILITIES.get(responsibility)
    if known is None or ref.type not in known.held_on:
        raise UnknownResponsibility(
            _("“%(name)s” can't be held on a %(kind)s.")
            % {"name": title(responsibility), "kind": str(kind.title).lower()},
            errors={"/responsibility": [_("Choose a responsibility that can be held here.")]},
        )
    _eligible(holder, team, "/holder")
    if deputy is not None:
        _eligible(deputy, team, "/deputy")
        _another(holder, deputy)
    try:
        with transaction.atomic():
            row = Ownership.objects.create(
                team=team,
                subject_type=ref.type,
                subject_id=ref.id,
                responsibility=responsibility,
                holder=holder,
                deputy=deputy,
                note=note.strip(),
                since=now(),
            )
    except IntegrityError as error:
        held = Ownership.objects.active().on(ref).filter(responsibility=responsibility).first()
        raise AlreadyHeld(
            _("%(name)s holds it. Hand it over instead.") % {"name": held.holder.name if held else "?"},
            errors={"/holder": [_("Hand the responsibility over instead of assigning it.")]},
        ) from error
    record_on("ownership.assigned", by=by, ref=ref, payload=_described(row))
    subjects.announce_change(ref, "ownership.assigned")
    return row


@transaction.atomic
def hand_over(ownership: Ownership, to: User, *, by: Actor, deputy: User | None = None, note: str = "") -> Ownership:
    """End the ownership and give the responsibility to another person, without a moment of vacancy."""
    row = _locked(ownership)
    _require(by, row)
    _eligible(to, row.team, "/to")
    if deputy is not None:
        _eligible(deputy, row.team, "/deputy")
        _another(to, deputy)
    if to.pk == row.holder_id:
        raise NotEligible(_("%(name)s holds it already.") % {"name": to.name}, errors={"/to": [_("Holds it already.")]})
    _end(row, Ownership.Ending.HANDED_OVER)
    following = Ownership.objects.create(
        team=row.team,
        subject_type=row.subject_type,
        subject_id=row.subject_id,
        responsibility=row.responsibility,
        holder=to,
        deputy=deputy,
        note=note.strip(),
        since=now(),
    )
    record_on(
        "ownership.handed_over",
        by=by,
        ref=row.ref,
        payload={**_described(following), "from": {"id": str(row.holder_id), "name": row.holder.name}},
    )
    subjects.announce_change(row.ref, "ownership.handed_over")
    return following


@transaction.atomic
def appoint_deputy(ownership: Ownership, deputy: User | None, *, by: Actor) -> Ownership:
    """Name who acts while the holder is away; ``None`` takes the deputy away."""
    row = _locked(ownership)
    _require(by, row)
    if deputy is not None:
        _eligible(deputy, row.team, "/deputy")
        _another(row.holder, deputy)
    if row.deputy_id == (deputy.pk if deputy else None):
        return row
    before = row.deputy
    row.deputy = deputy
    row.save(update_fields=["deputy"])
    record_on(
        "ownership.deputy_appointed" if deputy else "ownership.deputy_removed",
        by=by,
        ref=row.ref,
        payload={
            "responsibility": row.responsibility,
            "changed": {"deputy": {"from": before.name if before else None, "to": deputy.name if deputy else None}},
        },
    )
    subjects.announce_change(row.ref, "ownership.deputy_appointed")
    return row


@transaction.atomic
def vacate(ownership: Ownership, *, by: Actor, note: str = "") -> Ownership:
    """End the ownership and leave the responsibility vacant."""
    row = _locked(ownership)
    _require(by, row)
    _end(row, Ownership.Ending.VACATED)
    record_on("ownership.vacated", by=by, ref=row.ref, payload={**_described(row), "note": note.strip()})
    subjects.announce_change(row.ref, "ownership.vacated")
    return row


def vacate_all(user: User, by: Actor) -> None:
    """End what a deactivated person holds or stands in for; called in the transaction that deactivates them."""
    rows = Ownership.objects.active().select_for_update(of=("self",)).select_related("holder", "deputy", "team")
    for row in rows.filter(holder=user).order_by("id"):
        _end(row, Ownership.Ending.DEACTIVATED)
        record_on(
            "ownership.vacated",
            by=by,
            ref=row.ref,
            payload={**_described(row), "reason": "person_deactivated"},
        )
        subjects.announce_change(row.ref, "ownership.vacated")
    for row in rows.filter(deputy=user).order_by("id"):
        row.deputy = None
        row.save(update_fields=["deputy"])
        record_on(
            "ownership.deputy_removed",
            by=by,
            ref=row.ref,
            payload={
                "responsibility": row.responsibility,
                "reason": "person_deactivated",
                "changed": {"deputy": {"from": user.name, "to": None}},
            },
        )
        subjects.announce_change(row.ref, "ownership.deputy_removed")
