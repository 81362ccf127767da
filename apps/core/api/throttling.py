"""A rate limit per token (or person), told in standard headers."""

from typing import Any

from rest_framework.request import Request
from rest_framework.throttling import SimpleRateThrottle


class TokenRateThrottle(SimpleRateThrottle):
    duration: int
    num_requests: int
    scope = "token"

    def get_cache_key(self, request: Request, view: Any) -> str | None:
        ident = getattr(request.auth, "pk", None) or getattr(request.user, "pk", None) or self.get_ident(request)
        return self.cache_format % {"scope": self.scope, "ident": ident}

    def allow_request(self, request: Request, view: Any) -> bool:
        allowed = super().allow_request(request, view)
        if self.rate is not None and getattr(self, "history", None) is not None:
            remaining = max(0, self.num_requests - len(self.history))
            reset = int(self.duration - (self.now - self.history[-1])) if self.history else int(self.duration)
            request._request.rate_limit = (self.num_requests, remaining, max(0, reset))  # type: ignore[attr-defined]
        return bool(allowed)
