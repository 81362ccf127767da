"""Whom one sees: those one shares a team with; those who manage or audit the organisation see everybody."""

from typing import Any

from django.db.models import Exists, OuterRef, Prefetch, Q, QuerySet

from apps.people.models import Membership, Team, User


def visible_people(user: Any) -> QuerySet[User]:
    rows = User.objects.all()
    if user.may("view", None):
        return rows
    shared = Membership.objects.filter(
        user=OuterRef("pk"), team__in=Membership.objects.filter(user=user).values("team")
    )
    return rows.filter(Q(Exists(shared)) | Q(pk=user.pk))


def visible_memberships(user: Any) -> QuerySet[Membership]:
    """Return the roles in the teams that the user sees."""
    return Membership.objects.filter(team__in=Team.objects.visible_to(user))


def roles_seen_by(user: Any) -> Prefetch[str]:
    """Return how to read many people's roles at once, those in teams that ``user`` sees."""
    return Prefetch("memberships", queryset=visible_memberships(user).select_related("team"))
