"""What follows the clock: reviews are opened when their period begins, and recorded as missed when nobody came."""

import datetime as dt
from collections.abc import Sequence

from django.db.models import Q

from apps.core.actor import SYSTEM
from apps.core.clock import now
from apps.core.transactions import atomic
from apps.ledger.actions import record_on
from apps.operations.actions.templates import in_force
from apps.operations.models import Review, ReviewPlan, ReviewState, ReviewTemplate, TeamCalendar
from apps.operations.template import known
from apps.operations.working_days import DAY, Period, WorkingDays, due_day, period_from, periods_from

AT_ONCE = 200


def schedule(plans: Sequence[ReviewPlan], calendar: TeamCalendar) -> None:
    """Say anew when the next period of each plan begins; the caller holds their rows."""
    days = calendar.working_days
    for plan in plans:
        plan.next_at = days.start_of(period_from(plan.cadence, plan.covered_until + DAY, days).first)
    ReviewPlan.objects.bulk_update(plans, ["next_at"])


def ensure_reviews() -> int:
    """Open the reviews of every period that has begun, those that nobody opened in time too; return how many plans.

    A period is opened once, however often and by however many this is called. Costs three queries for every 200 plans
    that are due.
    """
    moment, count = now(), 0
    while found := _open_some(moment, Q()):
        count += found
    return count


def open_begun(plan: ReviewPlan) -> None:
    """Open the reviews of one plan whose periods have begun."""
    _open_some(now(), Q(pk=plan.pk))


@atomic
def _open_some(moment: dt.datetime, which: Q) -> int:
    rows = ReviewPlan.objects.select_for_update(of=("self",), skip_locked=True).filter(which, next_at__lte=moment)
    plans = list(rows.select_related("use_case__team__calendar").order_by("next_at", "id")[:AT_ONCE])
    if not plans:
        return 0
    templates = in_force()
    reviews: list[Review] = []
    for plan in plans:
        days = plan.use_case.team.calendar.working_days
        for period in periods_from(plan.cadence, plan.covered_until + DAY, days):
            plan.next_at = days.start_of(period.first)
            if plan.next_at > moment:
                break
            reviews.append(_review(plan, period, days, templates[plan.cadence]))
            plan.covered_until = period.last
    Review.objects.bulk_create(reviews, ignore_conflicts=True, batch_size=500)
    ReviewPlan.objects.bulk_update(plans, ["covered_until", "next_at"])
    return len(plans)


def _review(plan: ReviewPlan, period: Period, days: WorkingDays, template: ReviewTemplate) -> Review:
    found = known(template.source)
    day = due_day(period, days)
    return Review(
        plan=plan,
        template=template,
        first_day=period.first,
        last_day=period.last,
        time_zone=days.zone.key,
        opens_at=days.start_of(period.first),
        due_at=days.end_of(day),
        lapses_at=days.end_of(days.after(day, found.missed_after_days)),
        responsibility=found.responsibility,
    )


def record_missed() -> int:
    """Record as missed what nobody performed in its time; return how many."""
    moment, count = now(), 0
    while found := _miss_some(moment):
        count += found
    return count


@atomic
def _miss_some(moment: dt.datetime) -> int:
    rows = Review.objects.select_for_update(of=("self",), skip_locked=True).open().filter(lapses_at__lte=moment)
    reviews = list(rows.whole().order_by("lapses_at", "id")[:AT_ONCE])
    for review in reviews:
        review.state, review.missed_at = ReviewState.MISSED, moment
        record_on(
            "review.missed",
            by=SYSTEM,
            ref=review.ref,
            obj=review,
            payload={
                "first_day": review.first_day.isoformat(),
                "last_day": review.last_day.isoformat(),
                "due_at": review.due_at.isoformat(),
                "lapsed_at": review.lapses_at.isoformat(),
                "responsibility": review.responsibility,
                "template": review.template.digest,
            },
        )
    Review.objects.bulk_update(reviews, ["state", "missed_at"])
    return len(reviews)
