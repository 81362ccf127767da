"""What allauth asks of this project: who may sign in, who signs up (nobody), and how one confirms again."""

import re
from typing import Any

import structlog
from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.models import EmailAddress
from allauth.core.exceptions import ImmediateHttpResponse, ReauthenticationRequired
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from django.shortcuts import render

from apps.core.errors import Refusal
from apps.people.single_sign_on import accounts, reauthentication

log = structlog.get_logger(__name__)


class AccountAdapter(DefaultAccountAdapter):
    """People are invited; nobody signs themselves up."""

    def is_open_for_signup(self, request: Any) -> bool:
        return False

    def set_password(self, user: Any, password: str) -> None:
        """Store the password; before the first sign-in only the invitation leads here, so its address is proven."""
        super().set_password(user, password)
        if user.last_login is None:
            for address in EmailAddress.objects.filter(user=user, email=user.email):
                address.set_verified()

    def get_reauthentication_methods(self, user: Any) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = super().get_reauthentication_methods(user)
        return found + reauthentication.methods(self.request, user)

    def is_reauthentication_required(self, *, app: str, **kwargs: Any) -> bool:
        """Tell whether to ask again; raise ``ReauthenticationRequired`` where allauth would forget to.

        NB: allauth takes people who have neither a password nor a second factor as having just confirmed. They
        confirm at the provider.
        """
        required = bool(super().is_reauthentication_required(app=app, **kwargs))
        if required and reauthentication.is_due(self.request):
            raise ReauthenticationRequired
        return required


class SocialAccountAdapter(DefaultSocialAccountAdapter):
    def is_open_for_signup(self, request: Any, sociallogin: Any) -> bool:
        return False

    def pre_social_login(self, request: Any, sociallogin: Any) -> None:
        """Find the account before allauth signs anybody in, and answer refusals and reauthentications here.

        allauth's own way to an account by its e-mail address is off: it saves the whole account as it was read,
        which can undo a deactivation of the same moment, and leaves no entry.
        """
        try:
            user = accounts.account_of(sociallogin)
            reauthentication.require_same_person(request, sociallogin, user)
            accounts.connect(sociallogin, user)
        except Refusal as refusal:
            log.warning("single_sign_on_refused", code=refusal.code)
            page = render(request, "socialaccount/refused.html", {"refusal": refusal}, status=refusal.status)
            raise ImmediateHttpResponse(page) from None
        if reauthentication.is_asked(sociallogin):
            raise ImmediateHttpResponse(reauthentication.complete(request, sociallogin))

    def on_authentication_error(
        self, request: Any, provider: Any, error: Any = None, exception: Any = None, extra_context: Any = None
    ) -> None:
        """Log why a sign-in failed at the provider; of a foreign answer, only its error code."""
        code = re.search(r'"error"\s*:\s*"(\w{1,60})"', str(exception or ""))
        reason = str(exception) if type(exception).__module__.startswith("apps.") else code and code[1]
        log.warning("single_sign_on_failed", error=str(error), kind=type(exception).__name__, reason=reason)


def axes_username(request: Any, credentials: dict[str, Any] | None = None) -> str:
    """Return what the sign-in form was given as the name of the account, for the lock-out's count."""
    if credentials:
        found = credentials.get("email") or credentials.get("username") or credentials.get("login")
        if found:
            return str(found).casefold()
    return str(request.POST.get("login", "")).casefold() if request is not None else ""
