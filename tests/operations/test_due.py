"""What waits for whom, and what is due system-wide."""

import datetime as dt
import uuid
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.agenda import due as agenda
from apps.agenda.duties import Duty, answering
from apps.operations import actions
from apps.operations.due import duties
from apps.owners import actions as owners
from apps.owners.models import Ownership
from apps.people import actions as people
from apps.people.models import User
from apps.usecases import actions as usecases
from apps.usecases.models import UseCase
from tests.operations.scenery import (
    DAY,
    at,
    make_calendar,
    make_operating,
    newest,
    perform,
    plan,
    propose_template,
    terms,
)
from tests.people.factories import member
from tests.scenery import Scene, name_holder

pytestmark = pytest.mark.django_db
TOLD = "2026-03-02T09:00:00+00:00"
KINDS = {"review", "follow_up", "review_template_proposed"}


def kinds(user: User) -> list[str]:
    return sorted(entry.item.kind for entry in agenda.for_user(user) if entry.item.kind in KINDS)


def test_a_review_waits_for_its_holder_then_for_the_deputy_of_who_is_away() -> None:
    scene = make_operating()
    make_calendar(scene)
    plan(scene)
    deputy = member(scene.team, "technical_owner", name="Deputy")
    held = Ownership.objects.active().get(responsibility="technical_owner", subject_id=scene.use_case.pk)
    owners.appoint_deputy(held, deputy, by=scene.lead)
    assert kinds(scene.engineer) == ["review"]
    assert kinds(deputy) == kinds(scene.lead) == []
    today = dt.datetime.now(dt.UTC).date()
    people.record_absence(scene.engineer, today, today, by=scene.engineer)
    assert kinds(deputy) == ["review"]


def test_what_is_past_its_day_is_overdue_in_my_work() -> None:
    scene = make_operating()
    make_calendar(scene)
    with at(TOLD):
        plan(scene)
        mine = [entry for entry in agenda.for_user(scene.engineer) if entry.item.kind == "review"]
        assert [entry.overdue for entry in mine] == [False]
    with at("2026-03-03T09:00:00+00:00"):
        mine = [entry for entry in agenda.for_user(scene.engineer) if entry.item.kind == "review"]
        assert [entry.overdue for entry in mine] == [True]
        assert mine[0].item.due_at == dt.datetime(2026, 3, 3, tzinfo=dt.UTC)


def test_a_follow_up_waits_for_who_was_named_and_a_template_for_a_second_lead() -> None:
    scene = make_operating()
    make_calendar(scene)
    owner = scene.people["business_owner"]
    review = perform(newest(plan(scene)), scene.engineer, outcome="follow_up", follow_up=terms(owner))
    assert kinds(owner) == ["follow_up"]
    assert kinds(scene.engineer) == []
    actions.settle_follow_up(review.follow_up, by=owner, note="Done")
    assert kinds(owner) == []
    propose_template(scene)
    second = member(scene.team, "governance_lead", name="Second")
    assert kinds(second) == ["review_template_proposed"]
    assert kinds(scene.lead) == []


def test_duties_are_all_that_is_due_between_two_moments() -> None:
    with at(TOLD):
        scene = make_operating()
        make_calendar(scene)
        daily, weekly = plan(scene), plan(scene, "weekly")
        owner = scene.people["business_owner"]
        perform(newest(weekly), scene.engineer, outcome="follow_up", follow_up=terms(owner, days=2))
        start = dt.datetime(2026, 3, 2, tzinfo=dt.UTC)
        found = duties(start, start + 5 * DAY)
        found.sort(key=lambda row: row.due_at)
        who = answering(found)
        assert [
            (row.kind.partition(".")[0], row.due_at, row.responsibility, who[row.key].holders) for row in found
        ] == [
            ("review_daily", start + DAY, "technical_owner", (scene.engineer.pk,)),
            ("follow_up", start + 3 * DAY, "", (owner.pk,)),
        ]
        assert isinstance(found[0], Duty)
        assert {row.team_id for row in found} == {scene.team.pk}
        assert found[0].subject.id == newest(daily).pk
        assert found[0].url.endswith(f"/{newest(daily).pk}/perform/")
        assert [row.kind for row in duties(start, start + DAY)] == []
        assert [row.kind for row in duties(start + DAY, start + DAY + dt.timedelta(microseconds=1))] == ["review_daily"]


def test_a_duty_of_a_vacant_responsibility_is_nobodys_and_a_deputy_is_known() -> None:
    scene = make_operating()
    make_calendar(scene)
    with at(TOLD):
        plan(scene)
        start = dt.datetime(2026, 3, 2, tzinfo=dt.UTC)
        held = Ownership.objects.active().get(responsibility="technical_owner", subject_id=scene.use_case.pk)
        deputy = member(scene.team, "technical_owner", name="Deputy")
        owners.appoint_deputy(held, deputy, by=scene.lead)
        (duty,) = duties(start, start + 2 * DAY)
        assert answering([duty])[duty.key].deputies == {scene.engineer.pk: deputy.pk}
    held.refresh_from_db()
    owners.vacate(held, by=scene.lead)
    (duty,) = duties(start, start + 2 * DAY)
    assert answering([duty])[duty.key].holders == ()


def _more(scene: Scene, count: int) -> None:
    for _number in range(count):
        name = f"Case {uuid.uuid4()}"
        made = usecases.create_use_case(scene.team, by=scene.lead, name=name, summary="s", task="t", risk_tier="low")
        UseCase.objects.filter(pk=made.pk).update(phase="pilot")
        case = Scene(scene.team, scene.people, UseCase.objects.get(pk=made.pk))
        name_holder(usecases.ref_of(made), "technical_owner", scene.engineer, by=scene.lead)
        perform(newest(plan(case)), scene.engineer, outcome="follow_up", follow_up=terms(scene.engineer))
        plan(case, "weekly")


def test_neither_grows_with_what_there_is() -> None:
    scene = make_operating()
    make_calendar(scene)
    now = dt.datetime.now(dt.UTC)

    def cost(ask: Any) -> int:
        with CaptureQueriesContext(connection) as found:
            ask()
        return len(found)

    _more(scene, 2)
    asks = (
        lambda: agenda.for_user(User.objects.get(pk=scene.engineer.pk)),
        lambda: duties(now - 30 * DAY, now + 30 * DAY),
    )
    few = [cost(ask) for ask in asks]
    _more(scene, 4)
    assert [cost(ask) for ask in asks] == few
    assert few[1] <= 6
    assert len(duties(now - 30 * DAY, now + 30 * DAY)) == 12
