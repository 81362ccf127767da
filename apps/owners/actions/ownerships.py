"""Ownerships that stand: their deputies, and their end without a successor."""

from apps.core.actor import Actor
from apps.core.clock import now
from apps.core.transactions import atomic
from apps.ledger.actions import record_on
from apps.owners.actions import guards
from apps.owners.actions.offers import withdraw
from apps.owners.models import OfferQuerySet, Ownership, OwnershipOffer
from apps.people.models import User


@atomic
def appoint_deputy(ownership: Ownership, deputy: User | None, *, by: Actor) -> Ownership:
    """Name who acts while the holder is away; ``None`` takes the deputy away.

    Raise ``OwnershipEnded``, ``NotEligible``, ``DeputyIsHolder`` or ``KeptApart``.
    """
    guards.require(by, ownership)
    guards.lock_chains([ownership.ref])
    (deputy,) = guards.lock_people(deputy)
    row = guards.lock_ownership(ownership)
    if deputy is not None:
        guards.eligible(deputy, row.team, "/deputy")
        guards.another(row.holder, deputy)
        guards.keep_apart(deputy, row.responsibility, row.ref, "/deputy")
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
            **guards.described(row),
            "changed": {"deputy": {"from": before.name if before else None, "to": deputy.name if deputy else None}},
        },
    )
    guards.announce([row.ref], "ownership.deputy_appointed")
    return row


@atomic
def vacate(ownership: Ownership, *, by: Actor, note: str = "") -> Ownership:
    """End the ownership and leave the responsibility vacant; an offer to take it over is withdrawn with it."""
    guards.require(by, ownership)
    guards.lock_chains([ownership.ref])
    row = guards.lock_ownership(ownership)
    _end(row, Ownership.Ending.VACATED)
    _withdraw_offers_of([row], by, "ownership_ended")
    record_on("ownership.vacated", by=by, ref=row.ref, payload={**guards.described(row), "note": note.strip()})
    guards.announce([row.ref], "ownership.vacated")
    return row


def vacate_all(user: User, by: Actor) -> None:
    """End what a deactivated person holds, stands in for or was asked; in the transaction that deactivates them."""
    rows = Ownership.objects.active().select_for_update(of=("self",)).select_related("holder", "deputy", "team")
    held = list(rows.filter(holder=user).order_by("id"))
    for row in held:
        _end(row, Ownership.Ending.DEACTIVATED)
        record_on(
            "ownership.vacated",
            by=by,
            ref=row.ref,
            payload={**guards.described(row), "reason": "person_deactivated"},
        )
    stood_in = list(rows.filter(deputy=user).order_by("id"))
    for row in stood_in:
        row.deputy = None
        row.save(update_fields=["deputy"])
        record_on(
            "ownership.deputy_removed",
            by=by,
            ref=row.ref,
            payload={
                **guards.described(row),
                "reason": "person_deactivated",
                "changed": {"deputy": {"from": user.name, "to": None}},
            },
        )
    _withdraw_offers_of(held, by, "ownership_ended")
    asked = _pending()
    offers = [*asked.filter(to=user).order_by("id"), *asked.filter(deputy=user).exclude(to=user).order_by("id")]
    for offer in offers:
        withdraw(offer, by, "person_deactivated")
    guards.announce([row.ref for row in (*held, *stood_in, *offers)], "ownership.vacated")


def _pending() -> OfferQuerySet:
    return (
        OwnershipOffer.objects.pending()
        .select_for_update(of=("self",))
        .select_related("to", "deputy", "team", "offered_by", "replaces__holder")
    )


def _withdraw_offers_of(ended: list[Ownership], by: Actor, reason: str) -> None:
    for offer in _pending().filter(replaces__in=ended).order_by("id"):
        withdraw(offer, by, reason)


def _end(row: Ownership, ending: str) -> None:
    row.ended_at, row.ending = now(), ending
    row.save(update_fields=["ended_at", "ending"])
