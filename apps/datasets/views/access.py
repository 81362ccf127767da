from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from apps.core import access as permission
from apps.core.pages import ActionFormView, ListPage
from apps.datasets import access, actions, forms
from apps.datasets.filters import AccessFilter
from apps.datasets.views.findings import plain_place, rows_shown
from apps.datasets.views.tabs import VersionPage
from apps.ledger.models import Entry


class VersionAccess(VersionPage, ListPage):
    """Who touched the rows of a version, read from the ledger."""

    model = Entry
    template_name = "datasets/version_access.html"
    tab = "datasets:version_access"
    title = _("Access")
    subtitle = _("Who looked at, unmasked, exported and downloaded rows of this version.")
    filterset_class = AccessFilter
    orderings = {"time": "seq"}
    default_ordering = "-seq"
    csv_name = "access"
    csv_columns = (
        (_("Entry"), lambda row: row.seq),
        (_("Time"), lambda row: row.occurred),
        (_("Who"), lambda row: access.touch(row).who),
        (_("What"), lambda row: access.touch(row).title),
        (_("Of what"), lambda row: access.touch(row).what),
        (_("Why"), lambda row: access.touch(row).reason),
    )

    def get_queryset(self) -> QuerySet[Entry]:
        return access.entries(self.version, self.request.user)

    def decorate(self, rows: list[Any]) -> list[Any]:
        return [access.touch(row) for row in rows]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        sees_all = self.request.user.may("trail.view", self.version.team.pk)
        return super().get_context_data(sees_all=sees_all, **kwargs)


class VersionUnmask(VersionPage, ActionFormView):
    """Ask why, record it, then show the rows as they are, this once."""

    title = _("See the sample rows unmasked")
    form_class = forms.WhyForm
    submit_label = _("Record it and show the rows")

    def get(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        permission.require(request.user, "samples.unmask", self.version.team.pk)
        return super().get(request, *args, **kwargs)

    def act(self, form: Any) -> Any:
        found = actions.unmask_samples(self.version, by=self.request.user, reason=form.cleaned_data["reason"])
        return rows_shown(found, plain_place)

    def form_valid(self, form: Any) -> HttpResponse:
        """Answer with the rows instead of leading elsewhere: no address shows them again."""
        self.shown: Any = None
        answer = super().form_valid(form)
        if self.shown is None:
            return answer
        context = self.get_context_data(form=form, samples=self.shown)
        page = render(self.request, "datasets/version_unmasked.html", context)
        page["Cache-Control"] = "no-store"
        return page

    def success_url_for(self, result: Any) -> str:
        self.shown = result
        return reverse("datasets:version_detail", args=[self.version.pk])

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        self.cancel_url = reverse("datasets:version_detail", args=[self.version.pk])
        return super().get_context_data(**kwargs)
