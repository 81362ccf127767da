"""How the acts of this app read in the trail."""

from django.utils.translation import gettext_lazy as _

from apps.ledger import sentences

sentences.offer(
    {
        "webhook.created": (_("created the webhook"), "link"),
        "webhook.tested": (_("sent a test to the webhook"), "link"),
        "webhook.secret_rotated": (_("gave another secret to the webhook"), "key"),
        "webhook.switched_off": (_("switched off the webhook"), "lock"),
        "webhook.switched_on": (_("switched on the webhook"), "refresh"),
        "webhook.deleted": (_("deleted the webhook"), "trash"),
        "webhook.sent_again": (_("sent deliveries again to the webhook"), "refresh"),
    }
)
