"""Sources and datasets."""

from typing import ClassVar

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from apps.core.models import Editable
from apps.core.querysets import TeamOwned, TeamOwnedQuerySet
from apps.people.models import Team, User
from apps.usecases.models import UseCase


class SourceQuerySet(TeamOwnedQuerySet["Source"]):
    pass


class Source(Editable, TeamOwned):
    """A system of record that data comes from: whose it is, whether it is authoritative, what is left out."""

    class Kind(models.TextChoices):
        APPLICATION = "application", _("Business application")
        WAREHOUSE = "warehouse", _("Warehouse table")
        DOCUMENTS = "documents", _("Document store")
        PUBLISHED = "published", _("Published dataset")
        OTHER = "other", _("Other")

    class Eligibility(models.TextChoices):
        UNDECIDED = "undecided", _("Undecided")
        ELIGIBLE = "eligible", _("Eligible")
        RESTRICTED = "restricted", _("Restricted, with terms")
        INELIGIBLE = "ineligible", _("Not eligible")

    GRANT_PATHS: ClassVar[tuple[str, ...]] = ()

    team = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="sources", verbose_name=_("team"))
    name = models.CharField(_("name"), max_length=120)
    kind = models.CharField(_("kind"), max_length=20, choices=Kind)
    location = models.CharField(_("location"), max_length=300, blank=True)
    owner_name = models.CharField(_("owner"), max_length=120, blank=True)
    licence = models.CharField(_("licence or terms"), max_length=120, blank=True)
    retention_days = models.PositiveIntegerField(
        _("days that its terms allow"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(36500)],
    )
    is_authoritative = models.BooleanField(_("authoritative"), default=False)
    exclusions = models.TextField(_("what is left out"), max_length=2000, blank=True)
    owner = models.ForeignKey(
        User, on_delete=models.PROTECT, related_name="+", null=True, blank=True, verbose_name=_("owner in the team")
    )
    covers_from = models.DateField(_("records from"), null=True, blank=True)
    cut_off = models.DateField(_("cut-off date"), null=True, blank=True)
    eligibility = models.CharField(
        _("eligible for training"), max_length=12, choices=Eligibility, default=Eligibility.UNDECIDED
    )
    eligibility_reason = models.CharField(_("why, and on which terms"), max_length=500, blank=True)
    excluded = models.JSONField(_("what is excluded, and why"), default=list, blank=True)

    objects = SourceQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint("team", Lower("name"), name="one_source_per_name_and_team"),
            models.CheckConstraint(
                condition=Q(covers_from=None) | Q(cut_off=None) | Q(covers_from__lte=F("cut_off")),
                name="source_begins_before_its_cut_off",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def timeframe(self) -> str:
        """Return its last day as ISO 8601, an interval where a first day is declared too; empty for neither."""
        last = self.cut_off.isoformat() if self.cut_off else ""
        return f"{self.covers_from.isoformat()}/{last or '..'}" if self.covers_from else last


class DatasetQuerySet(TeamOwnedQuerySet["Dataset"]):
    pass


class Dataset(Editable, TeamOwned):
    """Data for one use case, registered version by version."""

    TEAM_PATH: ClassVar[str] = "use_case__team_id"
    GRANT_PATHS: ClassVar[tuple[str, ...]] = ("id", "use_case_id")

    use_case = models.ForeignKey(UseCase, on_delete=models.PROTECT, related_name="datasets", verbose_name=_("use case"))
    name = models.CharField(_("name"), max_length=120)
    description = models.TextField(_("description"), max_length=2000, blank=True)
    sources = models.ManyToManyField(Source, related_name="datasets", blank=True, verbose_name=_("sources"))
    reading = models.JSONField(_("how its files are read"), default=dict, blank=True)
    retention_days = models.PositiveIntegerField(
        _("days that copies are kept"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(36500)],
    )
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")

    objects = DatasetQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint("use_case", Lower("name"), name="one_dataset_per_name_and_use_case")]

    def __str__(self) -> str:
        return self.name

    @property
    def team(self) -> Team:
        return self.use_case.team
