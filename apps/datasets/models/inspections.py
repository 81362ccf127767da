"""What the machine found."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.core.models import Record
from apps.datasets.models.versions import DatasetVersion


class Inspection(Record):
    """What the machine found in a version; one row a version, written by its job."""

    class State(models.TextChoices):
        PENDING = "pending", _("Waiting")
        DONE = "done", _("Done")
        FAILED = "failed", _("Failed")

    version = models.OneToOneField(DatasetVersion, on_delete=models.PROTECT, related_name="inspection")
    state = models.CharField(max_length=10, choices=State, default=State.PENDING)
    job_id = models.UUIDField(null=True)
    attempt = models.PositiveSmallIntegerField(default=1)
    findings = models.JSONField(default=dict)
    error = models.TextField(blank=True)
    finished_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.version}: {self.state}"
