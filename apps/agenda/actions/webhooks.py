"""Webhooks: made, tested, given another secret, switched, deleted; their deliveries sent again and forgotten."""

import datetime as dt
from collections.abc import Iterable
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from apps.agenda.errors import DeliveryWaits, WebhookIsDeleted, WebhookIsOff
from apps.agenda.models import Webhook, WebhookDelivery
from apps.agenda.models.webhooks import seal
from apps.agenda.webhooks import reading, signing
from apps.agenda.webhooks.addresses import checked_url
from apps.core import access
from apps.core.actor import Actor
from apps.core.clock import now
from apps.core.errors import InvalidInput
from apps.core.transactions import atomic
from apps.ledger import sentences
from apps.ledger.actions import record_on
from apps.people.models import Team, User

MANAGE = "webhook.manage"
OVERLAP = dt.timedelta(hours=24)
KEPT = dt.timedelta(days=30)
MOST_KINDS = 50
MOST_FORGOTTEN = 5000
State = WebhookDelivery.State


@atomic
def create_webhook(
    team: Team | None, *, by: User, name: str, url: str, format: str, kinds: Iterable[str] = ()
) -> tuple[Webhook, str]:
    """Return a webhook that is told what happens from now on, and its secret, which can't be read again.

    Without a team it is told of every team; that is for administrators of the organisation. ``kinds`` are acts
    (``gate.opened``) or what they begin with (``gate.``). Raise ``WebhookAddressRefused``, ``InvalidInput``.
    """
    access.require(by, MANAGE, team.pk if team else None)
    name = name.strip()
    if not name:
        raise InvalidInput(_("Give the webhook a name."), errors={"/name": [_("Give a name.")]})
    if format not in Webhook.Format.values:
        raise InvalidInput(
            _("A format is one of: %(names)s.") % {"names": ", ".join(Webhook.Format.values)},
            errors={"/format": [_("Choose a format.")]},
        )
    parts = checked_url(url)
    secret = signing.new_secret()
    webhook = Webhook.objects.create(
        team=team,
        name=name,
        host=parts.hostname or "",
        sealed_url=seal(url.strip()),
        format=format,
        kinds=_known(kinds),
        sealed_secret=seal(secret),
        starts_after=reading.start(),
        created_by=by,
    )
    _record("webhook.created", webhook, by, host=webhook.host, format=format, kinds=webhook.kinds)
    return webhook, secret


def _known(kinds: Iterable[str]) -> list[str]:
    """Return the beginnings of acts in order; refuse one that no act begins with."""
    found, names = sorted(set(kinds)), sentences.names()
    unknown = [kind for kind in found if not kind or not any(name.startswith(kind) for name in names)]
    if unknown or len(found) > MOST_KINDS:
        raise InvalidInput(
            _("Name at most %(n)d acts, such as “gate.” or “gate.opened”. Unknown: %(names)s.")
            % {"n": MOST_KINDS, "names": ", ".join(kind[:80] for kind in unknown[:5]) or "–"},
            errors={"/kinds": [_("Name acts as the trail does.")]},
        )
    return found


def _record(action: str, webhook: Webhook, by: Actor, **payload: Any) -> None:
    record_on(action, by=by, ref=webhook.ref, obj=webhook, payload=payload)


def _lock(webhook: Webhook, by: Actor) -> Webhook:
    """Return the webhook as it is now, locked; raise ``NotPermitted`` or ``WebhookIsDeleted``."""
    found = Webhook.objects.select_related("team").select_for_update(of=("self",)).get(pk=webhook.pk)
    access.require(by, MANAGE, found.team_id)
    if found.ended_at is not None:
        raise WebhookIsDeleted(_("It sends nothing any more. Make a new webhook."))
    return found


def _lock_active(webhook: Webhook, by: Actor) -> Webhook:
    found = _lock(webhook, by)
    if not found.is_active:
        raise WebhookIsOff(_("Switch the webhook on first; until then it sends nothing."))
    return found


