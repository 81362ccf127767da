"""From the trail to a receiver: once for each entry, tried again, dead at last, always under the same identifier."""

import base64
import hmac
import json
import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.agenda import actions
from apps.agenda.models import TrailCursor, Webhook, WebhookDelivery
from apps.agenda.webhooks import posting, reading, sending
from apps.ledger.models import Entry
from tests.agenda.receiver import Receiver, receiving
from tests.agenda.scenery import Few, due, few, make_webhook, read
from tests.commits import settle
from tests.people.factories import make_user, member

pytestmark = pytest.mark.django_db
STATES = WebhookDelivery.State


@pytest.fixture(autouse=True)
def _allowed(settings: Any) -> None:
    settings.WEBHOOK_ALLOWED_HOSTS = ["127.0.0.1"]


@pytest.fixture
def scene() -> Few:
    return few()


def with_test(scene: Few, receiver: Receiver, **values: Any) -> Webhook:
    """Return a webhook of the receiver to which one test is due."""
    webhook, _secret = make_webhook(scene.team, scene.lead, url=receiver.url, kinds=["webhook.deleted"], **values)
    actions.send_test(webhook, by=scene.lead)
    read()
    return webhook


def only(webhook: Webhook) -> WebhookDelivery:
    return webhook.deliveries.get()


def is_signed(got: Any, secret: str) -> bool:
    signed = b".".join([got.headers["webhook-id"].encode(), got.headers["webhook-timestamp"].encode(), got.body])
    expected = base64.b64encode(hmac.digest(base64.b64decode(secret[6:]), signed, "sha256")).decode()
    return f"v1,{expected}" in got.headers["webhook-signature"].split(" ")


def test_an_entry_reaches_the_receiver_signed(scene: Few) -> None:
    with receiving() as receiver:
        webhook, secret = make_webhook(scene.team, scene.lead, url=receiver.url)
        read()
        assert sending.send_to(webhook.pk) == 1
    (got,) = receiver.got
    delivery = only(webhook)
    assert (delivery.state, delivery.attempts) == (STATES.DELIVERED, 1)
    assert got.path == "/in?from=fourgate"
    assert got.headers["host"] == f"127.0.0.1:{receiver.port}"
    assert got.headers["content-type"] == "application/cloudevents+json"
    assert got.headers["webhook-id"] == str(delivery.pk)
    assert abs(int(got.headers["webhook-timestamp"]) - time.time()) < 60
    assert is_signed(got, secret)
    assert json.loads(got.body)["type"] == "fourgate.webhook.created"


def test_only_the_teams_entries_of_the_chosen_kinds_are_sent(scene: Few) -> None:
    other = few("Other")
    admin = make_user(organisation_role="administrator")
    all_of_ours, _secret = make_webhook(scene.team, scene.lead)
    gates_alone, _secret = make_webhook(scene.team, scene.lead, kinds=["gate."])
    everywhere, _secret = make_webhook(None, admin)
    read()
    seen = {
        hook: list(hook.deliveries.values_list("seq", flat=True)) for hook in (all_of_ours, gates_alone, everywhere)
    }
    ours = Entry.objects.filter(team_id=scene.team.pk, action="webhook.created").values_list("seq", flat=True)
    assert seen[all_of_ours] == sorted(ours)
    assert seen[gates_alone] == []
    make_webhook(other.team, other.lead)
    read()
    assert all_of_ours.deliveries.count() == len(seen[all_of_ours])
    assert everywhere.deliveries.filter(seq=Entry.objects.latest("seq").seq).exists()


def test_a_new_webhook_begins_at_the_present_end(scene: Few) -> None:
    make_webhook(scene.team, scene.lead)
    member(scene.team, "member")
    read()
    end = Entry.objects.latest("seq").seq
    webhook, _secret = make_webhook(scene.team, scene.lead)
    read()
    assert set(webhook.deliveries.values_list("seq", flat=True)) == {end + 1}


def test_a_test_goes_to_one_webhook_whatever_its_kinds(scene: Few) -> None:
    with receiving() as receiver:
        other, _secret = make_webhook(scene.team, scene.lead, kinds=["webhook.tested"])
        webhook = with_test(scene, receiver)
        assert sending.send_to(webhook.pk) == 1
    assert json.loads(receiver.got[0].body)["type"] == "fourgate.webhook.tested"
    assert not other.deliveries.exists()


def test_reading_costs_the_same_queries_for_one_entry_and_for_many(scene: Few) -> None:
    webhook, _secret = make_webhook(scene.team, scene.lead)
    counts = []
    for many in (1, 20):
        for _number in range(many):
            actions.send_test(webhook, by=scene.lead)
        read_before = TrailCursor.objects.get(name="webhooks").seq
        settle()
        with CaptureQueriesContext(connection) as queries:
            assert reading.read_all() >= many
        assert TrailCursor.objects.get(name="webhooks").seq > read_before
        counts.append(len(queries))
    assert counts[0] == counts[1]
    with CaptureQueriesContext(connection) as queries:
        assert reading.read_all() == 0
    assert len(queries) <= 4


