"""Evaluation runs: what was measured of a model version or a baseline. Registered is immutable."""

from typing import Any, ClassVar

from django.db import models
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from apps.core.models import Record
from apps.core.querysets import TeamOwned, TeamOwnedQuerySet
from apps.evaluations.models.catalogue import Baseline
from apps.evaluations.models.suites import SuiteVersion
from apps.people.models import Team, User
from apps.registry.models import ModelVersion


class EvaluationRunQuerySet(TeamOwnedQuerySet["EvaluationRun"]):
    def counted(self) -> "EvaluationRunQuerySet":
        """Leave what counts for thresholds: begun, and told to us, after the thresholds were signed."""
        signed = models.F("suite_version__signature__signed_at")
        return self.filter(started_at__gte=signed, created_at__gte=signed)


class EvaluationRun(Record, TeamOwned):
    """One evaluation of one subject with one suite version.

    ``values`` is a list of ``{metric, segment, value, cases, source}`` in the suite's metrics; ``unmatched`` what the
    tool measured and the suite does not ask for, as ``{name, value}``. ``digest`` covers all of it with the files'
    digests; ``file_count`` is how many files the run was registered with: the database takes no more.
    """

    TEAM_PATH: ClassVar[str] = "suite_version__suite__use_case__team_id"
    GRANT_PATHS: ClassVar[tuple[str, ...]] = ("suite_version__suite_id", "suite_version__suite__use_case_id")

    suite_version = models.ForeignKey(SuiteVersion, on_delete=models.PROTECT, related_name="runs")
    model_version = models.ForeignKey(
        ModelVersion,
        on_delete=models.PROTECT,
        null=True,
        related_name="evaluations",
        verbose_name=lazy("model version"),
    )
    baseline = models.ForeignKey(
        Baseline, on_delete=models.PROTECT, null=True, related_name="evaluations", verbose_name=lazy("baseline")
    )
    number = models.PositiveIntegerField()
    digest = models.CharField(max_length=71)
    tool = models.CharField(lazy("tool"), max_length=60)
    tool_version = models.CharField(lazy("version of the tool"), max_length=60, blank=True)
    values = models.JSONField(default=list)
    unmatched = models.JSONField(default=list)
    parameters = models.JSONField(default=dict)
    file_count = models.PositiveSmallIntegerField()
    started_at = models.DateTimeField(lazy("started"))
    finished_at = models.DateTimeField(lazy("finished"))
    seed = models.BigIntegerField(lazy("random seed"), null=True)
    note = models.CharField(lazy("note"), max_length=1000, blank=True)
    evaluated_by = models.ForeignKey(
        User, on_delete=models.PROTECT, related_name="+", verbose_name=lazy("who evaluated")
    )
    registered_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")

    objects = EvaluationRunQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["suite_version", "number"], name="one_evaluation_per_number"),
            models.UniqueConstraint(fields=["suite_version", "digest"], name="one_evaluation_per_content"),
            models.CheckConstraint(
                condition=models.Q(model_version__isnull=True) ^ models.Q(baseline__isnull=True),
                name="evaluation_has_one_subject",
            ),
            models.CheckConstraint(
                condition=models.Q(finished_at__gte=models.F("started_at")), name="evaluation_ends_after_its_start"
            ),
        ]

    def __str__(self) -> str:
        return _("%(suite)s, run %(n)d") % {"suite": self.suite_version, "n": self.number}

    @property
    def team(self) -> Team:
        return self.suite_version.team

    @property
    def subject(self) -> ModelVersion | Baseline:
        found = self.model_version or self.baseline
        assert found is not None
        return found

    @property
    def counts(self) -> bool:
        """Tell whether it counts for thresholds: begun, and told to us, after they were signed."""
        if not self.suite_version.is_signed:
            return False
        signed = self.suite_version.signature.signed_at
        return self.started_at >= signed and self.created_at >= signed


class RunFile(Record):
    """A file kept with a run: what the tool wrote, as evidence, or the scores case by case in Fourgate's own form."""

    class Kind(models.TextChoices):
        RESULT = "result", lazy("Result of the tool")
        SCORES = "scores", lazy("Scores by case")

    run = models.ForeignKey(EvaluationRun, on_delete=models.PROTECT, related_name="files")
    kind = models.CharField(max_length=10, choices=Kind)
    name = models.CharField(max_length=160)
    storage_name = models.CharField(max_length=300)
    digest = models.CharField(max_length=71)
    size = models.BigIntegerField()
    rows = models.PositiveIntegerField(null=True)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["run"], condition=models.Q(kind="scores"), name="one_file_of_scores_per_run"
            ),
            models.CheckConstraint(condition=models.Q(kind__in=["result", "scores"]), name="known_run_file_kind"),
        ]

    def __str__(self) -> str:
        return self.name


class EvaluationImport(Record, TeamOwned):
    """Files that were read and wait for somebody's word; ``found`` is what a preview shows."""

    TEAM_PATH: ClassVar[str] = "suite_version__suite__use_case__team_id"

    suite_version = models.ForeignKey(SuiteVersion, on_delete=models.CASCADE, related_name="+")
    requested_by = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    files = models.JSONField(default=list)
    found = models.JSONField(default=dict)

    objects: ClassVar[Any] = TeamOwnedQuerySet.as_manager()

    def __str__(self) -> str:
        return ", ".join(file["name"] for file in self.files)

    @property
    def team(self) -> Team:
        return self.suite_version.team
