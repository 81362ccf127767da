"""What is different between two contents."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.core.models import Record


class VersionDifference(Record):
    """What changed from one content to another; one row a pair of digests and parameters, written once by its job.

    ``key_column`` is the one that somebody chose to recognise rows by, empty where it is guessed; ``error_code`` tells
    what failed to a program. Files are told apart by their place in the order of split and
    digest, for two versions of one content may name and order them differently.
    """

    class State(models.TextChoices):
        PENDING = "pending", _("Waiting")
        DONE = "done", _("Done")
        FAILED = "failed", _("Failed")
        CANCELLED = "cancelled", _("Stopped")

    older_digest = models.CharField(max_length=71)
    newer_digest = models.CharField(max_length=71)
    parameters = models.CharField(max_length=71)
    key_column = models.CharField(max_length=200, blank=True)
    state = models.CharField(max_length=10, choices=State, default=State.PENDING)
    job_id = models.UUIDField(null=True)
    attempt = models.PositiveSmallIntegerField(default=1)
    changed_percent = models.FloatField(null=True)
    result = models.JSONField(default=dict)
    error = models.TextField(blank=True)
    error_code = models.CharField(max_length=40, blank=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["older_digest", "newer_digest", "parameters"], name="one_difference_per_pair"
            )
        ]

    def __str__(self) -> str:
        return f"{self.older_digest} → {self.newer_digest}"
