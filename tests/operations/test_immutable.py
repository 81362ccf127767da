"""What the database itself refuses, and what two at once come to."""

import pytest
from django.db import IntegrityError, connection, transaction

from apps.ledger.models import Entry
from apps.operations import actions
from apps.operations.models import FollowUp, Review, ReviewPlan
from tests.gates.scenery import fresh
from tests.operations.scenery import (
    at,
    furnish_rhythm,
    make_calendar,
    make_operating,
    newest,
    perform,
    plan,
)
from tests.races import at_once


def refused(sql: str) -> None:
    for role in ("origin", "replica"):
        with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"SET LOCAL session_replication_role = {role}; {sql}; SET CONSTRAINTS ALL IMMEDIATE")


@pytest.mark.django_db
def test_what_was_performed_or_missed_does_not_change_from_below() -> None:
    scene = make_operating()
    with at("2026-03-02T09:00:00+00:00"):
        rhythm = furnish_rhythm(scene)
    with at("2026-03-05T09:00:00+00:00"):
        actions.ensure_reviews()
        actions.record_missed()
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    missed = Review.objects.filter(state="missed").earliest("first_day")
    assert rhythm.performed.state == "performed"
    for table in ("review", "reviewplan", "followup", "reviewcomment", "reviewtemplate"):
        refused(f"DELETE FROM operations_{table}")
        refused(f"TRUNCATE operations_{table} CASCADE")
    for pk in (rhythm.performed.pk, missed.pk):
        refused(f"UPDATE operations_review SET notes = 'x' WHERE id = '{pk}'")
        refused(f"UPDATE operations_review SET state = 'open' WHERE id = '{pk}'")
    refused(f"UPDATE operations_review SET missed_at = missed_at + interval '1 day' WHERE id = '{missed.pk}'")
    refused("UPDATE operations_reviewcomment SET text = 'x'")
    refused("UPDATE operations_reviewplan SET starts_on = starts_on - 1")
    refused("UPDATE operations_reviewplan SET covered_until = covered_until - 1")
    refused("UPDATE operations_followup SET due_at = due_at + interval '1 day'")
    refused("UPDATE operations_reviewtemplate SET source = '' WHERE state = 'published'")


@pytest.mark.django_db
def test_an_open_review_changes_only_by_being_performed_or_missed_in_its_time() -> None:
    scene = make_operating()
    make_calendar(scene)
    with at("2026-03-02T09:00:00+00:00"):
        review = newest(plan(scene))
    one = f"WHERE id = '{review.pk}'"
    refused(f"UPDATE operations_review SET due_at = due_at + interval '1 day' {one}")
    refused(f"UPDATE operations_review SET responsibility = 'sponsor' {one}")
    refused(f"UPDATE operations_review SET state = 'missed', missed_at = lapses_at - interval '1 second' {one}")
    signed = "state = 'performed', outcome = 'fine', body = '{}', digest = 'sha256:' || encode(sha256('{}'), 'hex')"
    by = f"performed_by_id = '{scene.engineer.pk}'"
    refused(f"UPDATE operations_review SET {signed}, {by}, performed_at = lapses_at {one}")
    refused(f"UPDATE operations_review SET {signed}, {by}, performed_at = opens_at - interval '1 second' {one}")
    refused(f"UPDATE operations_review SET {signed}, performed_at = opens_at {one}")
    refused(f"UPDATE operations_review SET {signed}, {by}, performed_at = opens_at {one}")
    refused(f"UPDATE operations_review SET {signed.replace('{}', 'x', 1)}, {by}, performed_at = opens_at {one}")
    refused(f"UPDATE operations_review SET state = 'missed', missed_at = lapses_at {one}")
    values = "plan_id, template_id, last_day, time_zone, opens_at, due_at, lapses_at, responsibility"
    rest = "'', '', '', '', '', ''"
    columns = "outcome, notes, body, digest, signature, confirmed_by"
    refused(
        f"INSERT INTO operations_review (id, first_day, state, missed_at, {values}, {columns})"
        f" SELECT gen_random_uuid(), first_day - 1, 'missed', lapses_at, {values}, {rest} FROM operations_review {one}"
    )


@pytest.mark.django_db
def test_a_follow_up_that_is_done_stays_done() -> None:
    scene = make_operating()
    rhythm = furnish_rhythm(scene)
    actions.settle_follow_up(rhythm.follow_up, by=scene.people["business_owner"], note="Done")
    refused("UPDATE operations_followup SET done_note = 'x'")
    refused("UPDATE operations_followup SET done_at = NULL, done_by_id = NULL, done_note = ''")


@pytest.mark.django_db
def test_an_ended_plan_stays_ended() -> None:
    scene = make_operating()
    make_calendar(scene)
    actions.end_plan(plan(scene), by=scene.lead, reason="Over")
    refused("UPDATE operations_reviewplan SET ended_on = NULL, ended_by_id = NULL")


@pytest.mark.django_db(transaction=True)
def test_two_that_open_at_once_open_each_period_once() -> None:
    scene = make_operating()
    make_calendar(scene)
    with at("2026-03-02T09:00:00+00:00"):
        made = plan(scene)

    def keep() -> None:
        with at("2026-03-13T09:00:00+00:00"):
            actions.ensure_reviews()
            actions.record_missed()

    assert at_once([keep] * 4) == {"done": 4}
    with at("2026-03-13T09:00:00+00:00"):
        actions.ensure_reviews()
        actions.record_missed()
    rows = Review.objects.filter(plan=made)
    assert rows.count() == rows.values("first_day").distinct().count() == 12
    assert Entry.objects.filter(action="review.missed").count() == rows.filter(state="missed").count() == 10


@pytest.mark.django_db(transaction=True)
def test_a_review_performed_by_two_at_once_is_performed_once() -> None:
    scene = make_operating()
    make_calendar(scene)
    review = newest(plan(scene))
    proofs = [fresh(scene.engineer) for _number in range(3)]
    ended = at_once([lambda proof=proof: perform(review, scene.engineer, confirmation_id=proof) for proof in proofs])
    assert ended == {"done": 1, "review_performed": 2}


@pytest.mark.django_db(transaction=True)
def test_a_review_is_performed_or_missed_and_never_both() -> None:
    scene = make_operating()
    make_calendar(scene)
    with at("2026-03-02T09:00:00+00:00"):
        review = newest(plan(scene))

    def sign() -> None:
        with at("2026-03-03T23:59:59+00:00"):
            perform(review, scene.engineer)

    def miss() -> None:
        with at("2026-03-04T00:00:00+00:00"):
            actions.record_missed()

    ended = at_once([sign, miss, miss])
    review.refresh_from_db()
    assert ended in ({"done": 3}, {"done": 2, "review_missed": 1})
    assert review.state == ("performed" if ended["done"] == 3 else "missed")
    assert Entry.objects.filter(subject_id=review.pk, action__in=["review.performed", "review.missed"]).count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_plans_of_one_cadence_at_once_are_one() -> None:
    scene = make_operating()
    make_calendar(scene)
    ended = at_once([lambda: actions.plan_reviews(scene.use_case, "daily", by=scene.lead)] * 3)
    assert ended == {"done": 1, "plan_stands": 2}
    assert ReviewPlan.objects.count() == 1
    assert not FollowUp.objects.exists()
