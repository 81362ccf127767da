"""Labelling guidelines: how examples are labelled, edge cases included, version by version."""

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.core.models import Editable
from apps.core.querysets import TeamOwned, TeamOwnedQuerySet
from apps.datasets.models.catalogue import Dataset
from apps.people.models import Team, User


class GuidelineQuerySet(TeamOwnedQuerySet["Guideline"]):
    def published(self) -> "GuidelineQuerySet":
        return self.filter(state=Guideline.State.PUBLISHED)


class Guideline(Editable, TeamOwned):
    """One version of a dataset's guideline: a draft, then published and immutable in the database.

    ``rules`` is a list of texts, numbered from 1 as they stand; ``examples`` one of ``{text, label, why}``.
    """

    class State(models.TextChoices):
        DRAFT = "draft", gettext_lazy("Draft")
        PUBLISHED = "published", gettext_lazy("Published")

    TEAM_PATH: ClassVar[str] = "dataset__use_case__team_id"
    GRANT_PATHS: ClassVar[tuple[str, ...]] = ("dataset_id", "dataset__use_case_id")

    dataset = models.ForeignKey(Dataset, on_delete=models.PROTECT, related_name="guidelines")
    number = models.PositiveIntegerField()
    state = models.CharField(max_length=10, choices=State, default=State.DRAFT)
    note = models.CharField(gettext_lazy("what is new"), max_length=500, blank=True)
    rules = models.JSONField(default=list)
    examples = models.JSONField(default=list)
    digest = models.CharField(max_length=71, blank=True)
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    published_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", null=True)
    published_at = models.DateTimeField(null=True)

    objects = GuidelineQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["dataset", "number"], name="one_guideline_per_number"),
            models.UniqueConstraint(
                fields=["dataset"], condition=models.Q(state="draft"), name="one_draft_guideline_per_dataset"
            ),
            models.CheckConstraint(
                condition=models.Q(state="draft")
                | models.Q(published_by__isnull=False, published_at__isnull=False, digest__gt=""),
                name="published_guideline_says_by_whom",
            ),
        ]

    def __str__(self) -> str:
        return _("Labelling guideline %(n)d") % {"n": self.number}

    @property
    def team(self) -> Team:
        return self.dataset.use_case.team

    @property
    def is_published(self) -> bool:
        return self.state == self.State.PUBLISHED
