"""Page bases: translate, call an action, redirect."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, cast

from django.contrib import messages
from django.contrib.auth.mixins import LoginRequiredMixin
from django.core.exceptions import PermissionDenied
from django.forms import BaseForm
from django.http import Http404, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.generic import FormView, TemplateView, View
from django_htmx.http import HttpResponseClientRefresh
from rest_framework.request import Request

from apps.core import csvs
from apps.core.api.pagination import CursorPages
from apps.core.errors import NotFound, NotPermitted, Refusal, Text
from apps.core.models import Job

Crumb = tuple[Text, str | None]
TEAM_KEY = "team"
KEPT = ("ordering", "page_size")


@dataclass(slots=True)
class Page:
    """What the shell needs to know of a page."""

    title: Text
    subtitle: Text = ""
    crumbs: Sequence[Crumb] = ()
    nav_key: str = ""
    tags: Sequence[dict[str, Any]] = field(default_factory=tuple)


class PageMixin(LoginRequiredMixin, View):
    """A page for signed-in people; what they may not see is not found, what their role forbids says so."""

    request: Any
    nav_key: ClassVar[str] = ""
    title: Text = ""
    subtitle: Text = ""
    raise_exception = False

    def get_title(self) -> Text:
        return self.title

    def get_subtitle(self) -> Text:
        return self.subtitle

    def crumbs(self) -> Sequence[Crumb]:
        return ()

    def tags(self) -> Sequence[dict[str, Any]]:
        return ()

    def page(self) -> Page:
        title = self.get_title()
        return Page(title, self.get_subtitle(), [*self.crumbs(), (title, None)], self.nav_key, self.tags())

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        parent = super()
        context = parent.get_context_data(**kwargs) if hasattr(parent, "get_context_data") else dict(kwargs)
        return {**context, "page": self.page()}

    def dispatch(self, request: Any, *args: Any, **kwargs: Any) -> HttpResponseBase:
        try:
            return super().dispatch(request, *args, **kwargs)
        except NotFound as error:
            raise Http404(str(error.detail)) from error
        except NotPermitted as error:
            raise PermissionDenied(str(error.detail)) from error
        except Refusal as refusal:
            return render(
                request,
                "core/refused.html",
                {"refusal": refusal, "page": Page(refusal.title)},
                status=refusal.status,
            )


class DetailPage(PageMixin, TemplateView):
    """One record that the user may see, as ``self.object``."""

    model: ClassVar[Any] = None
    context_name: ClassVar[str] = "object"

    def get_queryset(self) -> Any:
        return self.model._default_manager.visible_to(self.request.user)

    def setup(self, request: Any, *args: Any, **kwargs: Any) -> None:
        super().setup(request, *args, **kwargs)
        self._object: Any = None

    @property
    def object(self) -> Any:
        if self._object is None:
            self._object = self.get_queryset().filter(pk=self.kwargs["pk"]).first()
            if self._object is None:
                raise Http404
        return self._object

    def get_title(self) -> Text:
        return str(self.object)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(**{self.context_name: self.object, **kwargs})


class ListPage(PageMixin, TemplateView):
    """A list with filters, sorting, keyset paging and CSV export; its state is in the URL.

    ``filterset_class`` is the one that the API uses; ``orderings`` likewise. ``csv_columns`` names what is exported.
    """

    model: ClassVar[Any] = None
    filterset_class: ClassVar[Any] = None
    orderings: ClassVar[dict[str, str]] = {}
    default_ordering: ClassVar[Any] = "-id"
    csv_columns: ClassVar[Sequence[csvs.Column]] = ()
    csv_name: ClassVar[str] = "list"
    page_size: ClassVar[int] = 50

    def get_queryset(self) -> Any:
        return self.model._default_manager.visible_to(self.request.user)

    def decorate(self, rows: list[Any]) -> list[Any]:
        """Add what the template shows to the rows of one page; a constant number of queries."""
        return rows

    def filterset(self) -> Any:
        queryset = self.get_queryset()
        if self.filterset_class is None:
            return None
        return self.filterset_class(self.request.GET, queryset=queryset, request=self.request)

    def get(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        self.filters = self.filterset()
        if self._chosen_team() and "team" not in request.GET:
            query = request.GET.copy()
            query["team"] = self._chosen_team()
            return HttpResponseRedirect(f"{request.path}?{query.urlencode()}")
        is_readable = self.filters is None or self.filters.is_valid()
        rows = self.get_queryset() if self.filters is None else self.filters.qs
        if not is_readable:
            rows = rows.none()
        elif request.GET.get("format") == "csv" and self.csv_columns:
            ordered = rows.order_by(*CursorPages().get_ordering(Request(request), rows, self))
            return csvs.answer(self.csv_name, self.csv_columns, ordered.iterator(chunk_size=1000))
        self.pages = CursorPages()
        self.pages.page_size = self.page_size
        try:
            self.rows = self.decorate(
                list(self.pages.paginate_queryset(rows, Request(request), view=cast(Any, self)) or [])
            )
        except Exception as error:
            if getattr(error, "status_code", None) == 404:
                raise Http404(str(error)) from error
            raise
        answer = super().get(request, *args, **kwargs)
        answer.status_code = 200 if is_readable else 422
        return answer

    def _chosen_team(self) -> str:
        """Return the team that the reader has switched to, where this list can be filtered by it."""
        can = self.filters is not None and "team" in self.filters.filters
        return str(self.request.session.get(TEAM_KEY, "")) if can else ""

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        filters = self.filters
        active = filters is not None and any(
            value not in ("", None) for name, value in self.request.GET.items() if name in filters.filters
        )
        return super().get_context_data(
            rows=self.rows,
            filters=filters,
            is_filtered=active,
            next_url=self.pages.get_next_link(),
            previous_url=self.pages.get_previous_link(),
            kept_parameters=[(name, self.request.GET[name]) for name in KEPT if self.request.GET.get(name)],
            clear_url="?team=" if self._chosen_team() else "?",
            has_csv=bool(self.csv_columns),
            **kwargs,
        )


def job_panel(request: Any, job: Job | None, url: str, title: Text) -> HttpResponse:
    """Answer a job's panel that asks for itself; once the job has ended, have the whole page loaded again."""
    if job is None:
        raise NotFound(_("There is no such job, or you may not see it."))
    if job.is_finished and request.htmx:
        return HttpResponseClientRefresh()
    return render(request, "components/job.html", {"job": job, "poll_url": url, "title": title})


