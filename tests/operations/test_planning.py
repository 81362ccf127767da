"""Calendars, plans, and reviews that are opened and missed as time passes."""

import datetime as dt
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.core.errors import Refusal
from apps.evidence import facts
from apps.ledger.models import Entry
from apps.operations import actions, tasks
from apps.operations.models import Review, ReviewPlan, ReviewTemplate
from apps.usecases import actions as usecases
from apps.usecases.models import UseCase
from tests.operations.scenery import (
    at,
    make_calendar,
    make_operating,
    newest,
    operating,
    perform,
    plan,
    refuses,
)
from tests.releases.scenery import make_environment, make_live, make_stage
from tests.scenery import Scene, make_scene

pytestmark = pytest.mark.django_db
MADRID = {"time_zone": "Europe/Madrid", "weekend": [6, 7]}


def days(plan: ReviewPlan) -> list[tuple[str, str]]:
    return [
        (row.first_day.isoformat(), row.due_at.astimezone(dt.UTC).isoformat(timespec="minutes"))
        for row in Review.objects.filter(plan=plan).order_by("first_day")
    ]


def test_a_calendar_is_made_once_and_changed_by_its_revision() -> None:
    scene = make_scene(complete=False)
    made = make_calendar(scene, holidays=[{"date": "2026-12-25", "name": "Christmas Day"}])
    with refuses("team_calendar_stands"):
        make_calendar(scene)
    changed = actions.edit_team_calendar(made.pk, by=scene.lead, revision=1, time_zone="Asia/Kolkata")
    assert (changed.time_zone, changed.revision, len(changed.holidays)) == ("Asia/Kolkata", 2, 1)
    with refuses("stale_edit"):
        actions.edit_team_calendar(made.pk, by=scene.lead, revision=1, weekend=[5, 6])
    with refuses("not_permitted"):
        actions.edit_team_calendar(made.pk, by=scene.engineer, revision=2, weekend=[5, 6])


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"time_zone": "Mars/Olympus"}, "/time_zone"),
        ({"weekend": [1, 2, 3, 4, 5, 6, 7]}, "/weekend"),
        ({"weekend": [0]}, "/weekend"),
        ({"holidays": [{"date": "25 December", "name": "Christmas Day"}]}, "/holidays"),
        ({"holidays": [{"date": "2026-12-25", "name": " "}]}, "/holidays"),
        ({"holidays": [{"date": "2026-12-25", "name": "A"}, {"date": "2026-12-25", "name": "B"}]}, "/holidays"),
        (
            {"holidays": [{"date": dt.date(2026, 1, 1) + n * dt.timedelta(1), "name": "N"} for n in range(501)]},
            "/holidays",
        ),
    ],
)
def test_a_calendar_that_cannot_be_is_refused(values: dict[str, Any], field: str) -> None:
    scene = make_scene(complete=False)
    with pytest.raises(Refusal) as caught:
        make_calendar(scene, **{"time_zone": "UTC", **values})
    assert caught.value.code == "team_calendar_invalid"
    assert list(caught.value.errors) == [field]


def test_reviews_are_planned_for_what_is_in_operation() -> None:
    scene = make_scene()
    make_calendar(scene)
    with refuses("not_in_operation"):
        plan(scene)
    operating(scene)
    assert plan(scene).cadence == "daily"
    with refuses("plan_stands"):
        plan(scene)
    with refuses("invalid_input"):
        plan(scene, "yearly")
    with refuses("not_permitted"):
        plan(scene, "weekly", by=scene.engineer)
    assert plan(scene, "weekly", by=scene.people["business_owner"]).cadence == "weekly"


def test_a_live_release_is_in_operation_in_whatever_phase() -> None:
    scene = make_stage()
    make_calendar(scene)
    with refuses("not_in_operation"):
        plan(scene)
    make_live(scene, make_environment(scene))
    assert plan(scene).use_case == scene.use_case


