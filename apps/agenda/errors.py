"""Refusals of the agenda."""

from django.utils.translation import gettext_lazy as _

from apps.core.errors import Refusal


class NobodyToNudge(Refusal):
    code, status, title = "nobody_to_nudge", 409, _("Nobody answers for it")


class NudgedToday(Refusal):
    code, status, title = "nudged_today", 409, _("Nudged today already")


class WebhookAddressRefused(Refusal):
    code, status, title = "webhook_address_refused", 422, _("Nothing is sent to this address")


class WebhookIsOff(Refusal):
    code, status, title = "webhook_is_off", 409, _("The webhook is switched off")


class WebhookIsDeleted(Refusal):
    code, status, title = "webhook_is_deleted", 409, _("The webhook was deleted")


class DeliveryWaits(Refusal):
    code, status, title = "delivery_waits", 409, _("It is being sent already")
