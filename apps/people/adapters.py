from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter


class AccountAdapter(DefaultAccountAdapter):
    """People are invited; nobody signs themselves up."""

    def is_open_for_signup(self, request: Any) -> bool:
        return False


class SocialAccountAdapter(DefaultSocialAccountAdapter):
    def is_open_for_signup(self, request: Any, sociallogin: Any) -> bool:
        return False


def axes_username(request: Any, credentials: dict[str, Any] | None = None) -> str:
    """Return what the sign-in form was given as the name of the account, for the lock-out's count."""
    if credentials:
        found = credentials.get("email") or credentials.get("username") or credentials.get("login")
        if found:
            return str(found).casefold()
    return str(request.POST.get("login", "")).casefold() if request is not None else ""
