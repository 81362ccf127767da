"""Suites and baselines: how a use case's models are judged, and what they must be better than."""

from typing import Any, ClassVar

from django.db import models
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from apps.core.models import Editable, Record
from apps.core.querysets import TeamOwned, TeamOwnedQuerySet
from apps.people.models import Team, User
from apps.usecases.models import UseCase


class Suite(Editable, TeamOwned):
    """What models of a use case are evaluated with, version by version. A retired one is asked of nobody."""

    TEAM_PATH: ClassVar[str] = "use_case__team_id"
    GRANT_PATHS: ClassVar[tuple[str, ...]] = ("id", "use_case_id")

    use_case = models.ForeignKey(UseCase, on_delete=models.PROTECT, related_name="suites", verbose_name=_("use case"))
    name = models.CharField(_("name"), max_length=120)
    purpose = models.TextField(_("purpose"), max_length=2000, blank=True)
    retired_at = models.DateTimeField(null=True)
    retired_reason = models.CharField(_("why it is retired"), max_length=500, blank=True)
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")

    objects: ClassVar[Any] = TeamOwnedQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint("use_case", Lower("name"), name="one_suite_per_name_and_use_case")]

    def __str__(self) -> str:
        return self.name

    @property
    def team(self) -> Team:
        return self.use_case.team


class Baseline(Record, TeamOwned):
    """Prompting or retrieval without tuning, described so that it can be run again; the database refuses any change."""

    class Kind(models.TextChoices):
        PROMPTING = "prompting", _("Prompting")
        RAG = "rag", _("RAG")

    TEAM_PATH: ClassVar[str] = "use_case__team_id"
    GRANT_PATHS: ClassVar[tuple[str, ...]] = ("use_case_id",)

    use_case = models.ForeignKey(UseCase, on_delete=models.PROTECT, related_name="baselines")
    name = models.CharField(_("name"), max_length=120)
    kind = models.CharField(_("kind"), max_length=10, choices=Kind)
    description = models.TextField(_("description"), max_length=4000)
    model_name = models.CharField(_("model"), max_length=200)
    prompts = models.TextField(_("prompts"), max_length=60_000, blank=True)
    configuration = models.JSONField(_("configuration"), default=dict)
    digest = models.CharField(max_length=71)
    registered_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")

    objects: ClassVar[Any] = TeamOwnedQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint("use_case", Lower("name"), name="one_baseline_per_name_and_use_case"),
            models.UniqueConstraint(fields=["use_case", "digest"], name="one_baseline_per_content"),
            models.CheckConstraint(condition=models.Q(kind__in=["prompting", "rag"]), name="known_baseline_kind"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def team(self) -> Team:
        return self.use_case.team
