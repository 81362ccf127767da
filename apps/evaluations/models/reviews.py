"""Human review: people judge outputs that were drawn at random from what a run kept."""

from typing import Any, ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.core.models import Record
from apps.core.querysets import TeamOwned, TeamOwnedQuerySet
from apps.datasets.models import Verdict
from apps.evaluations.models.runs import EvaluationRun
from apps.people.models import Team, User


class OutputReview(Record, TeamOwned):
    """A sample of a run's outputs, who judges them, and what came out. Closed it never changes."""

    class State(models.TextChoices):
        REVIEWING = "reviewing", _("Being reviewed")
        CLOSED = "closed", _("Closed")

    TEAM_PATH: ClassVar[str] = "run__suite_version__suite__use_case__team_id"
    GRANT_PATHS: ClassVar[tuple[str, ...]] = ("run__suite_version__suite_id", "run__suite_version__suite__use_case_id")

    run = models.ForeignKey(EvaluationRun, on_delete=models.PROTECT, related_name="reviews")
    number = models.PositiveIntegerField()
    state = models.CharField(max_length=10, choices=State, default=State.REVIEWING)
    judges_per_output = models.PositiveSmallIntegerField(_("judges for each output"), default=1)
    seed = models.CharField(max_length=64)
    drawn_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    result = models.JSONField(default=dict)
    conclusion = models.CharField(_("conclusion"), max_length=2000, blank=True)
    closed_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", null=True)
    closed_at = models.DateTimeField(null=True)

    objects: ClassVar[Any] = TeamOwnedQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["run", "number"], name="one_review_per_number"),
            models.UniqueConstraint(
                fields=["run"], condition=Q(state="reviewing"), name="one_unfinished_review_per_run"
            ),
            models.CheckConstraint(condition=Q(judges_per_output__in=[1, 2]), name="one_or_two_judges_an_output"),
        ]

    def __str__(self) -> str:
        return f"{self.run}, review {self.number}"

    @property
    def team(self) -> Team:
        return self.run.team

    @property
    def is_reviewing(self) -> bool:
        return self.state == self.State.REVIEWING


class OutputReviewer(Record):
    review = models.ForeignKey(OutputReview, on_delete=models.PROTECT, related_name="reviewers")
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["review", "user"], name="one_seat_per_output_reviewer")]


class ReviewedOutput(Record):
    """One drawn case as its judges read it."""

    review = models.ForeignKey(OutputReview, on_delete=models.PROTECT, related_name="outputs")
    position = models.PositiveIntegerField()
    case = models.CharField(max_length=200)
    segment = models.CharField(max_length=100, blank=True)
    input = models.TextField(blank=True)
    output = models.TextField()
    expected = models.TextField(blank=True)
    digest = models.CharField(max_length=71)

    class Meta:
        ordering = ["position"]
        constraints = [models.UniqueConstraint(fields=["review", "position"], name="one_output_per_position")]

    def __str__(self) -> str:
        return self.case


class OutputJudgement(Record):
    """What one person says of one output; it can be changed until the review is closed."""

    output = models.ForeignKey(ReviewedOutput, on_delete=models.PROTECT, related_name="judgements")
    reviewer = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    verdict = models.CharField(max_length=10, choices=Verdict)
    note = models.CharField(max_length=1000, blank=True)
    judged_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["output", "reviewer"], name="one_judgement_per_output_and_reviewer"),
            models.CheckConstraint(
                condition=Q(verdict__in=["good", "defective", "unsure"]), name="known_output_verdict"
            ),
        ]
