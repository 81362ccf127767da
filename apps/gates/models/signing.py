"""The decisions on gates: append-only."""

from typing import Any, ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.core.models import Record
from apps.core.querysets import TeamOwned, TeamOwnedQuerySet
from apps.gates.models.gates import Gate
from apps.people.models import User


class SignOff(Record, TeamOwned):
    """One person's decision on one dossier digest, under one responsibility; append-only."""

    TEAM_PATH: ClassVar[str] = "gate__team_id"

    class Verdict(models.TextChoices):
        APPROVE = "approve", _("Approve")
        REJECT = "reject", _("Reject")
        REQUEST_CHANGES = "request_changes", _("Request changes")

    gate = models.ForeignKey(Gate, on_delete=models.PROTECT, related_name="sign_offs")
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="sign_offs")
    by_name = models.CharField(max_length=120)
    responsibility = models.CharField(max_length=40)
    stands_in_for = models.CharField(max_length=120, blank=True)
    verdict = models.CharField(max_length=20, choices=Verdict)
    meaning = models.TextField()
    comment = models.TextField(blank=True, max_length=4000)
    dossier_digest = models.CharField(max_length=71)
    dossier_revision = models.PositiveIntegerField()
    confirmed_by = models.CharField(max_length=40)
    via = models.CharField(max_length=60)
    signed_at = models.DateTimeField()

    objects: ClassVar[Any] = TeamOwnedQuerySet.as_manager()

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["gate", "dossier_digest", "by"], name="one_sign_off_per_person"),
            models.UniqueConstraint(
                fields=["gate", "dossier_digest", "responsibility"],
                condition=models.Q(verdict="approve"),
                name="one_approval_per_responsibility",
            ),
            models.CheckConstraint(
                condition=models.Q(verdict__in=["approve", "reject", "request_changes"]), name="known_verdict"
            ),
        ]


class Condition(Record, TeamOwned):
    """What an approval depends on: to be fulfilled under a responsibility through its last day (of UTC)."""

    TEAM_PATH: ClassVar[str] = "sign_off__gate__team_id"
    GRANT_PATHS = ("sign_off__gate__subject_id", "sign_off__gate__root_id")

    sign_off = models.OneToOneField(SignOff, on_delete=models.PROTECT, related_name="condition")
    text = models.CharField(max_length=1000)
    due_on = models.DateField()
    responsibility = models.CharField(max_length=40)

    objects: ClassVar[Any] = TeamOwnedQuerySet.as_manager()

    class Meta:
        ordering = ["id"]
        indexes = [models.Index(fields=["due_on"], name="condition_due")]


class Fulfilment(Record):
    """What was done about a condition; it counts once whoever set the condition accepts it."""

    condition = models.ForeignKey(Condition, on_delete=models.PROTECT, related_name="fulfilments")
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    by_name = models.CharField(max_length=120)
    note = models.TextField(max_length=4000)
    recorded_at = models.DateTimeField()

    class Meta:
        ordering = ["id"]


class FulfilmentAnswer(Record):
    """The answer under the signer's responsibility: accepted, or not and why."""

    fulfilment = models.OneToOneField(Fulfilment, on_delete=models.PROTECT, related_name="answer")
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    by_name = models.CharField(max_length=120)
    is_accepted = models.BooleanField()
    comment = models.TextField(max_length=4000, blank=True)
    confirmed_by = models.CharField(max_length=40)
    answered_at = models.DateTimeField()
