"""What one was told: one's own, read once; and how one wants one's mails."""

import pytest
from django.test import Client

from apps.agenda.models import Notification, Preference
from tests.agenda.scenery import make_notification
from tests.api.client import Caller
from tests.people.factories import make_user

pytestmark = pytest.mark.django_db


def test_the_bell_counts_what_is_unread_and_opening_reads_it() -> None:
    reader, other = make_user("Reader"), make_user("Other")
    first, _second = make_notification(reader, url="/gates/"), make_notification(reader)
    theirs = make_notification(other)
    client = Client()
    client.force_login(reader)
    assert 'class="cnt">2<' in client.get("/notifications/bell/").content.decode()
    assert client.post(f"/notifications/{first.pk}/").url == "/gates/"
    assert 'class="cnt">1<' in client.get("/notifications/bell/").content.decode()
    assert client.post(f"/notifications/{theirs.pk}/").status_code == 404
    assert client.post("/notifications/read/").url == "/notifications/"
    assert "cnt" not in client.get("/notifications/bell/").content.decode()
    assert Notification.objects.filter(read_at=None).get() == theirs
    assert "Nothing matches" in client.get("/notifications/?unread=true").content.decode()


def test_the_api_tells_the_same() -> None:
    reader = make_user("Reader")
    row, caller = make_notification(reader), Caller(reader)
    make_notification(make_user("Other"))
    (found,) = caller.get("notifications/?unread=true")[1]["results"]
    assert (found["id"], found["reason"], found["read_at"]) == (str(row.pk), "You are its owner", None)
    read = caller.post(f"notifications/{row.pk}/readings/")[1]["read_at"]
    assert read is not None
    assert caller.post(f"notifications/{row.pk}/readings/")[1]["read_at"] == read
    assert caller.get("notifications/?unread=true")[1]["results"] == []


def test_preferences_are_chosen_on_the_page_and_over_the_api() -> None:
    reader = make_user("Reader")
    client, caller = Client(), Caller(reader)
    client.force_login(reader)
    ways = {row["group"]: row["way"] for row in caller.get("me/mail-preferences/")[1]}
    assert (ways["escalation"], ways["review"]) == ("immediate", "digest")
    assert client.get("/settings/mails/").status_code == 200
    assert client.post("/settings/mails/", ways | {"review": "off"}).status_code == 302
    assert Preference.objects.get(user=reader, group="review").way == "off"
    assert caller.post("me/mail-preferences/", {"group": "review", "way": "immediate"})[0] == 201
    assert Preference.objects.get(user=reader, group="review").way == "immediate"
    status, refused = caller.post("me/mail-preferences/", {"group": "weather", "way": "off"})
    assert (status, refused["code"]) == (422, "invalid_input")
    assert client.post("/settings/mails/", {}).status_code == 422
