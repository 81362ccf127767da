"""The owners of one subject, on that subject's page; its vacancies wherever it is listed."""

from collections.abc import Sequence
from typing import Any

from django import template
from django.db.models import Q

from apps.core import subjects
from apps.core.subjects import SubjectRef
from apps.owners import holders
from apps.owners.models import Ownership
from apps.owners.places import with_subjects
from apps.owners.responsibilities import Responsibility

register = template.Library()


@register.inclusion_tag("owners/panel.html", takes_context=True)
def owners_panel(context: dict[str, Any], subject_type: str, subject_id: Any) -> dict[str, Any]:
    """Show who holds each responsibility on the subject; offer what the reader may do about it."""
    user = context["request"].user
    ref = SubjectRef.parse(subject_type, subject_id)
    chain = subjects.chain(ref)
    team = subjects.kind(ref.type).team(chain[0][1])
    seats = holders.seats(ref)
    parents = [found for found, _obj in chain[1:]]
    above = holders.holders(ref, parents) if parents else {}
    away = holders.absent([seat.ownership.holder_id for seat in seats if seat.ownership])
    return {
        "seats": [
            {
                "seat": seat,
                "away": bool(seat.ownership and seat.ownership.holder_id in away),
                "above": above.get(seat.responsibility.key),
                "mine": bool(seat.ownership and seat.ownership.holder_id == user.pk),
            }
            for seat in seats
        ],
        "ref": ref,
        "may_assign": user.may("owner.assign", team.pk),
    }


@register.inclusion_tag("owners/holdings.html", takes_context=True)
def holdings(context: dict[str, Any], person: Any) -> dict[str, Any]:
    """Show what the person answers for and where they stand in, as far as the reader sees it."""
    rows = Ownership.objects.active().visible_to(context["request"].user).filter(Q(holder=person) | Q(deputy=person))
    held = list(rows.select_related("holder", "deputy").order_by("-since", "-id"))
    return {"rows": with_subjects(held), "person": person}


@register.inclusion_tag("owners/vacant.html")
def vacant(responsibilities: Sequence[Responsibility] | None) -> dict[str, Any]:
    """Show in red how many required responsibilities nobody holds; nothing when all are held."""
    rows = responsibilities or ()
    return {"count": len(rows), "titles": ", ".join(str(row.title) for row in rows)}
