"""Who looked at rows."""

from django.db import models

from apps.datasets.models.versions import DatasetVersion
from apps.people.models import User


class SampleView(models.Model):
    """That somebody saw rows of a version in one hour (its beginning, UTC): one entry of the ledger each.

    ``what`` names where the rows stood, an audit or a comparison; it is empty for the samples of the inspection.
    """

    version = models.ForeignKey(DatasetVersion, on_delete=models.PROTECT, related_name="+")
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    hour = models.DateTimeField()
    what = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["version", "user", "hour", "what"], name="one_sample_view_an_hour")
        ]

    def __str__(self) -> str:
        return f"{self.user}, {self.hour:%Y-%m-%d %H}"
