"""Accounts: invitation, deactivation, service accounts, profiles, sessions."""

import zoneinfo
from collections.abc import Iterable
from typing import Any

from allauth.account.models import EmailAddress
from allauth.usersessions.models import UserSession
from django.db import IntegrityError, connection, transaction
from django.utils.translation import gettext as _

from apps.core import access, editing, jobs, subjects
from apps.core.actor import Actor
from apps.core.clock import now
from apps.core.errors import InvalidInput, NotPermitted
from apps.core.identifiers import new_id
from apps.core.models import Job
from apps.core.subjects import SubjectRef
from apps.core.transactions import atomic
from apps.ledger.actions import record
from apps.people import hooks, mail
from apps.people.errors import EmailTaken, LastAdministrator, MailNotSent, NothingToInvite, OwnAccount, RoleNotAllowed
from apps.people.models import ApiToken, Membership, Team, User
from apps.people.roles import PROGRAM_ROLES, OrganisationRole, Role


def record_on_user(action: str, user: User, by: Actor, payload: dict[str, Any], team: Team | None = None) -> None:
    record(
        action,
        by=by,
        subject=("user", user.pk, user.name),
        team=(team.pk, team.name) if team else None,
        payload=payload,
    )
    subjects.announce_change(SubjectRef("user", user.pk), action)


def require_people(by: Actor, user: User | None = None) -> None:
    """Ask for ``people.manage``: in the organisation, or in a team that the user is in."""
    if by.may("people.manage", None):
        return
    teams = user.memberships.values_list("team_id", flat=True) if user is not None else []
    if not any(by.may("people.manage", team) for team in teams):
        access.require(by, "people.manage", None)


def require_account(by: Actor, user: User) -> None:
    """Ask for ``people.manage`` wherever the account reaches: closing it closes it for every team."""
    if by.may("people.manage", None):
        return
    teams = set(user.memberships.values_list("team_id", flat=True))
    if user.organisation_role or not teams or not all(by.may("people.manage", team) for team in teams):
        access.require(by, "people.manage", None)


def check_roles(roles: Iterable[str], kind: str) -> set[str]:
    """Return the roles; raise ``InvalidInput`` for unknown ones, ``RoleNotAllowed`` for those no program holds."""
    wanted = set(roles)
    if unknown := wanted - set(Role.values):
        raise InvalidInput(
            _("Unknown roles: %(names)s.") % {"names": ", ".join(sorted(unknown))},
            errors={"/roles": [_("Choose from the list of roles.")]},
        )
    if kind == User.Kind.SERVICE and not wanted <= PROGRAM_ROLES:
        raise RoleNotAllowed(
            _("A service account submits evidence: it can be %(roles)s, nothing else.")
            % {"roles": ", ".join(str(Role(role).label) for role in sorted(PROGRAM_ROLES))},
            errors={"/roles": [_("Not for a service account.")]},
        )
    return wanted


@atomic
def invite(email: str, name: str, *, by: Actor, team: Team | None = None, roles: Iterable[str] = ()) -> User:
    """Create a person's account, with roles in a team, and send them a link to choose their password."""
    if team is not None:
        access.require(by, "people.manage", team.pk)
    else:
        access.require(by, "people.manage", None)
    wanted = check_roles(roles, User.Kind.PERSON) or {Role.MEMBER}
    try:
        with transaction.atomic():
            user = User.objects.create_user(email, None, name=name.strip())
    except IntegrityError as error:
        raise EmailTaken(
            _("There is an account for %(email)s already. Give it a role instead.") % {"email": email},
            errors={"/email": [_("There is an account for this address already.")]},
        ) from error
    EmailAddress.objects.create(user=user, email=user.email, primary=True, verified=False)
    record_on_user("person.invited", user, by, {"name": user.name}, team)
    if team is not None:
        for role in wanted:
            Membership.objects.create(team=team, user=user, role=role)
        record_on_user(
            "person.roles_changed",
            user,
            by,
            {"changed": {"roles": {"from": [], "to": sorted(wanted)}}},
            team,
        )
    _send_invitation(user, by)
    return user


def _send_invitation(user: User, by: Actor) -> None:
    """Queue the e-mail in the caller's transaction; its job sends it, or says why the mail server did not take it."""
    jobs.enqueue(
        "send_invitation",
        key=str(new_id()),
        payload={"user": str(user.pk), "inviter": by.name},
        by=by,
        subject=SubjectRef("user", user.pk),
    )


@jobs.handler("send_invitation")
def send_invitation_job(job: Job, progress: jobs.Progress) -> dict[str, Any]:
    user = User.objects.get(pk=job.payload["user"])
    if user.has_joined or not user.is_active:
        return {"sent": False}
    try:
        mail.send_invitation(user, job.payload["inviter"])
    except OSError as error:
        raise MailNotSent(
            _("The mail server did not take it: %(why)s. Mend the mail settings, then invite again.") % {"why": error}
        ) from error
    return {"sent": True}


@atomic
def invite_again(user: User, *, by: Actor) -> User:
    """Send the link to choose a password once more, to somebody who has not used it yet."""
    user = _lock(user)
    require_people(by, user)
    if user.kind != User.Kind.PERSON or user.has_joined or not user.is_active:
        raise NothingToInvite(
            _("%(name)s has joined or can't. Whoever forgot a password resets it on the sign-in page.")
            % {"name": user.name}
        )
    record_on_user("person.invited_again", user, by, {})
    _send_invitation(user, by)
    return user