def test_what_is_refused_is_tried_again_under_the_same_identifier(scene: Few) -> None:
    with receiving((500, b"Oh\x00 no" + b"!" * 600, {}), 200) as receiver:
        webhook = with_test(scene, receiver)
        assert sending.send_to(webhook.pk) == 0
        waiting = only(webhook)
        assert waiting.state == STATES.WAITING
        due(webhook)
        assert sending.send_to(webhook.pk) == 1
    assert only(webhook).state == STATES.DELIVERED
    assert receiver.ids == [str(waiting.pk)] * 2
    first, second = only(webhook).tries.all()
    assert (first.status, second.status) == (500, 200)
    assert first.answer.startswith("Oh� no!")
    assert len(first.answer) == 500


def test_a_receiver_that_is_gone_switches_its_webhook_off(scene: Few) -> None:
    with receiving(410) as receiver:
        webhook = with_test(scene, receiver)
        actions.send_test(webhook, by=scene.lead)
        read()
        assert sending.send_to(webhook.pk) == 0
        assert sending.send_to(webhook.pk) == 0
    webhook.refresh_from_db()
    assert not webhook.is_active
    assert "410" in webhook.off_reason
    assert set(webhook.deliveries.values_list("state", flat=True)) == {STATES.DEAD}
    assert len(receiver.got) == 1
    assert Entry.objects.get(action="webhook.switched_off").actor_name == "Fourgate"


def test_a_redirect_is_not_followed(scene: Few) -> None:
    with receiving() as elsewhere, receiving((302, b"", {"Location": elsewhere.url})) as receiver:
        webhook = with_test(scene, receiver)
        assert sending.send_to(webhook.pk) == 0
    assert not elsewhere.got
    assert "Redirects are not followed" in only(webhook).tries.get().error


def test_a_receiver_that_does_not_answer_in_time_has_not_taken_it(scene: Few, monkeypatch: Any) -> None:
    monkeypatch.setattr(posting, "TIMEOUT_SECONDS", 0.3)
    with receiving() as receiver:
        receiver.delay_seconds = 1.0
        webhook = with_test(scene, receiver)
        begun = time.monotonic()
        assert sending.send_to(webhook.pk) == 0
        assert time.monotonic() - begun < 5
    assert "No answer within" in only(webhook).tries.get().error


@pytest.fixture
def dripping() -> Iterator[int]:
    """Yield the port of a server that sends a header's beginning, a byte at a time, for ever."""
    server = socket.create_server(("127.0.0.1", 0))
    stopped = threading.Event()

    def drip() -> None:
        peer, _address = server.accept()
        with peer:
            try:
                peer.sendall(b"HTTP/1.1 200 OK\r\nX-Slow: ")
                while not stopped.wait(0.05):
                    peer.sendall(b"x")
            except OSError:
                pass

    thread = threading.Thread(target=drip, daemon=True)
    thread.start()
    yield server.getsockname()[1]
    stopped.set()
    server.close()


def test_a_receiver_that_drips_is_cut_off(dripping: int, monkeypatch: Any) -> None:
    monkeypatch.setattr(posting, "TIMEOUT_SECONDS", 0.5)
    answer = posting.post(f"http://127.0.0.1:{dripping}/", b"{}", {})
    assert answer.status is None
    assert "No answer within" in answer.error
    assert answer.duration_ms < 5000


def test_what_goes_wrong_outside_is_said_in_a_sentence(monkeypatch: Any) -> None:
    with receiving() as receiver:
        port = receiver.port
        secure = posting.post(f"https://127.0.0.1:{port}/", b"{}", {})
    assert secure.status is None
    assert "failed" in secure.error
    assert "ConnectionRefused" in posting.post(f"http://127.0.0.1:{port}/", b"{}", {}).error

    def nowhere(*args: Any, **values: Any) -> Any:
        raise socket.gaierror(-2, "unknown")

    monkeypatch.setattr(socket, "getaddrinfo", nowhere)
    assert "leads nowhere" in posting.post("https://nowhere.example.org/", b"{}", {}).error


def test_a_name_that_leads_to_a_private_address_is_not_spoken_to(scene: Few, settings: Any, monkeypatch: Any) -> None:
    with receiving() as receiver:
        found = socket.getaddrinfo("127.0.0.1", receiver.port, type=socket.SOCK_STREAM)
        monkeypatch.setattr(socket, "getaddrinfo", lambda *args, **values: found)
        settings.WEBHOOK_ALLOWED_HOSTS = []
        webhook, _secret = make_webhook(scene.team, scene.lead, url=f"https://rebound.example.org:{receiver.port}/")
        read()
        assert sending.send_to(webhook.pk) == 0
    assert not receiver.got
    assert "private network" in only(webhook).tries.get().error


