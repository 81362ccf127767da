from collections.abc import Sequence
from typing import Any

from django.contrib.auth.views import redirect_to_login
from django.db.models import QuerySet
from django.http import Http404, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _
from django.views.generic import View

from apps.core import access
from apps.core.clock import today
from apps.core.errors import NotFound, Refusal, Text
from apps.core.pages import ActionFormView, Crumb, DetailPage, ListPage
from apps.datasets import actions, forms, streaming
from apps.datasets.api.exports import link_of
from apps.datasets.filters import ExportFilter
from apps.datasets.models import VersionExport
from apps.datasets.views.tabs import VersionPage, version_crumbs


def _complete(rows: Any) -> Any:
    return rows.with_state().select_related("version__dataset__use_case__team", "requested_by", "owner", "file")


class VersionExports(VersionPage, ListPage):
    """The links to a version's rows, and whether they still work."""

    model = VersionExport
    template_name = "datasets/version_exports.html"
    tab = "datasets:version_exports"
    title = _("Exports")
    subtitle = _("Links to rows of this version: signed, for so many downloads, until their time.")
    filterset_class = ExportFilter
    csv_name = "exports"
    csv_columns = (
        (_("What"), str),
        (_("What for"), lambda row: row.reason),
        (_("Made by"), lambda row: row.requested_by.name),
        (_("For anyone"), lambda row: row.is_for_anyone),
        (_("Made"), lambda row: row.created_at),
        (_("Expires"), lambda row: row.expires_at),
        (_("Downloads"), lambda row: row.download_count),
        (_("At most"), lambda row: row.most_downloads),
        (_("State"), lambda row: row.state),
    )

    def get_queryset(self) -> QuerySet[VersionExport]:
        rows: QuerySet[VersionExport] = _complete(VersionExport.objects.filter(version=self.version))
        return rows

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        may_export = self.request.user.may("dataset.export", self.version.team.pk)
        return super().get_context_data(may_export=may_export, **kwargs)


class ExportCreate(VersionPage, ActionFormView):
    title = _("Export rows")
    form_class = forms.ExportForm
    submit_label = _("Make the link")
    success_message = _("The link is made and recorded.")

    def get(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        access.require(request.user, "dataset.export", self.version.team.pk)
        return super().get(request, *args, **kwargs)

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "version": self.version, "day": today()}

    def act(self, form: Any) -> VersionExport:
        data = dict(form.cleaned_data)
        data["is_for_anyone"] = data["is_for_anyone"] == "yes"
        return actions.create_export(self.version, data.pop("format"), by=self.request.user, **data)

    def success_url_for(self, result: VersionExport) -> str:
        return reverse("datasets:export_detail", args=[result.pk])

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        self.cancel_url = reverse("datasets:version_exports", args=[self.version.pk])
        return super().get_context_data(**kwargs)


def _crumbs(export: VersionExport) -> list[Crumb]:
    version = export.version
    return [*version_crumbs(version), (_("Exports"), reverse("datasets:version_exports", args=[version.pk]))]


class ExportDetail(DetailPage):
    """One link: for whom, until when, who followed it; the link itself for who made it."""

    model = VersionExport
    template_name = "datasets/export_detail.html"
    context_name = "export"
    nav_key = "datasets"

    def get_queryset(self) -> QuerySet[VersionExport]:
        rows: QuerySet[VersionExport] = _complete(super().get_queryset()).select_related(
            "revocation__revoked_by", "copied__copy"
        )
        return rows

    def get_subtitle(self) -> Text:
        return str(self.object.reason)

    def tags(self) -> Sequence[dict[str, Any]]:
        return [{"state": self.object.state}]

    def crumbs(self) -> Sequence[Crumb]:
        return _crumbs(self.object)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        export, user = self.object, self.request.user
        is_mine = export.requested_by_id == user.pk
        ends = export.state in (VersionExport.State.REVOKED, VersionExport.State.EXPIRED)
        return super().get_context_data(
            link=link_of(export) if is_mine and export.state == VersionExport.State.OPEN else "",
            downloads=export.downloads.select_related("by").order_by("-id"),
            may_revoke=not ends and (is_mine or user.may("dataset.export", export.team.pk)),
            **kwargs,
        )


class ExportRevoke(ActionFormView):
    nav_key = "datasets"
    title = _("Take the link back")
    form_class = forms.WhyForm
    submit_label = _("Take it back")
    success_message = _("The link works no more.")

    @cached_property
    def export(self) -> VersionExport:
        rows = _complete(VersionExport.objects.visible_to(self.request.user))
        found: VersionExport | None = rows.filter(pk=self.kwargs["pk"]).first()
        if found is None:
            raise NotFound(_("There is no such export, or you may not see it."))
        return found

    def get_subtitle(self) -> Text:
        return f"{self.export}"

    def crumbs(self) -> Sequence[Crumb]:
        return [*_crumbs(self.export), (str(self.export), self.success_url_for(None))]

    def act(self, form: Any) -> Any:
        return actions.revoke_export(self.export, by=self.request.user, reason=form.cleaned_data["reason"])

    def success_url_for(self, result: Any) -> str:
        return reverse("datasets:export_detail", args=[self.export.pk])

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        self.cancel_url = self.success_url_for(None)
        return super().get_context_data(**kwargs)


class ExportLink(View):
    """Where a link leads: what it gives, and the button that gives it. Reading this page counts as nothing."""

    def dispatch(self, request: Any, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.method not in ("GET", "HEAD"):
            return self.http_method_not_allowed(request)
        reader = request.user if request.user.is_authenticated else None
        try:
            export = actions.export_of(kwargs["token"])
            if export.is_bound and reader is None:
                return redirect_to_login(request.get_full_path())
            return self.answer(request, export, reader)
        except NotFound as error:
            raise Http404(str(error.detail)) from error
        except Refusal as refusal:
            return _private(render(request, "datasets/export_ended.html", {"refusal": refusal}, status=refusal.status))

    def answer(self, request: Any, export: VersionExport, reader: Any) -> HttpResponseBase:
        shown = actions.open_link(export, reader)
        return _private(
            render(
                request,
                "datasets/export_link.html",
                {
                    "export": shown,
                    "left": shown.most_downloads - shown.download_count,
                    "url": reverse("datasets:export_file", args=[self.kwargs["token"]]),
                },
            )
        )


def _private(page: HttpResponse) -> HttpResponse:
    page["Cache-Control"] = "no-store"
    page["Referrer-Policy"] = "no-referrer"
    page["X-Robots-Tag"] = "noindex"
    return page


class ExportFile(ExportLink):
    """The rows themselves; each answer counts, a look at the headers alone does not."""

    def answer(self, request: Any, export: VersionExport, reader: Any) -> HttpResponseBase:
        if request.method != "GET":
            return HttpResponseRedirect(reverse("datasets:export_link", args=[self.kwargs["token"]]))
        return streaming.answer(export, actions.download_export(export, by=reader))
