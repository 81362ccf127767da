import sys
from typing import Any

from django.db import InterfaceError, OperationalError
from django.http import HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.generic import TemplateView

from apps.core import search
from apps.core.api.problems import no_such_endpoint, plain_problem
from apps.core.errors import ServiceUnavailable
from apps.core.middleware import is_api
from apps.core.pages import PageMixin


class SearchPage(PageMixin, TemplateView):
    template_name = "core/search.html"
    title = gettext_lazy("Search")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        text = self.request.GET.get("q", "").replace("\x00", "")
        return super().get_context_data(text=text, hits=search.search(self.request.user, text, 20), **kwargs)


def bad_request(request: Any, exception: Exception) -> HttpResponse:
    if is_api(request):
        return plain_problem("malformed_request", _("The request can't be read"), 400, _("The request can't be read."))
    return render(request, "400.html", status=400)


def forbidden(request: Any, exception: Exception) -> HttpResponse:
    if is_api(request):
        return plain_problem("not_permitted", _("Your role does not allow this"), 403, str(exception))
    return render(request, "403.html", {"reason": str(exception)}, status=403)


def not_found(request: Any, exception: Exception) -> HttpResponse:
    if is_api(request):
        return no_such_endpoint()
    return render(request, "404.html", status=404)


def server_error(request: Any) -> HttpResponse:
    """Answer what nobody caught: a clear 503 while the database is away, for every action is one transaction."""
    if isinstance(sys.exc_info()[1], OperationalError | InterfaceError):
        return _unavailable(request)
    if is_api(request):
        return plain_problem(
            "server_error",
            _("Something went wrong here"),
            500,
            _("Nothing was changed. The request's id is in the log."),
        )
    return HttpResponse(render_to_string("500.html"), status=500)


def _unavailable(request: Any) -> HttpResponse:
    refusal = ServiceUnavailable(_("The database does not answer. Nothing was changed; try again in a moment."))
    if is_api(request):
        response: HttpResponse = plain_problem(refusal.code, str(refusal.title), refusal.status, str(refusal.detail))
    else:
        response = HttpResponse(render_to_string("503.html"), status=refusal.status)
    response["Retry-After"] = "5"
    return response
