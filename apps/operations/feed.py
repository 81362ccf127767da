"""The calendar feed of one person (RFC 5545): reviews that are open, those to come, and what they follow up."""

import datetime as dt
from collections.abc import Iterable
from typing import Any
from zoneinfo import ZoneInfo

import icalendar
from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _

from apps.core.clock import now
from apps.operations.actions.templates import in_force
from apps.operations.due import held_by, of_the
from apps.operations.models import FollowUp, Review, ReviewPlan
from apps.operations.template import known
from apps.operations.working_days import DAY, due_day, periods_from

AHEAD = dt.timedelta(days=92)
YEAR = dt.timedelta(days=366)
LENGTH = dt.timedelta(hours=1)
MOST = 1000


def feed_of(user: Any) -> bytes:
    """Return the calendar of the user as iCalendar: each event is the last hour in which it can be done in time.

    Its times are the team's, with the rules of its time zone, so that they stay right when the clocks change.
    """
    moment = now()
    calendar = icalendar.Calendar()
    calendar.add("prodid", f"-//Fourgate//{settings.FOURGATE_VERSION}//EN")
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    calendar.add("x-wr-calname", _("Fourgate reviews"))
    held = held_by(user)
    events = [*_open(user, held), *_to_come(user, held, moment), *_follow_ups(user)][:MOST]
    for event in events:
        event.add("dtstamp", moment)
        calendar.add_component(event)
    on = [moment.date(), *(event.decoded("dtstart").date() for event in events)]
    calendar.add_missing_timezones(min(on) - YEAR, max(on) + YEAR)
    return bytes(calendar.to_ical())


def _event(uid: str, title: str, about: str, path: str, due_at: dt.datetime, zone: str) -> icalendar.Event:
    event, local = icalendar.Event(), ZoneInfo(zone)
    event.add("uid", f"{uid}@{settings.ORIGIN.split('/')[0]}")
    event.add("summary", title)
    event.add("description", about)
    event.add("url", settings.PUBLIC_URL + path)
    event.add("dtstart", (due_at - LENGTH).astimezone(local))
    event.add("dtend", due_at.astimezone(local))
    event.add("transp", "TRANSPARENT")
    return event


def _open(user: Any, held: dict[str, Any]) -> Iterable[icalendar.Event]:
    rows = Review.objects.visible_to(user).open().filter(of_the(held)).whole().order_by("due_at", "id")
    for row in rows[:MOST]:
        about = _("Due now, as %(who)s.") % {"who": str(row.responsibility_title).lower()}
        path = reverse("operations:review_detail", args=[row.pk])
        yield _event(_uid(row.plan_id, row.first_day), str(row), about, path, row.due_at, row.time_zone)


def _to_come(user: Any, held: dict[str, Any], moment: dt.datetime) -> Iterable[icalendar.Event]:
    """Yield what will be due within three months by the calendars and templates of today."""
    templates = {cadence: known(row.source) for cadence, row in in_force().items()}
    plans = ReviewPlan.objects.visible_to(user).filter(
        use_case__in=set().union(*held.values()), next_at__lte=moment + AHEAD
    )
    for plan in plans.select_related("use_case__team__calendar").order_by("id"):
        template = templates[plan.cadence]
        if plan.use_case_id not in held.get(template.responsibility, ()):
            continue
        days = plan.use_case.team.calendar.working_days
        path = reverse("operations:plan_detail", args=[plan.pk])
        for period in periods_from(plan.cadence, plan.covered_until + DAY, days):
            if days.start_of(period.first) > moment + AHEAD:
                break
            title = _("%(plan)s, %(period)s") % {"plan": plan, "period": period}
            due_at = days.end_of(due_day(period, days))
            yield _event(_uid(plan.pk, period.first), title, template.summary, path, due_at, days.zone.key)


def _follow_ups(user: Any) -> Iterable[icalendar.Event]:
    rows = FollowUp.objects.visible_to(user).filter(owner=user, done_at=None)
    for row in rows.select_related("review__plan__use_case__team").order_by("due_at", "id")[:MOST]:
        path = reverse("operations:follow_up_settle", args=[row.pk])
        about = _("From the %(review)s") % {"review": row.review}
        yield _event(f"follow-up-{row.pk}", row.what[:200], about, path, row.due_at, row.review.time_zone)


def _uid(plan: Any, first_day: dt.date) -> str:
    """Name a review before and after it is opened alike, so that a reader's calendar shows it once."""
    return f"review-{plan}-{first_day.isoformat()}"