def test_a_plan_needs_a_calendar_a_template_and_a_day_to_come() -> None:
    scene = make_operating()
    with refuses("no_team_calendar"):
        plan(scene)
    make_calendar(scene, "Asia/Kolkata")
    with at("2026-05-04T20:00:00+00:00"):
        with refuses("plan_backdated"):
            plan(scene, starts_on=dt.date(2026, 5, 4))
        with refuses("invalid_input"):
            plan(scene, starts_on=dt.date(9999, 12, 31))
        assert plan(scene).starts_on == dt.date(2026, 5, 5)
        later = plan(scene, "weekly", starts_on=dt.date(2026, 6, 1))
    assert days(later) == []
    assert later.next_at == dt.datetime(2026, 5, 31, 18, 30, tzinfo=dt.UTC)
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE operations_reviewtemplate DISABLE TRIGGER operations_reviewtemplate_guard")
    ReviewTemplate.objects.filter(kind="quarterly").update(state="withdrawn")
    with refuses("no_review_template"):
        plan(scene, "quarterly")


def test_the_fact_counts_what_is_planned() -> None:
    scene = make_operating()
    make_calendar(scene)

    def rhythms() -> Any:
        return facts.read(usecases.ref_of(scene.use_case))["usecase.review_rhythm"]

    assert rhythms().status == "known"
    assert rhythms().figures == {"rhythms": 0}
    made = [plan(scene, cadence) for cadence in ("daily", "weekly", "monthly", "quarterly")]
    assert rhythms().figures == {"rhythms": 4}
    actions.end_plan(made[2], by=scene.lead, reason="No data comes in")
    assert rhythms().figures == {"rhythms": 3}
    assert "monthly" in rhythms().sentence


def test_daily_reviews_follow_the_working_days_and_the_clock_of_the_team() -> None:
    scene = make_operating()
    make_calendar(scene, **MADRID, holidays=[{"date": "2026-10-26", "name": "Local holiday"}])
    with at("2026-10-22T08:00:00+00:00"):
        made = plan(scene)
    assert days(made) == [("2026-10-22", "2026-10-22T22:00+00:00")]
    with at("2026-10-27T22:59:59+00:00"):
        actions.ensure_reviews()
    assert days(made)[1:] == [("2026-10-23", "2026-10-23T22:00+00:00"), ("2026-10-27", "2026-10-27T23:00+00:00")]
    with at("2026-10-27T23:00:00+00:00"):
        actions.ensure_reviews()
    assert days(made)[3:] == [("2026-10-28", "2026-10-28T23:00+00:00")]


def test_the_review_of_a_week_is_due_on_the_working_day_after_it() -> None:
    scene = make_operating()
    make_calendar(scene, "America/New_York", weekend=[6, 7], holidays=[{"date": "2026-11-02", "name": "Closed"}])
    with at("2026-10-28T12:00:00+00:00"):
        made = plan(scene, "weekly")
    row = newest(made)
    assert (row.first_day, row.last_day) == (dt.date(2026, 10, 28), dt.date(2026, 11, 1))
    assert row.opens_at == dt.datetime(2026, 10, 28, 4, tzinfo=dt.UTC)
    assert row.due_at == dt.datetime(2026, 11, 4, 5, tzinfo=dt.UTC)
    assert row.lapses_at == dt.datetime(2026, 11, 6, 5, tzinfo=dt.UTC)
    assert row.responsibility == "technical_owner"


def test_what_nobody_opened_in_time_is_opened_and_recorded_as_missed() -> None:
    scene = make_operating()
    make_calendar(scene, **MADRID)
    with at("2026-03-02T09:00:00+00:00"):
        made = plan(scene)
    with at("2026-03-13T09:00:00+00:00"):
        tasks.ensure_reviews()
        tasks.record_missed()
    states = dict(Review.objects.filter(plan=made).values_list("first_day", "state"))
    assert len(states) == 10
    assert [day.day for day, state in sorted(states.items()) if state == "open"] == [12, 13]
    assert all(state == "missed" for day, state in states.items() if day.day < 12)
    missed = Entry.objects.filter(action="review.missed")
    assert missed.count() == 8
    assert {row.subject_type for row in missed} == {"review"}


