"""Whom one sees: those one shares a team with; those who manage or audit the organisation see everybody."""

from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet

from apps.people.models import Membership, User


def visible_people(user: Any) -> QuerySet[User]:
    rows = User.objects.all()
    if user.may("view", None):
        return rows
    shared = Membership.objects.filter(
        user=OuterRef("pk"), team__in=Membership.objects.filter(user=user).values("team")
    )
    return rows.filter(Q(Exists(shared)) | Q(pk=user.pk))
