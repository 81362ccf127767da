"""What people see of deliveries: the entry that each is about."""

from collections.abc import Iterable

from apps.agenda.models import Webhook, WebhookDelivery
from apps.core import access
from apps.ledger.models import Entry
from apps.people.models import User


def with_entries(rows: Iterable[WebhookDelivery]) -> list[tuple[WebhookDelivery, Entry]]:
    """Return each delivery with its entry, in one query."""
    found = list(rows)
    entries = {entry.seq: entry for entry in Entry.objects.filter(seq__in=[row.seq for row in found])}
    return [(row, entries[row.seq]) for row in found]


def require_reader(webhook: Webhook, user: User) -> None:
    """Raise ``NotPermitted`` for whoever may see that there is a webhook, but not what it sends."""
    access.require(user, "webhook.manage", webhook.team_id)
