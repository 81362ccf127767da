"""The tables of the agenda, one noun a file."""

from apps.agenda.models.webhooks import Webhook, WebhookCursor, WebhookDelivery, WebhookTry

__all__ = ["Webhook", "WebhookCursor", "WebhookDelivery", "WebhookTry"]
