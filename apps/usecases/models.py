"""Use cases: one narrow task for which a model may be tuned."""

from django.db import models
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from apps.core.models import Editable
from apps.core.querysets import TeamOwned, TeamOwnedQuerySet
from apps.people.models import Team, User


class RiskTier(models.TextChoices):
    LOW = "low", _("Low")
    MEDIUM = "medium", _("Medium")
    HIGH = "high", _("High")


class Phase(models.TextChoices):
    """The four phases of the framework's phased implementation; *assess* and *pilot* move so far."""

    ASSESS = "assess", _("Assess")
    PILOT = "pilot", _("Pilot")
    PRODUCTION = "production", _("Production")
    EXPAND = "expand", _("Expand")


class UseCaseQuerySet(TeamOwnedQuerySet["UseCase"]):
    pass


class UseCase(Editable, TeamOwned):
    """One task, owned by one team, with the harm that a wrong answer can do told by its risk tier."""

    GRANT_PATHS = ("id",)

    team = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="use_cases", verbose_name=_("team"))
    name = models.CharField(_("name"), max_length=120)
    summary = models.CharField(_("summary"), max_length=300)
    task = models.TextField(_("task"), max_length=4000)
    success_measure = models.TextField(_("measure of success"), max_length=2000, blank=True)
    risk_tier = models.CharField(_("risk tier"), max_length=10, choices=RiskTier)
    risk_reason = models.TextField(_("why this tier"), max_length=2000, blank=True)
    phase = models.CharField(_("phase"), max_length=12, choices=Phase, default=Phase.ASSESS)
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")

    objects = UseCaseQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint("team", Lower("name"), name="one_use_case_per_name_and_team"),
            models.CheckConstraint(condition=models.Q(risk_tier__in=RiskTier.values), name="known_risk_tier"),
            models.CheckConstraint(condition=models.Q(phase__in=Phase.values), name="known_phase"),
        ]
        indexes = [models.Index(fields=["team", "-id"], name="use_case_of_team")]

    def __str__(self) -> str:
        return self.name
