"""A review is performed by who answers for it, in its time, as it was shown; what follows is settled."""

import datetime as dt
import json
import uuid
from typing import Any

import pytest

from apps.core.errors import Refusal
from apps.evidence import actions as evidence
from apps.ledger.models import Entry
from apps.operations import actions, checklist
from apps.operations.actions.performing import ItemAnswer
from apps.operations.models import FollowUp, Review
from apps.owners import actions as owners
from apps.owners.models import Ownership
from apps.people import actions as people
from tests.operations.scenery import (
    DAY,
    all_ok,
    at,
    make_calendar,
    make_operating,
    newest,
    perform,
    plan,
    refuses,
    terms,
)
from tests.people.factories import member
from tests.scenery import Scene, hand_over

pytestmark = pytest.mark.django_db


@pytest.fixture
def scene() -> Scene:
    scene = make_operating()
    make_calendar(scene)
    return scene


@pytest.fixture
def daily(scene: Scene) -> Review:
    return newest(plan(scene))


def test_the_holder_performs_it_and_signs_exactly_what_was_shown(scene: Scene) -> None:
    review = newest(plan(scene, "monthly"))
    owner = scene.people["business_owner"]
    shown = checklist.read(review)
    paper = evidence.add_document(review.ref, "other", "Minutes", by=scene.engineer, link="https://wiki.example.org/m")
    answers = all_ok(review, retraining_justified=ItemAnswer("not_applicable", "Nothing has moved"))
    done = perform(review, owner, answers=answers, notes="Two updates approved.")
    body = json.loads(done.body)
    assert (done.state, done.outcome, done.performed_by, done.confirmed_by) == ("performed", "fine", owner, "password")
    assert "business owner" in done.signature
    assert [row["answer"] for row in body["items"]] == ["ok", "ok", "ok", "not_applicable"]
    facts = [row["fact"]["sentence"] if row["fact"] else None for row in body["items"]]
    assert facts == [line.fact.sentence if line.fact else None for line in shown.lines]
    assert facts[0]
    assert facts[3] is None
    assert body["evidence"] == [{"id": str(paper.pk), "title": "Minutes", "digest": paper.digest}]
    entry = Entry.objects.get(action="review.performed")
    payload = json.loads(entry.body)["payload"]
    assert payload["digest"] == done.digest
    assert (payload["late"], payload["for"], payload["follow_up"]) == (False, None, None)
    assert json.loads(entry.body)["team"]["id"] == str(scene.team.pk)


def test_nobody_else_performs_it(scene: Scene, daily: Review) -> None:
    for who in ("business_owner", "governance_owner", "sponsor"):
        with refuses("not_the_reviewer"):
            perform(daily, scene.people[who])
    owners.vacate(
        Ownership.objects.active().get(responsibility="technical_owner", subject_id=scene.use_case.pk), by=scene.lead
    )
    with refuses("not_the_reviewer"):
        perform(daily, scene.engineer)


def test_a_deputy_performs_it_while_the_holder_is_away(scene: Scene, daily: Review) -> None:
    deputy = member(scene.team, "technical_owner", name="Deputy")
    held = Ownership.objects.active().get(responsibility="technical_owner", subject_id=scene.use_case.pk)
    owners.appoint_deputy(held, deputy, by=scene.lead)
    with refuses("not_the_reviewer"):
        perform(daily, deputy)
    today = dt.datetime.now(dt.UTC).date()
    people.record_absence(scene.engineer, today, today, by=scene.engineer)
    assert perform(daily, deputy).performed_by == deputy
    assert '"for":"Technical Owner"' in Entry.objects.get(action="review.performed").body


def test_it_is_performed_once_and_in_its_time_alone(scene: Scene) -> None:
    with at("2026-03-02T09:00:00+00:00"):
        review = newest(plan(scene))
    with at("2026-03-01T23:59:59+00:00"), refuses("review_not_begun"):
        perform(review, scene.engineer)
    with at("2026-03-04T00:00:00+00:00"), refuses("review_missed"):
        perform(review, scene.engineer)
    with at("2026-03-03T23:59:59+00:00"):
        perform(review, scene.engineer)
        with refuses("review_performed"):
            perform(review, scene.engineer)


def test_a_missed_review_stays_missed_and_takes_a_note(scene: Scene) -> None:
    with at("2026-03-02T09:00:00+00:00"):
        review = newest(plan(scene))
        with refuses("review_open"):
            actions.comment_on_review(review, by=scene.engineer, text="Soon")
    with at("2026-03-04T00:00:00+00:00"):
        actions.record_missed()
    with at("2026-03-04T09:00:00+00:00"):
        with refuses("review_missed"):
            perform(review, scene.engineer)
        review.refresh_from_db()
        with refuses("note_empty"):
            actions.comment_on_review(review, by=scene.engineer, text="  ")
        with refuses("not_permitted"):
            actions.comment_on_review(review, by=scene.people["sponsor"], text="Why?")
        actions.comment_on_review(review, by=scene.engineer, text="The desk was closed; nothing came in.")
    review.refresh_from_db()
    assert (review.state, review.performed_by, review.comments.count()) == ("missed", None, 1)


