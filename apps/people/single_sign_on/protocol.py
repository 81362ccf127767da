"""What the provider says, believed only after the checks of OpenID Connect Core 1.0, section 3.1.3.7."""

import time
from typing import Any

import jwt
from allauth.socialaccount.adapter import get_adapter
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from allauth.socialaccount.providers.openid_connect.views import OpenIDConnectOAuth2Adapter
from django.utils.crypto import constant_time_compare
from django.utils.functional import cached_property

REAUTHENTICATE = "reauthenticate"
ASK_AGAIN = {"prompt": "login", "max_age": "0"}
ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"]
SKEW_SECONDS = 60
NEEDED = ("issuer", "authorization_endpoint", "token_endpoint", "jwks_uri")


class ProtocolError(OAuth2Error):
    """An answer of the provider that is not believed."""


class Adapter(OpenIDConnectOAuth2Adapter):
    """Talks to the provider; ``state`` is what this session kept when it sent the person there."""

    state: dict[str, Any]

    @cached_property
    def openid_config(self) -> dict[str, Any]:
        provider = self.get_provider()
        found = self._fetch(provider.server_url)
        if missing := [name for name in NEEDED if not isinstance(found.get(name), str)]:
            raise ProtocolError(f"The discovery document lacks {', '.join(missing)}.")
        if found["issuer"].rstrip("/") != provider.app.settings["issuer"].rstrip("/"):
            raise ProtocolError("The discovery document names another issuer than OIDC_ISSUER.")
        found.setdefault("token_endpoint_auth_methods_supported", ["client_secret_basic"])
        return found

    @property
    def basic_auth(self) -> bool:
        return bool(self.get_provider().app.secret) and bool(super().basic_auth)

    def complete_login(self, request: Any, app: Any, token: Any, **kwargs: Any) -> Any:
        """Return who the provider says has signed in; raise ``ProtocolError`` when that is not believed."""
        claims = self._id_token(app, kwargs["response"].get("id_token"))
        if self.state.get("process") == REAUTHENTICATE:
            self._require_fresh(claims)
        if "email_verified" not in claims and self.openid_config.get("userinfo_endpoint"):
            claims |= self._userinfo(token.token, claims["sub"])
        return self.get_provider().sociallogin_from_response(request, claims)

    def _fetch(self, url: str, **headers: str) -> dict[str, Any]:
        with get_adapter().get_requests_session() as session:
            response = session.get(url, headers=headers)
        response.raise_for_status()
        found = response.json()
        if not isinstance(found, dict):
            raise ProtocolError("The provider answered something else than a JSON object.")
        return found

    def _id_token(self, app: Any, token: Any) -> dict[str, Any]:
        """Return the claims of the ID token: signature, issuer, audience, times and nonce hold."""
        if not isinstance(token, str):
            raise ProtocolError("The provider sent no ID token.")
        try:
            claims = jwt.decode(
                token,
                key=self._key(jwt.get_unverified_header(token).get("kid")),
                algorithms=ALGORITHMS,
                audience=app.client_id,
                issuer=self.openid_config["issuer"],
                leeway=SKEW_SECONDS,
                options={"require": ["iss", "sub", "aud", "exp", "iat"]},
            )
        except jwt.PyJWTError as error:
            raise ProtocolError(f"The ID token is not valid: {error}.") from error
        if claims.get("azp", app.client_id) != app.client_id:
            raise ProtocolError("The ID token was made for another client.")
        if not constant_time_compare(str(claims.get("nonce", "")), self.state["nonce"]):
            raise ProtocolError("The ID token answers another sign-in: its nonce differs.")
        return claims

    def _key(self, kid: Any) -> Any:
        found = jwt.PyJWKSet.from_dict(self._fetch(self.openid_config["jwks_uri"])).keys
        usable = [
            row.key for row in found if row.public_key_use in (None, "sig") and (kid is None or row.key_id == kid)
        ]
        if len(usable) != 1:
            raise ProtocolError("The provider publishes no key for its ID token.")
        return usable[0]

    def _require_fresh(self, claims: dict[str, Any]) -> None:
        """Raise ``ProtocolError`` unless the person showed who they are after this session asked for it."""
        at = claims.get("auth_time")
        if not isinstance(at, int | float):
            raise ProtocolError("The provider does not say when the person signed in: it sends no auth_time.")
        if at < self.state["asked_at"] - SKEW_SECONDS or at > time.time() + SKEW_SECONDS:
            raise ProtocolError("The provider did not ask the person again.")

    def _userinfo(self, access_token: str, subject: str) -> dict[str, Any]:
        """Return the address in the provider's user information, which must be of the ID token's subject."""
        found = self._fetch(self.profile_url, Authorization=f"Bearer {access_token}")
        if found.get("sub") != subject:
            raise ProtocolError("The user information is of another person than the ID token.")
        return {name: found[name] for name in ("email", "email_verified") if name in found}
