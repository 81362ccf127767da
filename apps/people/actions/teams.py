"""Teams and roles."""

import uuid
from collections.abc import Iterable
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from apps.core import access, editing, subjects
from apps.core.actor import Actor
from apps.core.errors import NameTaken
from apps.core.subjects import SubjectRef
from apps.core.transactions import atomic
from apps.ledger.actions import record
from apps.people.actions.accounts import check_roles, record_on_user
from apps.people.errors import LastAdministrator
from apps.people.models import Membership, Team, User
from apps.people.roles import Role


def _taken(name: str) -> NameTaken:
    return NameTaken(
        _("There is a team “%(name)s” already. Choose another name.") % {"name": name},
        errors={"/name": [_("There is a team of this name already.")]},
    )


@atomic
def create_team(name: str, description: str = "", *, by: Actor) -> Team:
    """Create a team; whoever manages people in the organisation may."""
    access.require(by, "people.manage", None)
    try:
        with transaction.atomic():
            team = Team.objects.create(name=name.strip(), description=description.strip())
    except IntegrityError as error:
        raise _taken(name) from error
    record(
        "team.created",
        by=by,
        subject=("team", team.pk, team.name),
        team=(team.pk, team.name),
        payload={"name": team.name},
    )
    return team


@atomic
def edit_team(pk: uuid.UUID, *, by: Actor, revision: int | None, **values: Any) -> Team:
    """Rename or describe a team; raise ``StaleEdit`` or ``NameTaken``."""
    team = editing.lock(Team.objects.all(), pk, revision)
    access.require(by, "people.manage", team.pk)
    try:
        with transaction.atomic():
            changed = editing.apply(team, values)
    except IntegrityError as error:
        raise _taken(str(values.get("name"))) from error
    if changed:
        record(
            "team.edited",
            by=by,
            subject=("team", team.pk, team.name),
            team=(team.pk, team.name),
            payload={"changed": changed},
        )
    return team


@atomic
def change_roles(user: User, team: Team, roles: Iterable[str], *, by: Actor) -> list[str]:
    """Give the user exactly these roles in the team; none takes them out of it."""
    access.require(by, "people.manage", team.pk)
    wanted = check_roles(roles, user.kind)
    User.objects.select_for_update(of=("self",)).get(pk=user.pk)
    held = set(Membership.objects.filter(user=user, team=team).values_list("role", flat=True))
    if held == wanted:
        return sorted(wanted)
    if user.pk == by.id and Role.ADMINISTRATOR in held - wanted and not by.may("people.manage", None):
        raise LastAdministrator(_("You can't take your own role of administrator away. Ask another administrator."))
    Membership.objects.filter(user=user, team=team, role__in=held - wanted).delete()
    Membership.objects.bulk_create([Membership(user=user, team=team, role=role) for role in wanted - held])
    record_on_user(
        "person.roles_changed",
        user,
        by,
        {"changed": {"roles": {"from": sorted(held), "to": sorted(wanted)}}},
        team,
    )
    subjects.announce_change(SubjectRef("team", team.pk), "person.roles_changed")
    return sorted(wanted)