def test_a_checklist_that_has_changed_is_read_again(scene: Scene) -> None:
    review = newest(plan(scene, "quarterly"))
    shown = checklist.read(review).digest
    owners.vacate(Ownership.objects.active().get(responsibility="sponsor", subject_id=scene.use_case.pk), by=scene.lead)
    line = next(line for line in checklist.read(review).lines if line.item.id == "owners_revisited")
    assert line.held is False
    with refuses("stale_checklist"):
        perform(review, scene.lead, shown=shown)


def _errors(review: Review, by: Any, **values: Any) -> tuple[str, list[str]]:
    with pytest.raises(Refusal) as caught:
        perform(review, by, **values)
    return caught.value.code, list(caught.value.errors)


@pytest.mark.parametrize(
    "said",
    [
        {"outputs_sampled": ItemAnswer("perhaps")},
        {"outputs_sampled": ItemAnswer("not_ok")},
        {"outputs_sampled": ItemAnswer("not_applicable", " ")},
        {"outputs_sampled": ItemAnswer("ok", "x" * 1001)},
        {"coffee_made": ItemAnswer("ok")},
    ],
)
def test_every_item_is_answered_and_nothing_else(scene: Scene, daily: Review, said: dict[str, ItemAnswer]) -> None:
    found = _errors(daily, scene.engineer, answers=all_ok(daily, **said))
    assert found == ("checklist_incomplete", [f"/answers/{next(iter(said))}"])


def test_an_item_that_is_left_out_is_named(scene: Scene, daily: Review) -> None:
    answers = all_ok(daily)
    del answers["incidents_logged"]
    found = _errors(daily, scene.engineer, answers=answers)
    assert found == ("checklist_incomplete", ["/answers/incidents_logged"])


def test_an_outcome_says_all_that_it_needs(scene: Scene, daily: Review) -> None:
    owner, bad = scene.people["business_owner"], {"incidents_logged": ItemAnswer("not_ok", "One is missing")}

    def field(**values: Any) -> list[str]:
        code, fields = _errors(daily, scene.engineer, **values)
        assert code == "outcome_incomplete"
        return fields

    assert field(outcome="wonderful") == ["/outcome"]
    assert field(outcome="fine", answers=all_ok(daily, **bad)) == ["/outcome"]
    assert field(outcome="call", notes=" ") == ["/notes"]
    assert field(outcome="follow_up") == ["/what"]
    assert field(outcome="follow_up", follow_up=terms(owner, what=" ")) == ["/what"]
    assert field(outcome="follow_up", follow_up=terms(owner, days=-1)) == ["/due_on"]
    assert field(outcome="follow_up", follow_up=terms(owner, days=400)) == ["/due_on"]
    assert field(outcome="fine", follow_up=terms(owner)) == ["/outcome"]
    assert field(outcome="follow_up", follow_up=terms(make_operating(name="Other").lead)) == ["/owner"]
    owner.is_active = False
    assert field(outcome="follow_up", follow_up=terms(owner)) == ["/owner"]
    assert perform(daily, scene.engineer, outcome="call", notes="Retrain or repair?").outcome == "call"


def test_it_is_signed_with_a_fresh_confirmation(scene: Scene, daily: Review) -> None:
    with refuses("confirmation_required"):
        perform(daily, scene.engineer, confirmation_id=uuid.uuid4())
    daily.refresh_from_db()
    assert daily.state == "open"


def test_a_follow_up_is_done_once_by_who_was_named(scene: Scene, daily: Review) -> None:
    owner = scene.people["business_owner"]
    answers = all_ok(daily, incidents_logged=ItemAnswer("not_ok", "One is missing"))
    perform(daily, scene.engineer, outcome="follow_up", answers=answers, follow_up=terms(owner))
    follow_up = FollowUp.objects.select_related("review__plan__use_case__team", "owner").get()
    assert follow_up.due_at.date() == follow_up.due_on + DAY
    with refuses("not_the_follow_ups_owner"):
        actions.settle_follow_up(follow_up, by=scene.engineer, note="Done")
    with refuses("note_empty"):
        actions.settle_follow_up(follow_up, by=owner, note=" ")
    done = actions.settle_follow_up(follow_up, by=owner, note="Recorded as incident 12")
    assert (done.done_by, done.done_note) == (owner, "Recorded as incident 12")
    with refuses("follow_up_done"):
        actions.settle_follow_up(follow_up, by=owner, note="Again")
    assert Entry.objects.filter(action="review.followed_up").count() == 1


def test_who_performs_the_reviews_settles_what_somebody_who_has_left_was_to_do(scene: Scene, daily: Review) -> None:
    owner = member(scene.team, "technical_owner", name="Leaver")
    perform(daily, scene.engineer, outcome="follow_up", follow_up=terms(owner))
    owner.is_active = False
    owner.save()
    follow_up = FollowUp.objects.select_related("review__plan__use_case__team", "owner").get()
    with refuses("not_the_follow_ups_owner"):
        actions.settle_follow_up(follow_up, by=scene.lead, note="Done")
    assert actions.settle_follow_up(follow_up, by=scene.engineer, note="Done").done_by == scene.engineer


def test_after_a_handover_the_heir_performs_it(scene: Scene, daily: Review) -> None:
    heir = member(scene.team, "technical_owner", name="Heir")
    held = Ownership.objects.active().get(responsibility="technical_owner", subject_id=scene.use_case.pk)
    hand_over(held, heir, by=scene.lead)
    with refuses("not_the_reviewer"):
        perform(daily, scene.engineer)
    assert perform(daily, heir).performed_by == heir
