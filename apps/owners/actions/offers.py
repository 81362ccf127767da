"""Offers: somebody is asked, and answers; what one takes on oneself takes effect at once."""

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from apps.core import access, subjects
from apps.core.actor import Actor
from apps.core.clock import now
from apps.core.errors import InvalidInput
from apps.core.subjects import SubjectRef
from apps.core.transactions import atomic
from apps.ledger.actions import record_on
from apps.owners.actions import guards
from apps.owners.errors import AlreadyHeld, NotEligible, NotYourOffer, OfferDecided, OfferStands
from apps.owners.models import Ownership, OwnershipOffer
from apps.people.models import Team, User

State = OwnershipOffer.State


@atomic
def offer(
    ref: SubjectRef,
    responsibility: str,
    to: User,
    *,
    by: User,
    deputy: User | None = None,
    note: str = "",
) -> OwnershipOffer:
    """Ask somebody to hold a responsibility that nobody holds; what one takes on oneself is held at once.

    Raise ``UnknownResponsibility``, ``AlreadyHeld``, ``OfferStands``, ``NotEligible``, ``DeputyIsHolder`` or
    ``KeptApart``.
    """
    guards.holdable(responsibility, ref)
    team = subjects.kind(ref.type).team(subjects.get(ref))
    access.require(by, "owner.assign", team.pk)
    guards.lock_chains([ref])
    held = _held(ref, responsibility)
    if held is not None:
        raise _already(held)
    return _make(ref, team, responsibility, to, by=by, deputy=deputy, note=note, pointer="/holder")


@atomic
def hand_over(
    ownership: Ownership, to: User, *, by: User, deputy: User | None = None, note: str = ""
) -> OwnershipOffer:
    """Ask somebody to take a responsibility over; its holder keeps it until they accept.

    Raise ``OwnershipEnded``, or what ``offer`` raises.
    """
    guards.require(by, ownership)
    guards.lock_chains([ownership.ref])
    guards.lock_people(to, deputy)
    row = guards.lock_ownership(ownership)
    if to.pk == row.holder_id:
        raise NotEligible(_("%(name)s holds it already.") % {"name": to.name}, errors={"/to": [_("Holds it already.")]})
    return _make(
        row.ref, row.team, row.responsibility, to, by=by, deputy=deputy, note=note, pointer="/to", replaces=row
    )


@atomic
def accept(offer: OwnershipOffer, *, by: User) -> Ownership:
    """Take the responsibility on; a handover ends the old ownership at the very moment at which the new one begins.

    Everything that held when the offer was made is asked again. Raise ``NotYourOffer``, ``OfferDecided``,
    ``NotEligible``, ``DeputyIsHolder``, ``KeptApart``, ``AlreadyHeld`` or ``OwnershipEnded``.
    """
    _asked(offer, by)
    guards.lock_chains([offer.ref])
    to, deputy = guards.lock_people(offer.to, offer.deputy)
    if offer.replaces_id:
        Ownership.objects.select_for_update(of=("self",)).get(pk=offer.replaces_id)
    row = _locked(offer)
    _fit(to or row.to, deputy, row.team, row.responsibility, row.ref, "/to", row.replaces, asked=False)
    return _take_effect(row, by)


@atomic
def decline(offer: OwnershipOffer, *, by: User, reason: str) -> OwnershipOffer:
    """Say no, with a reason; who held it goes on holding it."""
    _asked(offer, by)
    if not reason.strip():
        raise InvalidInput(_("Say why you decline."), errors={"/reason": [_("Say why.")]})
    row = _locked(offer)
    _decide(row, State.DECLINED, reason)
    record_on("ownership.declined", by=by, ref=row.ref, payload={**_described(row), "reason": row.reason})
    guards.announce([row.ref], "ownership.declined")
    return row


@atomic
def withdraw_offer(offer: OwnershipOffer, *, by: User, reason: str = "") -> OwnershipOffer:
    """Take an offer back: whoever made it may, the holder whom it replaces, and who assigns in the team."""
    own = {offer.offered_by_id, offer.replaces.holder_id if offer.replaces else None}
    if by.pk not in own or not by.is_active:
        access.require(by, "owner.assign", offer.team_id)
    row = _locked(offer)
    withdraw(row, by, reason)
    guards.announce([row.ref], "ownership.offer_withdrawn")
    return row


def withdraw(row: OwnershipOffer, by: Actor, reason: str) -> None:
    """Withdraw a locked offer in the caller's transaction; the caller announces it."""
    _decide(row, State.WITHDRAWN, reason)
    record_on("ownership.offer_withdrawn", by=by, ref=row.ref, payload={**_described(row), "reason": row.reason})


def _held(ref: SubjectRef, responsibility: str) -> Ownership | None:
    rows = Ownership.objects.active().on(ref).select_related("holder")
    return rows.filter(responsibility=responsibility).first()


