"""How the API recognises a caller: a token, or the browser's session."""


from knox.auth import TokenAuthentication as KnoxTokenAuthentication
from rest_framework import authentication
from rest_framework.request import Request


class TokenAuthentication(KnoxTokenAuthentication):
    """``Authorization: Token fg_…``."""


class SessionAuthentication(authentication.SessionAuthentication):
    """The session cookie, with a CSRF token on unsafe calls."""

    def authenticate_header(self, request: Request) -> str:
        return "Token"
