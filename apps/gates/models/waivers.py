"""Exceptions to single requirements, for a time: append-only, taken back by another row."""

from typing import Any, ClassVar

from django.db import models

from apps.core.models import Record
from apps.core.querysets import TeamOwned, TeamOwnedQuerySet
from apps.gates.models.gates import Gate
from apps.people.models import User


class WaiverQuerySet(TeamOwnedQuerySet[Any]):
    def standing(self) -> "WaiverQuerySet":
        """Leave what nobody revoked; whether its last day has passed is asked of the day."""
        return self.filter(revocation=None)


class Waiver(Record, TeamOwned):
    """The governance owner's reasoned exception to one requirement of one gate, through its last day (of UTC)."""

    TEAM_PATH: ClassVar[str] = "gate__team_id"
    GRANT_PATHS = ("gate__subject_id", "gate__root_id")

    gate = models.ForeignKey(Gate, on_delete=models.PROTECT, related_name="waivers")
    requirement = models.CharField(max_length=45)
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    by_name = models.CharField(max_length=120)
    stands_in_for = models.CharField(max_length=120, blank=True)
    reason = models.CharField(max_length=1000)
    until = models.DateField()
    dossier_digest = models.CharField(max_length=71)
    confirmed_by = models.CharField(max_length=40)
    via = models.CharField(max_length=60)
    waived_at = models.DateTimeField()

    objects: ClassVar[Any] = WaiverQuerySet.as_manager()

    class Meta:
        ordering = ["id"]
        constraints = [models.CheckConstraint(condition=~models.Q(reason=""), name="waiver_has_a_reason")]
        indexes = [models.Index(fields=["gate", "requirement"], name="waiver_requirement")]


class WaiverRevocation(Record):
    waiver = models.OneToOneField(Waiver, on_delete=models.PROTECT, related_name="revocation")
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    by_name = models.CharField(max_length=120)
    reason = models.CharField(max_length=500)
