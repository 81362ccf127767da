"""What was decided about sensitive data in a version, and the versions that were derived without it."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.core.models import Record
from apps.datasets.inspection.sensitive import INDEX, KINDS
from apps.datasets.models.versions import DatasetVersion
from apps.people.models import User


class SensitiveDecision(Record):
    """What the compliance reviewer decided about one kind in one version; a later one supersedes it."""

    class Decision(models.TextChoices):
        MASKED = "masked", _("Mask it")
        EXCLUDED = "excluded", _("Leave the rows out")
        MINIMISED = "minimised", _("Minimise it at the source")
        ACCEPTED = "accepted", _("Accept it as it is")

    version = models.ForeignKey(DatasetVersion, on_delete=models.PROTECT, related_name="sensitive_decisions")
    kind = models.CharField(_("kind"), max_length=40)
    decision = models.CharField(_("decision"), max_length=10, choices=Decision)
    reason = models.CharField(_("reason"), max_length=500, blank=True)
    decided_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    supersedes = models.OneToOneField("self", on_delete=models.PROTECT, null=True, related_name="superseded_by")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["version", "kind"],
                condition=models.Q(supersedes=None),
                name="one_first_sensitive_decision",
            ),
            models.CheckConstraint(
                condition=~models.Q(decision="accepted") | ~models.Q(reason=""), name="accepted_for_a_reason"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind_title}: {self.get_decision_display()}"

    @property
    def kind_title(self) -> str:
        return KINDS[INDEX[self.kind]].title if self.kind in INDEX else self.kind


class Derivation(Record):
    """How a version came out of another one: which kinds were masked in it or left out of it."""

    version = models.OneToOneField(DatasetVersion, on_delete=models.PROTECT, related_name="derivation")
    parent = models.ForeignKey(DatasetVersion, on_delete=models.PROTECT, related_name="derivations")
    treatment_digest = models.CharField(max_length=71)
    treatment = models.JSONField(default=dict)
    values_masked = models.JSONField(default=dict)
    rows_changed = models.BigIntegerField()
    rows_removed = models.BigIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["parent", "treatment_digest"], name="one_derivation_per_treatment")
        ]

    def __str__(self) -> str:
        return f"{self.parent} → {self.version}"
