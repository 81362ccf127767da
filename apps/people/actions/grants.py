"""Exceptional grants: one thing shared with one person from outside its team."""

from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _
from guardian.shortcuts import assign_perm, remove_perm

from apps.core import access, subjects
from apps.core.actor import Actor
from apps.core.subjects import SubjectRef
from apps.ledger.actions import record_on
from apps.people.errors import GrantNotPossible
from apps.people.models import User


def _permission(obj: Any) -> str:
    meta = obj._meta
    if "id" not in getattr(type(obj), "GRANT_PATHS", ()):
        raise GrantNotPossible(_("Share the use case or the dataset that it belongs to."))
    return f"{meta.app_label}.view_{meta.model_name}"


@transaction.atomic
def give_grant(user: User, ref: SubjectRef, *, by: Actor) -> Any:
    """Let one person see one thing, its parts and its trail, without a role in its team."""
    kind, obj = subjects.kind(ref.type), subjects.get(ref)
    access.require(by, "grant.give", kind.team(obj).pk)
    grant: Any = assign_perm(_permission(obj), user, obj)
    record_on("grant.given", by=by, ref=ref, obj=obj, payload={"to": {"id": str(user.pk), "name": user.name}})
    return grant


@transaction.atomic
def withdraw_grant(user: User, ref: SubjectRef, *, by: Actor) -> None:
    """Take the grant back."""
    kind, obj = subjects.kind(ref.type), subjects.get(ref)
    access.require(by, "grant.give", kind.team(obj).pk)
    remove_perm(_permission(obj), user, obj)
    record_on("grant.withdrawn", by=by, ref=ref, obj=obj, payload={"from": {"id": str(user.pk), "name": user.name}})
