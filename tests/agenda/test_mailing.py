"""Mails: once a day or at once, in working hours, only of what is still open, tried until they leave."""

import datetime as dt
import re
from typing import Any

import pytest
from django.core import mail as outgoing
from django.core.mail.backends.locmem import EmailBackend
from django.db import connection
from django.test import Client

from apps.agenda import mailing, preferences
from apps.agenda.models import Mail, Notification, Preference
from apps.agenda.reminding import remind
from apps.core.clock import now, replay
from tests.agenda.conftest import MONDAY
from tests.agenda.scenery import Desk, make_mail, make_notification
from tests.people.factories import make_user
from tests.scenery import Scene

pytestmark = pytest.mark.django_db
DAY = dt.timedelta(days=1)
MORNING = dt.timedelta(hours=1, minutes=20)


def post(moment: dt.datetime) -> list[Mail]:
    """Remind, write and send at a moment; return the mails that were written by then."""
    with replay(moment):
        remind()
        mailing.write_mails()
        mailing.send_waiting()
    return list(Mail.objects.order_by("id"))


def test_a_digest_holds_everything_and_leaves_once_a_day(scene: Scene, desk: Desk) -> None:
    for _number in range(3):
        desk.put(scene, MONDAY + DAY)
    assert post(MONDAY + DAY + dt.timedelta(hours=1, minutes=1)) == [], "told at eight, mailed a quarter later"
    (found,) = post(MONDAY + DAY + MORNING)
    assert (found.subject, found.state, found.to) == (
        "3 things wait for you", Mail.State.SENT, scene.people["business_owner"].email
    )  # fmt: skip
    desk.put(scene, MONDAY + DAY + dt.timedelta(hours=8))
    assert len(post(MONDAY + DAY + dt.timedelta(hours=5))) == 1
    assert [row.subject for row in post(MONDAY + 2 * DAY + MORNING)][1:] == ["1 thing waits for you"]
    (sent, _later) = outgoing.outbox
    assert sent.extra_headers["Message-ID"] == f"<{found.pk}@localhost>"
    assert sent.extra_headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    for part in (sent.body, str(sent.alternatives[0][0])):
        assert "Review 0" in part
        assert "Why you: You are business owner." in part
        assert "/use-cases/" in part


def test_a_mail_service_takes_what_an_smtp_server_would(scene: Scene, settings: Any) -> None:
    settings.EMAIL_BACKEND = "anymail.backends.test.EmailBackend"
    found = make_mail(scene.lead, unsubscribe_url="https://fourgate.example/mails/unsubscribe/x/")
    assert mailing.send_waiting() == 1
    (sent,) = outgoing.outbox
    assert sent.anymail_test_params["extra_headers"]["Message-ID"] == f"<{found.pk}@localhost>"
    assert sent.anymail_test_params["html_body"] == "<p>One and two.</p>"


def test_what_is_wanted_at_once_leaves_in_working_hours(scene: Scene, desk: Desk) -> None:
    holder = scene.people["business_owner"]
    preferences.choose(holder, "review", Preference.Way.IMMEDIATE)
    desk.put(scene, MONDAY + 4 * DAY)
    with replay(MONDAY + 4 * DAY + dt.timedelta(hours=13)):
        remind()
        row = Notification.objects.get(user=holder)
        assert row.mail_at == dt.datetime(2026, 3, 9, 8, tzinfo=dt.UTC), "Friday night: Monday morning"


def test_nobody_gets_a_mail_who_wants_none(scene: Scene, desk: Desk) -> None:
    preferences.choose(scene.people["business_owner"], "review", Preference.Way.OFF)
    desk.put(scene, MONDAY + DAY)
    assert post(MONDAY + DAY + MORNING) == []
    assert Notification.objects.count() == 1
    auditor = make_user("Auditor", organisation_role="auditor")
    assert preferences.Ways([auditor]).of_group(auditor.pk, "review") == "off"


def test_what_was_read_or_done_needs_no_mail(scene: Scene, desk: Desk) -> None:
    desk.put(scene, MONDAY + DAY)
    desk.put(scene, MONDAY + DAY)
    with replay(MONDAY + DAY + dt.timedelta(hours=1)):
        remind()
    Notification.objects.filter(title="Review 0").update(read_at=MONDAY)
    del desk.duties[1]
    assert post(MONDAY + DAY + MORNING) == []
    assert not Notification.objects.filter(mail_at__isnull=False).exists()


