"""Deliveries that are due are claimed under a lease, sent, and tried again later if need be."""

import datetime as dt
import random
import time
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress

import structlog
from cryptography.fernet import InvalidToken
from django.conf import settings
from django.db import connection, transaction
from django.utils.translation import gettext as _

from apps.agenda.actions.webhooks import switch_off_webhook
from apps.agenda.errors import WebhookIsDeleted
from apps.agenda.models import WebhookDelivery, WebhookTry
from apps.agenda.webhooks import messages, signing
from apps.agenda.webhooks.posting import GONE, Answer, post
from apps.core.actor import SYSTEM
from apps.core.clock import now
from apps.core.identifiers import new_id
from apps.ledger.models import Entry

WAITS_SECONDS = (5, 30, 120, 600, 3600, 3 * 3600, 8 * 3600, 16 * 3600)
LEASE_SECONDS = 60
MOST_TRIES_KEPT = 20
TURN_SECONDS = 10.0
MOST_AT_ONCE = 8
ONE_SENDER = 7302
log = structlog.get_logger(__name__)


def wait_after(attempts: int) -> dt.timedelta | None:
    """Return how long to wait after so many failed attempts, None when no more is tried.

    Full jitter: anything between nothing and twice the step, so that the step is the mean and receivers that come
    back are not met by all at once. Source: M. Brooker, Exponential Backoff And Jitter (2015).
    """
    if attempts > len(WAITS_SECONDS):
        return None
    return dt.timedelta(seconds=random.uniform(0, 2 * WAITS_SECONDS[attempts - 1]))


def send_due() -> int:
    """Send what is due, to eight webhooks at once; return how many were sent. One process at a time sends.

    A webhook that does not answer holds up its own deliveries alone.
    """
    with _alone() as is_alone:
        due = webhooks_due() if is_alone else []
        if not due:
            return 0
        with ThreadPoolExecutor(max_workers=min(MOST_AT_ONCE, len(due)), thread_name_prefix="webhooks") as pool:
            return sum(pool.map(_in_a_thread, due))


@contextmanager
def _alone() -> Iterator[bool]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [ONE_SENDER])
        is_alone = bool(cursor.fetchone()[0])
    try:
        yield is_alone
    finally:
        if is_alone:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [ONE_SENDER])


def _in_a_thread(webhook_id: uuid.UUID) -> int:
    try:
        return send_to(webhook_id)
    except Exception:
        log.exception("webhook_failed", webhook=str(webhook_id))
        return 0
    finally:
        connection.close()


def webhooks_due() -> list[uuid.UUID]:
    """Return the active webhooks that have something to send now; a look into an index for each."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT id FROM agenda_webhook hook WHERE is_active AND EXISTS (
                SELECT FROM agenda_webhookdelivery WHERE webhook_id = hook.id AND state = 'waiting'
                    AND next_try_at <= clock_timestamp()
                    AND (lease_until IS NULL OR lease_until < clock_timestamp()))
            ORDER BY id
            """
        )
        return [row[0] for row in cursor.fetchall()]


def send_to(webhook_id: uuid.UUID) -> int:
    """Send what is due to one webhook until a try fails or ten seconds are over; return how many were delivered."""
    until = time.monotonic() + TURN_SECONDS
    sent = 0
    while time.monotonic() < until and (delivery := claim(webhook_id)) is not None and send(delivery):
        sent += 1
    return sent


def claim(webhook_id: uuid.UUID) -> WebhookDelivery | None:
    """Take the webhook's next due delivery under a lease of a minute, or return None."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE agenda_webhookdelivery SET claim = %s, attempts = attempts + 1,
                lease_until = clock_timestamp() + make_interval(secs => %s)
            WHERE id = (
                SELECT delivery.id FROM agenda_webhookdelivery delivery
                JOIN agenda_webhook hook ON hook.id = webhook_id
                WHERE webhook_id = %s AND state = 'waiting' AND hook.is_active AND next_try_at <= clock_timestamp()
                    AND (lease_until IS NULL OR lease_until < clock_timestamp())
                ORDER BY next_try_at, delivery.id LIMIT 1 FOR UPDATE OF delivery SKIP LOCKED)
            RETURNING id
            """,
            [new_id(), LEASE_SECONDS, webhook_id],
        )
        row = cursor.fetchone()
    return WebhookDelivery.objects.select_related("webhook__team").get(pk=row[0]) if row else None


def send(delivery: WebhookDelivery) -> bool:
    """Send a claimed delivery and note what came of it; return whether it was delivered."""
    try:
        answer = _answer(delivery)
    except InvalidToken:
        answer = Answer(None, "", _("SECRET_KEY was changed: make this webhook anew."), 0)
    except Exception as error:
        log.exception("webhook_message_failed", delivery=str(delivery.pk))
        answer = Answer(None, "", _("The message could not be made: %(why)s") % {"why": type(error).__name__}, 0)
    if answer.status == GONE:
        with suppress(WebhookIsDeleted):
            switch_off_webhook(delivery.webhook, by=SYSTEM, reason=_("The receiver answered 410 Gone."))
    settle(delivery, answer)
    return answer.is_delivered


def _answer(delivery: WebhookDelivery) -> Answer:
    webhook = delivery.webhook
    entry = Entry.objects.get(seq=delivery.seq)
    body = messages.body(webhook, entry)
    headers = signing.headers(webhook.secrets_at(now()), str(delivery.pk), int(time.time()), body)
    headers |= {
        "Content-Type": messages.content_type(webhook),
        "User-Agent": f"Fourgate/{settings.FOURGATE_VERSION}",
    }
    return post(webhook.url, body, headers)


@transaction.atomic
def settle(delivery: WebhookDelivery, answer: Answer) -> None:
    """Note a try and what follows: delivered, another try later, or dead. Whoever lost the claim notes the try only."""
    held = WebhookDelivery.objects.select_for_update().get(pk=delivery.pk)
    WebhookTry.objects.create(
        delivery=held, status=answer.status, answer=answer.text, duration_ms=answer.duration_ms, error=answer.error
    )
    kept = held.tries.order_by("-id").values_list("pk", flat=True)[:MOST_TRIES_KEPT]
    held.tries.exclude(pk__in=list(kept)).delete()
    if held.claim != delivery.claim:
        return
    held.claim = held.lease_until = None
    wait = wait_after(held.attempts)
    if answer.is_delivered:
        held.state, held.settled_at = WebhookDelivery.State.DELIVERED, now()
    elif held.state == WebhookDelivery.State.WAITING and wait is not None:
        held.next_try_at = now() + wait
    else:
        held.state, held.settled_at = WebhookDelivery.State.DEAD, now()
    held.save(update_fields=["claim", "lease_until", "state", "settled_at", "next_try_at"])
