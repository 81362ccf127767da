"""Every change of what the agenda keeps."""

from apps.agenda.actions.webhooks import (
    create_webhook,
    end_webhook,
    forget_deliveries,
    rotate_secret,
    send_again,
    send_dead_again,
    send_test,
    switch_off_webhook,
    switch_on_webhook,
)

__all__ = [
    "create_webhook",
    "end_webhook",
    "forget_deliveries",
    "rotate_secret",
    "send_again",
    "send_dead_again",
    "send_test",
    "switch_off_webhook",
    "switch_on_webhook",
]
