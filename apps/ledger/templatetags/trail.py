"""The trail of one subject, on that subject's page."""

from typing import Any

from django import template

from apps.core.subjects import SubjectRef
from apps.ledger import sentences
from apps.ledger.models import Entry

register = template.Library()
SHOWN = 8


@register.inclusion_tag("ledger/panel.html", takes_context=True)
def trail(context: dict[str, Any], subject_type: str, subject_id: Any) -> dict[str, Any]:
    """Show the newest entries about the subject that the reader may see."""
    ref = SubjectRef(subject_type, subject_id)
    rows = Entry.objects.visible_to(context["request"].user, "trail.view").about(ref)
    entries = list(rows.filter(seq__isnull=False).order_by("-seq")[:SHOWN])
    return {"lines": [(entry, sentences.of(entry.action)) for entry in entries], "ref": ref}