def test_ending_a_plan_opens_what_has_begun_and_nothing_after() -> None:
    scene = make_operating()
    make_calendar(scene)
    with at("2026-03-02T09:00:00+00:00"):
        made = plan(scene)
    with at("2026-03-05T09:00:00+00:00"):
        with refuses("reason_needed"):
            actions.end_plan(made, by=scene.lead, reason=" ")
        with refuses("not_permitted"):
            actions.end_plan(made, by=scene.engineer, reason="Enough")
        ended = actions.end_plan(made, by=scene.lead, reason="The pilot is over")
        with refuses("plan_ended"):
            actions.end_plan(made, by=scene.lead, reason="Once more")
    assert ended.ended_on == dt.date(2026, 3, 5)
    with at("2026-03-20T09:00:00+00:00"):
        actions.ensure_reviews()
        actions.record_missed()
        assert [day for day, _due in days(made)] == ["2026-03-02", "2026-03-03", "2026-03-04", "2026-03-05"]
        assert set(Review.objects.filter(plan=made).values_list("state", flat=True)) == {"missed"}
        assert plan(scene).pk != made.pk


def test_a_changed_calendar_holds_from_the_next_period_on() -> None:
    scene = make_operating()
    calendar = make_calendar(scene, **MADRID)
    with at("2026-06-01T08:00:00+00:00"):
        made = plan(scene)
        actions.edit_team_calendar(
            calendar.pk,
            by=scene.lead,
            revision=1,
            time_zone="America/New_York",
            holidays=[{"date": "2026-06-02", "name": "Closed"}],
        )
    made.refresh_from_db()
    assert made.next_at == dt.datetime(2026, 6, 3, 4, tzinfo=dt.UTC)
    assert newest(made).due_at == dt.datetime(2026, 6, 1, 22, tzinfo=dt.UTC)
    with at("2026-06-03T04:00:00+00:00"):
        actions.ensure_reviews()
    assert newest(made).due_at == dt.datetime(2026, 6, 4, 4, tzinfo=dt.UTC)


def test_opening_twice_opens_once() -> None:
    scene = make_operating()
    make_calendar(scene)
    with at("2026-03-02T09:00:00+00:00"):
        made = plan(scene)
    with at("2026-03-10T09:00:00+00:00"):
        assert actions.ensure_reviews() == 1
        assert actions.ensure_reviews() == 0
        assert len(days(made)) == 9
        assert actions.record_missed() == 7
        assert actions.record_missed() == 0
        rewind = dt.datetime(2026, 3, 5, tzinfo=dt.UTC)
        ReviewPlan.objects.filter(pk=made.pk).update(next_at=rewind)
        actions.ensure_reviews()
    assert len(days(made)) == 9


def test_a_review_performed_late_but_in_time_is_not_missed() -> None:
    scene = make_operating()
    make_calendar(scene)
    with at("2026-03-02T09:00:00+00:00"):
        made = plan(scene)
    with at("2026-03-03T23:59:59+00:00"):
        late = perform(newest(made), scene.engineer)
        assert actions.record_missed() == 0
    entry = Entry.objects.get(action="review.performed")
    assert late.state == "performed"
    assert '"late":true' in entry.body


def _grown(scene: Scene, count: int) -> None:
    for number in range(count):
        made = usecases.create_use_case(
            scene.team, by=scene.lead, name=f"Case {number} {count}", summary="s", task="t", risk_tier="low"
        )
        UseCase.objects.filter(pk=made.pk).update(phase="pilot")
        made.refresh_from_db()
        actions.plan_reviews(made, "daily", by=scene.lead)


def test_keeping_the_rhythm_costs_what_is_due_not_what_exists() -> None:
    scene = make_operating()
    make_calendar(scene)

    def cost() -> int:
        with CaptureQueriesContext(connection) as found:
            actions.ensure_reviews()
            actions.record_missed()
        return len(found)

    with at("2026-03-02T09:00:00+00:00"):
        _grown(scene, 2)
        few = cost()
        _grown(scene, 8)
        assert cost() == few <= 6
    with at("2026-03-03T09:00:00+00:00"), CaptureQueriesContext(connection) as found:
        assert actions.ensure_reviews() == 10
    assert len(found) <= 12
