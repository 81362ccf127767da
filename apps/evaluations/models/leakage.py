"""Whether a suite's rows stand in what a run was trained on."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.core.models import Record
from apps.evaluations.models.suites import SuiteVersion
from apps.registry.models import TrainingRun


class LeakageCheck(Record):
    """The suite's rows among the training rows of one run; one row a pair, written once by its job."""

    class State(models.TextChoices):
        PENDING = "pending", _("Waiting")
        DONE = "done", _("Done")
        FAILED = "failed", _("Failed")

    suite_version = models.ForeignKey(SuiteVersion, on_delete=models.PROTECT, related_name="leakage_checks")
    training_run = models.ForeignKey(TrainingRun, on_delete=models.PROTECT, related_name="leakage_checks")
    state = models.CharField(max_length=10, choices=State, default=State.PENDING)
    job_id = models.UUIDField(null=True)
    attempt = models.PositiveSmallIntegerField(default=1)
    result = models.JSONField(default=dict)
    digest = models.CharField(max_length=71, blank=True)
    error = models.TextField(blank=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["suite_version", "training_run"], name="one_leakage_check_per_pair")
        ]

    def __str__(self) -> str:
        return f"{self.suite_version}: {self.training_run}"
