"""Who is it: people and service accounts, teams, roles, absences, tokens, confirmations."""

import uuid
from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Lower, Now
from django.utils.translation import gettext_lazy as _
from knox.models import AbstractAuthToken

from apps.core.identifiers import new_id
from apps.core.models import Editable, Record
from apps.core.querysets import TeamOwned, TeamOwnedQuerySet
from apps.people.access import access_filter, permissions_on
from apps.people.roles import OrganisationRole, Role


class UserManager(BaseUserManager["User"]):
    def create_user(self, email: str, password: str | None = None, **values: Any) -> "User":
        """Store a user without asking for permission; actions.invite is the way in for people."""
        user = self.model(email=self.normalize_email(email).lower(), **values)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(email__iexact=username)


class User(AbstractBaseUser, PermissionsMixin):  # type: ignore[django-manager-missing]
    """A person who signs in, or a service account that a program uses."""

    class Kind(models.TextChoices):
        PERSON = "person", _("Person")
        SERVICE = "service", _("Service account")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    email = models.EmailField(_("e-mail"), unique=True)
    name = models.CharField(_("name"), max_length=120)
    kind = models.CharField(max_length=10, choices=Kind, default=Kind.PERSON)
    is_active = models.BooleanField(default=True)
    is_demo = models.BooleanField(default=False)
    time_zone = models.CharField(_("time zone"), max_length=60, blank=True, default="")
    organisation_role = models.CharField(max_length=20, choices=OrganisationRole, blank=True, default="")
    revision = models.PositiveIntegerField(default=1)
    updated_at = models.DateTimeField(db_default=Now())

    is_staff: ClassVar[bool] = False
    via: str = "session"
    credential: str = ""

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["name"]
    objects: ClassVar[UserManager] = UserManager()

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(Lower("email"), name="one_user_per_email"),
            models.CheckConstraint(condition=models.Q(is_superuser=False), name="no_superusers"),
        ]

    def __str__(self) -> str:
        return self.name

    def get_full_name(self) -> str:
        return self.name

    @property
    def has_joined(self) -> bool:
        """Tell whether this person has chosen a password or signed in by another way."""
        return self.has_usable_password() or self.last_login is not None

    @property
    def teams_list(self) -> list["Team"]:
        """The teams of which this user is a member, by name; one query, kept for the request."""
        if "_teams" not in self.__dict__:
            self.__dict__["_teams"] = list(Team.objects.filter(memberships__user=self).distinct().order_by("name"))
        teams: list[Team] = self.__dict__["_teams"]
        return teams

    def may(self, permission: str, team_id: uuid.UUID | None) -> bool:
        """Tell whether a role of this user carries ``permission`` on the team (None: the organisation)."""
        return self.is_active and permission in permissions_on(self, team_id)

    def access_filter(self, model: type[models.Model], permission: str) -> models.Q:
        return access_filter(self, model, permission)


class TeamQuerySet(TeamOwnedQuerySet["Team"]):
    pass


class Team(Editable, TeamOwned):
    TEAM_PATH = "id"

    name = models.CharField(_("name"), max_length=120)
    description = models.TextField(_("description"), blank=True, max_length=2000)

    objects = TeamQuerySet.as_manager()

    class Meta:
        ordering = ["name"]
        constraints = [models.UniqueConstraint(Lower("name"), name="one_team_per_name")]

    def __str__(self) -> str:
        return self.name


class Membership(Record):
    """One role of one user in one team."""

    team = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="memberships")
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="memberships")
    role = models.CharField(max_length=30, choices=Role)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "team", "role"], name="one_membership_per_role")]
        indexes = [models.Index(fields=["team", "role"], name="membership_team_role")]

    def __str__(self) -> str:
        return f"{self.user} · {self.get_role_display()} · {self.team}"


class Absence(Record):
    """Days on which a person is away, first and last included; their deputies may act then."""

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="absences")
    starts_on = models.DateField(_("first day"))
    ends_on = models.DateField(_("last day"))
    note = models.CharField(_("note"), max_length=200, blank=True)
    cancelled_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(ends_on__gte=models.F("starts_on")), name="absence_ends_after_start"
            )
        ]


class ApiToken(AbstractAuthToken):
    """A token of one user for programs: hashed at rest, with scopes, an expiry and its last use."""

    id = models.UUIDField(default=new_id, unique=True, editable=False)
    name = models.CharField(_("name"), max_length=120)
    scopes = ArrayField(models.CharField(max_length=10))
    last_used_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-created"]


class Confirmation(Record):
    """Proof that the person is here now: single use, ten minutes, bound to the user and the credential.

    ``reauthentication`` names the one that it was made from; each confirms once.
    """

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="confirmations")
    credential = models.CharField(max_length=100)
    method = models.CharField(max_length=40)
    reauthentication = models.CharField(max_length=40, blank=True)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["user", "credential", "reauthentication"],
                condition=~models.Q(reauthentication=""),
                name="one_confirmation_per_reauthentication",
            )
        ]


class FailedConfirmation(Record):
    """An attempt to confirm that failed; after five in ten minutes no more are taken."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="failed_confirmations")

    class Meta:
        indexes = [models.Index(fields=["user", "created_at"], name="failed_confirmation_age")]
