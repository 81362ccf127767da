"""Readers and senders of webhooks at once, and one that is killed: each entry makes one delivery."""

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

import pytest
from django.db import InterfaceError, OperationalError, connection, transaction

from apps.agenda import actions, tasks
from apps.agenda.models import WebhookDelivery
from apps.agenda.webhooks import reading
from apps.ledger.models import Entry
from tests.agenda.receiver import receiving
from tests.agenda.scenery import Few, few, make_webhook

pytestmark = pytest.mark.django_db(transaction=True)
STATES = WebhookDelivery.State


@pytest.fixture
def scene(settings: Any) -> Few:
    settings.WEBHOOK_ALLOWED_HOSTS = ["127.0.0.1"]
    return few()


def test_readers_at_once_make_one_delivery_for_each_entry(scene: Few) -> None:
    webhook, _secret = make_webhook(scene.team, scene.lead)
    for _number in range(60):
        actions.send_test(webhook, by=scene.lead)

    def reader(_number: int) -> int:
        try:
            return sum(reading.read_on() for _round in range(30))
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        total = sum(pool.map(reader, range(4)))
    wanted = list(Entry.objects.filter(seq__gt=webhook.starts_after).values_list("seq", flat=True))
    assert total == len(wanted)
    assert sorted(webhook.deliveries.values_list("seq", flat=True)) == sorted(wanted)


def test_a_reader_killed_before_its_commit_loses_and_doubles_nothing(scene: Few) -> None:
    webhook, _secret = make_webhook(scene.team, scene.lead)
    actions.send_test(webhook, by=scene.lead)

    def killed() -> None:
        with suppress(OperationalError, InterfaceError), transaction.atomic(), connection.cursor() as cursor:
            assert reading.read_on() == 2
            cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")
        connection.close()

    thread = threading.Thread(target=killed)
    thread.start()
    thread.join()
    assert webhook.deliveries.count() == 0
    assert reading.read_all() == 2
    assert webhook.deliveries.count() == 2


def test_senders_at_once_send_each_delivery_once_and_a_slow_receiver_holds_up_itself_alone(scene: Few) -> None:
    with receiving() as slow, receiving() as quick:
        slow.delay_seconds = 0.2
        hooks = [make_webhook(scene.team, scene.lead, url=receiver.url)[0] for receiver in (slow, quick)]
        for hook in hooks:
            for _number in range(5):
                actions.send_test(hook, by=scene.lead)

        def sender(_number: int) -> None:
            try:
                tasks.tell_webhooks()
            finally:
                connection.close()

        with ThreadPoolExecutor(3) as pool:
            list(pool.map(sender, range(3)))
        tasks.tell_webhooks()
    assert not WebhookDelivery.objects.exclude(state=STATES.DELIVERED).exists()
    for receiver, hook in ((slow, hooks[0]), (quick, hooks[1])):
        assert sorted(receiver.ids) == sorted(str(pk) for pk in hook.deliveries.values_list("pk", flat=True))