def test_the_address_that_was_checked_is_the_one_spoken_to(monkeypatch: Any) -> None:
    """A name that leads to the receiver when it is checked, and elsewhere ever after."""
    asked: list[Any] = []
    real = socket.getaddrinfo

    def rebinding(host: Any, *args: Any, **values: Any) -> Any:
        asked.append(host)
        if host == "127.0.0.1":
            return real(host, *args, **values)
        return real("127.0.0.1" if asked.count(host) == 1 else "127.0.0.9", *args, **values)

    monkeypatch.setattr(socket, "getaddrinfo", rebinding)
    monkeypatch.setattr("apps.agenda.webhooks.addresses.is_allowed", lambda host: True)
    with receiving() as receiver:
        assert posting.post(f"http://name.example.org:{receiver.port}/", b"{}", {}).status == 204
    assert asked.count("name.example.org") == 1
    assert receiver.got[0].headers["host"] == f"name.example.org:{receiver.port}"


def test_a_worker_killed_between_sending_and_noting_sends_the_same_identifier_again(scene: Few) -> None:
    with receiving() as receiver:
        webhook = with_test(scene, receiver)
        claimed = sending.claim(webhook.pk)
        assert claimed is not None
        sending._answer(claimed)
        assert sending.send_to(webhook.pk) == 0, "under a lease it is nobody else's"
        WebhookDelivery.objects.update(lease_until="2020-01-01T00:00:00Z")
        assert sending.send_to(webhook.pk) == 1
    assert receiver.ids == [str(claimed.pk)] * 2
    assert receiver.got[0].body == receiver.got[1].body


def test_who_lost_the_lease_changes_nothing(scene: Few) -> None:
    with receiving() as receiver:
        webhook = with_test(scene, receiver)
        slow = sending.claim(webhook.pk)
        assert slow is not None
        WebhookDelivery.objects.update(lease_until="2020-01-01T00:00:00Z")
        assert sending.send_to(webhook.pk) == 1
        sending.settle(slow, posting.Answer(500, "", "", 1))
    assert only(webhook).state == STATES.DELIVERED
    assert only(webhook).tries.count() == 2


def test_what_is_never_taken_is_dead_and_can_be_sent_again(scene: Few) -> None:
    with receiving(*[503] * 9) as receiver:
        webhook = with_test(scene, receiver)
        for _number in range(9):
            assert only(webhook).state == STATES.WAITING
            due(webhook)
            assert sending.send_to(webhook.pk) == 0
        dead = only(webhook)
        assert (dead.state, dead.attempts) == (STATES.DEAD, 9)
        due(webhook)
        assert sending.send_to(webhook.pk) == 0
        assert len(receiver.got) == 9
        actions.send_again(dead, by=scene.lead)
        assert sending.send_to(webhook.pk) == 1
    assert set(receiver.ids) == {str(dead.pk)}
    assert only(webhook).state == STATES.DELIVERED


def test_tries_are_capped(scene: Few, monkeypatch: Any) -> None:
    monkeypatch.setattr(sending, "MOST_TRIES_KEPT", 3)
    with receiving(*[500] * 5) as receiver:
        webhook = with_test(scene, receiver)
        for _number in range(5):
            due(webhook)
            sending.send_to(webhook.pk)
    assert only(webhook).tries.count() == 3
    assert only(webhook).attempts == 5


def test_both_secrets_sign_for_a_day_after_a_rotation(scene: Few) -> None:
    with receiving() as receiver:
        webhook, old = make_webhook(scene.team, scene.lead, url=receiver.url, kinds=["webhook.deleted"])
        _same, new = actions.rotate_secret(webhook, by=scene.lead)
        for _number in range(2):
            actions.send_test(webhook, by=scene.lead)
            read()
            assert sending.send_to(webhook.pk) == 1
            Webhook.objects.update(old_secret_until="2020-01-01T00:00:00Z")
    during, after = receiver.got
    assert is_signed(during, old)
    assert is_signed(during, new)
    assert is_signed(after, new)
    assert not is_signed(after, old)


def test_a_changed_key_is_said_and_not_thrown(scene: Few, settings: Any) -> None:
    with receiving() as receiver:
        webhook = with_test(scene, receiver)
        settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "another" * 10, []
        assert sending.send_to(webhook.pk) == 0
    assert "SECRET_KEY" in only(webhook).tries.get().error
    assert only(webhook).state == STATES.WAITING


def test_a_message_that_cannot_be_made_counts_as_a_try(scene: Few, monkeypatch: Any) -> None:
    def broken(*args: Any) -> bytes:
        raise KeyError("x")

    with receiving() as receiver:
        webhook = with_test(scene, receiver)
        monkeypatch.setattr("apps.agenda.webhooks.messages.body", broken)
        assert sending.send_to(webhook.pk) == 0
    assert "could not be made" in only(webhook).tries.get().error
    assert not receiver.got


def test_old_deliveries_are_forgotten_and_not_sent_anew(scene: Few) -> None:
    with receiving() as receiver:
        webhook = with_test(scene, receiver)
        sending.send_to(webhook.pk)
        assert actions.forget_deliveries() == 0
        WebhookDelivery.objects.update(settled_at="2020-01-01T00:00:00Z")
        assert actions.forget_deliveries() == 1
        read()
        assert sending.send_to(webhook.pk) == 0
    assert not webhook.deliveries.exists()
    assert len(receiver.got) == 1
