"""What people were told: in the application once, by mail with a name that stays; and how they want it."""

from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.core.models import Record
from apps.core.subjects import SubjectRef
from apps.people.models import Team, User


class NotificationQuerySet(models.QuerySet["Notification"]):
    def of(self, user: Any) -> "NotificationQuerySet":
        return self.filter(user=user)

    def unread(self) -> "NotificationQuerySet":
        return self.filter(read_at=None)


class Notification(Record):
    """One message to one person, told once: ``key`` names what it is about and which step of it.

    ``reason`` says why they get it. ``mail_at`` is the first moment at which a mail may carry it; empty when none will.
    """

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="notifications")
    key = models.CharField(max_length=300)
    kind = models.CharField(max_length=80)
    step = models.CharField(max_length=20)
    team = models.ForeignKey(Team, on_delete=models.PROTECT, null=True, related_name="+")
    subject_type = models.CharField(max_length=40)
    subject_id = models.UUIDField()
    title = models.CharField(max_length=300)
    text = models.CharField(max_length=500)
    reason = models.CharField(max_length=300)
    url = models.CharField(max_length=300)
    due_at = models.DateTimeField(null=True)
    told_at = models.DateTimeField()
    read_at = models.DateTimeField(null=True)
    mail_at = models.DateTimeField(null=True)
    mail = models.ForeignKey("agenda.Mail", on_delete=models.PROTECT, null=True, related_name="notifications")

    objects = NotificationQuerySet.as_manager()

    class Meta:
        ordering = ["-told_at", "-id"]
        constraints = [models.UniqueConstraint(fields=["user", "key", "step"], name="told_once")]
        indexes = [
            models.Index(fields=["user", "-told_at", "-id"], name="notification_user"),
            models.Index(fields=["user"], condition=models.Q(read_at=None), name="notification_unread"),
            models.Index(
                fields=["mail_at"], condition=models.Q(mail=None, mail_at__isnull=False), name="notification_to_mail"
            ),
            models.Index(fields=["key"], name="notification_key"),
        ]

    def __str__(self) -> str:
        return f"{self.step}: {self.title}"

    @property
    def subject(self) -> SubjectRef:
        return SubjectRef(self.subject_type, self.subject_id)


class Mail(Record):
    """One e-mail that is to leave: written in the transaction that decided it, sent by a worker, tried again.

    ``key`` names it, so that it is written once. Its Message-ID is made of its identifier and stays.
    """

    class State(models.TextChoices):
        WAITING = "waiting", _("Waiting")
        SENT = "sent", _("Sent")
        DROPPED = "dropped", _("Not needed any more")
        FAILED = "failed", _("Failed")

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="mails")
    key = models.CharField(max_length=200, unique=True)
    to = models.EmailField()
    subject = models.CharField(max_length=300)
    text = models.TextField()
    html = models.TextField()
    unsubscribe_url = models.CharField(max_length=500, blank=True)
    state = models.CharField(max_length=10, choices=State, default=State.WAITING)
    tries = models.PositiveSmallIntegerField(default=0)
    next_try_at = models.DateTimeField(null=True)
    sent_at = models.DateTimeField(null=True)
    error = models.CharField(max_length=500, blank=True)

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["next_try_at"], condition=models.Q(state="waiting"), name="mail_waiting"),
        ]

    def __str__(self) -> str:
        return self.subject


class Preference(models.Model):
    """How one person wants the mails of one kind; without a row the default of the kind holds."""

    class Way(models.TextChoices):
        DIGEST = "digest", _("Once a day")
        IMMEDIATE = "immediate", _("At once")
        OFF = "off", _("No mail")

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    group = models.CharField(max_length=40)
    way = models.CharField(max_length=10, choices=Way)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "group"], name="one_preference")]

    def __str__(self) -> str:
        return f"{self.group}: {self.way}"


class Subscription(Record):
    """Somebody who wants to hear of everything that happens to one subject."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    subject_type = models.CharField(max_length=40)
    subject_id = models.UUIDField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "subject_type", "subject_id"], name="one_subscription")]
        indexes = [models.Index(fields=["subject_id"], name="subscription_subject")]

    def __str__(self) -> str:
        return f"{self.user}: {self.subject_type}"


class TrailCursor(models.Model):
    """How far a follower has read the trail: the sequence number of the last entry that it has dealt with."""

    name = models.CharField(max_length=40, primary_key=True)
    seq = models.BigIntegerField()

    def __str__(self) -> str:
        return f"{self.name}: {self.seq}"


class DueCount(models.Model):
    """How much was open and overdue of a team and kind on one day: what the trend is drawn from."""

    day = models.DateField()
    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(max_length=80)
    due = models.PositiveIntegerField()
    overdue = models.PositiveIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["day", "team", "kind"], name="one_due_count")]

    def __str__(self) -> str:
        return f"{self.day}: {self.overdue} of {self.due}"
