"""Gate policies as versions that never change once published."""

from typing import Any, Self

from django.db import models
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.people.four_eyes import RuleVersion, rule_constraints
from apps.people.models import Team


class Tier(models.TextChoices):
    """How much harm a wrong answer can do; an organisation's policy may be for one tier alone."""

    LOW = "low", gettext_lazy("Low")
    MEDIUM = "medium", gettext_lazy("Medium")
    HIGH = "high", gettext_lazy("High")


class PolicyQuerySet(models.QuerySet["PolicyVersion"]):
    def visible_to(self, user: Any) -> Self:
        """Leave the organisation's policies and those of teams that the user may see."""
        return self.filter(models.Q(team=None) | models.Q(team__in=Team.objects.visible_to(user)))

    def published(self) -> Self:
        return self.filter(state=PolicyVersion.State.PUBLISHED)


class PolicyVersion(RuleVersion):
    """The requirements of one kind of gate, as YAML; immutable once published.

    One without a team is the organisation's, for every risk tier or for one. A team's extends it and only tightens.
    """

    tier = models.CharField(max_length=10, choices=Tier, blank=True, default="")
    team = models.ForeignKey(Team, on_delete=models.PROTECT, null=True, related_name="+")

    objects = PolicyQuerySet.as_manager()

    class Meta(RuleVersion.Meta):
        ordering = ["kind", "team__name", "tier", "-number"]
        constraints = rule_constraints("policy", "tier", "team")

    def __str__(self) -> str:
        if not self.tier:
            return super().__str__()
        words = {"title": self.title, "number": self.number, "tier": str(Tier(self.tier).label).lower()}
        return _("%(title)s, %(tier)s risk, version %(number)d") % words

    def siblings(self) -> PolicyQuerySet:
        return PolicyVersion.objects.filter(kind=self.kind, tier=self.tier, team=self.team_id)
