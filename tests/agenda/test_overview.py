"""The governance lead's view: what is overdue, whose it is, and a nudge a day."""

import datetime as dt
from typing import Any

import pytest
from django.test import Client

from apps.agenda import overview
from apps.agenda.errors import NobodyToNudge, NudgedToday
from apps.agenda.models import DueCount, Notification
from apps.core.clock import now, replay
from apps.core.errors import NotFound, NotPermitted
from apps.ledger.models import Entry
from apps.owners import actions as owners
from apps.owners.models import Ownership
from tests.agenda.scenery import Desk, told
from tests.api.client import Caller
from tests.people.factories import make_user, member
from tests.scenery import Scene, make_scene

pytestmark = pytest.mark.django_db
DAY = dt.timedelta(days=1)


@pytest.fixture
def late(scene: Scene, desk: Desk) -> Any:
    return desk.put(scene, now() - 3 * DAY, title="Weekly review")


def test_a_lead_sees_what_is_overdue_in_their_teams_and_whose_it_is(scene: Scene, desk: Desk, late: Any) -> None:
    other = make_scene(name="Another team", complete=False)
    desk.put(other, now() - DAY, responsibility="", person_ids=(other.lead.pk,))
    desk.put(scene, now() + 5 * DAY)
    found = overview.rows(scene.lead)
    assert [(row.duty.title, row.overdue_days) for row in found] == [("Weekly review", 4), ("Review 2", 0)]
    holder = scene.people["business_owner"]
    assert overview.burdens(found) == [(holder, 2, 1)]
    client = Client()
    client.force_login(scene.lead)
    page = client.get("/due/").content.decode()
    assert ("Weekly review" in page, "Review 1" in page, holder.name in page) == (True, False, True)
    assert "Review 2" not in client.get("/due/?overdue=yes").content.decode()
    assert "Weekly review" not in client.get(f"/due/?person={scene.engineer.pk}").content.decode()
    status, rows = Caller(scene.lead, "read").get("due-items/?overdue=true")
    assert (status, [row["title"] for row in rows], rows[0]["holders"][0]["name"]) == (
        200,
        ["Weekly review"],
        holder.name,
    )


def test_who_oversees_nothing_sees_nothing(scene: Scene, late: Any) -> None:
    client = Client()
    client.force_login(scene.engineer)
    assert client.get("/due/").status_code == 403
    assert Caller(scene.engineer, "read").get("due-items/") == (200, [])
    assert "What is due" not in client.get("/").content.decode()


def test_a_nudge_tells_the_holder_once_a_day_and_stands_in_the_trail(scene: Scene, late: Any) -> None:
    assert overview.nudge(late.key, by=scene.lead) == 1
    row = Notification.objects.get(user=scene.people["business_owner"])
    assert row.step.startswith("nudge.")
    assert Entry.objects.get(action="duty.nudged").body.count("review_weekly") == 1
    with pytest.raises(NudgedToday):
        overview.nudge(late.key, by=scene.lead)
    with replay(now() + DAY):
        assert overview.nudge(late.key, by=scene.lead) == 1
    assert len(told(scene.people["business_owner"])) == 2


def test_a_nudge_needs_a_lead_somebody_to_nudge_and_something_open(scene: Scene, desk: Desk, late: Any) -> None:
    with pytest.raises(NotPermitted):
        overview.nudge(late.key, by=scene.engineer)
    with pytest.raises(NotPermitted):
        overview.nudge(late.key, by=member(scene.team, "auditor"))
    with pytest.raises(NotFound):
        overview.nudge(late.key, by=make_scene(name="Another team", complete=False).lead)
    owners.vacate(Ownership.objects.active().get(responsibility="business_owner"), by=scene.lead)
    with pytest.raises(NobodyToNudge):
        overview.nudge(late.key, by=scene.lead)
    desk.duties.clear()
    with pytest.raises(NotFound):
        overview.nudge(late.key, by=scene.lead)


def test_the_page_nudges_and_says_so(scene: Scene, late: Any) -> None:
    client = Client()
    client.force_login(scene.lead)
    form = {"key": late.key, "next": "/due/?overdue=yes"}
    first = client.post("/due/nudge/", form, follow=True)
    assert (first.redirect_chain, "Told: 1." in first.content.decode()) == ([("/due/?overdue=yes", 302)], True)
    assert "They were nudged today" in client.post("/due/nudge/", form, follow=True).content.decode()
    assert client.post("/due/nudge/", form | {"next": "https://evil.example/"}).url == "/due/"
    assert Caller(scene.lead).post("due-items/nudges/", {"key": late.key})[1]["code"] == "nudged_today"


def test_what_is_due_is_counted_once_a_day(scene: Scene, desk: Desk, late: Any) -> None:
    desk.put(scene, now() + DAY)
    assert (overview.count_today(), overview.count_today()) == (1, 0)
    row = DueCount.objects.get()
    assert (row.team, row.kind, row.due, row.overdue) == (scene.team, "review_weekly", 2, 1)
    assert [n for _day, n in overview.trend([scene.team.pk])] == [1]
    client = Client()
    client.force_login(make_user("Auditor", organisation_role="auditor"))
    assert client.get("/due/").status_code == 200
