"""Assessments of use cases: frameworks, answers as they were given, what was submitted and signed."""

from typing import Any, ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.assessments.framework import LEVEL_TITLES, VERDICT_CHOICES
from apps.core.models import Record
from apps.core.querysets import TeamOwned, TeamOwnedQuerySet
from apps.core.subjects import SubjectRef
from apps.people.four_eyes import RuleVersion, rule_constraints
from apps.people.models import Team, User
from apps.usecases.models import UseCase


class FrameworkVersion(RuleVersion):
    """The questions of one kind of assessment, as YAML; immutable once published."""

    class Meta(RuleVersion.Meta):
        constraints = rule_constraints("framework")


class AssessmentQuerySet(TeamOwnedQuerySet["Assessment"]):
    pass


class Assessment(Record, TeamOwned):
    """One framework version answered for one use case: open, then submitted, then signed.

    ``snapshot`` is the canonical body of what was submitted, ``digest`` its SHA-256. A submitted one does not change;
    reopening starts the next number with the answers carried over, and one that nobody signed is then superseded.
    ``waiting`` (questions without a valid answer by responsibility) and ``contradicted`` (claims by person) are what
    *My work* reads while it is open.
    """

    class State(models.TextChoices):
        OPEN = "open", _("Open")
        SUBMITTED = "submitted", _("Submitted")
        SIGNED = "signed", _("Signed")
        SUPERSEDED = "superseded", _("Superseded")

    TEAM_PATH: ClassVar[str] = "use_case__team_id"
    GRANT_PATHS: ClassVar[tuple[str, ...]] = ("use_case_id",)

    use_case = models.ForeignKey(UseCase, on_delete=models.PROTECT, related_name="assessments")
    framework = models.ForeignKey(FrameworkVersion, on_delete=models.PROTECT, related_name="+")
    number = models.PositiveIntegerField()
    state = models.CharField(max_length=10, choices=State, default=State.OPEN)
    started_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    waiting = models.JSONField(default=dict)
    contradicted = models.JSONField(default=dict)
    reopened_from = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="+")
    submitted_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    submitted_at = models.DateTimeField(null=True)
    snapshot = models.TextField(blank=True)
    digest = models.CharField(max_length=71, blank=True)
    signed_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    signed_at = models.DateTimeField(null=True)
    signature = models.TextField(blank=True)
    confirmed_by = models.CharField(max_length=40, blank=True)

    objects = AssessmentQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["use_case", "number"], name="one_assessment_per_number"),
            models.UniqueConstraint(
                fields=["use_case"],
                condition=models.Q(state__in=["open", "submitted"]),
                name="one_unsigned_assessment",
            ),
            models.CheckConstraint(
                condition=models.Q(state__in=["open", "submitted", "signed", "superseded"]),
                name="known_assessment_state",
            ),
            models.CheckConstraint(
                condition=models.Q(signed_by=None) | ~models.Q(signed_by=models.F("submitted_by")),
                name="assessment_signed_by_a_second_person",
            ),
        ]

    def __str__(self) -> str:
        return _("%(use_case)s, assessment %(number)d") % {"use_case": self.use_case.name, "number": self.number}

    @property
    def team(self) -> Team:
        return self.use_case.team

    @property
    def ref(self) -> SubjectRef:
        return SubjectRef("assessment", self.pk)


class Answer(Record, TeamOwned):
    """One claim on one question; answering again adds a revision, so that who said what when stays."""

    TEAM_PATH: ClassVar[str] = "assessment__use_case__team_id"

    class Level(models.TextChoices):
        NO = "no", _("No")
        PARTLY = "partly", _("Partly")
        YES = "yes", _("Yes")
        NOT_APPLICABLE = "not_applicable", _("Not applicable")

    assessment = models.ForeignKey(Assessment, on_delete=models.PROTECT, related_name="answers")
    question = models.CharField(max_length=60)
    revision = models.PositiveIntegerField()
    level = models.CharField(max_length=20, choices=Level)
    comment = models.TextField(max_length=2000, blank=True)
    evidence = models.JSONField(default=list)
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    by_name = models.CharField(max_length=120)
    answered_at = models.DateTimeField()

    objects: ClassVar[Any] = TeamOwnedQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["assessment", "question", "revision"], name="one_answer_per_revision"),
            models.CheckConstraint(condition=models.Q(level__in=list(LEVEL_TITLES)), name="known_answer_level"),
        ]

    def __str__(self) -> str:
        return f"{self.question}: {self.level}"


class FitStatement(Record):
    """What was said of the task for the use-case fit; saying it again adds a revision."""

    assessment = models.ForeignKey(Assessment, on_delete=models.PROTECT, related_name="fit_statements")
    revision = models.PositiveIntegerField()
    values = models.JSONField(default=dict)
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    by_name = models.CharField(max_length=120)
    stated_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["assessment", "revision"], name="one_fit_statement_per_revision")
        ]


class Readiness(models.Model):
    """The verdict on each use case as it was last computed: what the portfolio lists; never what a gate trusts."""

    use_case = models.OneToOneField(UseCase, on_delete=models.CASCADE, primary_key=True, related_name="readiness")
    assessment = models.ForeignKey(Assessment, on_delete=models.CASCADE, related_name="+")
    verdict = models.CharField(max_length=30, choices=VERDICT_CHOICES)
    dimensions = models.JSONField(default=dict)
    blocking = models.CharField(max_length=500, blank=True)
    contradicted = models.PositiveSmallIntegerField(default=0)
    lapses_at = models.DateTimeField(null=True)
    computed_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["lapses_at"], name="readiness_lapse")]

    def __str__(self) -> str:
        return self.verdict
