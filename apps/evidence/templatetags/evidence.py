"""The documents and statements on one subject, on that subject's page."""

from typing import Any

from django import template

from apps.core import subjects
from apps.core.subjects import SubjectRef
from apps.evidence.models import Attestation, Document

register = template.Library()


@register.inclusion_tag("evidence/panel.html", takes_context=True)
def evidence_panel(context: dict[str, Any], subject_type: str, subject_id: Any) -> dict[str, Any]:
    """Show what stands as proof on the subject, and what was taken back."""
    user = context["request"].user
    ref = SubjectRef.parse(subject_type, subject_id)
    team = subjects.kind(ref.type).team(subjects.get(ref))
    attestations = Attestation.objects.on(ref).select_related("withdrawal", "added_by").order_by("id")
    return {
        "documents": Document.objects.on(ref).select_related("withdrawal", "added_by").order_by("id"),
        "attestations": [
            {"row": row, "may_withdraw": row.added_by_id == user.pk or user.may("gate.withdraw", team.pk)}
            for row in attestations
        ],
        "ref": ref,
        "may_add": user.may("evidence.add", team.pk),
        "may_attest": user.may("evidence.attest", team.pk),
    }
