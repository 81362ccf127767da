"""Models: what is tuned for a use case, from which base."""

from typing import ClassVar

from django.db import models
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from apps.core.models import Editable
from apps.core.querysets import TeamOwned, TeamOwnedQuerySet
from apps.people.models import Team, User
from apps.usecases.models import UseCase


class ModelQuerySet(TeamOwnedQuerySet["Model"]):
    pass


class Model(Editable, TeamOwned):
    """One model of a use case: its purpose, and the base model that it is tuned from, with licence and provenance."""

    TEAM_PATH: ClassVar[str] = "use_case__team_id"
    GRANT_PATHS: ClassVar[tuple[str, ...]] = ("id", "use_case_id")

    use_case = models.ForeignKey(UseCase, on_delete=models.PROTECT, related_name="models", verbose_name=_("use case"))
    name = models.CharField(_("name"), max_length=120)
    purpose = models.TextField(_("purpose"), max_length=2000)
    base_model = models.CharField(_("base model"), max_length=200)
    base_provider = models.CharField(_("provider"), max_length=120)
    base_revision = models.CharField(_("version or revision"), max_length=120, blank=True)
    licence = models.CharField(_("licence"), max_length=120, blank=True)
    base_source = models.CharField(_("taken from"), max_length=500, blank=True)
    base_digest = models.CharField(_("digest of the base model"), max_length=71, blank=True)
    provenance = models.TextField(_("provenance"), max_length=2000, blank=True)
    limitations = models.TextField(_("limitations"), max_length=4000, blank=True)
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")

    objects = ModelQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint("use_case", Lower("name"), name="one_model_per_name_and_use_case")]

    def __str__(self) -> str:
        return self.name

    @property
    def team(self) -> Team:
        return self.use_case.team
