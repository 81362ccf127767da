from collections.abc import Sequence
from typing import Any

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from apps.core import access
from apps.core.errors import NotFound, Text
from apps.core.pages import ActionFormView, Crumb, DetailPage, ListPage
from apps.datasets import actions, forms
from apps.datasets.filters import SourceFilter
from apps.datasets.lineage.surroundings import reach, surroundings
from apps.datasets.models import Source
from apps.datasets.refs import source_ref


def crumbs() -> list[Crumb]:
    return [(_("Datasets"), reverse("datasets:dataset_list")), (_("Sources"), reverse("datasets:source_list"))]


class SourceList(ListPage):
    model = Source
    template_name = "datasets/source_list.html"
    nav_key = "datasets"
    title = _("Sources")
    subtitle = _("The systems of record that data comes from.")
    filterset_class = SourceFilter
    orderings = {"name": "name", "created": "id"}
    csv_name = "sources"
    csv_columns = (
        (_("Name"), lambda row: row.name),
        (_("Team"), lambda row: row.team.name),
        (_("Kind"), lambda row: row.kind),
        (_("Authoritative"), lambda row: row.is_authoritative),
        (_("Licence"), lambda row: row.licence),
        (_("Eligible for training"), lambda row: row.eligibility),
        (_("Records from"), lambda row: row.covers_from),
        (_("Cut-off"), lambda row: row.cut_off),
        (_("Owner"), lambda row: row.owner or row.owner_name),
    )

    def crumbs(self) -> Sequence[Crumb]:
        return crumbs()[:1]

    def get_queryset(self) -> QuerySet[Source]:
        return Source.objects.visible_to(self.request.user).select_related("team", "owner")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        user = self.request.user
        may = any(user.may("source.edit", team.pk) for team in user.teams_list)
        return super().get_context_data(may_create=may, **kwargs)


class SourceDetail(DetailPage):
    model = Source
    template_name = "datasets/source_detail.html"
    context_name = "source"
    nav_key = "datasets"

    def crumbs(self) -> Sequence[Crumb]:
        return crumbs()

    def get_queryset(self) -> QuerySet[Source]:
        return Source.objects.visible_to(self.request.user).select_related("team", "owner")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        source = self.object
        datasets = source.datasets.visible_to(self.request.user).select_related("use_case").order_by("name")
        may_edit = self.request.user.may("source.edit", source.team_id)
        below = surroundings(source_ref(source), self.request.user, up=False)
        return super().get_context_data(datasets=datasets, may_edit=may_edit, reach=reach(below), **kwargs)


class SourceCreate(ActionFormView):
    nav_key = "datasets"
    title = _("Declare a source")
    form_class = forms.NewSourceForm
    submit_label = _("Declare the source")
    success_message = _("The source is declared.")

    def crumbs(self) -> Sequence[Crumb]:
        return crumbs()

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "user": self.request.user}

    def act(self, form: Any) -> Source:
        values = dict(form.cleaned_data)
        values.pop("revision")
        return actions.create_source(values.pop("team"), by=self.request.user, **values)

    def success_url_for(self, result: Source) -> str:
        return reverse("datasets:source_detail", args=[result.pk])


class SourceEdit(ActionFormView):
    nav_key = "datasets"
    form_class = forms.SourceForm
    submit_label = _("Save")
    success_message = _("Saved. The gates that rest on this source were judged anew.")

    @cached_property
    def source(self) -> Source:
        found = Source.objects.visible_to(self.request.user).filter(pk=self.kwargs["pk"]).first()
        if found is None:
            raise NotFound(_("There is no such source, or you may not see it."))
        return found

    def get(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        access.require(request.user, "source.edit", self.source.team_id)
        return super().get(request, *args, **kwargs)

    def get_title(self) -> Text:
        return _("Edit %(name)s") % {"name": self.source.name}

    def crumbs(self) -> Sequence[Crumb]:
        return crumbs()

    def get_form_kwargs(self) -> dict[str, Any]:
        fresh = Source.objects.select_related("team").get(pk=self.source.pk)
        return {**super().get_form_kwargs(), "instance": fresh, "team": fresh.team}

    def get_initial(self) -> dict[str, Any]:
        return {"revision": self.source.revision}

    def act(self, form: Any) -> Source:
        values = dict(form.cleaned_data)
        revision = values.pop("revision")
        return actions.edit_source(self.source.pk, by=self.request.user, revision=revision, **values)

    def success_url_for(self, result: Source) -> str:
        return reverse("datasets:source_detail", args=[result.pk])
