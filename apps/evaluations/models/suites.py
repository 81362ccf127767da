"""Versions of a suite: tasks, metrics and thresholds, published once, and the signature that makes them count."""

from typing import Any, ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.core.models import Editable, Record
from apps.core.querysets import TeamOwned, TeamOwnedQuerySet
from apps.datasets.models import DatasetVersion, SplitName
from apps.evaluations.models.catalogue import Suite
from apps.people.models import Team, User


class SuiteVersionQuerySet(TeamOwnedQuerySet["SuiteVersion"]):
    def published(self) -> "SuiteVersionQuerySet":
        return self.filter(state=SuiteVersion.State.PUBLISHED)


class SuiteVersion(Editable, TeamOwned):
    """One version: a draft, then published and immutable in the database.

    ``source`` is the YAML that people edit; ``content`` what was read from it when it was published, with the datasets
    by digest; ``digest`` names the content.
    """

    class State(models.TextChoices):
        DRAFT = "draft", _("Draft")
        PUBLISHED = "published", _("Published")

    TEAM_PATH: ClassVar[str] = "suite__use_case__team_id"
    GRANT_PATHS: ClassVar[tuple[str, ...]] = ("suite_id", "suite__use_case_id")

    suite = models.ForeignKey(Suite, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    state = models.CharField(max_length=10, choices=State, default=State.DRAFT)
    note = models.CharField(_("what is new"), max_length=500, blank=True)
    source = models.TextField(_("tasks, metrics and thresholds"), max_length=200_000)
    content = models.JSONField(default=dict)
    digest = models.CharField(max_length=71, blank=True)
    drafted_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    published_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", null=True)
    published_at = models.DateTimeField(null=True)

    objects = SuiteVersionQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["suite", "number"], name="one_suite_version_per_number"),
            models.UniqueConstraint(
                fields=["suite"], condition=models.Q(state="draft"), name="one_draft_version_per_suite"
            ),
            models.CheckConstraint(
                condition=models.Q(state="draft")
                | models.Q(state="published", published_by__isnull=False, published_at__isnull=False, digest__gt=""),
                name="published_suite_version_says_by_whom",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.suite.name} v{self.number}"

    @property
    def team(self) -> Team:
        return self.suite.use_case.team

    @property
    def is_published(self) -> bool:
        return self.state == self.State.PUBLISHED

    @property
    def is_signed(self) -> bool:
        return hasattr(self, "signature")


class SuiteDataset(Record):
    """A split of a registered dataset version that a published version evaluates on, with its digest as it was."""

    version = models.ForeignKey(SuiteVersion, on_delete=models.PROTECT, related_name="datasets")
    task = models.CharField(max_length=60)
    dataset_version = models.ForeignKey(DatasetVersion, on_delete=models.PROTECT, related_name="+")
    split = models.CharField(max_length=12, choices=SplitName)
    digest = models.CharField(max_length=71)

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["version", "task"], name="one_dataset_per_task")]

    def __str__(self) -> str:
        return f"{self.dataset_version}, {self.split}"


class ThresholdSignature(Record, TeamOwned):
    """The business owner's word on exactly these thresholds; what was evaluated before it does not count."""

    TEAM_PATH: ClassVar[str] = "version__suite__use_case__team_id"

    version = models.OneToOneField(SuiteVersion, on_delete=models.PROTECT, related_name="signature")
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    by_name = models.CharField(max_length=120)
    responsibility = models.CharField(max_length=40)
    stands_in_for = models.CharField(max_length=120, blank=True)
    meaning = models.TextField()
    comment = models.TextField(blank=True, max_length=4000)
    digest = models.CharField(max_length=71)
    confirmed_by = models.CharField(max_length=40)
    via = models.CharField(max_length=60)
    signed_at = models.DateTimeField()

    objects: ClassVar[Any] = TeamOwnedQuerySet.as_manager()

    def __str__(self) -> str:
        return self.meaning
