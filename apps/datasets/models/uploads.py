"""Files on their way."""

from typing import Any, ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.core.models import Record
from apps.core.querysets import TeamOwned, TeamOwnedQuerySet
from apps.datasets.models.catalogue import Dataset
from apps.people.models import User


class UploadQuerySet(TeamOwnedQuerySet["Upload"]):
    def of_tables(self, dataset: Dataset) -> "UploadQuerySet":
        """Return the dataset's files that come from tables and that no version uses yet."""
        return self.filter(dataset=dataset, taken_from__has_key="table").exclude(state=Upload.State.USED)


class Upload(Record, TeamOwned):
    """A file on its way: received in pieces or read from a table, checked when it is whole, then used.

    ``taken_from`` says of a table's file: table, columns (all when none is named), engine, and once it is read the rows
    and when; it is empty for a file that was sent.
    """

    class State(models.TextChoices):
        RECEIVING = "receiving", _("Receiving")
        READING = "reading", _("Being read")
        CHECKING = "checking", _("Being checked")
        REFUSED = "refused", _("Refused")
        READY = "ready", _("Ready")
        USED = "used", _("Used")

    TEAM_PATH: ClassVar[str] = "dataset__use_case__team_id"

    dataset = models.ForeignKey(Dataset, on_delete=models.PROTECT, related_name="uploads")
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    name = models.CharField(max_length=160)
    size = models.BigIntegerField()
    received = models.BigIntegerField(default=0)
    declared_digest = models.CharField(max_length=71, blank=True)
    digest = models.CharField(max_length=71, blank=True)
    storage_name = models.CharField(max_length=300, blank=True)
    format = models.CharField(max_length=8)
    is_packed = models.BooleanField()
    columns = models.JSONField(default=list)
    rows = models.BigIntegerField(null=True)
    state = models.CharField(max_length=10, choices=State, default=State.RECEIVING)
    job_id = models.UUIDField(null=True)
    error = models.TextField(blank=True)
    error_code = models.CharField(max_length=40, blank=True)
    taken_from = models.JSONField(default=dict)

    objects: ClassVar[Any] = UploadQuerySet.as_manager()

    def __str__(self) -> str:
        return self.name
