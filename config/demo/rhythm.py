"""The support team's review rhythm: some performed, one missed, some open."""

import datetime as dt
from typing import Any

from apps.core import clock
from apps.operations import actions, checklist
from apps.operations.actions.performing import FollowUpTerms, ItemAnswer
from apps.operations.models import Review, ReviewPlan
from apps.people import confirmations
from apps.usecases.models import UseCase
from config.demo.people import PASSWORD

DAY = dt.timedelta(days=1)
READ = "Twenty answers read, four of each intent."


def tell(story: Any) -> None:
    support = UseCase.objects.get(name="Support assistant")
    with story.later(minutes=30):
        actions.make_team_calendar(
            support.team, by=story.who("ines"), time_zone="Europe/Madrid", weekend=[], holidays=_holidays()
        )
    for cadence in ("daily", "weekly", "monthly", "quarterly"):
        with story.later(minutes=5):
            actions.plan_reviews(support, cadence, by=story.who("ines"))
    daily = ReviewPlan.objects.get(use_case=support, cadence="daily")
    _perform(story, daily, "fine", READ)
    _next_day(story)
    _perform(story, daily, "follow_up", READ, "Two refusals were recorded as no incident; they are now.")
    _next_day(story)
    while story.moment + 2 * DAY < dt.datetime.now(dt.UTC):
        _next_day(story)
        _perform(story, daily, "fine", READ)
    _next_day(story)
    for missed in Review.objects.filter(plan=daily, state="missed").whole()[:1]:
        with story.later(minutes=10):
            actions.comment_on_review(
                missed,
                by=story.who("teodora"),
                text="We moved desks that day and nothing was read. I looked at it since.",
            )


def _holidays() -> list[dict[str, str]]:
    year = clock.now().year
    return [
        {"date": f"{each}-{day}", "name": name}
        for each in (year, year + 1)
        for day, name in (("01-01", "New Year’s Day"), ("05-01", "Labour Day"), ("12-25", "Christmas Day"))
    ]


def _next_day(story: Any) -> None:
    """Let a day pass, with what the clock does in it."""
    with story.later(hours=12):
        actions.ensure_reviews()
        actions.record_missed()


def _perform(story: Any, plan: ReviewPlan, outcome: str, notes: str, lacking: str = "") -> None:
    """Perform the newest review if it is open; ``lacking`` says what one item was not ok for."""
    review = Review.objects.filter(plan=plan, state="open").whole().order_by("first_day").last()
    with story.later(minutes=40):
        person = story.who("teodora")
        moment = clock.now()
        if review is None or moment >= review.lapses_at:
            return
        shown = checklist.read(review)
        answers = {name: ItemAnswer("ok") for name in shown.ids}
        terms = None
        if lacking:
            answers["incidents_logged"] = ItemAnswer("not_ok", lacking)
            terms = FollowUpTerms(
                "Say in the hand-over when a refusal is an incident.",
                story.who("ravi"),
                moment.date() + dt.timedelta(days=6),
            )
        actions.perform_review(
            review,
            by=person,
            shown=shown.digest,
            answers=answers,
            outcome=outcome,
            notes=notes,
            follow_up=terms,
            confirmation_id=confirmations.confirm(person, password=PASSWORD).pk,
        )
