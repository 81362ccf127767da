"""Registered versions: immutable, named by the digest of their content."""

import datetime as dt
from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.core.models import Record
from apps.core.querysets import TeamOwned, TeamOwnedQuerySet
from apps.datasets.models.catalogue import Dataset
from apps.people.models import Team, User


class SplitName(models.TextChoices):
    TRAIN = "train", _("Train")
    VALIDATION = "validation", _("Validation")
    TEST = "test", _("Test")


class RecordShape(models.TextChoices):
    CHAT = "chat", _("Chat messages")
    PROMPT_COMPLETION = "prompt_completion", _("Prompt and completion")
    INSTRUCTION = "instruction", _("Instruction, input and output")
    QUESTION_ANSWER = "question_answer", _("Question and answer")
    TEXT_LABEL = "text_label", _("Text and label")
    OTHER = "other", _("Columns of one's own")


class FileOrigin(models.TextChoices):
    PRODUCTION_FEEDBACK = "production_feedback", _("Production feedback")


class VersionQuerySet(TeamOwnedQuerySet["DatasetVersion"]):
    pass


class DatasetVersion(Record, TeamOwned):
    """One content of a dataset. Registered is immutable: the database refuses any change."""

    TEAM_PATH: ClassVar[str] = "dataset__use_case__team_id"
    GRANT_PATHS: ClassVar[tuple[str, ...]] = ("dataset_id", "dataset__use_case_id")

    dataset = models.ForeignKey(Dataset, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    digest = models.CharField(max_length=71)
    note = models.CharField(_("what is new"), max_length=500, blank=True)
    fewer_splits_reason = models.CharField(_("why fewer than three splits"), max_length=500, blank=True)
    input_column = models.CharField(_("input column"), max_length=200)
    label_column = models.CharField(_("label column"), max_length=200, blank=True)
    context_column = models.CharField(_("context column"), max_length=200, blank=True)
    date_column = models.CharField(_("date column"), max_length=200, blank=True)
    shape = models.CharField(_("shape of the records"), max_length=20, choices=RecordShape, default="other")
    rows = models.BigIntegerField()
    registered_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")

    objects = VersionQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["dataset", "number"], name="one_version_per_number"),
            models.UniqueConstraint(fields=["dataset", "digest"], name="one_version_per_content"),
        ]

    def __str__(self) -> str:
        return f"{self.dataset.name} v{self.number}"

    @property
    def team(self) -> Team:
        return self.dataset.use_case.team


class SplitFile(Record):
    """One file of one split of a version; its bytes are found by its digest; ``taken_from`` as its upload says.

    Where ``origin`` is production feedback, ``origin_column`` says of every row where that came from.
    """

    version = models.ForeignKey(DatasetVersion, on_delete=models.PROTECT, related_name="files")
    split = models.CharField(max_length=12, choices=SplitName)
    position = models.PositiveSmallIntegerField()
    name = models.CharField(max_length=160)
    storage_name = models.CharField(max_length=300)
    digest = models.CharField(max_length=71)
    size = models.BigIntegerField()
    rows = models.BigIntegerField()
    format = models.CharField(max_length=8)
    is_packed = models.BooleanField()
    added_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    taken_from = models.JSONField(default=dict)
    origin = models.CharField(max_length=24, choices=FileOrigin, blank=True)
    origin_column = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["version", "position"], name="one_file_per_position"),
            models.CheckConstraint(
                condition=models.Q(origin="", origin_column="") | ~models.Q(origin="") & ~models.Q(origin_column=""),
                name="origin_with_its_column",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def taken_at(self) -> dt.datetime | None:
        """When it was read from a table."""
        return dt.datetime.fromisoformat(self.taken_from["read_at"]) if self.taken_from else None
