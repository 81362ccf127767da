"""Releases: a model version proposed for an environment, live in it for a time, and ended."""

from typing import Any, ClassVar

from django.db import models
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from apps.core.models import Record
from apps.core.querysets import TeamOwned, TeamOwnedQuerySet
from apps.gates.models import Gate
from apps.people.models import Team, User
from apps.registry.models import Model, ModelVersion
from apps.releases.models.environments import Environment


class ReleaseState(models.TextChoices):
    PROPOSED = "proposed", lazy("Proposed")
    LIVE = "live", lazy("Live")
    ENDED = "ended", lazy("Ended")


class Ending(models.TextChoices):
    SUPERSEDED = "superseded", lazy("Superseded")
    ROLLED_BACK = "rolled_back", lazy("Rolled back")
    WITHDRAWN = "withdrawn", lazy("Withdrawn")


class ReleaseQuerySet(TeamOwnedQuerySet["Release"]):
    def live(self) -> "ReleaseQuerySet":
        return self.filter(state=ReleaseState.LIVE)

    def proposed(self) -> "ReleaseQuerySet":
        return self.filter(state=ReleaseState.PROPOSED)

    def in_slot_of(self, release: "Release") -> "ReleaseQuerySet":
        """Leave the releases of the same model in the same environment."""
        return self.filter(environment_id=release.environment_id, model_id=release.model_id)

    def whole(self) -> "ReleaseQuerySet":
        """Read along what a release is named by."""
        return self.select_related(
            "environment__team", "version__model__use_case__team", "version__run", "restores", "proposed_by"
        )


class Release(Record, TeamOwned):
    """A model version for an environment: what is proposed, what changes, and which way leads back.

    ``change`` is the canonical JSON of what differs from ``compared_with``, the release that was live then; ``digest``
    names all that is decided on. ``restores`` is set on a release that a rollback made: it brings that one's content
    back and rests on its gate. ``gate`` and ``dossier_digest`` say on what it went live.
    """

    TEAM_PATH: ClassVar[str] = "environment__team_id"
    GRANT_PATHS: ClassVar[tuple[str, ...]] = ("model_id", "model__use_case_id")

    environment = models.ForeignKey(Environment, on_delete=models.PROTECT, related_name="releases")
    model = models.ForeignKey(Model, on_delete=models.PROTECT, related_name="releases")
    version = models.ForeignKey(ModelVersion, on_delete=models.PROTECT, related_name="releases")
    number = models.PositiveIntegerField()
    digest = models.CharField(max_length=71)
    artefact_digest = models.CharField(lazy("digest of the artefact"), max_length=71)
    prompt_digest = models.CharField(lazy("digest of the prompts"), max_length=71, blank=True)
    configuration_digest = models.CharField(lazy("digest of the configuration"), max_length=71, blank=True)
    notes = models.TextField(lazy("notes"), max_length=4000, blank=True)
    compared_with = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="+")
    change = models.TextField()
    change_digest = models.CharField(max_length=71)
    rollback_target = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="+")
    restores = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="restorations")
    state = models.CharField(max_length=10, choices=ReleaseState, default=ReleaseState.PROPOSED)
    proposed_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    gate = models.ForeignKey(Gate, on_delete=models.PROTECT, null=True, related_name="+")
    dossier_digest = models.CharField(max_length=71, blank=True)
    live_from = models.DateTimeField(lazy("live from"), null=True)
    live_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    ended_at = models.DateTimeField(lazy("ended"), null=True)
    ended_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    ending = models.CharField(max_length=12, choices=Ending, blank=True, default="")
    ending_reason = models.CharField(max_length=500, blank=True)

    objects = ReleaseQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["environment", "model"], condition=models.Q(state="live"), name="one_live_release"
            ),
            models.UniqueConstraint(fields=["environment", "model", "number"], name="one_release_per_number"),
            models.CheckConstraint(
                condition=models.Q(state="proposed", live_from=None, ended_at=None, ending="")
                | models.Q(state="live", live_from__isnull=False, live_by__isnull=False, ended_at=None, ending="")
                | models.Q(
                    state="ended",
                    ended_at__isnull=False,
                    ended_by__isnull=False,
                    ending__in=["superseded", "rolled_back", "withdrawn"],
                ),
                name="release_state_has_its_times",
            ),
            models.CheckConstraint(
                condition=models.Q(live_from__isnull=False) | ~models.Q(ending__in=["superseded", "rolled_back"]),
                name="only_what_was_live_is_replaced",
            ),
            models.CheckConstraint(
                condition=models.Q(live_from=None)
                | models.Q(ended_at=None)
                | models.Q(ended_at__gte=models.F("live_from")),
                name="release_ends_after_it_began",
            ),
        ]
        indexes = [models.Index(fields=["model", "state"], name="release_model_state")]

    def __str__(self) -> str:
        return _("%(version)s in %(environment)s") % {"version": self.version, "environment": self.environment.name}

    @property
    def team(self) -> Team:
        return self.environment.team

    @property
    def origin(self) -> "Release":
        """The proposed release whose content and gate this one rests on: itself, unless a rollback made it."""
        return self.restores or self

    @property
    def origin_id(self) -> Any:
        return self.restores_id or self.pk

    @property
    def was_live(self) -> bool:
        return self.live_from is not None


class ReleaseAttestation(Record):
    """The in-toto statement about a release, as it was when it went live; it is signed when somebody asks for it."""

    release = models.OneToOneField(Release, on_delete=models.PROTECT, related_name="attestation")
    statement = models.TextField()
    digest = models.CharField(max_length=71)
