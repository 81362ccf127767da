"""Training runs: what a model was trained with. Registered is immutable: the database refuses any change."""

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from apps.core.models import Record
from apps.core.querysets import TeamOwned, TeamOwnedQuerySet
from apps.datasets.models import DatasetVersion, Guideline, SplitName
from apps.people.models import Team, User
from apps.registry.models.catalogue import Model


class RunQuerySet(TeamOwnedQuerySet["TrainingRun"]):
    pass


class TrainingRun(Record, TeamOwned):
    """One run: data, code, base, recipe, machine, cost, and who trained.

    ``digest`` covers all of it. ``dataset_count`` and ``guideline_count`` are how many parts the run was registered
    with: the database takes no more. ``openlineage_run_id`` names the run that reported itself by OpenLineage.
    """

    TEAM_PATH: ClassVar[str] = "model__use_case__team_id"
    GRANT_PATHS: ClassVar[tuple[str, ...]] = ("model_id", "model__use_case_id")

    model = models.ForeignKey(Model, on_delete=models.PROTECT, related_name="runs")
    number = models.PositiveIntegerField()
    digest = models.CharField(max_length=71)
    dataset_count = models.PositiveSmallIntegerField()
    guideline_count = models.PositiveSmallIntegerField()
    code_repository = models.CharField(lazy("code repository"), max_length=500, blank=True)
    code_commit = models.CharField(lazy("commit"), max_length=64, blank=True)
    base_digest = models.CharField(lazy("digest of the base model"), max_length=71, blank=True)
    hyperparameters = models.JSONField(lazy("hyperparameters"), default=dict)
    environment = models.JSONField(lazy("environment"), default=dict)
    started_at = models.DateTimeField(lazy("started"))
    finished_at = models.DateTimeField(lazy("finished"))
    cost_amount = models.DecimalField(lazy("cost"), max_digits=14, decimal_places=2, null=True)
    cost_currency = models.CharField(lazy("currency"), max_length=3, blank=True)
    gpu_hours = models.DecimalField(lazy("GPU hours"), max_digits=12, decimal_places=2, null=True)
    seed = models.PositiveBigIntegerField(lazy("random seed"), null=True)
    openlineage_run_id = models.UUIDField(lazy("OpenLineage run"), null=True)
    note = models.CharField(lazy("note"), max_length=1000, blank=True)
    trained_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", verbose_name=lazy("who trained"))
    registered_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")

    objects = RunQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["model", "number"], name="one_run_per_number"),
            models.UniqueConstraint(fields=["model", "digest"], name="one_run_per_content"),
            models.CheckConstraint(
                condition=models.Q(finished_at__gte=models.F("started_at")), name="run_ends_after_its_start"
            ),
            models.CheckConstraint(condition=models.Q(dataset_count__gte=1), name="run_has_data"),
            models.CheckConstraint(
                condition=models.Q(cost_amount=None, cost_currency="")
                | models.Q(cost_amount__isnull=False, cost_currency__gt=""),
                name="run_cost_has_its_currency",
            ),
        ]
        indexes = [
            models.Index(
                fields=["openlineage_run_id"],
                condition=models.Q(openlineage_run_id__isnull=False),
                name="run_openlineage",
            )
        ]

    def __str__(self) -> str:
        return _("%(model)s, run %(n)d") % {"model": self.model.name, "n": self.number}

    @property
    def team(self) -> Team:
        return self.model.use_case.team


class RunDataset(Record):
    """A dataset version that a run used, with its digest as it was; ``splits`` is empty for the whole version."""

    run = models.ForeignKey(TrainingRun, on_delete=models.PROTECT, related_name="datasets")
    version = models.ForeignKey(DatasetVersion, on_delete=models.PROTECT, related_name="+")
    splits = ArrayField(models.CharField(max_length=12, choices=SplitName), default=list)
    digest = models.CharField(max_length=71)

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["run", "version"], name="one_use_per_run_and_version")]

    def __str__(self) -> str:
        return str(self.version)


class RunGuideline(Record):
    """A labelling guideline that was in force for the labels that a run learnt from, with its digest as it was."""

    run = models.ForeignKey(TrainingRun, on_delete=models.PROTECT, related_name="guidelines")
    guideline = models.ForeignKey(Guideline, on_delete=models.PROTECT, related_name="+")
    digest = models.CharField(max_length=71)

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["run", "guideline"], name="one_use_per_run_and_guideline")]

    def __str__(self) -> str:
        return str(self.guideline)
