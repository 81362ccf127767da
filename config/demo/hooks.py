"""A webhook of the demo: told of releases for a while, then switched off, with one message that nobody took."""

import datetime as dt
from typing import Any

from django.db import connection

from apps.agenda import actions
from apps.agenda.models import Webhook, WebhookDelivery, WebhookTry
from apps.agenda.webhooks import reading
from apps.agenda.webhooks.sending import WAITS_SECONDS
from apps.core import clock
from apps.ledger.models import Entry

NAME = "Deployment board"
TAKEN = {"status": 202, "answer": '{"ok": true}', "duration_ms": 84}
NOT_TAKEN = {"status": 503, "answer": "upstream connect error", "duration_ms": 2170}
MOST = 6


def tell(story: Any) -> None:
    """Make the webhook; told before the releases, for it begins at the end of the trail."""
    with story.later(minutes=30):
        actions.create_webhook(
            story.teams["service"],
            by=story.who("ines"),
            name=NAME,
            url="https://hooks.demo.example/deployments",
            format="cloudevents",
            kinds=["release."],
        )


def deliver(story: Any) -> None:
    """Let the receiver take all but the last message, and switch the webhook off; nothing leaves the machine."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SET CONSTRAINTS ledger_entry_sequence IMMEDIATE; SET CONSTRAINTS ledger_entry_sequence DEFERRED"
        )
    reading.read_all()
    webhook = Webhook.objects.get(name=NAME)
    webhook.deliveries.filter(pk__in=webhook.deliveries.order_by("-id").values("pk")[MOST:]).delete()
    *taken, dead = webhook.deliveries.order_by("id")
    for delivery in taken:
        _settle(delivery, "delivered", [TAKEN])
    _settle(dead, "dead", [NOT_TAKEN] * 9)
    with story.later(minutes=10):
        actions.switch_off_webhook(webhook, by=story.who("ines"), reason="The board moves to another host.")


def _settle(delivery: WebhookDelivery, state: str, tries: list[dict[str, Any]]) -> None:
    moment, now = Entry.objects.get(seq=delivery.seq).time, clock.now()
    for values, wait in zip(tries, (2, *WAITS_SECONDS), strict=False):
        moment = min(moment + dt.timedelta(seconds=wait), now)
        with clock.replay(moment):
            WebhookTry.objects.create(delivery=delivery, **values)
    delivery.state, delivery.attempts, delivery.settled_at = state, len(tries), moment
    delivery.save(update_fields=["state", "attempts", "settled_at"])
