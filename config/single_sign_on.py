"""Sign-in by an OpenID Connect provider, as the environment describes it."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured

PROVIDER_ID = "sso"
LOOPBACK = ("localhost", "127.0.0.1", "::1")


def _https(name: str, url: str) -> str:
    """Return the URL; raise ``ImproperlyConfigured`` unless it is https, or http to this very machine."""
    parts = urlsplit(url)
    if parts.hostname and (parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK)):
        return url
    raise ImproperlyConfigured(f"{name} must be an https:// address; it is {url!r}.")


def _issuer(environment: Mapping[str, str]) -> str:
    issuer = environment.get("OIDC_ISSUER", "").strip()
    return _https("OIDC_ISSUER", issuer) if issuer else ""


def providers(environment: Mapping[str, str]) -> dict[str, Any]:
    """Return ``SOCIALACCOUNT_PROVIDERS``: the one provider, or none where ``OIDC_ISSUER`` is not set.

    Raise ``ImproperlyConfigured`` for an issuer that is not reached by TLS or has no ``OIDC_CLIENT_ID``.
    """
    apps = []
    if issuer := _issuer(environment):
        client = environment.get("OIDC_CLIENT_ID", "").strip()
        if not client:
            raise ImproperlyConfigured("OIDC_ISSUER is set; set OIDC_CLIENT_ID (and OIDC_CLIENT_SECRET) too.")
        apps.append(
            {
                "provider_id": PROVIDER_ID,
                "name": environment.get("OIDC_NAME", "").strip() or "Single sign-on",
                "client_id": client,
                "secret": environment.get("OIDC_CLIENT_SECRET", "").strip(),
                "settings": {
                    "issuer": issuer,
                    "server_url": issuer.rstrip("/"),
                    "scope": ["openid", "profile", "email"],
                    "oauth_pkce_enabled": True,
                },
            }
        )
    return {"openid_connect": {"provider_class": "apps.people.single_sign_on.provider.SingleSignOn", "APPS": apps}}


def form_action(environment: Mapping[str, str]) -> list[str]:
    """Return the origins that the sign-in form may be redirected to, for the content security policy."""
    if not (issuer := _issuer(environment)):
        return []
    named = [text.strip() for text in environment.get("OIDC_AUTHORIZATION_ORIGIN", "").split(",") if text.strip()]
    parts = [urlsplit(_https("OIDC_AUTHORIZATION_ORIGIN", url)) for url in named] or [urlsplit(issuer)]
    return [f"{part.scheme}://{part.netloc}" for part in parts]
