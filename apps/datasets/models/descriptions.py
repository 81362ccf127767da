"""Metadata that came with a dataset: what was recognised in a Croissant file or a Hugging Face card."""

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.core.models import Record
from apps.core.querysets import TeamOwned, TeamOwnedQuerySet
from apps.datasets.models.catalogue import Dataset, Source
from apps.datasets.models.versions import DatasetVersion
from apps.people.models import Team, User


class DescriptionQuerySet(TeamOwnedQuerySet["Description"]):
    pass


class Description(Record, TeamOwned):
    """What one metadata file says; nothing of it counts before somebody takes it over."""

    class Format(models.TextChoices):
        CROISSANT = "croissant", _("Croissant")
        HUGGING_FACE = "hugging_face", _("Hugging Face card")

    class State(models.TextChoices):
        READ = "read", _("To be looked at")
        TAKEN = "taken", _("Taken over")
        DISCARDED = "discarded", _("Discarded")

    TEAM_PATH: ClassVar[str] = "dataset__use_case__team_id"
    GRANT_PATHS: ClassVar[tuple[str, ...]] = ("dataset_id", "dataset__use_case_id")

    dataset = models.ForeignKey(Dataset, on_delete=models.PROTECT, related_name="descriptions")
    version = models.ForeignKey(DatasetVersion, on_delete=models.PROTECT, related_name="descriptions", null=True)
    format = models.CharField(max_length=12, choices=Format)
    file_name = models.CharField(max_length=160)
    digest = models.CharField(max_length=71)
    recognised = models.JSONField(default=dict)
    state = models.CharField(max_length=10, choices=State, default=State.READ)
    parts = models.JSONField(default=list)
    source = models.ForeignKey(Source, on_delete=models.PROTECT, related_name="+", null=True)
    read_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    decided_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", null=True)
    decided_at = models.DateTimeField(null=True)

    objects = DescriptionQuerySet.as_manager()

    def __str__(self) -> str:
        return self.file_name

    @property
    def team(self) -> Team:
        return self.dataset.use_case.team
