"""What people see and do on the pages of reviews, and programs over the API."""

import datetime as dt
import re
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from apps.core import clock
from apps.operations import actions, checklist
from apps.operations.models import FollowUp, Review, ReviewPlan, TeamCalendar
from apps.people.models import User
from tests.api.client import Caller
from tests.gates.scenery import proof
from tests.operations.scenery import (
    DAY,
    at,
    furnish_rhythm,
    make_calendar,
    make_operating,
    newest,
    perform,
    plan,
    terms,
)
from tests.people.factories import PASSWORD, member
from tests.scenery import Scene, make_scene

pytestmark = pytest.mark.django_db


@pytest.fixture
def scene() -> Scene:
    return make_operating()


def as_(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def page(client: Client, name: str, *args: Any, query: str = "", status: int = 200) -> str:
    response = client.get(reverse(f"operations:{name}", args=args) + query)
    assert response.status_code == status, (name, response.status_code)
    body = b"".join(response.streaming_content) if response.streaming else response.content
    return re.sub(r"\s+", " ", body.decode())


def send(client: Client, name: str, *args: Any, **data: Any) -> Any:
    return client.post(reverse(f"operations:{name}", args=args), data)


def filled(review: Review, **others: Any) -> dict[str, Any]:
    found = checklist.read(review)
    answers = {f"answer_{name}": "ok" for name in found.ids}
    return {"shown": found.digest, "outcome": "fine", "password": PASSWORD, **answers, **others}


def test_from_a_calendar_to_a_performed_review(scene: Scene) -> None:
    lead, engineer = as_(scene.lead), as_(scene.engineer)
    assert "No reviews yet" in page(lead, "review_list")
    use_case = reverse("usecases:usecase_detail", args=[scene.use_case.pk])
    assert "Plan a review" in lead.get(use_case).content.decode()
    assert "Nobody has said yet when the team works" in page(lead, "plan_make", scene.use_case.pk)
    refused = send(lead, "plan_make", scene.use_case.pk, cadence="daily", starts_on="2100-01-01")
    assert refused.status_code == 409
    made = send(
        lead, "team_calendar", scene.team.pk, time_zone="Europe/Madrid", holidays="2026-12-25 Christmas Day\n\n"
    )
    assert made.status_code == 302
    assert TeamCalendar.objects.get().holidays == [{"date": "2026-12-25", "name": "Christmas Day"}]
    assert "2026-12-25 Christmas Day" in page(lead, "team_calendar", scene.team.pk)
    wrong = send(lead, "team_calendar", scene.team.pk, revision=1, time_zone="Mars", weekend=["6"])
    assert wrong.status_code == 422
    assert "is not a time zone" in wrong.content.decode()
    today = TeamCalendar.objects.get().working_days.day_of(dt.datetime.now(dt.UTC))
    assert send(lead, "plan_make", scene.use_case.pk, cadence="daily", starts_on=today.isoformat()).status_code == 302
    review = Review.objects.whole().get()
    assert "Perform it" not in page(lead, "review_detail", review.pk)
    assert "Perform it" in page(engineer, "review_detail", review.pk)
    assert "Daily review of Support assistant" in engineer.get("/").content.decode()
    text = page(engineer, "review_perform", review.pk)
    assert "As technical owner I confirm" in text
    assert send(engineer, "review_perform", review.pk, **filled(review, password="wrong")).status_code == 403
    bad = filled(review, answer_incidents_logged="not_ok", outcome="follow_up", what="Record it", due_on=today)
    answer = send(engineer, "review_perform", review.pk, **bad)
    assert answer.status_code == 422
    form = answer.context["form"]
    assert form.errors["answer_incidents_logged"] == ["Say why."]
    assert form["what"].value() == "Record it"
    owner = scene.people["business_owner"]
    good = bad | {"note_incidents_logged": "One is missing", "owner": owner.pk}
    assert send(engineer, "review_perform", review.pk, **good).status_code == 302
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    text = page(lead, "review_detail", review.pk)
    for part in ("Performed", "Follow-up", "Record it", "One is missing", "performed the"):
        assert part in text
    follow_up = FollowUp.objects.get()
    assert "Record it" in page(as_(owner), "follow_up_settle", follow_up.pk)
    assert send(as_(owner), "follow_up_settle", follow_up.pk, note="Incident 12").status_code == 302
    assert "Incident 12" in page(lead, "review_detail", review.pk)
    assert send(engineer, "review_note", review.pk, text="Seen by the desk").status_code == 302
    assert "Seen by the desk" in page(lead, "review_detail", review.pk)
    assert page(engineer, "review_perform", review.pk, status=409)


def test_a_checklist_that_changed_is_shown_as_it_is_now(scene: Scene) -> None:
    make_calendar(scene)
    review = newest(plan(scene))
    client = as_(scene.engineer)
    answer = send(client, "review_perform", review.pk, **filled(review, shown="sha256:x"))
    assert answer.status_code == 409
    assert answer.context["form"]["shown"].value() == checklist.read(review).digest


def test_the_list_is_filtered_sorted_and_exported(scene: Scene) -> None:
    rhythm = furnish_rhythm(scene)
    client = as_(scene.lead)
    assert "Weekly review" in page(client, "review_list")
    assert "Weekly review" not in page(client, "review_list", query="?state=performed")
    assert "Daily review" not in page(client, "review_list", query="?cadence=weekly")
    assert "Nothing matches" in page(client, "review_list", query="?overdue=true")
    assert page(client, "review_list", query=f"?use_case={scene.use_case.pk}&ordering=due&team={scene.team.pk}")
    text = page(client, "review_list", query="?format=csv")
    assert rhythm.performed.digest in text
    assert text.count("Support assistant") == 2


def test_the_calendar_shows_what_is_due_missed_to_come_and_closed(scene: Scene) -> None:
    make_calendar(scene, holidays=[{"date": "2026-03-06", "name": "Founders' day"}])
    with at("2026-03-02T09:00:00+00:00"):
        made = plan(scene)
        perform(newest(made), scene.engineer)
    with at("2026-03-05T09:00:00+00:00"):
        actions.ensure_reviews()
        actions.record_missed()
        response = as_(scene.lead).get(reverse("operations:review_calendar") + "?month=2026-03")
    assert response.status_code == 200
    marks = {
        day.date.day: [mark.state for mark in day.marks]
        for week in response.context["month"].weeks
        for day in week
        if day.is_in_month
    }
    assert [marks[number] for number in range(1, 9)] == [
        [], ["performed"], ["missed"], ["overdue"], ["open"], [], ["planned"], ["planned"],
    ]  # fmt: skip
    assert "Founders&#x27; day" in response.content.decode()
    assert all(len(week) == 7 for week in response.context["month"].weeks)
    assert "Nothing is due" in page(as_(scene.lead), "review_calendar", query="?month=2020-01")
    assert page(as_(scene.lead), "review_calendar", query="?month=never")


def test_the_burn_down_counts_what_was_overdue_on_each_day(scene: Scene) -> None:
    make_calendar(scene)
    with at("2026-03-02T09:00:00+00:00"):
        made = plan(scene)
    with at("2026-03-03T09:00:00+00:00"):
        perform(newest(made), scene.engineer, outcome="follow_up", follow_up=terms(scene.engineer, days=0))
        actions.ensure_reviews()
    with at("2026-03-05T09:00:00+00:00"):
        actions.ensure_reviews()
        actions.record_missed()
        response = as_(scene.lead).get(reverse("operations:overdue"))
    assert response.status_code == 200
    counts = {bar["day"].isoformat(): bar["count"] for bar in response.context["drawn"]["bars"]}
    assert len(counts) == 56
    assert [counts[f"2026-03-0{number}"] for number in range(2, 6)] == [0, 0, 2, 2]
    text = response.content.decode()
    assert "Mend the prompt" in text
    assert "Daily review of Support assistant, 2026-03-04" in text


def test_a_plan_shows_what_is_to_come_and_is_ended(scene: Scene) -> None:
    rhythm = furnish_rhythm(scene)
    client = as_(scene.people["business_owner"])
    assert "To come" in page(client, "plan_detail", rhythm.plan.pk)
    assert send(client, "plan_end", rhythm.plan.pk, reason="The pilot is over").status_code == 302
    text = page(client, "plan_detail", rhythm.plan.pk)
    assert "Nothing is to come" in text
    assert "The pilot is over" in text
    assert page(as_(scene.engineer), "plan_end", rhythm.plan.pk, status=403)


def test_templates_are_read_proposed_and_published_on_pages(scene: Scene) -> None:
    rhythm = furnish_rhythm(scene)
    second = as_(member(scene.team, "governance_lead", name="Second"))
    assert "Day's review" in page(second, "template_detail", rhythm.template.pk).replace("&#x27;", "'")
    assert send(second, "template_publish", rhythm.template.pk).status_code == 302
    assert "Review templates" in page(second, "template_list")
    source = rhythm.template.source.replace("missed_after_days: 1", "missed_after_days: 2")
    assert send(second, "template_propose", "daily", source=source, note="A day more").status_code == 302
    wrong = send(second, "template_propose", "daily", source="kind: daily", note="Nothing")
    assert wrong.status_code == 422


def test_the_feeds_address_is_shown_once(scene: Scene) -> None:
    client = as_(scene.engineer)
    assert "Make the address" in page(client, "feed_renew")
    shown = send(client, "feed_renew")
    url = re.search(r"https?://[^<\s]+\.ics", shown.content.decode())
    assert url is not None
    assert Client().get(re.sub(r"https?://[^/]+", "", url[0])).status_code == 200
    assert "Renew the address" in page(client, "feed_renew")
    assert url[0] not in page(client, "feed_renew")
    status, data = Caller(scene.engineer).post("me/review-feed/")
    assert status == 201
    assert data["url"].endswith(".ics")
    assert Client().get(re.sub(r"https?://[^/]+", "", url[0])).status_code == 404


def test_a_program_does_what_a_person_does(scene: Scene) -> None:
    lead, engineer = Caller(scene.lead), Caller(scene.engineer, "read", "write", "sign")
    holidays = [{"date": "2026-12-25", "name": "X"}]
    days = {"team": str(scene.team.pk), "time_zone": "UTC", "weekend": [], "holidays": holidays}
    status, calendar = lead.post("team-calendars/", days)
    assert (status, calendar["holidays"]) == (201, holidays)
    path = f"team-calendars/{calendar['id']}/"
    assert lead.call("PATCH", path, {"weekend": [7]})[0] == 428
    assert lead.call("PATCH", path, {"weekend": []}, **{"If-Match": '"1"'})[0] == 200
    asked = {"use_case": str(scene.use_case.pk), "cadence": "daily"}
    status, made = lead.post("review-plans/", asked)
    assert status == 201
    assert made["next_at"] > made["created_at"]
    assert (
        lead.post("review-plans/", {"use_case": str(scene.use_case.pk), "cadence": "daily"})[1]["code"] == "plan_stands"
    )
    status, listed = engineer.get(f"reviews/?plan={made['id']}&state=open")
    review = listed["results"][0]
    status, shown = engineer.get(f"reviews/{review['id']}/checklist/")
    assert next(item["id"] for item in shown["items"]) == "outputs_sampled"
    until = (clock.today() + 9 * DAY).isoformat()
    body: dict[str, Any] = {
        "shown": shown["digest"],
        "answers": [{"item": item["id"], "answer": "ok"} for item in shown["items"]],
        "outcome": "follow_up",
        "follow_up": {
            "what": "Look again",
            "owner": str(scene.lead.pk),
            "due_on": until,
        },
    }
    url = f"reviews/{review['id']}/performances/"
    assert Caller(scene.engineer, "read", "write").post(url, body)[0] == 403
    assert engineer.post(url, body)[1]["code"] == "confirmation_required"
    status, done = engineer.post(url, body | {"confirmation": proof(engineer)})
    assert status == 201
    assert (done["state"], done["outcome"], done["signed"]["follow_up"]["what"]) == (
        "performed",
        "follow_up",
        "Look again",
    )
    assert engineer.post(url, body | {"confirmation": proof(engineer)})[1]["code"] == "review_performed"
    follow_up = lead.get(f"review-follow-ups/?review={review['id']}&done=false")[1]["results"][0]
    assert lead.post(f"review-follow-ups/{follow_up['id']}/settlements/", {"note": "Looked"})[0] == 201
    assert engineer.post(f"reviews/{review['id']}/comments/", {"text": "Seen"})[0] == 201
    assert [row["text"] for row in engineer.get(f"reviews/{review['id']}/comments/")[1]] == ["Seen"]
    assert lead.post(f"review-plans/{made['id']}/endings/", {"reason": "Over"})[1]["ended_on"]


def test_another_team_finds_nothing_and_another_role_is_told(scene: Scene) -> None:
    rhythm = furnish_rhythm(scene)
    stranger = make_scene(name="Theirs", complete=False).lead
    for path in (
        f"reviews/{rhythm.open.pk}/",
        f"reviews/{rhythm.open.pk}/checklist/",
        f"review-plans/{rhythm.plan.pk}/",
        f"review-follow-ups/{rhythm.follow_up.pk}/",
        f"team-calendars/{rhythm.calendar.pk}/",
    ):
        assert Caller(stranger).get(path)[0] == 404
        assert Caller(scene.people["sponsor"]).get(path)[0] == 200
    assert Caller(stranger).get("reviews/")[1]["results"] == []
    for name, pk in (("review_detail", rhythm.open.pk), ("review_perform", rhythm.open.pk)):
        assert page(as_(stranger), name, pk, status=404)
    for name, pk in (("review_perform", rhythm.open.pk), ("team_calendar", scene.team.pk)):
        assert page(as_(scene.people["sponsor"]), name, pk, status=403)
    assert "Daily" not in page(as_(stranger), "review_calendar")


def test_lists_cost_the_same_for_few_and_for_many(scene: Scene) -> None:
    make_calendar(scene)
    with at("2026-03-02T09:00:00+00:00"):
        made = plan(scene)
    client = as_(scene.lead)

    def costs() -> list[int]:
        found = []
        for name in ("review_list", "review_calendar", "overdue"):
            page(client, name)
            with CaptureQueriesContext(connection) as queries:
                page(client, name)
            found.append(len(queries))
        page(client, "plan_detail", made.pk)
        with CaptureQueriesContext(connection) as queries:
            page(client, "plan_detail", made.pk)
        return [*found, len(queries)]

    with at("2026-03-04T09:00:00+00:00"):
        actions.ensure_reviews()
        few = costs()
    with at("2026-03-25T09:00:00+00:00"):
        actions.ensure_reviews()
        actions.record_missed()
        assert costs() == few
    assert ReviewPlan.objects.count() == 1
