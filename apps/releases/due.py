"""What releases wait for: a review of a rollback, a lapsed approval, a rehearsal, somebody to bring them live."""

import datetime as dt
import uuid
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery
from django.urls import reverse
from django.utils.translation import gettext as _

from apps.agenda.due import DueItem, Provider
from apps.agenda.duties import Duty
from apps.core.clock import now
from apps.core.statements import Signs
from apps.gates.models import Gate, GateState
from apps.owners import desk
from apps.releases.approval import RELEASE_KIND
from apps.releases.models import Rehearsal, Release, Rollback
from apps.releases.refs import release_ref
from apps.releases.way_back import REHEARSAL_COUNTS

ANSWERS_FOR_IT = ("technical_owner", "governance_owner", "business_owner", "model_owner")
AHEAD = dt.timedelta(days=14)
MOST = 200


def _acted_for(user: Any, *responsibilities: str, path: str = "") -> Q:
    """Return the filter of the releases (under ``path``) for whose model or use case the user acts under one of these.

    That is as holder, or as the deputy of somebody who is away today.
    """
    mine = desk.of(user).acting(*responsibilities)
    use_cases, models = desk.ids(mine, "use_case"), desk.ids(mine, "model")
    return Q(**{f"{path}model__use_case__in": use_cases}) | Q(**{f"{path}model__in": models})


def _gates(state: GateState) -> QuerySet[Gate]:
    return Gate.objects.filter(kind=RELEASE_KIND, subject_type="release", state=state)


def reviews(user: Any) -> list[DueItem]:
    """Return the rollbacks that the user reviews as governance owner; one query."""
    rows = (
        Rollback.objects.filter(_acted_for(user, "governance_owner", path="release__"), review=None)
        .exclude(rolled_back_by=user)
        .select_related("release__version__model", "release__environment", "rolled_back_by")
        .order_by("review_due_at")
    )
    return [
        DueItem(
            kind="rollback_review",
            subject=release_ref(row.release),
            title=str(row),
            reason=_("%(name)s rolled back: %(why)s") % {"name": row.rolled_back_by.name, "why": row.reason[:160]},
            action_label=_("Review it"),
            url=reverse("releases:rollback_detail", args=[row.pk]),
            since=row.created_at,
            due_at=row.review_due_at,
            icon="history",
            urgency=15,
        )
        for row in rows[:MOST]
    ]


def lapsed(user: Any) -> list[DueItem]:
    """Return the live releases whose approval does not stand any more, for all who answer for them; one query."""
    approved = _gates(GateState.APPROVED)
    on_gate = Q(Exists(approved.filter(subject_id=OuterRef("pk"))), restores=None)
    on_origins = Q(Exists(approved.filter(subject_id=OuterRef("restores_id"))), restores__isnull=False)
    rows = (
        Release.objects.live()
        .filter(_acted_for(user, *ANSWERS_FOR_IT))
        .exclude(on_gate | on_origins)
        .select_related("version__model", "environment")
        .order_by("live_from")
    )
    return [
        DueItem(
            kind="release_lapsed",
            subject=release_ref(row),
            title=str(row),
            reason=_("It is live, and its release gate is not approved any more"),
            action_label=_("See why, and decide"),
            url=reverse("releases:release_detail", args=[row.pk]),
            since=row.live_from,
            icon="alert",
            urgency=5,
        )
        for row in rows[:MOST]
    ]


def _with_a_way_back() -> Any:
    """Return the live releases with a way back, and when it was last ``rehearsed`` with success."""
    passed = Rehearsal.objects.filter(
        release__environment=OuterRef("environment_id"),
        release__model=OuterRef("model_id"),
        outcome=Rehearsal.Outcome.PASSED,
        document__withdrawal=None,
    )
    newest = Subquery(passed.order_by("-rehearsed_at").values("rehearsed_at")[:1])
    rows: Any = Release.objects.live().filter(rollback_target__isnull=False)
    return rows.annotate(rehearsed=newest).select_related("version__model", "environment")


