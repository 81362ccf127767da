"""The owners of one subject, on that subject's page."""

from typing import Any

from django import template

from apps.core import subjects
from apps.core.subjects import SubjectRef
from apps.owners import holders

register = template.Library()


@register.inclusion_tag("owners/panel.html", takes_context=True)
def owners_panel(context: dict[str, Any], subject_type: str, subject_id: Any) -> dict[str, Any]:
    """Show who holds each responsibility on the subject; offer what the reader may do about it."""
    user = context["request"].user
    ref = SubjectRef.parse(subject_type, subject_id)
    team = subjects.kind(ref.type).team(subjects.get(ref))
    seats = holders.seats(ref)
    away = holders.absent([seat.ownership.holder_id for seat in seats if seat.ownership])
    return {
        "seats": [
            {
                "seat": seat,
                "away": bool(seat.ownership and seat.ownership.holder_id in away),
                "mine": bool(seat.ownership and seat.ownership.holder_id == user.pk),
            }
            for seat in seats
        ],
        "ref": ref,
        "may_assign": user.may("owner.assign", team.pk),
    }
