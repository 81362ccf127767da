"""Who is told what, on which day, once; and never what was done."""

import datetime as dt
import threading
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from apps.agenda import duties
from apps.agenda.following import follow, tell_followers
from apps.agenda.models import Notification
from apps.agenda.reminding import remind
from apps.core.clock import now, replay
from apps.core.subjects import SubjectRef
from apps.gates import actions as gates
from apps.gates.models import GateState
from apps.ledger.models import Entry
from apps.owners import actions as owners
from apps.owners.models import Ownership
from apps.people import actions as people
from apps.people.models import Membership
from tests.agenda.conftest import MONDAY
from tests.agenda.scenery import Desk, told
from tests.commits import settle
from tests.people.factories import make_user, member
from tests.scenery import Scene, hand_over, make_copy, make_gate, make_scene

DAY = dt.timedelta(days=1)


def through(days: int, start: dt.datetime = MONDAY) -> None:
    """Look every four hours for so many days."""
    for hour in range(0, days * 24 + 1, 4):
        with replay(start + dt.timedelta(hours=hour, minutes=5)):
            remind()


def held(responsibility: str = "business_owner") -> Ownership:
    return Ownership.objects.active().get(subject_type="use_case", responsibility=responsibility)


@pytest.mark.django_db
def test_every_step_reaches_its_reader_on_its_day_and_once(scene: Scene, desk: Desk) -> None:
    deputy = member(scene.team, "business_owner", name="Deputy")
    owners.appoint_deputy(held(), deputy, by=scene.lead)
    lead = member(scene.team, "governance_lead", name="Another lead")
    desk.put(scene, MONDAY + 4 * DAY)
    through(16)
    assert told(scene.people["business_owner"]) == ["before", "due", "overdue"]
    assert told(deputy) == ["deputy"]
    assert told(scene.lead) == ["owner", "lead"], "the governance owner, who is a governance lead too"
    assert told(lead) == ["lead"]
    days = dict.fromkeys(Notification.objects.order_by("told_at", "id").values_list("step", "told_at__date"))
    assert [(step, (day - MONDAY.date()).days) for step, day in days] == [
        ("before", 1), ("due", 4), ("overdue", 7), ("deputy", 7), ("owner", 9), ("lead", 11)
    ]  # fmt: skip


@pytest.mark.django_db
def test_the_trail_keeps_who_was_told_from_the_day_on(scene: Scene, desk: Desk) -> None:
    duty = desk.put(scene, MONDAY + DAY)
    follow(scene.engineer, duty.subject)
    through(8)
    entries = Entry.objects.filter(action="duty.reminded", subject_id=scene.use_case.pk).order_by("id")
    told_to = [(row.payload["step"], [who["name"] for who in row.payload["to"]]) for row in entries]
    assert told_to == [("due", ["Business Owner"]), ("overdue", ["Business Owner"]), ("owner", ["Governance Owner"])]
    assert {(row.actor_name, row.subject_label, row.team_id) for row in entries} == {
        ("Fourgate", "Review 0", scene.team.pk)
    }
    settle()
    tell_followers()
    assert not Notification.objects.filter(user=scene.engineer, text__contains="reminded").exists()


@pytest.mark.django_db
def test_nothing_is_told_after_the_work_was_done(scene: Scene, desk: Desk) -> None:
    desk.put(scene, MONDAY + 4 * DAY)
    through(5)
    desk.duties.clear()
    through(20, MONDAY + 5 * DAY)
    assert told(scene.people["business_owner"]) == ["before", "due"]


@pytest.mark.django_db
def test_a_handover_moves_the_duty(scene: Scene, desk: Desk) -> None:
    heir = member(scene.team, "business_owner", name="Heir")
    desk.put(scene, MONDAY + 4 * DAY)
    through(2)
    with replay(MONDAY + 3 * DAY):
        hand_over(held(), heir, by=scene.lead)
    through(7, MONDAY + 3 * DAY)
    assert told(scene.people["business_owner"]) == ["before"]
    assert told(heir) == ["before", "due", "overdue"]


@pytest.mark.django_db
def test_a_deputy_is_asked_while_the_holder_is_away(scene: Scene, desk: Desk) -> None:
    holder, deputy = scene.people["business_owner"], member(scene.team, "business_owner", name="Deputy")
    owners.appoint_deputy(held(), deputy, by=scene.lead)
    with replay(MONDAY):
        people.record_absence(holder, MONDAY.date(), MONDAY.date() + 5 * DAY, by=holder)
    desk.put(scene, MONDAY + 4 * DAY)
    through(5)
    assert (told(holder), told(deputy)) == ([], ["before", "due"])
    row = Notification.objects.filter(user=deputy).earliest("id")
    assert row.reason == "Business Owner is away, and you stand in as business owner"


@pytest.mark.django_db
def test_what_nobody_holds_goes_to_the_governance_leads(scene: Scene, desk: Desk) -> None:
    owners.vacate(held(), by=scene.lead)
    desk.put(scene, MONDAY + 4 * DAY)
    through(5)
    assert told(scene.lead) == ["before", "due"]


@pytest.mark.django_db
def test_nobody_is_told_of_what_they_may_not_see(scene: Scene, desk: Desk) -> None:
    holder = scene.people["business_owner"]
    Membership.objects.filter(user=holder).delete()
    desk.put(scene, MONDAY + DAY)
    desk.put(scene, MONDAY + DAY, responsibility="", person_ids=(make_user("Stranger").pk, scene.engineer.pk))
    through(2)
    assert told(holder) == []
    assert set(Notification.objects.values_list("user", flat=True)) == {scene.engineer.pk}