def rehearsals(user: Any) -> list[DueItem]:
    """Return the live releases whose way back was not rehearsed lately, for the technical owner; one query."""
    rows = (
        _with_a_way_back()
        .filter(_acted_for(user, "technical_owner"))
        .exclude(rehearsed__gt=now() - REHEARSAL_COUNTS + AHEAD)
        .order_by("live_from")
    )
    return [
        DueItem(
            kind="rehearsal_due",
            subject=release_ref(row),
            title=str(row),
            reason=_("The way back is to be rehearsed again: a rehearsal counts for 90 days"),
            action_label=_("Record a rehearsal"),
            url=reverse("releases:release_rehearse", args=[row.pk]),
            since=row.live_from,
            due_at=row.rehearsed and row.rehearsed + REHEARSAL_COUNTS,
            icon="list-check",
            urgency=45,
        )
        for row in rows[:MOST]
    ]


def approved(user: Any) -> list[DueItem]:
    """Return the proposals whose gate is approved, for the technical owner; one query."""
    gates = _gates(GateState.APPROVED).filter(subject_id=OuterRef("pk"))
    rows = (
        Release.objects.proposed()
        .filter(_acted_for(user, "technical_owner"), Exists(gates))
        .select_related("version__model", "environment")
        .order_by("id")
    )
    return [
        DueItem(
            kind="release_approved",
            subject=release_ref(row),
            title=str(row),
            reason=_("Its release gate is approved"),
            action_label=_("Bring it live"),
            url=reverse("releases:release_detail", args=[row.pk]),
            since=row.created_at,
            icon="upload",
            urgency=35,
        )
        for row in rows[:MOST]
    ]


def duties(start: dt.datetime, end: dt.datetime) -> list[Duty]:
    """Return the rollbacks to review and the ways back to rehearse again that are due in [start, end); two queries."""
    return [*_reviews_due(start, end), *_rehearsals_due(start, end)]


def _reviews_due(start: dt.datetime, end: dt.datetime) -> list[Duty]:
    rows = Rollback.objects.filter(review=None, review_due_at__gte=start, review_due_at__lt=end)
    return [
        Duty(
            kind="rollback_review",
            subject=release_ref(row.release),
            title=str(row),
            reason=_("%(name)s rolled back: %(why)s") % {"name": row.rolled_back_by.name, "why": row.reason[:160]},
            url=reverse("releases:rollback_detail", args=[row.pk]),
            team_id=row.release.environment.team_id,
            responsibility="governance_owner",
            person_ids=(),
            due_at=row.review_due_at,
        )
        for row in rows.select_related("release__version__model", "release__environment", "rolled_back_by")
    ]


def _rehearsals_due(start: dt.datetime, end: dt.datetime) -> list[Duty]:
    rows = _with_a_way_back().filter(rehearsed__gte=start - REHEARSAL_COUNTS, rehearsed__lt=end - REHEARSAL_COUNTS)
    return [
        Duty(
            kind="rehearsal_due",
            subject=release_ref(row),
            title=str(row),
            reason=_("The way back is to be rehearsed again: a rehearsal counts for 90 days"),
            url=reverse("releases:release_rehearse", args=[row.pk]),
            team_id=row.environment.team_id,
            responsibility="technical_owner",
            person_ids=(),
            due_at=row.rehearsed + REHEARSAL_COUNTS,
        )
        for row in rows.order_by("id")
    ]


def _of(me: uuid.UUID, rows: QuerySet[Any], path: str = "") -> QuerySet[Any]:
    """Leave of the releases (or what has one under ``path``) those for whose model or use case somebody answers."""
    mine = desk.subjects_of(me)
    return rows.filter(Q(**{f"{path}model__use_case__in": mine}) | Q(**{f"{path}model__in": mine}))


OFFERS: dict[str, tuple[Provider, Signs]] = {
    "releases.reviews": (reviews, lambda me: _of(me, Rollback.objects.filter(review=None), "release__")),
    "releases.lapsed": (lapsed, lambda me: _of(me, Release.objects.live())),
    "releases.rehearsals": (
        rehearsals,
        lambda me: _of(me, Release.objects.live().filter(rollback_target__isnull=False)),
    ),
    "releases.approved": (approved, lambda me: _of(me, Release.objects.proposed())),
}
