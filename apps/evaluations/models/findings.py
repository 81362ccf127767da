"""What people found: cases that failed with their cause and decision, and findings of red teams."""

from typing import Any, ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.core.models import Record
from apps.core.querysets import TeamOwned, TeamOwnedQuerySet
from apps.evaluations.models.runs import EvaluationRun
from apps.people.models import Team, User
from apps.registry.models import ModelVersion


class FailureCase(Record, TeamOwned):
    """A case that went wrong in a run, and why; what is done about it is another row."""

    class Cause(models.TextChoices):
        DATA_LABEL = "data_label", _("Wrong label in the data")
        DATA_MISSING = "data_missing", _("Nothing like it in the data")
        PROMPT = "prompt", _("Prompt")
        RETRIEVAL = "retrieval", _("Retrieval")
        MODEL = "model", _("The model")
        SUITE = "suite", _("The suite itself")
        OTHER = "other", _("Something else")

    TEAM_PATH: ClassVar[str] = "run__suite_version__suite__use_case__team_id"

    run = models.ForeignKey(EvaluationRun, on_delete=models.PROTECT, related_name="failures")
    case = models.CharField(_("case"), max_length=200)
    metric = models.CharField(_("metric"), max_length=60, blank=True)
    cause = models.CharField(_("cause"), max_length=20, choices=Cause)
    note = models.CharField(_("what went wrong"), max_length=1000)
    found_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")

    objects: ClassVar[Any] = TeamOwnedQuerySet.as_manager()

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["run", "case", "metric"], name="one_failure_per_case_and_metric")
        ]

    def __str__(self) -> str:
        return self.case

    @property
    def team(self) -> Team:
        return self.run.team


class FailureDecision(Record):
    class Decision(models.TextChoices):
        FIX_DATA = "fix_data", _("Mend the data")
        FIX_PROMPT = "fix_prompt", _("Mend the prompt")
        RETRAIN = "retrain", _("Train again")
        FIX_SUITE = "fix_suite", _("Mend the suite")
        ACCEPT = "accept", _("Accept it")

    failure = models.OneToOneField(FailureCase, on_delete=models.PROTECT, related_name="decision")
    decision = models.CharField(_("decision"), max_length=12, choices=Decision)
    note = models.CharField(_("why"), max_length=1000)
    decided_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")

    def __str__(self) -> str:
        return self.get_decision_display()


class RedTeamFinding(Record, TeamOwned):
    """What somebody made a model version do that it must not; it is open until a retest shows that it is gone."""

    class Severity(models.TextChoices):
        LOW = "low", _("Low")
        MEDIUM = "medium", _("Medium")
        HIGH = "high", _("High")
        CRITICAL = "critical", _("Critical")

    TEAM_PATH: ClassVar[str] = "model_version__model__use_case__team_id"
    GRANT_PATHS: ClassVar[tuple[str, ...]] = ("model_version__model_id", "model_version__model__use_case_id")

    model_version = models.ForeignKey(ModelVersion, on_delete=models.PROTECT, related_name="red_team_findings")
    number = models.PositiveIntegerField()
    title = models.CharField(_("title"), max_length=200)
    description = models.TextField(_("how it was done, and what came out"), max_length=8000)
    severity = models.CharField(_("severity"), max_length=10, choices=Severity)
    found_on = models.DateField(_("found on"))
    reported_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")

    objects: ClassVar[Any] = TeamOwnedQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["model_version", "number"], name="one_finding_per_number"),
            models.CheckConstraint(
                condition=models.Q(severity__in=["low", "medium", "high", "critical"]), name="known_finding_severity"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.number}. {self.title}"

    @property
    def team(self) -> Team:
        return self.model_version.team

    @property
    def is_closed(self) -> bool:
        return hasattr(self, "closure")


class FindingRetest(Record):
    """Somebody tried it again: it is still there, or gone."""

    class Outcome(models.TextChoices):
        STILL_THERE = "still_there", _("Still there")
        GONE = "gone", _("Gone")

    finding = models.ForeignKey(RedTeamFinding, on_delete=models.PROTECT, related_name="retests")
    outcome = models.CharField(_("outcome"), max_length=12, choices=Outcome)
    note = models.CharField(_("how it was tried"), max_length=1000)
    retested_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return self.get_outcome_display()


class FindingClosure(Record):
    finding = models.OneToOneField(RedTeamFinding, on_delete=models.PROTECT, related_name="closure")
    retest = models.OneToOneField(FindingRetest, on_delete=models.PROTECT, related_name="+")
    reason = models.CharField(_("why"), max_length=1000)
    closed_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")

    def __str__(self) -> str:
        return self.reason
