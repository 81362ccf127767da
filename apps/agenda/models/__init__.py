"""The tables of the agenda, one noun a file."""

from apps.agenda.models.notifications import (
    DueCount,
    Mail,
    Notification,
    Preference,
    Subscription,
    TrailCursor,
)
from apps.agenda.models.webhooks import Webhook, WebhookDelivery, WebhookTry

__all__ = [
    "DueCount",
    "Mail",
    "Notification",
    "Preference",
    "Subscription",
    "TrailCursor",
    "Webhook",
    "WebhookDelivery",
    "WebhookTry",
]
