"""Planning reviews for a use case, and ending the plan."""

import datetime as dt

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from apps.core import access, subjects
from apps.core.clock import now
from apps.core.errors import InvalidInput
from apps.core.transactions import atomic
from apps.datasets.errors import ReasonNeeded
from apps.ledger.actions import record_on
from apps.operations.actions.opening import open_begun, schedule
from apps.operations.actions.templates import template_of
from apps.operations.errors import NoTeamCalendar, NotInOperation, PlanBackdated, PlanEnded, PlanStands
from apps.operations.models import Cadence, ReviewPlan, TeamCalendar
from apps.operations.refs import use_case_ref
from apps.operations.working_days import DAY
from apps.people.models import User
from apps.releases.models import Release
from apps.usecases.models import Phase, UseCase

FURTHEST_START = dt.timedelta(days=366)


def is_in_operation(use_case: UseCase) -> bool:
    """Tell whether there is something to review: a pilot, production, or a release that is live in whatever phase."""
    return use_case.phase != Phase.ASSESS or Release.objects.live().filter(model__use_case=use_case).exists()


@atomic
def plan_reviews(use_case: UseCase, cadence: str, *, by: User, starts_on: dt.date | None = None) -> ReviewPlan:
    """Plan reviews of a cadence for a use case from a day on: today in the team's time zone, unless another is named.

    The first period begins on that day and ends with its week, month or quarter. Raise ``NotInOperation``,
    ``NoTeamCalendar``, ``NoReviewTemplate``, ``PlanBackdated`` or ``PlanStands``.
    """
    access.require(by, "review.plan", use_case.team_id)
    if cadence not in Cadence.values:
        raise InvalidInput(
            _("A cadence is one of: %(names)s.") % {"names": ", ".join(Cadence.values)},
            errors={"/cadence": [_("Choose a cadence.")]},
        )
    if not is_in_operation(use_case):
        raise NotInOperation(
            _("“%(name)s” is in the phase Assess and nothing of it is live, so there is nothing to review yet.")
            % {"name": use_case.name}
        )
    calendar = TeamCalendar.objects.select_for_update(of=("self",)).filter(team=use_case.team_id).first()
    if calendar is None:
        raise NoTeamCalendar(_("Say first when the team works: its time zone, weekend and holidays."))
    template = template_of(cadence)
    today = calendar.working_days.day_of(now())
    starts_on = starts_on or today
    if starts_on < today:
        raise PlanBackdated(
            _("Nobody can review what has passed. Start today, %(day)s, or later.") % {"day": today.isoformat()},
            errors={"/starts_on": [_("This day has passed.")]},
        )
    if starts_on > today + FURTHEST_START:
        raise InvalidInput(
            _("Plan what begins within the next year."), errors={"/starts_on": [_("More than a year ahead.")]}
        )
    try:
        with transaction.atomic():
            plan: ReviewPlan = ReviewPlan.objects.create(
                use_case=use_case, cadence=cadence, starts_on=starts_on, covered_until=starts_on - DAY, planned_by=by
            )
    except IntegrityError as error:
        raise PlanStands(_("These reviews are planned already. End that plan first.")) from error
    schedule([plan], calendar)
    record_on(
        "review_plan.made",
        by=by,
        ref=plan.ref,
        obj=plan,
        payload={
            "cadence": cadence,
            "starts_on": starts_on.isoformat(),
            "time_zone": calendar.time_zone,
            "template": {"number": template.number, "digest": template.digest},
        },
    )
    subjects.announce_change(use_case_ref(plan), "review_plan.made")
    open_begun(plan)
    return plan


@atomic
def end_plan(plan: ReviewPlan, *, by: User, reason: str) -> ReviewPlan:
    """End a plan today: no further review is opened; what is open stays due.

    Raise ``PlanEnded`` or ``ReasonNeeded``.
    """
    access.require(by, "review.plan", plan.team.pk)
    rows = ReviewPlan.objects.select_for_update(of=("self",)).select_related("use_case__team__calendar")
    plan = rows.get(pk=plan.pk)
    if plan.ended_on is not None:
        raise PlanEnded(_("This plan ended on %(day)s.") % {"day": plan.ended_on.isoformat()})
    if not reason.strip():
        raise ReasonNeeded(_("Say why these reviews end."), errors={"/reason": [_("Say why.")]})
    open_begun(plan)
    plan.ended_on = plan.use_case.team.calendar.working_days.day_of(now())
    plan.ended_by, plan.ending_reason, plan.next_at = by, reason.strip()[:500], None
    plan.save(update_fields=["ended_on", "ended_by", "ending_reason", "next_at"])
    record_on(
        "review_plan.ended",
        by=by,
        ref=plan.ref,
        obj=plan,
        payload={"ended_on": plan.ended_on.isoformat(), "reason": plan.ending_reason},
    )
    subjects.announce_change(use_case_ref(plan), "review_plan.ended")
    return plan
