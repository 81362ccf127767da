"""Handing over all that a leaver holds: one offer for each ownership, or none at all."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.core import subjects
from apps.core.errors import InvalidInput, NotPermitted, Refusal
from apps.core.transactions import atomic
from apps.owners.actions import guards
from apps.owners.actions.offers import hand_over
from apps.owners.errors import HandoverImpossible
from apps.owners.models import Ownership, OwnershipOffer
from apps.people.models import User


@dataclass(frozen=True, slots=True)
class Handover:
    """One ownership and who is asked to take it over."""

    ownership: Ownership
    to: User


@atomic
def hand_over_many(items: Sequence[Handover], *, by: User, note: str = "") -> list[OwnershipOffer]:
    """Make one offer for each item in one transaction.

    Raise ``NotPermitted``, or ``HandoverImpossible`` with every item that can't be and why, by its pointer
    ``/items/N``; then nothing has changed.
    """
    if not items:
        raise InvalidInput(
            _("There is nothing to hand over here."), errors={"/items": [_("Name at least one ownership.")]}
        )
    for item in items:
        guards.require(by, item.ownership)
    guards.lock_chains([item.ownership.ref for item in items])
    guards.lock_people(*(item.to for item in items))
    made: list[OwnershipOffer] = []
    problems: dict[str, list[str]] = {}
    with subjects.together():
        for number, item in enumerate(items):
            try:
                with transaction.atomic():
                    made.append(hand_over(item.ownership, item.to, by=by, note=note))
            except NotPermitted:
                raise
            except Refusal as refusal:
                problems[f"/items/{number}"] = [str(refusal.detail)]
        if problems:
            raise HandoverImpossible(
                ngettext(
                    "%(n)d of %(all)d can't be handed over like this, so none was.",
                    "%(n)d of %(all)d can't be handed over like this, so none was.",
                    len(problems),
                )
                % {"n": len(problems), "all": len(items)},
                errors=problems,
                extra={"items": [{"ownership": str(item.ownership.pk), "to": str(item.to.pk)} for item in items]},
            )
    return made
