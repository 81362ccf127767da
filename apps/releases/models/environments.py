"""Environments: where a team's models are live."""

from typing import ClassVar

from django.db import models
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from apps.core.models import Editable
from apps.core.querysets import TeamOwned, TeamOwnedQuerySet
from apps.people.models import Team, User


class EnvironmentQuerySet(TeamOwnedQuerySet["Environment"]):
    pass


class Environment(Editable, TeamOwned):
    """One place where models of a team serve; of which kind it is never changes, for approvals rest on it."""

    class Kind(models.TextChoices):
        STAGING = "staging", _("Staging")
        PRODUCTION = "production", _("Production")

    TEAM_PATH: ClassVar[str] = "team_id"

    team = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="environments", verbose_name=_("team"))
    name = models.CharField(_("name"), max_length=80)
    kind = models.CharField(_("kind"), max_length=12, choices=Kind)
    description = models.TextField(_("description"), max_length=1000, blank=True)
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")

    objects = EnvironmentQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint("team", Lower("name"), name="one_environment_per_name_and_team"),
            models.CheckConstraint(
                condition=models.Q(kind__in=["staging", "production"]), name="known_environment_kind"
            ),
        ]

    def __str__(self) -> str:
        return self.name
