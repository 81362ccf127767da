"""Model versions: artefacts that came out of a run. Registered is immutable; taken back by another row."""

from typing import ClassVar

from django.db import models
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from apps.core.models import Record
from apps.core.querysets import TeamOwned, TeamOwnedQuerySet
from apps.people.models import Team, User
from apps.registry.models.catalogue import Model
from apps.registry.models.runs import TrainingRun


class ModelVersionQuerySet(TeamOwnedQuerySet["ModelVersion"]):
    def standing(self) -> "ModelVersionQuerySet":
        """Leave what nobody withdrew."""
        return self.filter(withdrawal=None)


class ModelVersion(Record, TeamOwned):
    """One artefact of a model, where its bytes lie, and the run that made it; ``digest`` covers artefact and run."""

    TEAM_PATH: ClassVar[str] = "model__use_case__team_id"
    GRANT_PATHS: ClassVar[tuple[str, ...]] = ("model_id", "model__use_case_id")

    model = models.ForeignKey(Model, on_delete=models.PROTECT, related_name="versions")
    run = models.ForeignKey(TrainingRun, on_delete=models.PROTECT, related_name="versions")
    number = models.CharField(_("version"), max_length=60)
    digest = models.CharField(max_length=71)
    artefact_digest = models.CharField(_("digest of the artefact"), max_length=71)
    size = models.BigIntegerField(_("size in bytes"))
    place = models.CharField(_("place"), max_length=500)
    format = models.CharField(_("format"), max_length=60, blank=True)
    quantisation = models.CharField(_("quantisation"), max_length=60, blank=True)
    notes = models.TextField(_("notes"), max_length=4000, blank=True)
    registered_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")

    objects = ModelVersionQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint("model", Lower("number"), name="one_model_version_per_number"),
            models.UniqueConstraint(fields=["model", "artefact_digest"], name="one_model_version_per_artefact"),
            models.CheckConstraint(condition=models.Q(size__gt=0), name="artefact_has_bytes"),
        ]

    def __str__(self) -> str:
        return f"{self.model.name} {self.number}"

    @property
    def team(self) -> Team:
        return self.model.use_case.team

    @property
    def is_withdrawn(self) -> bool:
        return hasattr(self, "withdrawal")


class ModelVersionWithdrawal(Record):
    """That a version is not to be used any more: who says so, and why."""

    version = models.OneToOneField(ModelVersion, on_delete=models.PROTECT, related_name="withdrawal")
    withdrawn_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    reason = models.CharField(_("why"), max_length=500)

    def __str__(self) -> str:
        return self.reason


class ArtefactCheck(Record):
    """What was found when the artefact's bytes were read: empty digest and no size where nothing lay there."""

    version = models.ForeignKey(ModelVersion, on_delete=models.PROTECT, related_name="checks")
    size = models.BigIntegerField(null=True)
    digest = models.CharField(max_length=71, blank=True)

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return self.digest
