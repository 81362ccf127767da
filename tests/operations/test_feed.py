"""The calendar feed: whose it is, who reads it, and instants that stay right when clocks change."""

import datetime as dt
from typing import Any

import icalendar
import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from apps.core.canonical import sha256_digest
from apps.core.errors import NotPermitted
from apps.operations import actions
from apps.operations.feed import feed_of
from apps.operations.models import ReviewFeed
from apps.people.models import User
from tests.operations.scenery import (
    at,
    make_calendar,
    make_operating,
    newest,
    perform,
    plan,
    terms,
)
from tests.people.factories import member

pytestmark = pytest.mark.django_db


def events(user: Any) -> list[Any]:
    return list(icalendar.Calendar.from_ical(feed_of(user)).walk("VEVENT"))


def utc(event: Any, name: str) -> dt.datetime:
    found: dt.datetime = event.decoded(name)
    return found.astimezone(dt.UTC)


@pytest.mark.parametrize(
    ("zone", "told", "due"),
    [
        ("Europe/Madrid", "2026-10-22T08:00:00+00:00", {"2026-10-24": 22, "2026-10-25": 23}),
        ("Europe/Madrid", "2026-03-26T08:00:00+00:00", {"2026-03-28": 23, "2026-03-29": 22}),
        ("America/New_York", "2026-10-30T08:00:00+00:00", {"2026-11-01": 4, "2026-11-02": 5}),
        ("Asia/Kolkata", "2026-10-22T08:00:00+00:00", {"2026-10-25": 18, "2026-10-26": 18}),
    ],
)
def test_its_instants_stay_right_across_changes_of_the_clock(zone: str, told: str, due: dict[str, int]) -> None:
    scene = make_operating()
    make_calendar(scene, zone)
    with at(told):
        plan(scene)
        calendar = icalendar.Calendar.from_ical(feed_of(scene.engineer))
    zones = calendar.walk("VTIMEZONE")
    assert [str(row["TZID"]) for row in zones] == [zone]
    assert zones[0].walk("STANDARD")
    if zone != "Asia/Kolkata":
        assert zones[0].walk("DAYLIGHT")
    found = {utc(row, "DTEND").date().isoformat(): utc(row, "DTEND").hour for row in calendar.walk("VEVENT")}
    assert {day: found[day] for day in due} == due
    for row in calendar.walk("VEVENT"):
        assert row["DTSTART"].params["TZID"] == zone
        assert utc(row, "DTEND") - utc(row, "DTSTART") == dt.timedelta(hours=1)
        as_written = row.decoded("DTEND").replace(tzinfo=zones[0].to_tz(lookup_tzid=False))
        assert as_written.astimezone(dt.UTC) == utc(row, "DTEND")


def test_it_shows_what_is_open_to_come_and_to_follow_up_and_no_other_persons() -> None:
    scene = make_operating()
    make_calendar(scene)
    daily = newest(plan(scene))
    plan(scene, "quarterly")
    perform(daily, scene.engineer, outcome="follow_up", follow_up=terms(scene.people["business_owner"]))
    plan(scene, "weekly")
    mine = events(scene.engineer)
    titles = [str(row["SUMMARY"]) for row in mine]
    assert sum(title.startswith("Weekly review of Support assistant") for title in titles) >= 12
    assert not any(daily.first_day.isoformat() in title and "Daily" in title for title in titles)
    assert len({str(row["UID"]) for row in mine}) == len(mine)
    assert [str(row["SUMMARY"]) for row in events(scene.people["business_owner"])] == ["Mend the prompt"]
    assert all(str(row["SUMMARY"]).startswith("Quarterly") for row in events(scene.lead))
    assert events(member(scene.team, "member", name="Nobody")) == []


def test_a_review_keeps_its_name_when_it_is_opened() -> None:
    scene = make_operating()
    make_calendar(scene)
    with at("2026-03-02T09:00:00+00:00"):
        plan(scene)
        before = {str(row["UID"]): utc(row, "DTEND") for row in events(scene.engineer)}
    with at("2026-03-04T09:00:00+00:00"):
        actions.ensure_reviews()
        after = {str(row["UID"]): utc(row, "DTEND") for row in events(scene.engineer)}
    assert {uid: end for uid, end in after.items() if uid in before} == before


def address(user: User) -> str:
    _feed, token = actions.renew_feed(by=user)
    return reverse("operations:feed", args=[token])


def test_whoever_has_its_token_reads_it_until_it_is_renewed() -> None:
    scene = make_operating()
    make_calendar(scene)
    plan(scene)
    url = address(scene.engineer)
    answer = Client().get(url)
    assert answer.status_code == 200
    assert answer["Content-Type"].startswith("text/calendar")
    assert icalendar.Calendar.from_ical(answer.content).walk("VEVENT")
    token = url.rsplit("/", 1)[1].removesuffix(".ics")
    assert ReviewFeed.objects.get().token_digest == sha256_digest(token.encode())
    assert len(token) >= 43
    again = address(scene.engineer)
    assert Client().get(url).status_code == 404
    assert Client().get(again).status_code == 200
    assert Client().post(again).status_code == 405
    scene.engineer.is_active = False
    scene.engineer.save()
    assert Client().get(again).status_code == 404


def test_it_shows_only_what_its_person_still_sees() -> None:
    scene = make_operating()
    make_calendar(scene)
    plan(scene)
    assert events(scene.engineer)
    scene.engineer.memberships.all().delete()
    assert events(User.objects.get(pk=scene.engineer.pk)) == []


def test_a_service_account_has_none() -> None:
    scene = make_operating()
    robot = member(scene.team, "technical_owner", name="Robot", kind=User.Kind.SERVICE)
    with pytest.raises(NotPermitted):
        actions.renew_feed(by=robot)


def test_its_queries_do_not_grow() -> None:
    scene = make_operating()
    make_calendar(scene)

    def cost() -> int:
        with CaptureQueriesContext(connection) as found:
            feed_of(User.objects.get(pk=scene.engineer.pk))
        return len(found)

    daily = plan(scene)
    few = cost()
    plan(scene, "weekly")
    perform(newest(daily), scene.engineer, outcome="follow_up", follow_up=terms(scene.engineer))
    assert cost() == few
