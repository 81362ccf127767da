"""The API of what is due and what was told."""

from typing import Any

from apps.agenda.api.notifications import NotificationViewSet, PreferencesViewSet, SubscriptionViewSet
from apps.agenda.api.overview import DutyViewSet
from apps.agenda.api.webhooks import WebhookViewSet
from apps.agenda.api.work import MyWorkViewSet


def register(router: Any) -> None:
    """Add this app's resources to the API."""
    router.register("me/work", MyWorkViewSet, basename="my-work")
    router.register("me/mail-preferences", PreferencesViewSet, basename="mail-preferences")
    router.register("due-items", DutyViewSet, basename="due-item")
    router.register("notifications", NotificationViewSet, basename="notification")
    router.register("subscriptions", SubscriptionViewSet, basename="subscription")
    router.register("webhooks", WebhookViewSet, basename="webhook")
