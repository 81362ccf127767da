"""Webhooks, what was sent, and each try to send it."""

import datetime as dt
from typing import Any, ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from apps.core.ciphers import cipher
from apps.core.models import Record
from apps.core.querysets import TeamOwned, TeamOwnedQuerySet
from apps.core.subjects import SubjectRef
from apps.people.models import Team, User

SEALED = "webhooks"


def seal(text: str) -> bytes:
    return cipher(SEALED).encrypt(text.encode())


def unseal(sealed: Any) -> str:
    """Return the text; raise ``cryptography.fernet.InvalidToken`` when no key of the settings opens it."""
    return cipher(SEALED).decrypt(bytes(sealed)).decode()


class WebhookQuerySet(TeamOwnedQuerySet["Webhook"]):
    def standing(self) -> "WebhookQuerySet":
        """Leave those that were not deleted."""
        return self.filter(ended_at=None)


class Webhook(Record, TeamOwned):
    """An address outside that is told what happens in one team, or in every team when it has none.

    The address and the secrets are encrypted at rest: the address of a chat's webhook lets anybody write there, so
    only its host is ever shown. ``kinds`` are the beginnings of the acts that are sent; empty means all. Entries up to
    number ``starts_after`` are not sent.
    """

    class Format(models.TextChoices):
        CLOUDEVENTS = "cloudevents", _("CloudEvents (for programs)")
        SLACK = "slack", _("Slack message")
        TEAMS = "teams", _("Microsoft Teams message")

    TEAM_PATH: ClassVar[str] = "team_id"

    team = models.ForeignKey(Team, on_delete=models.PROTECT, null=True, related_name="webhooks")
    name = models.CharField(_("name"), max_length=80)
    host = models.CharField(max_length=300)
    sealed_url = models.BinaryField()
    format = models.CharField(_("format"), max_length=12, choices=Format)
    kinds = ArrayField(models.CharField(max_length=80), default=list)
    sealed_secret = models.BinaryField()
    sealed_old_secret = models.BinaryField(default=b"")
    old_secret_until = models.DateTimeField(null=True)
    starts_after = models.BigIntegerField()
    is_active = models.BooleanField(default=True)
    off_reason = models.CharField(max_length=300, blank=True)
    ended_at = models.DateTimeField(null=True)
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")

    objects = WebhookQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(ended_at=None) | models.Q(is_active=False), name="no_ended_webhook_sends"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def ref(self) -> SubjectRef:
        return SubjectRef("webhook", self.pk)

    @property
    def state(self) -> str:
        """Return ``active``, ``off`` or ``deleted``."""
        return "deleted" if self.ended_at else "active" if self.is_active else "off"

    @property
    def url(self) -> str:
        return unseal(self.sealed_url)

    def secrets_at(self, moment: dt.datetime) -> list[str]:
        """Return the secrets that sign at the moment, the newest first."""
        found = [unseal(self.sealed_secret)]
        if self.old_secret_until is not None and moment < self.old_secret_until:
            found.append(unseal(self.sealed_old_secret))
        return found

    def wants(self, action: str, team_id: Any, subject_id: Any) -> bool:
        """Tell whether an entry of this act, team and subject is sent to this webhook."""
        if action == "webhook.tested":
            return bool(subject_id == self.pk)
        if self.team_id is not None and self.team_id != team_id:
            return False
        return not self.kinds or action.startswith(tuple(self.kinds))


class WebhookDelivery(Record):
    """One entry that is to reach one webhook. Its identifier is the ``webhook-id`` of every try, so that it stays.

    ``attempts`` counts since it was last asked for; ``claim`` and ``lease_until`` say who sends it now.
    """

    class State(models.TextChoices):
        WAITING = "waiting", _("Waiting")
        DELIVERED = "delivered", _("Delivered")
        DEAD = "dead", _("Dead")

    webhook = models.ForeignKey(Webhook, on_delete=models.PROTECT, related_name="deliveries")
    seq = models.BigIntegerField()
    state = models.CharField(max_length=10, choices=State, default=State.WAITING)
    attempts = models.PositiveSmallIntegerField(default=0)
    next_try_at = models.DateTimeField(db_default=Now())
    claim = models.UUIDField(null=True)
    lease_until = models.DateTimeField(null=True)
    settled_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name_plural = "webhook deliveries"
        constraints = [models.UniqueConstraint(fields=["webhook", "seq"], name="one_delivery_per_entry")]
        indexes = [
            models.Index(fields=["webhook", "-id"], name="delivery_webhook"),
            models.Index(
                fields=["webhook", "next_try_at"], condition=models.Q(state="waiting"), name="delivery_waiting"
            ),
            models.Index(fields=["webhook", "-id"], condition=models.Q(state="dead"), name="delivery_dead"),
            models.Index(fields=["settled_at"], condition=models.Q(settled_at__isnull=False), name="delivery_settled"),
        ]

    def __str__(self) -> str:
        return f"#{self.seq}"


class WebhookTry(Record):
    """One try: the answer's status and the first 500 characters of it, or why there was no answer."""

    delivery = models.ForeignKey(WebhookDelivery, on_delete=models.CASCADE, related_name="tries")
    status = models.PositiveSmallIntegerField(null=True)
    answer = models.TextField(blank=True)
    duration_ms = models.PositiveIntegerField()
    error = models.CharField(max_length=300, blank=True)

    class Meta:
        verbose_name_plural = "webhook tries"
        ordering = ["id"]

    def __str__(self) -> str:
        return str(self.status or self.error)