@pytest.mark.django_db
def test_a_person_who_left_is_told_nothing(scene: Scene, desk: Desk) -> None:
    person = scene.engineer
    person.is_active = False
    person.save()
    desk.put(scene, MONDAY + DAY, responsibility="", person_ids=(person.pk,))
    through(2)
    assert told(person) == []


@pytest.mark.django_db
def test_after_a_week_without_a_look_only_the_last_step_is_told(scene: Scene, desk: Desk) -> None:
    desk.put(scene, MONDAY + DAY)
    with replay(MONDAY + 8 * DAY):
        remind()
    assert told(scene.people["business_owner"]) == ["overdue"]


@pytest.mark.django_db
def test_a_duty_with_another_day_is_another(scene: Scene, desk: Desk) -> None:
    first = desk.put(scene, MONDAY + DAY)
    through(2)
    desk.duties.clear()
    second = desk.put(scene, MONDAY + 10 * DAY)
    through(9, MONDAY + 2 * DAY)
    assert first.key != second.key
    assert told(scene.people["business_owner"]) == ["before", "due", "before", "due"]


@pytest.mark.django_db(transaction=True)
def test_two_looks_at_once_tell_once(scene: Scene, desk: Desk) -> None:
    for _number in range(30):
        desk.put(scene, MONDAY + DAY)
    barrier, failures = threading.Barrier(4), []

    def look() -> None:
        try:
            barrier.wait()
            with replay(MONDAY + DAY + dt.timedelta(hours=4)):
                remind()
        except Exception as error:
            failures.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=look) for _number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
    assert Notification.objects.count() == 30
    assert Entry.objects.filter(action="duty.reminded").count() == 30


@pytest.mark.django_db
def test_the_cost_does_not_grow_with_what_is_due(scene: Scene, desk: Desk) -> None:
    def cost(count: int) -> int:
        for _number in range(count):
            desk.put(scene, MONDAY + DAY)
        with CaptureQueriesContext(connection) as queries, replay(MONDAY + DAY):
            remind()
        return len(queries)

    few = cost(3)
    assert cost(100) == few <= 15
    assert Notification.objects.count() == 103


@pytest.mark.django_db
def test_a_signature_that_is_waited_for_is_due_after_five_days() -> None:
    with replay(MONDAY):
        scene = make_scene()
        gate = make_gate(scene)
    assert gate.state == GateState.IN_REVIEW
    through(4)
    assert told(scene.people["business_owner"]) == ["before"]
    row = Notification.objects.filter(user=scene.people["business_owner"]).get()
    assert (row.url, row.reason) == (f"/gates/{gate.pk}/", "You are business owner")
    with replay(MONDAY + 4 * DAY):
        scene.sign(gate, "business_owner")
    through(9, MONDAY + 4 * DAY)
    assert told(scene.people["business_owner"]) == ["before"]
    assert told(scene.people["compliance_reviewer"]) == ["before", "overdue"], "it was due on a Saturday"


@pytest.mark.django_db
def test_an_approval_that_ends_and_a_copy_that_goes_are_told_ahead() -> None:
    with replay(MONDAY):
        scene = make_scene()
        copy = make_copy(scene, keep_days=20)
        gate = scene.approve(make_gate(scene))
    assert gate.turns_at is not None
    through(8)
    kinds = set(Notification.objects.values_list("kind", "step"))
    assert ("gate_ending", "early") in kinds
    through(21, MONDAY + 14 * DAY)
    assert ("copy_deletion", "overdue") in set(Notification.objects.values_list("kind", "step"))
    assert Notification.objects.filter(kind="copy_deletion").earliest("id").user_id == copy.owner_id


@pytest.mark.django_db
def test_an_offer_that_nobody_answers_is_told() -> None:
    with replay(MONDAY):
        scene = make_scene()
        heir = member(scene.team, "business_owner", name="Heir")
        owners.hand_over(held(), heir, by=scene.lead)
    through(8)
    assert told(heir) == ["before", "overdue"], "it was due on a Saturday"


@pytest.mark.django_db
def test_conditions_are_due_from_whoever_fulfils_then_from_whoever_accepts() -> None:
    from tests.gates.scenery import terms

    with replay(MONDAY):
        scene = make_scene()
        gate = make_gate(scene)
        made = scene.sign(gate, "compliance_reviewer", condition=terms(4))
    end = MONDAY + 10 * DAY
    with replay(MONDAY):
        (duty,) = [row for row in duties.between(MONDAY, end) if row.kind.startswith("condition")]
    assert (duty.responsibility, duty.held_on) == ("technical_owner", SubjectRef("dataset_version", scene.version.pk))
    with replay(MONDAY + DAY):
        who = duties.answering([duty])[duty.key]
        assert who.holders == (scene.engineer.pk,)
        gates.fulfil_condition(made.condition, by=scene.engineer, note="Done")
        (duty,) = [row for row in duties.between(MONDAY, end) if row.kind.startswith("condition")]
    assert duty.responsibility == "compliance_reviewer"


@pytest.mark.django_db
def test_a_look_that_is_broken_off_leaves_nothing_and_the_next_one_tells(scene: Scene, desk: Desk) -> None:
    desk.put(scene, MONDAY + DAY)

    def broken() -> Any:
        with transaction.atomic(), replay(MONDAY + DAY):
            remind()
            raise RuntimeError("killed")

    with pytest.raises(RuntimeError):
        broken()
    assert not Notification.objects.exists()
    with replay(MONDAY + DAY):
        assert remind() == 1
        assert remind() == 0
    assert now() > MONDAY
