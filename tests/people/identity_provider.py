"""A small OpenID Connect provider on 127.0.0.1: discovery, keys, authorization code with PKCE, user information."""

import base64
import contextlib
import functools
import hashlib
import json
import secrets
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

CLIENT, SECRET = "fourgate", "a secret of the client"
AN_HOUR = 3600


@functools.cache
def make_key(name: str = "") -> rsa.RSAPrivateKey:
    """Return the provider's key, or another by its name."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


class IdentityProvider:
    """What a test arranges: who is signed in there (``person``), and what the provider does wrong.

    ``id_token`` and ``userinfo`` replace claims (None removes one), ``discovery`` replaces metadata, ``key`` signs.
    ``asks_again`` says whether it honours ``prompt=login``; ``requests`` are the authorization requests it got.
    """

    def __init__(self) -> None:
        self.published = self.key = make_key()
        self.person: dict[str, Any] = {}
        self.id_token: dict[str, Any] = {}
        self.userinfo: dict[str, Any] = {}
        self.discovery: dict[str, Any] = {}
        self.email_in_id_token = True
        self.asks_again = True
        self.error = ""
        self.requests: list[dict[str, str]] = []
        self.posts: list[dict[str, str]] = []
        self.codes: dict[str, dict[str, str]] = {}
        self.tokens: dict[str, dict[str, Any]] = {}
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), self.handler())
        self.issuer = f"http://127.0.0.1:{self.server.server_port}"

    def sign_in(self, email: str, subject: str = "", verified: Any = True, **claims: Any) -> None:
        """Let the provider know who sits there."""
        self.person = {"sub": subject or f"subject of {email}", "email": email, "email_verified": verified, **claims}

    def metadata(self) -> dict[str, Any]:
        known = {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "userinfo_endpoint": f"{self.issuer}/userinfo",
            "jwks_uri": f"{self.issuer}/jwks",
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256"],
        }
        return _replaced(known, self.discovery)

    def keys(self) -> dict[str, Any]:
        row = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(self.published.public_key()))
        return {"keys": [row | {"kid": "one", "use": "sig", "alg": "RS256"}]}

    def authorize(self, query: dict[str, str]) -> str:
        """Return where the person is sent back to; they are signed in already, or sign in again at once."""
        assert query["client_id"] == CLIENT
        assert query["response_type"] == "code"
        assert query["code_challenge_method"] == "S256"
        assert set(query["scope"].split()) == {"openid", "profile", "email"}
        self.requests.append(query)
        if self.error:
            return f"{query['redirect_uri']}?{urlencode({'error': self.error, 'state': query['state']})}"
        code = secrets.token_urlsafe()
        self.codes[code] = query
        return f"{query['redirect_uri']}?{urlencode({'code': code, 'state': query['state']})}"

    def token(self, form: dict[str, str], authorization: str) -> tuple[int, dict[str, Any]]:
        """Change a code into tokens once, for the client and the verifier that it was made for."""
        self.posts.append(form)
        query = self.codes.pop(form.get("code", ""), None)
        challenge = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        good = (
            query is not None
            and authorization == "Basic " + base64.b64encode(f"{CLIENT}:{SECRET}".encode()).decode()
            and form["redirect_uri"] == query["redirect_uri"]
            and base64.urlsafe_b64encode(challenge).decode().rstrip("=") == query["code_challenge"]
        )
        if query is None or not good:
            return 400, {"error": "invalid_grant"}
        access = secrets.token_urlsafe()
        self.tokens[access] = _replaced(self.person, self.userinfo)
        return 200, {"access_token": access, "token_type": "Bearer", "expires_in": 60, "id_token": self.sign(query)}

    def sign(self, query: dict[str, str]) -> str:
        moment = int(time.time())
        again = self.asks_again and query.get("prompt") == "login"
        claims = {
            "iss": self.issuer,
            "aud": CLIENT,
            "iat": moment,
            "exp": moment + 300,
            "auth_time": moment if again else moment - AN_HOUR,
            "nonce": query.get("nonce"),
            "sub": self.person["sub"],
        } | (self.person if self.email_in_id_token else {})
        return jwt.encode(_replaced(claims, self.id_token), self.key, algorithm="RS256", headers={"kid": "one"})

    def handler(self) -> type[BaseHTTPRequestHandler]:
        provider = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                parts = urlsplit(self.path)
                query = {name: values[0] for name, values in parse_qs(parts.query).items()}
                if parts.path == "/authorize":
                    self.send_response(302)
                    self.send_header("Location", provider.authorize(query))
                    self.end_headers()
                elif parts.path == "/userinfo":
                    self.answer(200, provider.tokens[self.headers["Authorization"].removeprefix("Bearer ")])
                elif parts.path == "/jwks":
                    self.answer(200, provider.keys())
                elif parts.path == "/.well-known/openid-configuration":
                    self.answer(200, provider.metadata())
                else:
                    self.answer(404, {})

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                form = {name: values[0] for name, values in parse_qs(body).items()}
                known = self.path == "/token"
                self.answer(*(provider.token(form, self.headers.get("Authorization", "")) if known else (404, {})))

            def answer(self, status: int, data: dict[str, Any]) -> None:
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.end_headers()
                self.wfile.write(json.dumps(data).encode())

            def log_message(self, format: str, *args: Any) -> None:
                pass

        return Handler


def _replaced(claims: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in (claims | changes).items() if value is not None}


@contextlib.contextmanager
def running() -> Iterator[IdentityProvider]:
    provider = IdentityProvider()
    thread = threading.Thread(target=provider.server.serve_forever, args=[0.02], daemon=True)
    thread.start()
    try:
        yield provider
    finally:
        provider.server.shutdown()
        provider.server.server_close()
        thread.join()
