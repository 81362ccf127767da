"""Who answers for it: one named person per responsibility and subject, who was asked, what a drill found."""

import datetime as dt
import json
from typing import Any, ClassVar, Self

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from apps.core.models import Record
from apps.core.querysets import TeamOwned, TeamOwnedQuerySet
from apps.core.subjects import SubjectRef
from apps.owners import responsibilities
from apps.people.models import Team, User
from apps.people.roles import roles_with


class OwnershipQuerySet(TeamOwnedQuerySet["Ownership"]):
    def active(self) -> "OwnershipQuerySet":
        return self.filter(ended_at=None)

    def on(self, ref: SubjectRef) -> "OwnershipQuerySet":
        return self.filter(subject_type=ref.type, subject_id=ref.id)

    def held_at(self, moment: dt.datetime) -> "OwnershipQuerySet":
        """Leave those held at the moment: from ``since`` on, until just before ``ended_at``."""
        return self.filter(models.Q(ended_at=None) | models.Q(ended_at__gt=moment), since__lte=moment)


class Ownership(Record, TeamOwned):
    """One holder of one responsibility on one subject, from ``since`` until ``ended_at``.

    A handover ends the row and starts another, so the rows are the history.
    """

    class Ending(models.TextChoices):
        HANDED_OVER = "handed_over", _("Handed over")
        VACATED = "vacated", _("Given up")
        DEACTIVATED = "deactivated", _("Account deactivated")

    TEAM_PATH: ClassVar[str] = "team_id"

    team = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="ownerships")
    subject_type = models.CharField(max_length=40)
    subject_id = models.UUIDField()
    responsibility = models.CharField(max_length=40)
    holder = models.ForeignKey(User, on_delete=models.PROTECT, related_name="ownerships")
    deputy = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="deputyships")
    note = models.CharField(max_length=500, blank=True)
    since = models.DateTimeField(db_default=Now())
    ended_at = models.DateTimeField(null=True)
    ending = models.CharField(max_length=12, choices=Ending, blank=True, default="")

    objects = OwnershipQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["subject_type", "subject_id", "responsibility"],
                condition=models.Q(ended_at=None),
                name="one_active_holder",
            ),
            models.CheckConstraint(
                condition=models.Q(deputy=None) | ~models.Q(deputy=models.F("holder")),
                name="deputy_is_another_person",
            ),
            models.CheckConstraint(
                condition=models.Q(ended_at=None, ending="")
                | models.Q(
                    ended_at__isnull=False,
                    ended_at__gte=models.F("since"),
                    ending__in=["handed_over", "vacated", "deactivated"],
                ),
                name="ownership_ends_once",
            ),
        ]
        indexes = [
            models.Index(fields=["subject_type", "subject_id"], name="ownership_subject"),
            models.Index(fields=["holder"], condition=models.Q(ended_at=None), name="ownership_holder"),
            models.Index(fields=["deputy"], condition=models.Q(ended_at=None), name="ownership_deputy"),
        ]

    def __str__(self) -> str:
        return f"{self.title}: {self.holder}"

    @property
    def ref(self) -> SubjectRef:
        return SubjectRef(self.subject_type, self.subject_id)

    @property
    def title(self) -> str:
        return str(responsibilities.title(self.responsibility))


BY_ITSELF = {
    "person_deactivated": _("An account was deactivated"),
    "ownership_ended": _("The ownership ended otherwise"),
}


class OfferQuerySet(TeamOwnedQuerySet["OwnershipOffer"]):
    def pending(self) -> "OfferQuerySet":
        return self.filter(state=OwnershipOffer.State.PENDING)

    def on(self, ref: SubjectRef) -> "OfferQuerySet":
        return self.filter(subject_type=ref.type, subject_id=ref.id)


class OwnershipOffer(Record, TeamOwned):
    """A person asked to take on a responsibility: pending until they accept or decline, or it is withdrawn.

    ``replaces`` is the ownership that a handover ends; ``ownership`` the one that acceptance began.
    """

    class State(models.TextChoices):
        PENDING = "pending", _("Waits for an answer")
        ACCEPTED = "accepted", _("Accepted")
        DECLINED = "declined", _("Declined")
        WITHDRAWN = "withdrawn", _("Withdrawn")

    TEAM_PATH: ClassVar[str] = "team_id"

    team = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="+")
    subject_type = models.CharField(max_length=40)
    subject_id = models.UUIDField()
    responsibility = models.CharField(max_length=40)
    offered_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    offered_at = models.DateTimeField()
    to = models.ForeignKey(User, on_delete=models.PROTECT, related_name="offers")
    deputy = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    note = models.CharField(max_length=500, blank=True)
    replaces = models.ForeignKey(Ownership, on_delete=models.PROTECT, null=True, related_name="offers")
    state = models.CharField(max_length=10, choices=State, default=State.PENDING)
    decided_at = models.DateTimeField(null=True)
    reason = models.CharField(max_length=500, blank=True)
    ownership = models.OneToOneField(Ownership, on_delete=models.PROTECT, null=True, related_name="offer")

    objects = OfferQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["subject_type", "subject_id", "responsibility"],
                condition=models.Q(state="pending"),
                name="one_pending_offer",
            ),
            models.CheckConstraint(
                condition=models.Q(state="pending", decided_at=None, ownership=None)
                | models.Q(state="accepted", decided_at__isnull=False, ownership__isnull=False)
                | models.Q(state__in=["declined", "withdrawn"], decided_at__isnull=False, ownership=None),
                name="offer_is_decided_once",
            ),
            models.CheckConstraint(
                condition=models.Q(deputy=None) | ~models.Q(deputy=models.F("to")), name="offered_deputy_is_another"
            ),
        ]
        indexes = [
            models.Index(fields=["to"], condition=models.Q(state="pending"), name="offer_to"),
            models.Index(fields=["team", "-id"], name="offer_team"),
        ]

    def __str__(self) -> str:
        return f"{self.title}: {self.to}"

    @property
    def ref(self) -> SubjectRef:
        return SubjectRef(self.subject_type, self.subject_id)

    @property
    def title(self) -> str:
        return str(responsibilities.title(self.responsibility))

    @property
    def is_pending(self) -> bool:
        return self.state == self.State.PENDING

    @property
    def why(self) -> str:
        """Why it was declined or withdrawn, in words."""
        return str(BY_ITSELF.get(self.reason, self.reason))


class DrillQuerySet(models.QuerySet["ContinuityDrill"]):
    def visible_to(self, user: Any, permission: str = "view") -> Self:
        """Leave the drills of which the user may see every team; one that met no team is its author's."""
        if not user.is_active:
            return self.none()
        if user.may(permission, None):
            return self
        teams = list(user.memberships.filter(role__in=roles_with(permission)).values_list("team_id", flat=True))
        return self.filter(
            models.Q(team_ids__contained_by=teams, team_ids__len__gt=0) | models.Q(team_ids__len=0, ran_by=user)
        )


class ContinuityDrill(Record):
    """What a drill found at one moment, kept as evidence: canonical JSON with its digest, never changed."""

    ran_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    ran_at = models.DateTimeField()
    mode = models.CharField(max_length=10)
    day = models.DateField()
    people_names = models.CharField(max_length=500)
    team_ids = ArrayField(models.UUIDField())
    note = models.CharField(max_length=500, blank=True)
    result = models.TextField()
    digest = models.CharField(max_length=71)

    objects = DrillQuerySet.as_manager()

    def __str__(self) -> str:
        return self.people_names

    @property
    def content(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.result)
        return found
