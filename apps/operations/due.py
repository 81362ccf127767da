"""What reviews wait for: somebody to perform them, a follow-up, a second person for a template."""

import datetime as dt
import uuid
from collections.abc import Iterable
from typing import Any

from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _

from apps.agenda.due import DueItem, Provider
from apps.agenda.duties import Duty
from apps.core.statements import Signs
from apps.core.subjects import SubjectRef
from apps.ledger.actions import may_anywhere
from apps.operations.models import FollowUp, Review, ReviewTemplate
from apps.owners import desk
from apps.owners.responsibilities import title
from apps.people.four_eyes import RuleVersion

MOST = 200


def held_by(user: Any) -> dict[str, set[uuid.UUID]]:
    """Return the use cases that the user answers for, by responsibility: held, or as deputy of somebody away."""
    found: dict[str, set[uuid.UUID]] = {}
    for row in desk.of(user).acting():
        if row.subject_type == "use_case":
            found.setdefault(row.responsibility, set()).add(row.subject_id)
    return found


def of_the(held: dict[str, set[uuid.UUID]]) -> Q:
    """Return the filter of the reviews that these responsibilities perform."""
    mine = Q(pk__in=[])
    for responsibility, use_cases in held.items():
        mine |= Q(responsibility=responsibility, plan__use_case__in=use_cases)
    return mine


def reviews(user: Any) -> list[DueItem]:
    """Return the open reviews that the user performs; three queries."""
    held = held_by(user)
    if not held:
        return []
    rows = Review.objects.visible_to(user).open().filter(of_the(held)).whole().order_by("due_at", "id")
    return [
        DueItem(
            kind="review",
            subject=row.ref,
            title=str(row),
            reason=_("You perform it as %(who)s") % {"who": str(row.responsibility_title).lower()},
            action_label=_("Perform it"),
            url=reverse("operations:review_perform", args=[row.pk]),
            since=row.opens_at,
            due_at=row.due_at,
            icon="calendar",
            urgency=25,
        )
        for row in rows[:MOST]
    ]


def follow_ups(user: Any) -> list[DueItem]:
    """Return what the user is to do after reviews; one query."""
    rows = FollowUp.objects.visible_to(user).filter(owner=user, done_at=None)
    return [
        DueItem(
            kind="follow_up",
            subject=row.review.ref,
            title=row.what[:200],
            reason=_("From the %(review)s") % {"review": row.review},
            action_label=_("Say what was done"),
            url=reverse("operations:follow_up_settle", args=[row.pk]),
            since=row.created_at,
            due_at=row.due_at,
            icon="arrow-right",
            urgency=25,
        )
        for row in rows.select_related("review__plan__use_case__team").order_by("due_at", "id")[:MOST]
    ]


def proposals(user: Any) -> list[DueItem]:
    """Return the proposed templates that the user could publish as the second person; at most two queries."""
    if not may_anywhere(user, "review_template.publish"):
        return []
    rows = ReviewTemplate.objects.filter(state=RuleVersion.State.PROPOSED).exclude(proposed_by=user)
    return [
        DueItem(
            kind="review_template_proposed",
            subject=SubjectRef("review_template", row.pk),
            title=str(row),
            reason=_("A second governance lead publishes it"),
            action_label=_("Read and publish"),
            url=reverse("operations:template_detail", args=[row.pk]),
            since=row.created_at,
            icon="scale",
            urgency=40,
        )
        for row in rows.order_by("id")[:MOST]
    ]


def _open(me: uuid.UUID) -> QuerySet[Review]:
    return Review.objects.open().filter(plan__use_case__in=desk.subjects_of(me))


OFFERS: dict[str, tuple[Provider, Signs]] = {
    "operations.reviews": (reviews, _open),
    "operations.follow_ups": (follow_ups, lambda me: FollowUp.objects.filter(owner=me, done_at=None)),
    "operations.proposals": (
        proposals,
        lambda me: ReviewTemplate.objects.filter(state=RuleVersion.State.PROPOSED),
    ),
}


def duties(start: dt.datetime, end: dt.datetime) -> list[Duty]:
    """Return all open reviews and follow-ups that are due from ``start`` until just before ``end``; two queries."""
    opened = Review.objects.open().filter(due_at__gte=start, due_at__lt=end)
    rows = opened.select_related("plan__use_case__team").order_by("due_at", "id")
    owed = FollowUp.objects.filter(done_at=None, due_at__gte=start, due_at__lt=end)
    followed = owed.select_related("review__plan__use_case__team").order_by("due_at", "id")
    return [*_of_reviews(rows), *_of_follow_ups(followed)]


def _of_reviews(rows: Iterable[Review]) -> Iterable[Duty]:
    for row in rows:
        yield Duty(
            kind=f"review_{row.plan.cadence}",
            subject=row.ref,
            title=str(row),
            reason=_("The %(who)s performs it") % {"who": str(row.responsibility_title).lower()},
            url=reverse("operations:review_perform", args=[row.pk]),
            team_id=row.team.pk,
            responsibility=row.responsibility,
            person_ids=(),
            due_at=row.due_at,
            held_on=SubjectRef("use_case", row.plan.use_case_id),
        )


def _of_follow_ups(rows: Iterable[FollowUp]) -> Iterable[Duty]:
    for row in rows:
        yield Duty(
            kind=f"follow_up.{row.pk}",
            subject=row.review.ref,
            title=row.what[:200],
            reason=_("From the %(review)s, as the %(who)s found")
            % {"review": row.review, "who": str(title(row.review.responsibility)).lower()},
            url=reverse("operations:follow_up_settle", args=[row.pk]),
            team_id=row.team.pk,
            responsibility="",
            person_ids=(row.owner_id,),
            due_at=row.due_at,
        )