class Refusing(EmailBackend):
    failures = 3

    def send_messages(self, messages: Any) -> int:
        if Refusing.failures:
            Refusing.failures -= 1
            raise ConnectionRefusedError("no SMTP here")
        return super().send_messages(messages)


def test_a_mail_that_cannot_leave_is_tried_again_under_the_same_name(settings: Any) -> None:
    settings.EMAIL_BACKEND = "tests.agenda.test_mailing.Refusing"
    Refusing.failures = 3
    waiting = make_mail(make_user("Reader"))
    moment = now()
    for tries in range(1, 4):
        with replay(moment):
            assert mailing.send_waiting() == 0
        waiting.refresh_from_db()
        assert (waiting.state, waiting.tries, waiting.error) == (
            "waiting", tries, "ConnectionRefusedError: no SMTP here"
        )  # fmt: skip
        with replay(moment + dt.timedelta(seconds=1)):
            assert mailing.send_waiting() == 0, "not before its time"
        moment = waiting.next_try_at
    with replay(moment):
        assert mailing.send_waiting() == 1
    waiting.refresh_from_db()
    assert (waiting.state, waiting.error, len(outgoing.outbox)) == ("sent", "", 1)


def test_a_mail_fails_for_good_after_twelve_tries_and_can_be_sent_again(settings: Any) -> None:
    settings.EMAIL_BACKEND = "tests.agenda.test_mailing.Refusing"
    Refusing.failures = 12
    waiting, moment = make_mail(make_user("Reader")), now()
    for _number in range(12):
        with replay(moment):
            mailing.send_waiting()
        waiting.refresh_from_db()
        moment = waiting.next_try_at or moment
    assert (waiting.state, waiting.next_try_at) == ("failed", None)
    mailing.send_again(waiting)
    assert mailing.send_waiting() == 1


def test_a_worker_that_died_while_sending_is_followed_under_the_same_name() -> None:
    waiting = make_mail(make_user("Reader"))
    assert mailing.claim() == waiting
    assert mailing.claim() is None, "it is held for five minutes"
    with replay(now() + dt.timedelta(minutes=6)):
        assert mailing.send_waiting() == 1
    assert outgoing.outbox[0].extra_headers["Message-ID"] == f"<{waiting.pk}@localhost>"


@pytest.mark.parametrize(("tries", "most"), [(1, 30), (2, 60), (8, 3840), (20, 21600)])
def test_waits_grow_up_to_six_hours(tries: int, most: int) -> None:
    found = [mailing.wait_before(tries).total_seconds() for _number in range(50)]
    assert most / 2 <= min(found) <= max(found) <= most
    assert len(set(found)) > 10


def test_the_link_at_the_foot_unsubscribes_from_its_group_alone() -> None:
    reader = make_user("Reader")
    path = re.sub(r"^https?://[^/]+", "", mailing.unsubscribe_url(reader, "review"))
    client = Client(enforce_csrf_checks=True)
    assert "No more of these mails" in client.get(path).content.decode()
    assert not Preference.objects.exists()
    assert client.post(path, {"List-Unsubscribe": "One-Click"}).status_code == 200
    assert list(Preference.objects.values_list("user", "group", "way")) == [(reader.pk, "review", "off")]
    for broken in (path[:-3] + "/", "/notifications/unsubscribe/x/"):
        assert client.post(broken).status_code == 404


def test_only_the_reader_and_administrators_see_a_mail() -> None:
    reader, other = make_user("Reader"), make_user("Other")
    admin = make_user("Admin", organisation_role="administrator")
    written = make_mail(reader, text="Only for the reader")
    client = Client()
    for person, one, every in ((reader, 200, 403), (other, 404, 403), (admin, 200, 200)):
        client.force_login(person)
        assert client.get(f"/settings/mails/sent/{written.pk}/").status_code == one
        assert client.get("/settings/mails/sent/").status_code == every


def test_writing_mails_costs_the_same_queries_for_any_number_of_items(scene: Scene, desk: Desk) -> None:
    from django.test.utils import CaptureQueriesContext

    def cost(count: int, day: int) -> int:
        moment = MONDAY + day * DAY
        for _number in range(count):
            make_notification(scene.lead, told_at=moment, mail_at=moment)
        with CaptureQueriesContext(connection) as queries, replay(moment):
            assert mailing.write_mails() == 1
        return len(queries)

    assert cost(2, 1) == cost(60, 2)
