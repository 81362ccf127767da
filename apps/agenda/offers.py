"""Offers as due items: whoever was asked to hold a responsibility answers."""

import datetime as dt
import uuid
from typing import Any

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _

from apps.agenda.due import DueItem
from apps.agenda.duties import Duty
from apps.core import subjects
from apps.owners.models import OwnershipOffer

ANSWER_WITHIN = dt.timedelta(days=5)


def due_for(user: Any) -> list[DueItem]:
    """Return the offers that wait for the user's answer; one query and one a kind of subject."""
    rows = OwnershipOffer.objects.pending().filter(to=user).select_related("offered_by", "replaces__holder")
    offers = list(rows.order_by("id")[:200])
    found = subjects.find(row.ref for row in offers)
    items = []
    for row in offers:
        items.append(
            DueItem(
                kind=f"offer.{row.responsibility}",
                subject=row.ref,
                title=subjects.kind(row.subject_type).label(found[row.ref]) if row.ref in found else row.title,
                reason=_reason(row),
                action_label=_("Read and answer"),
                url=reverse("owners:offer_detail", args=[row.pk]),
                since=row.offered_at,
                due_at=row.offered_at + ANSWER_WITHIN,
                icon="user",
                urgency=20,
            )
        )
    return items


def signs(me: uuid.UUID) -> QuerySet[OwnershipOffer]:
    return OwnershipOffer.objects.pending().filter(to=me)


def _reason(row: OwnershipOffer) -> str:
    before = row.replaces.holder if row.replaces else None
    words = {"title": row.title.lower(), "name": row.offered_by.name, "before": before.name if before else ""}
    if before is None:
        return _("%(name)s asks you to be %(title)s") % words
    if before.pk == row.offered_by_id:
        return _("%(name)s wants to hand over to you: %(title)s") % words
    return _("%(name)s asks you to be %(title)s after %(before)s") % words


def duties(start: dt.datetime, end: dt.datetime) -> list[Duty]:
    """Return the offers that nobody has answered five days after they were made; two queries."""
    rows = OwnershipOffer.objects.pending().filter(
        offered_at__gte=start - ANSWER_WITHIN, offered_at__lt=end - ANSWER_WITHIN
    )
    offers = list(rows.select_related("offered_by", "to").order_by("id"))
    found = subjects.find(row.ref for row in offers)
    return [
        Duty(
            kind=f"offer.{row.responsibility}",
            subject=row.ref,
            title=subjects.kind(row.subject_type).label(found[row.ref]) if row.ref in found else row.title,
            reason=_("%(name)s asked %(to)s to be %(title)s, and waits for an answer")
            % {"name": row.offered_by.name, "to": row.to.name, "title": row.title.lower()},
            url=reverse("owners:offer_detail", args=[row.pk]),
            team_id=row.team_id,
            responsibility="",
            person_ids=(row.to_id,),
            due_at=row.offered_at + ANSWER_WITHIN,
        )
        for row in offers
    ]