class ActionFormView(PageMixin, FormView[Any]):
    """A form whose valid data becomes one action; a refusal goes back onto the form with all that was typed."""

    success_message: Text = ""
    template_name = "core/form.html"
    submit_label: Text = ""
    cancel_url: str = ""

    def act(self, form: Any) -> Any:
        """Call the action; return what ``get_success_url`` needs."""
        raise NotImplementedError

    def success_url_for(self, result: Any) -> str:
        raise NotImplementedError

    def form_valid(self, form: Any) -> HttpResponse:
        try:
            result = self.act(form)
        except (NotFound, NotPermitted):
            raise
        except Refusal as refusal:
            return self.refuse(form, refusal)
        if self.success_message:
            messages.success(self.request, str(self.success_message))
        return HttpResponseRedirect(self.success_url_for(result))

    def refuse(self, form: BaseForm, refusal: Refusal) -> HttpResponse:
        """Show the refusal beside its fields, or above the form, with the refusal's status."""
        put_on_form(form, refusal)
        return self.render_to_response(self.get_context_data(form=form, refusal=refusal), status=refusal.status)

    def form_invalid(self, form: Any) -> HttpResponse:
        return self.render_to_response(self.get_context_data(form=form), status=422)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(submit_label=self.submit_label, cancel_url=self.cancel_url, **kwargs)


def put_on_form(form: BaseForm, refusal: Refusal) -> None:
    """Add a refusal's messages to the fields that it names, and its sentence to the form."""
    placed = False
    for pointer, texts in refusal.errors.items():
        name = pointer.strip("/").split("/")[0]
        for text in texts:
            form.add_error(name if name in form.fields else None, text)
            placed = True
    if not placed:
        form.add_error(None, str(refusal.detail))
