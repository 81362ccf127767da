"""Fresh confirmation that the person is here, asked before a signature (after 21 CFR 11.200)."""

import datetime as dt
import uuid
from typing import Any

from allauth.account.authentication import get_authentication_records
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP
from django.db import IntegrityError, transaction
from django.http import HttpRequest
from django.utils.translation import gettext as _

from apps.core.clock import now
from apps.people.authentication import method_of
from apps.people.errors import (
    ConfirmationFailed,
    ConfirmationRequired,
    ConfirmationStale,
    ConfirmationUsed,
    TooManyAttempts,
)
from apps.people.models import Confirmation, FailedConfirmation, User

LIFETIME = dt.timedelta(minutes=10)
MOST_FAILURES = 5


def _method(user: User, password: str, code: str) -> str:
    """Return what confirmed the person, empty when nothing did."""
    if password and user.check_password(password):
        return "password"
    totp = Authenticator.objects.filter(user=user, type=Authenticator.Type.TOTP).first() if code else None
    if totp is not None and TOTP(totp).validate_code(code.strip()):
        return "one-time code"
    return ""


def confirm(user: User, *, password: str = "", code: str = "") -> Confirmation:
    """Make a confirmation for the credential that ``user`` is here with; ten minutes, one use.

    Attempts of one person are taken one by one. Raise ``ConfirmationFailed`` or, after five failures in ten minutes,
    ``TooManyAttempts``; the failure stays counted, so the caller must not undo it.
    """
    if not user.is_active or user.kind != User.Kind.PERSON:
        raise ConfirmationFailed(_("Only an active person can confirm."))
    with transaction.atomic():
        User.objects.select_for_update(of=("self",), no_key=True).get(pk=user.pk)
        since = now() - LIFETIME
        if user.failed_confirmations.filter(created_at__gt=since).count() >= MOST_FAILURES:
            raise TooManyAttempts(_("Too many attempts failed. Wait ten minutes, then try again."))
        method = _method(user, password, code)
        if method:
            return _make(user, method)
        user.failed_confirmations.filter(created_at__lte=since).delete()
        FailedConfirmation.objects.create(user=user)
    raise ConfirmationFailed(
        _("That is not your password or current one-time code. Nothing was signed; try again."),
        errors={"/password": [_("Not your password or current one-time code.")]},
    )


def _make(user: User, method: str, reauthentication: str = "") -> Confirmation:
    return Confirmation.objects.create(
        user=user,
        credential=user.credential,
        method=method,
        reauthentication=reauthentication,
        expires_at=now() + LIFETIME,
    )


def from_reauthentication(request: HttpRequest, user: User) -> Confirmation | None:
    """Return a confirmation for this session's reauthentication (passkey, single sign-on) of the last ten minutes.

    Each reauthentication confirms once; the sign-in itself does not count.
    """
    records = [record for record in get_authentication_records(request, user) if record.get("reauthenticated")]
    if not records:
        return None
    newest = records[-1]
    if now() - dt.datetime.fromtimestamp(newest["at"], dt.UTC) >= LIFETIME:
        return None
    try:
        with transaction.atomic():
            return _make(user, method_of(newest), str(newest["at"]))
    except IntegrityError:
        return None


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
    moment = now()
    if found.expires_at <= moment:
        raise ConfirmationStale(_("You confirmed more than ten minutes ago. Confirm again."))
    found.used_at = moment
    found.save(update_fields=["used_at"])
    confirmation: Confirmation = found
    return confirmation
