"""Tokens for programs: shown once, hashed at rest, with scopes and an end."""

import datetime as dt
from collections.abc import Iterable

from django.utils.translation import gettext as _

from apps.core import access
from apps.core.clock import now
from apps.core.errors import InvalidInput, NotPermitted
from apps.core.transactions import atomic
from apps.ledger.actions import record
from apps.people.errors import ScopeNotAllowed
from apps.people.models import ApiToken, User

SCOPES = ("read", "write", "sign")
LONGEST = dt.timedelta(days=366)


def _require(by: User, owner: User) -> None:
    """One's own tokens; a service account's need ``token.manage_service`` in its team."""
    if by.pk == owner.pk and by.is_active:
        return
    team = owner.memberships.values_list("team_id", flat=True).first()
    if owner.kind != User.Kind.SERVICE:
        if not by.may("people.manage", None):
            raise NotPermitted(_("Everybody manages their own tokens; an administrator can revoke them."))
        return
    access.require(by, "token.manage_service", team)


@atomic
def create_token(owner: User, name: str, scopes: Iterable[str], *, by: User, days: int = 90) -> tuple[ApiToken, str]:
    """Return the token's record and its secret, which can't be read again."""
    wanted = sorted(set(scopes))
    if owner.kind == User.Kind.PERSON and by.pk != owner.pk:
        raise NotPermitted(_("A token is made by its owner."))
    _require(by, owner)
    if not wanted or set(wanted) - set(SCOPES):
        raise InvalidInput(
            _("Choose at least one scope of: %(scopes)s.") % {"scopes": ", ".join(SCOPES)},
            errors={"/scopes": [_("Choose at least one scope.")]},
        )
    if owner.kind == User.Kind.SERVICE and "sign" in wanted:
        raise ScopeNotAllowed(
            _("A service account submits evidence and never signs. Leave the scope “sign” out."),
            errors={"/scopes": [_("A service account never signs.")]},
        )
    if not 1 <= days <= LONGEST.days:
        raise InvalidInput(
            _("A token ends after 1 to %(n)d days.") % {"n": LONGEST.days},
            errors={"/days": [_("Choose 1 to 366 days.")]},
        )
    token, secret = ApiToken.objects.create(owner, None, name=name.strip(), scopes=wanted)
    token.expiry = now() + dt.timedelta(days=days)
    token.save(update_fields=["expiry"])
    _record("token.created", token, by)
    return token, secret


@atomic
def revoke_token(token: ApiToken, *, by: User) -> ApiToken:
    """End a token at once."""
    token = ApiToken.objects.select_for_update(of=("self",)).select_related("user").get(pk=token.pk)
    _require(by, token.user)
    if token.revoked_at is None:
        token.revoked_at = now()
        token.save(update_fields=["revoked_at"])
        _record("token.revoked", token, by)
    return token


def _record(action: str, token: ApiToken, by: User) -> None:
    record(
        action,
        by=by,
        subject=("token", token.id, token.name),
        team=None,
        payload={
            "owner": {"id": str(token.user.pk), "name": token.user.name},
            "prefix": token.token_key[:8],
            "scopes": list(token.scopes),
        },
    )
