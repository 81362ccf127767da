import hashlib
import time
from typing import Any

from allauth.account.models import EmailAddress
from allauth.socialaccount.providers.openid_connect.provider import OpenIDConnectProvider
from django.http import HttpRequest, HttpResponse
from django.utils.crypto import get_random_string

from apps.people.single_sign_on.protocol import ASK_AGAIN, REAUTHENTICATE, Adapter


class SingleSignOn(OpenIDConnectProvider):
    """The organisation's identity provider; allauth finds this class by ``SOCIALACCOUNT_PROVIDERS``."""

    oauth2_adapter_class = Adapter

    def get_redirect_from_request_kwargs(self, request: HttpRequest) -> dict[str, Any]:
        """Let a link say where to go afterwards, never what the provider is asked for."""
        found = super().get_redirect_from_request_kwargs(request)
        return {name: found[name] for name in ("process", "next_url") if name in found}

    def redirect(
        self, request: HttpRequest, process: str, next_url: str | None = None, data: Any = None, **kwargs: Any
    ) -> HttpResponse:
        """Send the person to the provider, with a nonce that only this session knows."""
        nonce = get_random_string(32)
        asked = {"nonce": nonce} | (ASK_AGAIN if process == REAUTHENTICATE else {})
        response: HttpResponse = super().redirect(
            request, process, next_url, data, auth_params=asked, nonce=nonce, asked_at=time.time(), **kwargs
        )
        return response

    def extract_uid(self, data: dict[str, Any]) -> str:
        """Return what names the person for good: the subject together with the issuer (OpenID Connect Core, 5.7)."""
        return hashlib.sha256(f"{data['iss']}\n{data['sub']}".encode()).hexdigest()

    def extract_extra_data(self, data: dict[str, Any]) -> dict[str, Any]:
        return {"issuer": data["iss"], "subject": data["sub"], "email": str(data.get("email", ""))}

    def extract_common_fields(self, data: dict[str, Any]) -> dict[str, Any]:
        return {}

    def extract_email_addresses(self, data: dict[str, Any]) -> list[EmailAddress]:
        """Return the address if the provider verified it.

        NB: some providers send the text "false"; and allauth lower-cases an address, which turns some letters outside
        ASCII into others inside it, so that an address could become somebody else's.
        """
        email, verified = data.get("email"), data.get("email_verified")
        if not (verified is True or verified == "true") or not isinstance(email, str) or not email.isascii():
            return []
        return [EmailAddress(email=email, verified=True, primary=True)]
