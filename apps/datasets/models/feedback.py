"""What was decided about rows of a version that come from production feedback."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.core.models import Record
from apps.datasets.models.versions import DatasetVersion
from apps.people.models import User


class FeedbackDecision(Record):
    """What the data steward decided about a version with production feedback; a later one supersedes it."""

    class Decision(models.TextChoices):
        ACCEPTED = "accepted", _("Accept it")
        DECLINED = "declined", _("Decline it")

    version = models.ForeignKey(DatasetVersion, on_delete=models.PROTECT, related_name="feedback_decisions")
    decision = models.CharField(_("decision"), max_length=10, choices=Decision)
    reason = models.CharField(_("reason"), max_length=500, blank=True)
    decided_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    supersedes = models.OneToOneField("self", on_delete=models.PROTECT, null=True, related_name="superseded_by")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["version"], condition=models.Q(supersedes=None), name="one_first_feedback_decision"
            ),
            models.CheckConstraint(
                condition=~models.Q(decision="declined") | ~models.Q(reason=""), name="declined_for_a_reason"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.version}: {self.get_decision_display()}"
