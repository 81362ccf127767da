"""Sample audits: people judge rows that were drawn at random."""

from typing import Any, ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.core.models import Record
from apps.core.querysets import TeamOwned, TeamOwnedQuerySet
from apps.datasets.models.versions import DatasetVersion, SplitName
from apps.people.models import Team, User


class Verdict(models.TextChoices):
    GOOD = "good", _("Good")
    DEFECTIVE = "defective", _("Defective")
    UNSURE = "unsure", _("Unsure")


DECISIONS = [choice for choice in Verdict.choices if choice[0] != Verdict.UNSURE]


class Defect(models.TextChoices):
    WRONG_LABEL = "wrong_label", _("Wrong label")
    WRONG_TEXT = "wrong_text", _("Wrong text")
    DUPLICATE = "duplicate", _("Duplicate")
    SENSITIVE = "sensitive", _("Sensitive")
    UNREADABLE = "unreadable", _("Unreadable")
    OTHER = "other", _("Other")


class SampleAudit(Record, TeamOwned):
    """A random sample of a version's rows, who judges it, and what came out. Closed or withdrawn it never changes."""

    class State(models.TextChoices):
        DRAWING = "drawing", _("Being drawn")
        FAILED = "failed", _("Failed")
        CANCELLED = "cancelled", _("Stopped")
        REVIEWING = "reviewing", _("Being reviewed")
        CLOSED = "closed", _("Closed")
        WITHDRAWN = "withdrawn", _("Withdrawn")

    class Confidence(models.IntegerChoices):
        NINETY = 90, "90 %"
        NINETY_FIVE = 95, "95 %"
        NINETY_NINE = 99, "99 %"

    TEAM_PATH: ClassVar[str] = "version__dataset__use_case__team_id"
    GRANT_PATHS: ClassVar[tuple[str, ...]] = ("version__dataset_id", "version__dataset__use_case_id")
    UNFINISHED: ClassVar[tuple[str, ...]] = ("drawing", "failed", "cancelled", "reviewing")

    version = models.ForeignKey(DatasetVersion, on_delete=models.PROTECT, related_name="audits")
    number = models.PositiveIntegerField()
    state = models.CharField(max_length=10, choices=State, default=State.DRAWING)
    confidence_percent = models.PositiveSmallIntegerField(choices=Confidence)
    margin_percent = models.FloatField()
    reviewers_per_row = models.PositiveSmallIntegerField(default=1)
    wanted_rows = models.PositiveIntegerField()
    seed = models.CharField(max_length=64)
    drawn_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    job_id = models.UUIDField(null=True)
    attempt = models.PositiveSmallIntegerField(default=1)
    error = models.TextField(blank=True)
    by_label = models.BooleanField(default=False)
    strata = models.JSONField(default=list)
    drawn_at = models.DateTimeField(null=True)
    result = models.JSONField(default=dict)
    conclusion = models.CharField(max_length=2000, blank=True)
    ended_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", null=True)
    ended_at = models.DateTimeField(null=True)

    objects: ClassVar[Any] = TeamOwnedQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["version", "number"], name="one_audit_per_number"),
            models.UniqueConstraint(
                fields=["version"],
                condition=Q(state__in=["drawing", "failed", "cancelled", "reviewing"]),
                name="one_unfinished_audit_per_version",
            ),
            models.CheckConstraint(condition=Q(reviewers_per_row__in=[1, 2]), name="one_or_two_reviewers_a_row"),
        ]

    def __str__(self) -> str:
        return f"{self.version}, audit {self.number}"

    @property
    def team(self) -> Team:
        return self.version.team

    @property
    def is_reviewing(self) -> bool:
        return self.state == self.State.REVIEWING

    @property
    def is_undrawn(self) -> bool:
        """Tell whether its rows could not be drawn, or somebody stopped that; they can be drawn again."""
        return self.state in (self.State.FAILED, self.State.CANCELLED)

    @property
    def is_unfinished(self) -> bool:
        return self.state in self.UNFINISHED


class AuditReviewer(Record):
    """Somebody who was invited to judge rows of an audit; dismissed ones judge no more."""

    audit = models.ForeignKey(SampleAudit, on_delete=models.PROTECT, related_name="reviewers")
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    is_author = models.BooleanField()
    invited_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    dismissed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["audit", "user"], name="one_invitation_per_reviewer")]


class SampledRow(Record):
    """One drawn row: where it stands and the digest of its content; ``label`` only where labels are strata."""

    audit = models.ForeignKey(SampleAudit, on_delete=models.PROTECT, related_name="rows")
    position = models.PositiveIntegerField()
    split = models.CharField(max_length=12, choices=SplitName)
    label = models.CharField(max_length=500, blank=True)
    file_name = models.CharField(max_length=160)
    file = models.PositiveSmallIntegerField()
    row = models.BigIntegerField()
    digest = models.CharField(max_length=71)

    class Meta:
        ordering = ["position"]
        constraints = [models.UniqueConstraint(fields=["audit", "position"], name="one_sampled_row_per_position")]

    def __str__(self) -> str:
        return f"{self.position}"


class SampledText(models.Model):
    """What the reviewers of a drawn row read; it can be erased while the judgement stays."""

    sampled_row = models.OneToOneField(SampledRow, on_delete=models.PROTECT, primary_key=True, related_name="content")
    text = models.TextField()
    answer = models.TextField(blank=True)
    others = models.JSONField(default=dict)


class Ruling(Record):
    """A verdict on one drawn row with its reason."""

    verdict = models.CharField(max_length=10, choices=Verdict)
    defect = models.CharField(max_length=12, choices=Defect, blank=True)
    note = models.CharField(max_length=1000, blank=True)

    class Meta:
        abstract = True

    @property
    def outcome(self) -> tuple[str, str]:
        return self.verdict, self.defect


class Judgement(Ruling):
    """What one reviewer says of one row; it can be changed until the audit is closed."""

    sampled_row = models.ForeignKey(SampledRow, on_delete=models.PROTECT, related_name="judgements")
    reviewer = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    by_author = models.BooleanField()
    judged_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["sampled_row", "reviewer"], name="one_judgement_per_row_and_reviewer"),
            models.CheckConstraint(
                condition=(Q(verdict="defective") & ~Q(defect="")) | (~Q(verdict="defective") & Q(defect="")),
                name="a_defective_row_has_a_defect",
            ),
        ]


class Adjudication(Ruling):
    """The review lead's word on a row that reviewers differ on, or are unsure of."""

    sampled_row = models.OneToOneField(SampledRow, on_delete=models.PROTECT, related_name="adjudication")
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    decided_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=(Q(verdict="defective") & ~Q(defect="")) | (Q(verdict="good") & Q(defect="")),
                name="an_adjudication_is_certain",
            ),
        ]
