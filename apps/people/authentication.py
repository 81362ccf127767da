"""How a caller is recognised: a token, or the browser's session; and what that is called in the trail."""

import datetime as dt
import hashlib
from collections.abc import Callable
from typing import Any

from allauth.account.authentication import get_authentication_records
from allauth.usersessions.middleware import UserSessionsMiddleware
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from knox.auth import TokenAuthentication as KnoxTokenAuthentication
from rest_framework import authentication, exceptions
from rest_framework.request import Request

from apps.core.clock import now
from apps.people.models import ApiToken, User

METHODS = {"password": "password", "mfa": "password and second factor", "socialaccount": "single sign-on"}
LAST_USE_STEP = dt.timedelta(minutes=1)


def method_of(record: dict[str, Any]) -> str:
    """Return in words for the trail how a person showed who they are, from allauth's record of it."""
    if record.get("method") == "mfa" and record.get("type") == "webauthn":
        return "passkey"
    return METHODS.get(record.get("method", ""), "session")


def describe_session(request: HttpRequest) -> str:
    """Return how this session's user signed in, in words for the trail."""
    records = get_authentication_records(request, request.user)  # type: ignore[arg-type]
    if not records:
        return "session"
    found = method_of(records[-1])
    if found == METHODS["mfa"] and any(record.get("method") == "socialaccount" for record in records):
        return "single sign-on and second factor"
    return found


def mark(user: Any, request: HttpRequest) -> None:
    """Tell the user object how it was recognised (``via``) and by which credential."""
    user.via = describe_session(request)
    key = request.session.session_key or ""
    user.credential = "session:" + hashlib.sha256(key.encode()).hexdigest()


class SeenMiddleware(UserSessionsMiddleware):
    """Note that a session is in use, from where and with what; the same again once a minute."""

    def __call__(self, request: HttpRequest) -> Any:
        key = request.session.session_key
        if key:
            used = (key, request.META.get("REMOTE_ADDR", ""), request.META.get("HTTP_USER_AGENT", ""))
            name = "seen:" + hashlib.sha256("\n".join(used).encode()).hexdigest()
            if not cache.add(name, True, LAST_USE_STEP.total_seconds()):
                return self.get_response(request)
        return super().__call__(request)


class CredentialMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.user.is_authenticated:
            mark(request.user, request)
        return self.get_response(request)


class TokenAuthentication(KnoxTokenAuthentication):
    """``Authorization: Token fg_…``; expired, revoked and deactivated ones are not recognised."""

    def authenticate_credentials(self, token: bytes) -> tuple[User, ApiToken]:
        try:
            user, found = super().authenticate_credentials(token)
        except UnicodeDecodeError:
            raise exceptions.AuthenticationFailed(_("The token can't be read.")) from None
        if found.revoked_at is not None:
            raise exceptions.AuthenticationFailed(_("This token was revoked. Create another one."))
        moment = now()
        if found.last_used_at is None or moment - found.last_used_at > LAST_USE_STEP:
            ApiToken.objects.filter(pk=found.pk).update(last_used_at=moment)
        user.via = f"token {found.token_key[:8]}"
        user.credential = f"token:{found.id}"
        return user, found

    def _cleanup_token(self, token: ApiToken) -> bool:
        """Leave an expired token in its list, so that its owner sees why it stopped."""
        return token.expiry is not None and token.expiry <= now()


class BearerAuthentication(TokenAuthentication):
    """``Authorization: Bearer fg_…``: the same tokens, for endpoints whose standard clients can say nothing else."""

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"


class SessionAuthentication(authentication.SessionAuthentication):
    """The session cookie, with a CSRF token on unsafe calls."""

    def authenticate_header(self, request: Request) -> str:
        return "Token"