def _lock(user: User) -> User:
    return User.objects.select_for_update(of=("self",)).get(pk=user.pk)


def one_at_a_time() -> None:
    """Let the changes of who administers pass one by one: two administrators can't remove each other at once."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended('people.administration', 0))")


def refuse_last_administrator(user: User) -> None:
    """Refuse to take away the last active account that manages people everywhere; after ``one_at_a_time``."""
    others = User.objects.filter(
        is_active=True, organisation_role=OrganisationRole.ADMINISTRATOR, kind=User.Kind.PERSON
    ).exclude(pk=user.pk)
    if user.organisation_role == OrganisationRole.ADMINISTRATOR and not others.exists():
        raise LastAdministrator(
            _("%(name)s is the last administrator of the organisation. Name another one first.") % {"name": user.name}
        )


@atomic
def deactivate(user: User, *, by: Actor) -> User:
    """Close the account: its sessions and tokens end, what it holds becomes vacant, all in this transaction."""
    one_at_a_time()
    user = _lock(user)
    require_account(by, user)
    if user.pk == by.id:
        raise OwnAccount(_("You can't deactivate your own account. Ask another administrator."))
    refuse_last_administrator(user)
    if not user.is_active:
        return user
    user.is_active = False
    user.revision += 1
    user.save(update_fields=["is_active", "revision"])
    tokens = ApiToken.objects.filter(user=user, revoked_at=None).update(revoked_at=now())
    sessions = list(UserSession.objects.filter(user=user))
    for session in sessions:
        session.end()
    record_on_user("person.deactivated", user, by, {"tokens_revoked": tokens, "sessions_ended": len(sessions)})
    hooks.deactivated(user, by)
    return user


@atomic
def reactivate(user: User, *, by: Actor) -> User:
    """Open the account again, with its roles; tokens and ownerships stay ended."""
    user = _lock(user)
    require_account(by, user)
    if user.is_active:
        return user
    user.is_active = True
    user.revision += 1
    user.save(update_fields=["is_active", "revision"])
    record_on_user("person.reactivated", user, by, {})
    return user


@atomic
def set_organisation_role(user: User, role: str, *, by: Actor) -> User:
    """Give or take (``""``) the role of auditor or administrator of the whole organisation."""
    one_at_a_time()
    user = _lock(user)
    access.require(by, "people.manage", None)
    if role and role not in OrganisationRole.values:
        raise InvalidInput(_("Choose one of the organisation's roles."), errors={"/role": [_("Not a role.")]})
    if role == OrganisationRole.ADMINISTRATOR and user.kind == User.Kind.SERVICE:
        raise RoleNotAllowed(
            _("A program does not administer people. Name a person."), errors={"/role": [_("Not for a program.")]}
        )
    if user.pk == by.id:
        raise OwnAccount(_("You can't change your own role. Ask another administrator."))
    if role != OrganisationRole.ADMINISTRATOR:
        refuse_last_administrator(user)
    if user.organisation_role == role:
        return user
    before, user.organisation_role = user.organisation_role, role
    user.revision += 1
    user.save(update_fields=["organisation_role", "revision"])
    record_on_user(
        "person.organisation_role_changed",
        user,
        by,
        {"changed": {"organisation_role": {"from": before, "to": role}}},
    )
    return user


@atomic
def create_service_account(team: Team, name: str, *, by: Actor, role: str = Role.DATA_STEWARD) -> User:
    """Create an account for a program, in one team with one role; it submits evidence and never signs."""
    access.require(by, "token.manage_service", team.pk)
    check_roles([role], User.Kind.SERVICE)
    identifier = new_id()
    user = User.objects.create(
        id=identifier,
        email=f"{identifier}@service.invalid",
        name=name.strip(),
        kind=User.Kind.SERVICE,
        password="!",
    )
    Membership.objects.create(team=team, user=user, role=role)
    record_on_user("service_account.created", user, by, {"name": user.name, "role": role}, team)
    return user


@atomic
def edit_profile(user: User, *, by: Actor, name: str | None = None, time_zone: str | None = None) -> User:
    """Change one's own name and time zone; None leaves them."""
    if user.pk != by.id:
        raise NotPermitted(_("Everybody edits their own profile."))
    if time_zone and time_zone not in zoneinfo.available_timezones():
        raise InvalidInput(
            _("“%(zone)s” is not a time zone. Use a name such as Europe/Madrid.") % {"zone": time_zone},
            errors={"/time_zone": [_("Not a time zone. Use a name such as Europe/Madrid.")]},
        )
    user = _lock(user)
    wanted = {"name": name and name.strip(), "time_zone": time_zone}
    changed = editing.apply(user, {key: value for key, value in wanted.items() if value is not None})  # type: ignore[arg-type]
    if changed:
        record_on_user("person.edited", user, by, {"changed": changed})
    return user


@atomic
def end_session(session_id: int, *, by: User) -> None:
    """End one of one's own sessions."""
    session = UserSession.objects.filter(pk=session_id, user=by).first()
    if session is not None:
        session.end()
        record_on_user("session.ended", by, by, {})
