"""Permission as a query: one ``EXISTS`` on memberships, one on exceptional grants."""

import uuid
from collections.abc import Iterable
from typing import Any

from django.apps import apps
from django.db.models import Exists, Model, OuterRef, Q, QuerySet, TextField
from django.db.models.functions import Cast

from apps.people.roles import ORGANISATION_PERMISSIONS, ROLE_PERMISSIONS, organisation_roles_with, roles_with


def permissions_on(user: Any, team_id: uuid.UUID | None) -> frozenset[str]:
    """Return what the user's roles allow on the team, of the organisation's role included; one query a user."""
    held: dict[uuid.UUID, frozenset[str]] | None = user.__dict__.get("_permissions")
    if held is None:
        held = {}
        for team, role in user.memberships.values_list("team_id", "role"):
            held[team] = held.get(team, frozenset()) | ROLE_PERMISSIONS[role]
        user.__dict__["_permissions"] = held
    everywhere = ORGANISATION_PERMISSIONS[user.organisation_role]
    return everywhere | (held.get(team_id, frozenset()) if team_id else frozenset())


def who_may(permission: str, team_id: uuid.UUID, among: Iterable[uuid.UUID]) -> set[uuid.UUID]:
    """Return those of the people who are active and hold ``permission`` on the team by a role; one query."""
    everywhere = organisation_roles_with(permission)
    here = apps.get_model("people", "Membership").objects.filter(
        user=OuterRef("pk"), team_id=team_id, role__in=roles_with(permission)
    )
    users = apps.get_model("people", "User").objects.filter(pk__in=list(among), is_active=True)
    return set(users.filter(Q(organisation_role__in=everywhere) | Exists(here)).values_list("pk", flat=True))


def who_may_anywhere(permission: str) -> QuerySet[Any]:
    """Return those who are active and hold ``permission`` by a role, in the organisation or in some team."""
    everywhere = organisation_roles_with(permission)
    somewhere = apps.get_model("people", "Membership").objects.filter(
        user=OuterRef("pk"), role__in=roles_with(permission)
    )
    users = apps.get_model("people", "User").objects.filter(is_active=True)
    found: QuerySet[Any] = users.filter(Q(organisation_role__in=everywhere) | Exists(somewhere))
    return found


def visible_pairs(people: Iterable[Any]) -> set[tuple[uuid.UUID, uuid.UUID | None]]:
    """Return who may see which team's things by a role; None stands for every team. One query."""
    rows = list(people)
    everywhere = {(row.pk, None) for row in rows if "view" in ORGANISATION_PERMISSIONS[row.organisation_role]}
    members = apps.get_model("people", "Membership").objects.filter(user__in=[row.pk for row in rows])
    return everywhere | set(members.filter(role__in=roles_with("view")).values_list("user_id", "team_id"))


def access_filter(user: Any, model: type[Model], permission: str) -> Q:
    """Return the filter of the rows of a team-owned model on which the user holds ``permission``."""
    if not user.is_active:
        return Q(pk__in=[])
    if permission in ORGANISATION_PERMISSIONS[user.organisation_role]:
        return Q()
    memberships = apps.get_model("people", "Membership").objects.filter(
        user=user,
        team_id=OuterRef(model.TEAM_PATH),  # type: ignore[attr-defined]
        role__in=roles_with(permission),
    )
    found = Q(Exists(memberships))
    paths: tuple[str, ...] = getattr(model, "GRANT_PATHS", ())
    if permission in ("view", "trail.view") and paths:
        on_any = Q()
        for path in paths:
            on_any |= Q(object_pk=Cast(OuterRef(path), TextField()))
        grants = apps.get_model("guardian", "UserObjectPermission").objects.filter(
            on_any, user=user, permission__codename__startswith="view_"
        )
        found |= Q(Exists(grants))
    return found


def holding(
    permission: str, users: Iterable[uuid.UUID], teams: Iterable[uuid.UUID]
) -> set[tuple[uuid.UUID, uuid.UUID]]:
    """Return the pairs (user, team) in which the active user holds ``permission`` on the team; two queries."""
    people, wanted = set(users), set(teams)
    memberships = apps.get_model("people", "Membership").objects.filter(
        user__in=people, team__in=wanted, role__in=roles_with(permission), user__is_active=True
    )
    everywhere = organisation_roles_with(permission)
    officers = apps.get_model("people", "User").objects.filter(
        pk__in=people, is_active=True, organisation_role__in=everywhere
    )
    return set(memberships.values_list("user_id", "team_id")) | {
        (user, team) for user in officers.values_list("pk", flat=True) for team in wanted
    }
