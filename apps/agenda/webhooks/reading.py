"""The trail as the webhooks' cursor reads it."""

from typing import Any

from django.db import transaction

from apps.agenda.models import TrailCursor, Webhook, WebhookDelivery
from apps.ledger.models import Entry, head

CURSOR = "webhooks"
AT_ONCE = 500
MOST_ROUNDS = 20


def start() -> int:
    """Return the number of the newest entry; with the first webhook, begin to read after it."""
    newest = head()
    TrailCursor.objects.bulk_create([TrailCursor(name=CURSOR, seq=newest)], ignore_conflicts=True)
    return newest


@transaction.atomic
def read_on() -> int:
    """Make deliveries of the next entries and move the cursor, in one transaction; return how many entries were read.

    What one process reads, another skips. Entries are read before webhooks: an entry that was committed after a
    webhook finds it. A webhook that is being switched off at this moment is waited for.
    """
    cursor = TrailCursor.objects.select_for_update(skip_locked=True).filter(name=CURSOR).first()
    if cursor is None:
        return 0
    rows = Entry.objects.filter(seq__gt=cursor.seq).order_by("seq")
    entries: list[tuple[Any, ...]] = list(rows.values_list("seq", "action", "team_id", "subject_id")[:AT_ONCE])
    if not entries:
        return 0
    hooks = list(Webhook.objects.select_for_update().filter(is_active=True).order_by("id"))
    WebhookDelivery.objects.bulk_create(
        [
            WebhookDelivery(webhook=hook, seq=seq)
            for seq, action, team_id, subject_id in entries
            for hook in hooks
            if seq > hook.starts_after and hook.wants(action, team_id, subject_id)
        ],
        ignore_conflicts=True,
        batch_size=1000,
    )
    cursor.seq = entries[-1][0]
    cursor.save(update_fields=["seq"])
    return len(entries)


def read_all() -> int:
    """Read on until nothing is left, ten thousand entries at most; return how many were read."""
    total = 0
    for _round in range(MOST_ROUNDS):
        read = read_on()
        total += read
        if read < AT_ONCE:
            break
    return total
