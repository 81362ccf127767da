"""What the machine found."""

from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.core.models import Record
from apps.datasets.models.versions import DatasetVersion


class InspectionResult(Record):
    """The findings of one content, read with one mapping and one policy; the database refuses any change.

    ``key`` names what was asked, ``digest`` what came of it: the same question again gets the same row.
    """

    key = models.CharField(max_length=71, unique=True)
    digest = models.CharField(max_length=71)
    findings = models.JSONField()
    engine = models.CharField(max_length=20)

    def __str__(self) -> str:
        return self.key


class Inspection(Record):
    """The machine's reading of a version; one row a version, with the result that stands."""

    class State(models.TextChoices):
        PENDING = "pending", _("Waiting")
        DONE = "done", _("Done")
        FAILED = "failed", _("Failed")
        CANCELLED = "cancelled", _("Stopped")

    version = models.OneToOneField(DatasetVersion, on_delete=models.PROTECT, related_name="inspection")
    state = models.CharField(max_length=10, choices=State, default=State.PENDING)
    job_id = models.UUIDField(null=True)
    attempt = models.PositiveSmallIntegerField(default=1)
    result = models.ForeignKey(InspectionResult, on_delete=models.PROTECT, null=True, related_name="+")
    error = models.TextField(blank=True)
    finished_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.version}: {self.state}"

    @property
    def findings(self) -> dict[str, Any]:
        """Return what was found, empty while nothing is."""
        return dict(self.result.findings) if self.result is not None else {}
