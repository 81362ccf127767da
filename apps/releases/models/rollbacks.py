"""The way back: rehearsed, taken, and reviewed afterwards."""

from typing import Any, ClassVar

from django.db import models
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from apps.core.models import Record
from apps.core.querysets import TeamOwned, TeamOwnedQuerySet
from apps.evidence.models import Document
from apps.people.models import Team, User
from apps.releases.models.releases import Release


class RehearsalQuerySet(TeamOwnedQuerySet["Rehearsal"]):
    def of_way_back(self, release: Release) -> "RehearsalQuerySet":
        """Leave those of the same model in the same environment, whose record was not taken back."""
        return self.filter(
            release__environment=release.environment_id,
            release__model=release.model_id,
            document__withdrawal=None,
        )


class Rehearsal(Record, TeamOwned):
    """Somebody went back from ``release`` to ``target`` to see that it works; the document is the proof."""

    class Outcome(models.TextChoices):
        PASSED = "passed", lazy("Passed")
        FAILED = "failed", lazy("Failed")

    TEAM_PATH: ClassVar[str] = "release__environment__team_id"
    GRANT_PATHS: ClassVar[tuple[str, ...]] = ("release__model_id", "release__model__use_case_id")

    release = models.ForeignKey(Release, on_delete=models.PROTECT, related_name="rehearsals")
    target = models.ForeignKey(Release, on_delete=models.PROTECT, related_name="+")
    rehearsed_at = models.DateTimeField(lazy("rehearsed"))
    duration_seconds = models.PositiveIntegerField(lazy("duration in seconds"))
    outcome = models.CharField(lazy("outcome"), max_length=10, choices=Outcome)
    note = models.CharField(lazy("note"), max_length=1000, blank=True)
    document = models.OneToOneField(Document, on_delete=models.PROTECT, related_name="rehearsal")
    rehearsed_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", verbose_name=lazy("who"))
    recorded_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")

    objects = RehearsalQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(outcome__in=["passed", "failed"]), name="known_rehearsal_outcome")
        ]

    def __str__(self) -> str:
        return _("Rehearsal of the way back from %(release)s") % {"release": self.release}

    @property
    def team(self) -> Team:
        return self.release.team


class Rollback(Record, TeamOwned):
    """That a live release was taken back: which one, to what, by whom, why, and until when it is to be reviewed."""

    TEAM_PATH: ClassVar[str] = "release__environment__team_id"
    GRANT_PATHS: ClassVar[tuple[str, ...]] = ("release__model_id", "release__model__use_case_id")

    release = models.OneToOneField(Release, on_delete=models.PROTECT, related_name="rollback")
    restored = models.OneToOneField(Release, on_delete=models.PROTECT, related_name="made_by")
    rolled_back_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    reason = models.CharField(lazy("reason"), max_length=1000)
    review_due_at = models.DateTimeField(lazy("review due"))

    objects: ClassVar[Any] = TeamOwnedQuerySet.as_manager()

    def __str__(self) -> str:
        return _("Rollback of %(release)s") % {"release": self.release}

    @property
    def team(self) -> Team:
        return self.release.team


class RollbackReview(Record):
    """What the governance owner made of a rollback afterwards; a contested one no longer covers a deployment."""

    class Verdict(models.TextChoices):
        JUSTIFIED = "justified", lazy("Justified")
        CONTESTED = "contested", lazy("Contested")

    rollback = models.OneToOneField(Rollback, on_delete=models.PROTECT, related_name="review")
    verdict = models.CharField(lazy("verdict"), max_length=10, choices=Verdict)
    comment = models.CharField(lazy("comment"), max_length=2000)
    reviewed_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(verdict__in=["justified", "contested"]), name="known_rollback_verdict"
            )
        ]