def _already(held: Ownership | None) -> AlreadyHeld:
    return AlreadyHeld(
        _("%(name)s holds it. Hand it over instead.") % {"name": held.holder.name if held else "?"},
        errors={"/holder": [_("Hand the responsibility over instead of assigning it.")]},
    )


def _stands(ref: SubjectRef, responsibility: str, pointer: str) -> OfferStands | None:
    rows = OwnershipOffer.objects.pending().on(ref).select_related("to")
    standing = rows.filter(responsibility=responsibility).first()
    if standing is None:
        return None
    return OfferStands(
        _("%(name)s was asked and has not answered. Withdraw that offer before you ask somebody else.")
        % {"name": standing.to.name},
        errors={pointer: [_("%(name)s was asked already.") % {"name": standing.to.name}]},
        extra={"offer": str(standing.pk)},
    )


def _fit(
    to: User,
    deputy: User | None,
    team: Team,
    responsibility: str,
    ref: SubjectRef,
    pointer: str,
    replaces: Ownership | None,
    *,
    asked: bool,
) -> None:
    """Refuse people who can't hold the responsibility or stand in for it there."""
    guards.eligible(to, team, pointer)
    guards.keep_apart(to, responsibility, ref, pointer, besides=replaces, asked=asked)
    if deputy is not None:
        guards.eligible(deputy, team, "/deputy")
        guards.another(to, deputy)
        guards.keep_apart(deputy, responsibility, ref, "/deputy", besides=replaces, asked=asked)


def _make(
    ref: SubjectRef,
    team: Team,
    responsibility: str,
    to: User,
    *,
    by: User,
    deputy: User | None,
    note: str,
    pointer: str,
    replaces: Ownership | None = None,
) -> OwnershipOffer:
    locked, deputy = guards.lock_people(to, deputy)
    to = locked or to
    standing = _stands(ref, responsibility, pointer)
    if standing is not None:
        raise standing
    _fit(to, deputy, team, responsibility, ref, pointer, replaces, asked=True)
    try:
        with transaction.atomic():
            row = OwnershipOffer.objects.create(
                team=team,
                subject_type=ref.type,
                subject_id=ref.id,
                responsibility=responsibility,
                offered_by=by,
                offered_at=now(),
                to=to,
                deputy=deputy,
                note=note.strip(),
                replaces=replaces,
            )
    except IntegrityError as error:
        raise _stands(ref, responsibility, pointer) or error from error
    if to.pk == by.pk:
        _take_effect(row, by)
        return row
    record_on("ownership.offered", by=by, ref=ref, payload=_described(row))
    guards.announce([ref], "ownership.offered")
    return row


def _asked(offer: OwnershipOffer, by: User) -> None:
    if by.pk != offer.to_id or not by.is_active:
        raise NotYourOffer(_("Only %(name)s, who was asked, answers this offer.") % {"name": offer.to.name})


def _locked(offer: OwnershipOffer) -> OwnershipOffer:
    row = (
        OwnershipOffer.objects.select_for_update(of=("self",))
        .select_related("to", "deputy", "team", "replaces__holder")
        .get(pk=offer.pk)
    )
    if not row.is_pending:
        raise OfferDecided(
            _("This offer is decided: %(state)s.") % {"state": str(State(row.state).label).lower()},
            extra={"state": row.state},
        )
    return row


def _decide(row: OwnershipOffer, state: str, reason: str = "", ownership: Ownership | None = None) -> None:
    row.state, row.reason, row.ownership = state, reason.strip()[:500], ownership
    row.decided_at = ownership.since if ownership else now()
    row.save(update_fields=["state", "reason", "ownership", "decided_at"])


def _take_effect(row: OwnershipOffer, by: User) -> Ownership:
    at = now()
    before = guards.lock_ownership(row.replaces) if row.replaces else None
    if before is not None:
        before.ended_at, before.ending = at, Ownership.Ending.HANDED_OVER
        before.save(update_fields=["ended_at", "ending"])
    try:
        with transaction.atomic():
            following = Ownership.objects.create(
                team=row.team,
                subject_type=row.subject_type,
                subject_id=row.subject_id,
                responsibility=row.responsibility,
                holder=row.to,
                deputy=row.deputy,
                note=row.note,
                since=at,
            )
    except IntegrityError as error:
        raise _already(_held(row.ref, row.responsibility)) from error
    _decide(row, State.ACCEPTED, ownership=following)
    action = "ownership.handed_over" if before is not None else "ownership.assigned"
    record_on(action, by=by, ref=row.ref, payload=_described(row))
    guards.announce([row.ref], action)
    return following


def _described(row: OwnershipOffer) -> dict[str, object]:
    before = row.replaces
    return {
        "offer": str(row.pk),
        **guards.described(row),
        "from": {"id": str(before.holder_id), "name": before.holder.name} if before else None,
        "offered_by": {"id": str(row.offered_by_id), "name": row.offered_by.name},
    }
