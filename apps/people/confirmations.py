"""Fresh confirmation that the person is here, asked before a signature (after 21 CFR 11.200)."""

import datetime as dt
import uuid
from typing import Any

from allauth.account.authentication import get_authentication_records
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP
from django.core.cache import cache
from django.db import transaction
from django.http import HttpRequest
from django.utils.translation import gettext as _

from apps.core.clock import now
from apps.people.errors import (
    ConfirmationFailed,
    ConfirmationRequired,
    ConfirmationStale,
    ConfirmationUsed,
    TooManyAttempts,
)
from apps.people.models import Confirmation, User

LIFETIME = dt.timedelta(minutes=10)
MOST_FAILURES = 5


def _count_failure(user: User) -> None:
    key = f"confirmation-failures:{user.pk}"
    cache.add(key, 0, LIFETIME.total_seconds())
    cache.incr(key)


def _refuse_after_failures(user: User) -> None:
    if (cache.get(f"confirmation-failures:{user.pk}") or 0) >= MOST_FAILURES:
        raise TooManyAttempts(_("Too many attempts failed. Wait ten minutes, then try again."))


def _method(user: User, password: str, code: str) -> str:
    """Return what confirmed the person, or raise ``ConfirmationFailed``."""
    if password and user.check_password(password):
        return "password"
    if code:
        totp = Authenticator.objects.filter(user=user, type=Authenticator.Type.TOTP).first()
        if totp is not None and TOTP(totp).validate_code(code.strip()):
            return "one-time code"
    _count_failure(user)
    raise ConfirmationFailed(
        _("That is not your password or current one-time code. Nothing was signed; try again."),
        errors={"/password": [_("Not your password or current one-time code.")]},
    )


def confirm(user: User, *, password: str = "", code: str = "") -> Confirmation:
    """Make a confirmation for the credential that ``user`` is here with; ten minutes, one use.

    Raise ``ConfirmationFailed`` or, after five failures in ten minutes, ``TooManyAttempts``.
    """
    _refuse_after_failures(user)
    if not user.is_active or user.kind != User.Kind.PERSON:
        raise ConfirmationFailed(_("Only an active person can confirm."))
    method = _method(user, password, code)
    return _make(user, method)


def _make(user: User, method: str) -> Confirmation:
    return Confirmation.objects.create(
        user=user, credential=user.credential, method=method, expires_at=now() + LIFETIME
    )


def from_recent_sign_in(request: HttpRequest, user: User) -> Confirmation | None:
    """Return a confirmation for a reauthentication (passkey, single sign-on) of the last ten minutes.

    Each reauthentication confirms once; the sign-in itself does not count.
    """
    records = [record for record in get_authentication_records(request, user) if record.get("reauthenticated")]
    if not records:
        return None
    at = dt.datetime.fromtimestamp(records[-1]["at"], dt.UTC)
    method = f"reauthentication {int(records[-1]['at'])}"
    taken = Confirmation.objects.filter(user=user, credential=user.credential, method=method).exists()
    return None if taken or now() - at > LIFETIME else _make(user, method)


def use(confirmation_id: uuid.UUID | None, user: User) -> Confirmation:
    """Use up a confirmation in the caller's transaction: the same person, the same credential, once.

    Raise ``ConfirmationRequired``, ``ConfirmationUsed`` or ``ConfirmationStale``.
    """
    if not transaction.get_connection().in_atomic_block:
        raise RuntimeError("A confirmation is used in the transaction of what it confirms.")
    found: Any = None
    if confirmation_id is not None:
        rows = Confirmation.objects.select_for_update()
        found = rows.filter(pk=confirmation_id, user=user, credential=user.credential).first()
    if found is None:
        raise ConfirmationRequired(
            _("Confirm with your password, one-time code or passkey first (POST me/confirmations).")
        )
    if found.used_at is not None:
        raise ConfirmationUsed(_("This confirmation was used for another signature. Confirm again."))
    if found.expires_at <= now():
        raise ConfirmationStale(_("You confirmed more than ten minutes ago. Confirm again."))
    found.used_at = now()
    found.save(update_fields=["used_at"])
    confirmation: Confirmation = found
    return confirmation
