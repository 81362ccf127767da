"""What assessments wait for: answers, contradicted claims, a signature, a second person for a framework."""

import uuid
from typing import Any

from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.agenda.due import DueItem, Provider
from apps.assessments.models import Assessment, FrameworkVersion
from apps.core.statements import Signs
from apps.core.subjects import SubjectRef
from apps.ledger.actions import may_anywhere
from apps.owners import desk
from apps.owners.responsibilities import title
from apps.people.four_eyes import RuleVersion

MOST = 50


def questions(user: Any) -> list[DueItem]:
    """Return one item per open assessment that asks the user: unanswered, lapsed or contradicted. Two queries."""
    held: dict[Any, set[str]] = {}
    for row in desk.of(user).held():
        if row.subject_type == "use_case":
            held.setdefault(row.subject_id, set()).add(row.responsibility)
    rows = Assessment.objects.filter(
        Q(use_case__in=held) | Q(contradicted__has_key=str(user.pk)), state=Assessment.State.OPEN
    ).select_related("use_case")
    items = [_asked(row, held.get(row.use_case_id, set()), user) for row in rows.order_by("id")[:MOST]]
    return [item for item in items if item is not None]


def _asked(assessment: Assessment, responsibilities: set[str], user: Any) -> DueItem | None:
    waiting = {name: n for name, n in assessment.waiting.items() if name in responsibilities}
    contradicted = assessment.contradicted.get(str(user.pk), 0)
    if not waiting and not contradicted:
        return None
    parts = []
    if contradicted:
        parts.append(
            ngettext(
                "The facts contradict %(n)d answer of yours.",
                "The facts contradict %(n)d answers of yours.",
                contradicted,
            )
            % {"n": contradicted}
        )
    if waiting:
        total = sum(waiting.values())
        who = ", ".join(sorted(str(title(name)).lower() for name in waiting))
        asked = ngettext("%(n)d question waits for the %(who)s.", "%(n)d questions wait for the %(who)s.", total)
        parts.append(asked % {"n": total, "who": who})
    return DueItem(
        kind="assessment_asked",
        subject=assessment.ref,
        title=str(assessment),
        reason=" ".join(parts),
        action_label=_("Answer"),
        url=reverse("assessments:assessment_detail", args=[assessment.pk]) + "?show=mine",
        since=assessment.created_at,
        icon="list-check",
        urgency=15 if contradicted else 35,
    )


def signatures(user: Any) -> list[DueItem]:
    """Return the submitted assessments that the user signs as governance owner; two queries."""
    mine = desk.ids(desk.of(user).held("governance_owner"), "use_case")
    if not mine:
        return []
    rows = Assessment.objects.filter(use_case__in=mine, state=Assessment.State.SUBMITTED).exclude(submitted_by=user)
    return [
        DueItem(
            kind="assessment_signature",
            subject=row.ref,
            title=str(row),
            reason=_("You sign as governance owner"),
            action_label=_("Read and sign"),
            url=reverse("assessments:assessment_detail", args=[row.pk]) + "#sign",
            since=row.submitted_at,
            icon="signature",
            urgency=10,
        )
        for row in rows.select_related("use_case").order_by("submitted_at")[:MOST]
    ]


def proposals(user: Any) -> list[DueItem]:
    """Return the proposed frameworks that the user could publish as the second person; at most two queries."""
    if not may_anywhere(user, "framework.publish"):
        return []
    rows = FrameworkVersion.objects.filter(state=RuleVersion.State.PROPOSED).exclude(proposed_by=user)
    return [
        DueItem(
            kind="framework_proposed",
            subject=SubjectRef("framework_version", row.pk),
            title=str(row),
            reason=_("A second governance lead publishes it"),
            action_label=_("Read and decide"),
            url=reverse("assessments:framework_detail", args=[row.pk]),
            since=row.created_at,
            icon="scale",
            urgency=40,
        )
        for row in rows.order_by("id")[:MOST]
    ]


def _asked_of(me: uuid.UUID) -> QuerySet[Assessment]:
    asked = Q(use_case__in=desk.subjects_of(me)) | Q(contradicted__has_key=str(me))
    return Assessment.objects.filter(asked, state=Assessment.State.OPEN)


def _submitted(me: uuid.UUID) -> QuerySet[Assessment]:
    return Assessment.objects.filter(use_case__in=desk.subjects_of(me), state=Assessment.State.SUBMITTED)


OFFERS: dict[str, tuple[Provider, Signs]] = {
    "assessments.questions": (questions, _asked_of),
    "assessments.signatures": (signatures, _submitted),
    "assessments.proposals": (
        proposals,
        lambda me: FrameworkVersion.objects.filter(state=RuleVersion.State.PROPOSED),
    ),
}
