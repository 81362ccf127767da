import zoneinfo
from collections.abc import Callable

import structlog
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.core.api.problems import plain_problem
from apps.core.errors import ServiceUnavailable

log = structlog.get_logger(__name__)
GetResponse = Callable[[HttpRequest], HttpResponse]


def is_api(request: HttpRequest) -> bool:
    return request.path.startswith("/api/v1/")


class UnavailableMiddleware:
    """Answer a clear 503 while the database is away; nothing is half done, for every action is one transaction."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        try:
            return self.get_response(request)
        except (OperationalError, InterfaceError) as error:
            return self.unavailable(request, error)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        if isinstance(error, OperationalError | InterfaceError):
            return self.unavailable(request, error)
        return None

    def unavailable(self, request: HttpRequest, error: Exception) -> HttpResponse:
        log.error("database_unavailable", error=str(error), path=request.path)
        refusal = ServiceUnavailable(_("The database does not answer. Nothing was changed; try again in a moment."))
        if is_api(request):
            response = plain_problem(refusal.code, str(refusal.title), refusal.status, str(refusal.detail))
        else:
            response = HttpResponse(render_to_string("503.html"), status=refusal.status)
        response["Retry-After"] = "5"
        return response


class ReaderMiddleware:
    """Show times in the reader's zone."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        name = getattr(request.user, "time_zone", "") if request.user.is_authenticated else ""
        try:
            timezone.activate(zoneinfo.ZoneInfo(name or "UTC"))
        except (zoneinfo.ZoneInfoNotFoundError, ValueError):
            timezone.activate(zoneinfo.ZoneInfo("UTC"))
        try:
            return self.get_response(request)
        finally:
            timezone.deactivate()


class PermissionsPolicyMiddleware:
    """Switch off browser features that no page uses."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response.setdefault("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()")
        return response
