"""Who answers for it: one named person per responsibility and subject, with an optional deputy."""

from typing import ClassVar

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from apps.core.models import Record
from apps.core.querysets import TeamOwned, TeamOwnedQuerySet
from apps.core.subjects import SubjectRef
from apps.owners import responsibilities
from apps.people.models import Team, User


class OwnershipQuerySet(TeamOwnedQuerySet["Ownership"]):
    def active(self) -> "OwnershipQuerySet":
        return self.filter(ended_at=None)

    def on(self, ref: SubjectRef) -> "OwnershipQuerySet":
        return self.filter(subject_type=ref.type, subject_id=ref.id)


class Ownership(Record, TeamOwned):
    """One holder of one responsibility on one subject, from ``since`` until ``ended_at``.

    A handover ends the row and starts another, so the rows are the history.
    """

    class Ending(models.TextChoices):
        HANDED_OVER = "handed_over", _("Handed over")
        VACATED = "vacated", _("Given up")
        DEACTIVATED = "deactivated", _("Account deactivated")

    TEAM_PATH: ClassVar[str] = "team_id"

    team = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="ownerships")
    subject_type = models.CharField(max_length=40)
    subject_id = models.UUIDField()
    responsibility = models.CharField(max_length=40)
    holder = models.ForeignKey(User, on_delete=models.PROTECT, related_name="ownerships")
    deputy = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="deputyships")
    note = models.CharField(max_length=500, blank=True)
    since = models.DateTimeField(db_default=Now())
    ended_at = models.DateTimeField(null=True)
    ending = models.CharField(max_length=12, choices=Ending, blank=True, default="")

    objects = OwnershipQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["subject_type", "subject_id", "responsibility"],
                condition=models.Q(ended_at=None),
                name="one_active_holder",
            ),
            models.CheckConstraint(
                condition=models.Q(deputy=None) | ~models.Q(deputy=models.F("holder")),
                name="deputy_is_another_person",
            ),
        ]
        indexes = [
            models.Index(fields=["subject_type", "subject_id"], name="ownership_subject"),
            models.Index(fields=["holder"], condition=models.Q(ended_at=None), name="ownership_holder"),
            models.Index(fields=["deputy"], condition=models.Q(ended_at=None), name="ownership_deputy"),
        ]

    def __str__(self) -> str:
        return f"{self.title}: {self.holder}"

    @property
    def ref(self) -> SubjectRef:
        return SubjectRef(self.subject_type, self.subject_id)

    @property
    def title(self) -> str:
        return str(responsibilities.title(self.responsibility))
