"""A team's calendar, plans and reviews for a scene, at a told time."""

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest

from apps.core import clock
from apps.core.errors import Refusal
from apps.operations import actions, checklist
from apps.operations.actions.performing import FollowUpTerms, ItemAnswer
from apps.operations.models import FollowUp, Review, ReviewPlan, ReviewTemplate, TeamCalendar
from apps.people.models import User
from apps.usecases.models import Phase, UseCase
from tests.gates.scenery import fresh
from tests.scenery import Scene, make_scene

DAY = dt.timedelta(days=1)


def at(text: str) -> Any:
    """Tell the time: an ISO instant with its offset."""
    return clock.replay(dt.datetime.fromisoformat(text))


@contextmanager
def refuses(code: str) -> Iterator[None]:
    with pytest.raises(Refusal) as caught:
        yield
    assert caught.value.code == code, caught.value


def operating(scene: Scene) -> Scene:
    """Have the scene's use case in the pilot, past what that asks for."""
    UseCase.objects.filter(pk=scene.use_case.pk).update(phase=Phase.PILOT)
    scene.use_case.refresh_from_db()
    return scene


def make_operating(**values: Any) -> Scene:
    return operating(make_scene(**values))


def make_calendar(scene: Scene, time_zone: str = "UTC", **values: Any) -> TeamCalendar:
    """Say when the team works: every day, unless told otherwise."""
    return actions.make_team_calendar(scene.team, by=scene.lead, time_zone=time_zone, **{"weekend": [], **values})


def plan(scene: Scene, cadence: str = "daily", **values: Any) -> ReviewPlan:
    made = actions.plan_reviews(scene.use_case, cadence, by=values.pop("by", scene.lead), **values)
    made.refresh_from_db()
    return made


def newest(made: ReviewPlan) -> Review:
    return Review.objects.filter(plan=made).whole().latest("first_day")


def all_ok(review: Review, **others: ItemAnswer) -> dict[str, ItemAnswer]:
    return {name: ItemAnswer("ok") for name in checklist.read(review).ids} | others


def terms(owner: User, days: int = 3, what: str = "Mend the prompt") -> FollowUpTerms:
    return FollowUpTerms(what, owner, clock.today() + days * DAY)


def perform(review: Review, by: User, **values: Any) -> Review:
    """Perform it with everything ok and a fresh confirmation, unless told otherwise."""
    return actions.perform_review(
        review,
        by=by,
        shown=values.pop("shown", None) or checklist.read(review).digest,
        answers=values.pop("answers", None) or all_ok(review),
        outcome=values.pop("outcome", "fine"),
        confirmation_id=values.pop("confirmation_id", None) or fresh(by),
        **values,
    )


def propose_template(
    scene: Scene, kind: str = "daily", before: str = "Daily review", after: str = "Day's review"
) -> Any:
    source = ReviewTemplate.objects.filter(kind=kind).latest("number").source
    return actions.propose_review_template(source.replace(before, after), by=scene.lead, note="Shorter")


@dataclass(frozen=True)
class Rhythm:
    calendar: TeamCalendar
    plan: ReviewPlan
    performed: Review
    open: Review
    follow_up: FollowUp
    template: ReviewTemplate


def furnish_rhythm(scene: Scene) -> Rhythm:
    """Return one of everything: a performed daily review with its follow-up, an open weekly one, a proposed template.

    The use case must be in operation.
    """
    calendar = make_calendar(scene)
    daily, weekly = plan(scene), plan(scene, "weekly")
    follow_up = terms(scene.people["business_owner"])
    performed = perform(newest(daily), scene.engineer, outcome="follow_up", follow_up=follow_up)
    actions.comment_on_review(performed, by=scene.engineer, text="Seen by the desk as well")
    return Rhythm(
        calendar, daily, performed, newest(weekly), FollowUp.objects.get(review=performed), propose_template(scene)
    )
