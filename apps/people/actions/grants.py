"""Exceptional grants: one thing shared with one person from outside its team."""

from typing import Any

from django.utils.translation import gettext as _
from guardian.models import UserObjectPermission
from guardian.shortcuts import assign_perm

from apps.core import access, subjects
from apps.core.actor import Actor
from apps.core.subjects import SubjectRef
from apps.core.transactions import atomic
from apps.ledger.actions import record_on
from apps.people.errors import GrantNotPossible
from apps.people.grants import grants_on
from apps.people.models import User


def _shareable(ref: SubjectRef, by: Actor) -> Any:
    """Return the object; raise ``GrantNotPossible`` for what has no grants of its own, ``NotPermitted``."""
    kind, obj = subjects.kind(ref.type), subjects.get(ref)
    team = kind.team(obj)
    if team is None or "id" not in getattr(type(obj), "GRANT_PATHS", ()):
        raise GrantNotPossible(_("Share the use case or the dataset that it belongs to."))
    access.require(by, "grant.give", team.pk)
    return obj


@atomic
def give_grant(user: User, ref: SubjectRef, *, by: Actor) -> UserObjectPermission:
    """Let one person see one thing, its parts and its trail, without a role in its team; once is enough."""
    obj = _shareable(ref, by)
    User.objects.select_for_update(no_key=True).get(pk=user.pk)
    held: UserObjectPermission | None = grants_on(ref).filter(user=user).first()
    if held is not None:
        return held
    if not user.is_active:
        raise GrantNotPossible(
            _("%(name)s is deactivated. Reactivate the account first.") % {"name": user.name},
            errors={"/user": [_("This account is deactivated.")]},
        )
    meta = obj._meta
    grant: Any = assign_perm(f"{meta.app_label}.view_{meta.model_name}", user, obj)
    record_on("grant.given", by=by, ref=ref, obj=obj, payload={"to": {"id": str(user.pk), "name": user.name}})
    return grant  # type: ignore[no-any-return]


@atomic
def withdraw_grant(user: User, ref: SubjectRef, *, by: Actor) -> None:
    """Take the grant back; where there is none, nothing happens."""
    obj = _shareable(ref, by)
    if grants_on(ref).filter(user=user).delete()[0]:
        record_on("grant.withdrawn", by=by, ref=ref, obj=obj, payload={"from": {"id": str(user.pk), "name": user.name}})