@atomic
def rotate_secret(webhook: Webhook, *, by: User) -> tuple[Webhook, str]:
    """Return the webhook and its new secret; for 24 hours the one before it signs as well."""
    webhook = _lock(webhook, by)
    secret = signing.new_secret()
    webhook.sealed_old_secret, webhook.sealed_secret = webhook.sealed_secret, seal(secret)
    webhook.old_secret_until = now() + OVERLAP
    webhook.save(update_fields=["sealed_old_secret", "sealed_secret", "old_secret_until"])
    _record("webhook.secret_rotated", webhook, by)
    return webhook, secret


@atomic
def send_test(webhook: Webhook, *, by: User) -> None:
    """Record an entry that is sent to this webhook and to no other, the way every entry goes."""
    _record("webhook.tested", _lock_active(webhook, by), by)


@atomic
def switch_off_webhook(webhook: Webhook, *, by: Actor, reason: str = "") -> Webhook:
    """Send nothing from now on; what waits is dead, and can be sent again once the webhook is on."""
    webhook = _lock(webhook, by)
    if webhook.is_active:
        _stop(webhook, reason.strip()[:300])
        webhook.save(update_fields=["is_active", "off_reason"])
        _record("webhook.switched_off", webhook, by, reason=webhook.off_reason)
    return webhook


def _stop(webhook: Webhook, reason: str) -> None:
    webhook.is_active, webhook.off_reason = False, reason
    webhook.deliveries.filter(state=State.WAITING).update(state=State.DEAD, settled_at=now())


@atomic
def switch_on_webhook(webhook: Webhook, *, by: User) -> Webhook:
    """Send what happens from now on."""
    webhook = _lock(webhook, by)
    if not webhook.is_active:
        webhook.is_active, webhook.off_reason, webhook.starts_after = True, "", reading.start()
        webhook.save(update_fields=["is_active", "off_reason", "starts_after"])
        _record("webhook.switched_on", webhook, by)
    return webhook


@atomic
def end_webhook(webhook: Webhook, *, by: User) -> Webhook:
    """Delete the webhook: it never sends again, and its address and secrets are wiped. Its deliveries stay to read."""
    webhook = _lock(webhook, by)
    _stop(webhook, "")
    webhook.ended_at = now()
    webhook.sealed_url = webhook.sealed_secret = webhook.sealed_old_secret = b""
    webhook.old_secret_until = None
    webhook.save()
    _record("webhook.deleted", webhook, by)
    return webhook


@atomic
def send_again(delivery: WebhookDelivery, *, by: User) -> WebhookDelivery:
    """Send a settled delivery once more, under the same identifier; raise ``DeliveryWaits`` or ``WebhookIsOff``."""
    webhook = _lock_active(delivery.webhook, by)
    delivery = WebhookDelivery.objects.select_for_update().get(pk=delivery.pk)
    if delivery.state == State.WAITING:
        raise DeliveryWaits(_("It waits for its next try already. Look again in a moment."))
    _again(webhook.deliveries.filter(pk=delivery.pk))
    _record("webhook.sent_again", webhook, by, delivery=str(delivery.pk), count=1)
    delivery.refresh_from_db()
    return delivery


@atomic
def send_dead_again(webhook: Webhook, *, by: User) -> int:
    """Send every dead delivery once more, under the same identifiers; return how many."""
    webhook = _lock_active(webhook, by)
    count = _again(webhook.deliveries.filter(state=State.DEAD))
    if count:
        _record("webhook.sent_again", webhook, by, count=count)
    return count


def _again(rows: QuerySet[WebhookDelivery]) -> int:
    return rows.update(
        state=State.WAITING, attempts=0, next_try_at=now(), claim=None, lease_until=None, settled_at=None
    )


def forget_deliveries() -> int:
    """Drop deliveries that were settled more than 30 days ago, with their tries; return how many, 5,000 at most."""
    old = WebhookDelivery.objects.filter(settled_at__lt=now() - KEPT).order_by("settled_at")[:MOST_FORGOTTEN]
    found = list(old.values_list("pk", flat=True))
    WebhookDelivery.objects.filter(pk__in=found).delete()
    return len(found)
