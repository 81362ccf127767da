"""Errors as RFC 9457 problem+json."""

from typing import Any

import structlog
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse, JsonResponse
from django.utils.translation import gettext as _
from rest_framework import exceptions, status
from rest_framework.response import Response

from apps.core.errors import InvalidInput, Refusal

PROBLEM_JSON = "application/problem+json"
log = structlog.get_logger(__name__)

_CODES = {
    exceptions.ParseError: ("malformed_request", _("The request can't be read")),
    exceptions.AuthenticationFailed: ("authentication_failed", _("Not recognised")),
    exceptions.NotAuthenticated: ("not_authenticated", _("Sign in first")),
    exceptions.PermissionDenied: ("not_permitted", _("Your role does not allow this")),
    exceptions.NotFound: ("not_found", _("Not found")),
    exceptions.MethodNotAllowed: ("method_not_allowed", _("This can't be done here")),
    exceptions.NotAcceptable: ("not_acceptable", _("No such format")),
    exceptions.UnsupportedMediaType: ("unsupported_media_type", _("This content type is not read here")),
    exceptions.Throttled: ("rate_limited", _("Too many requests")),
}


def problem(code: str, title: str, status_code: int, detail: str, **extra: Any) -> dict[str, Any]:
    """Return the members of one problem; ``errors`` holds messages by JSON pointer."""
    members = {
        "type": f"urn:fourgate:problem:{code}",
        "title": title,
        "status": status_code,
        "detail": detail,
        "code": code,
    }
    return members | {key: value for key, value in extra.items() if value not in (None, "", {}, [])}


def of_refusal(refusal: Refusal) -> dict[str, Any]:
    return problem(
        refusal.code,
        str(refusal.title),
        refusal.status,
        str(refusal.detail),
        errors=refusal.errors,
        **{key: value for key, value in refusal.extra.items() if key not in ("status", "code", "detail", "title")},
    )


def pointers(detail: Any, at: str = "") -> dict[str, list[str]]:
    """Turn DRF's nested messages into messages by JSON pointer."""
    if isinstance(detail, dict):
        found: dict[str, list[str]] = {}
        for key, value in detail.items():
            step = "" if key == "non_field_errors" else "/" + str(key).replace("~", "~0").replace("/", "~1")
            found |= pointers(value, at + step)
        return found
    if isinstance(detail, list):
        if all(not isinstance(item, dict | list) for item in detail):
            return {at or "/": [str(item) for item in detail]}
        found = {}
        for index, item in enumerate(detail):
            if item:
                found |= pointers(item, f"{at}/{index}")
        return found
    return {at or "/": [str(detail)]}


def handle(error: Exception, context: dict[str, Any]) -> Response | None:
    """Answer refusals and framework errors as problems; leave the unexpected to the 500 handler."""
    if isinstance(error, Http404):
        error = exceptions.NotFound(_("There is no such thing here, or you may not see it."))
    elif isinstance(error, PermissionDenied):
        error = exceptions.PermissionDenied()
    headers: dict[str, str] = {}
    if isinstance(error, Refusal):
        members = of_refusal(error)
    elif isinstance(error, exceptions.ValidationError):
        errors = pointers(error.detail)
        first = next(iter(errors.items()))
        detail = f"{first[0].lstrip('/')}: {first[1][0]}" if first[0] != "/" else first[1][0]
        members = problem(InvalidInput.code, str(InvalidInput.title), 422, detail, errors=errors)
    elif isinstance(error, exceptions.APIException):
        code, title = next(
            (pair for kind, pair in _CODES.items() if isinstance(error, kind)),
            (error.default_code, str(error.default_detail)),
        )
        members = problem(code, title, error.status_code, str(error.detail))
        if getattr(error, "auth_header", None):
            headers["WWW-Authenticate"] = error.auth_header  # type: ignore[attr-defined]
        if getattr(error, "wait", None):
            headers["Retry-After"] = str(int(error.wait) + 1)  # type: ignore[attr-defined]
    else:
        return None
    return Response(members, status=members["status"], headers=headers, content_type=PROBLEM_JSON)


def plain_problem(code: str, title: str, status_code: int, detail: str) -> HttpResponse:
    """Return a problem outside DRF: for middleware and the error handlers of the API's paths."""
    return JsonResponse(problem(code, title, status_code, detail), status=status_code, content_type=PROBLEM_JSON)


def no_such_endpoint() -> HttpResponse:
    return plain_problem("not_found", _("Not found"), status.HTTP_404_NOT_FOUND, _("There is no such endpoint."))
