"""Comparisons: one run beside others of the same suite version, computed once and kept."""

from typing import Any, ClassVar

from django.db import models

from apps.core.models import Record
from apps.core.querysets import TeamOwned, TeamOwnedQuerySet
from apps.evaluations.models.runs import EvaluationRun
from apps.evaluations.models.suites import SuiteVersion
from apps.people.models import Team, User


class Comparison(Record, TeamOwned):
    """``others`` are the identifiers of the runs beside the candidate, in their order; equal runs, equal comparison."""

    TEAM_PATH: ClassVar[str] = "suite_version__suite__use_case__team_id"
    GRANT_PATHS: ClassVar[tuple[str, ...]] = ("suite_version__suite_id", "suite_version__suite__use_case_id")

    suite_version = models.ForeignKey(SuiteVersion, on_delete=models.PROTECT, related_name="comparisons")
    candidate = models.ForeignKey(EvaluationRun, on_delete=models.PROTECT, related_name="comparisons")
    others = models.JSONField(default=list)
    result = models.JSONField(default=dict)
    digest = models.CharField(max_length=71, unique=True)
    compared_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")

    objects: ClassVar[Any] = TeamOwnedQuerySet.as_manager()

    def __str__(self) -> str:
        return f"{self.candidate.subject} ({self.suite_version})"

    @property
    def team(self) -> Team:
        return self.suite_version.team
