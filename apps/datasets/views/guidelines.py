from collections.abc import Sequence
from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.generic import TemplateView

from apps.core import access
from apps.core.clock import now
from apps.core.errors import NotFound, Text
from apps.core.pages import ActionFormView, Crumb, DetailPage, ListPage, PageMixin
from apps.datasets import actions, forms
from apps.datasets.actions.guidelines import current_guideline, may_publish
from apps.datasets.changes import changes
from apps.datasets.filters import GuidelineFilter
from apps.datasets.forms.guidelines import MORE, typed
from apps.datasets.models import Guideline
from apps.datasets.views.datasets import OneDataset, list_crumb


def guideline_rows(user: Any) -> QuerySet[Guideline]:
    rows = Guideline.objects.visible_to(user)
    return rows.select_related("dataset__use_case__team", "created_by", "published_by")


def crumbs_to(dataset: Any) -> list[Crumb]:
    return [
        list_crumb(),
        (dataset.name, reverse("datasets:dataset_detail", args=[dataset.pk])),
        (_("Labelling guidelines"), reverse("datasets:guideline_list", args=[dataset.pk])),
    ]


class GuidelineList(OneDataset, ListPage):
    model = Guideline
    template_name = "datasets/guideline_list.html"
    nav_key = "datasets"
    title = gettext_lazy("Labelling guidelines")
    filterset_class = GuidelineFilter
    orderings = {"number": "number", "created": "id"}
    csv_name = "guidelines"
    csv_columns = (
        (gettext_lazy("Version"), lambda row: row.number),
        (gettext_lazy("State"), lambda row: row.state),
        (gettext_lazy("What is new"), lambda row: row.note),
        (gettext_lazy("Rules"), lambda row: len(row.rules)),
        (gettext_lazy("Examples"), lambda row: len(row.examples)),
        (gettext_lazy("Published by"), lambda row: row.published_by.name if row.published_by else ""),
        (gettext_lazy("Published"), lambda row: row.published_at.isoformat() if row.published_at else ""),
    )

    def get_subtitle(self) -> Text:
        return _("How the examples of “%(name)s” are labelled, version by version.") % {"name": self.dataset.name}

    def get_queryset(self) -> QuerySet[Guideline]:
        return guideline_rows(self.request.user).filter(dataset=self.dataset)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        may = self.request.user.may("dataset.edit", self.dataset.use_case.team_id)
        draft = self.dataset.guidelines.filter(state=Guideline.State.DRAFT).first()
        return super().get_context_data(dataset=self.dataset, draft=draft, may_draft=may and draft is None, **kwargs)


class GuidelineDetail(DetailPage):
    """A guideline as a document: its rules by number, its examples by label."""

    model = Guideline
    template_name = "datasets/guideline_detail.html"
    context_name = "guideline"
    nav_key = "datasets"

    def get_queryset(self) -> QuerySet[Guideline]:
        return guideline_rows(self.request.user)

    def get_subtitle(self) -> Text:
        guideline = self.object
        if not guideline.is_published:
            return _("A draft for “%(name)s”: it counts once the annotation owner publishes it.") % {
                "name": guideline.dataset.name
            }
        return guideline.note or _("How the examples of “%(name)s” are labelled.") % {"name": guideline.dataset.name}

    def crumbs(self) -> Sequence[Crumb]:
        return crumbs_to(self.object.dataset)

    def tags(self) -> Sequence[dict[str, Any]]:
        return [{"state": self.object.state}, {"text": self.object.dataset.name}]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        guideline, user = self.object, self.request.user
        others = Guideline.objects.filter(dataset=guideline.dataset_id)
        newest = others.filter(state=Guideline.State.PUBLISHED).order_by("-number").first()
        published_at = guideline.published_at
        may_edit = not guideline.is_published and user.may("dataset.edit", guideline.team.pk)
        return super().get_context_data(
            examples=_by_label(guideline.examples),
            newest=newest if newest is not None and newest.number > guideline.number else None,
            has_earlier=others.filter(number__lt=guideline.number).exists(),
            days=(now() - published_at).days if published_at else None,
            may_edit=may_edit,
            may_publish=not guideline.is_published and may_publish(guideline.dataset, user),
            **kwargs,
        )


def _by_label(examples: Sequence[dict[str, str]]) -> list[tuple[str, list[dict[str, str]]]]:
    found: dict[str, list[dict[str, str]]] = {}
    for row in examples:
        found.setdefault(row["label"], []).append(row)
    return sorted(found.items())


class GuidelineChanges(PageMixin, TemplateView):
    """What is different from an earlier version, in words; ``?since=`` names its number."""

    template_name = "datasets/guideline_changes.html"
    nav_key = "datasets"
    kwargs: dict[str, Any]

    @cached_property
    def guideline(self) -> Guideline:
        found = guideline_rows(self.request.user).filter(pk=self.kwargs["pk"]).first()
        if found is None:
            raise NotFound(_("There is no such guideline, or you may not see it."))
        return found

    def get_title(self) -> Text:
        return _("What changed in version %(n)d") % {"n": self.guideline.number}

    def crumbs(self) -> Sequence[Crumb]:
        guideline = self.guideline
        url = reverse("datasets:guideline_detail", args=[guideline.pk])
        return [*crumbs_to(guideline.dataset), (str(guideline), url)]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        rows = Guideline.objects.filter(dataset=self.guideline.dataset_id, number__lt=self.guideline.number)
        earlier = list(rows.order_by("-number")[:200])
        asked = self.request.GET.get("since", "")
        chosen = next((row for row in earlier if str(row.number) == asked), earlier[0] if earlier else None)
        return super().get_context_data(
            guideline=self.guideline,
            earlier=earlier,
            chosen=chosen,
            changes=changes(chosen, self.guideline) if chosen is not None else [],
            **kwargs,
        )


class Editor(ActionFormView):
    """The editor: without a script, more rows come from the server, with all that was typed."""

    nav_key = "datasets"
    template_name = "datasets/guideline_edit.html"
    form_class = forms.GuidelineForm

    def post(self, request: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        if "more" not in request.POST:
            return super().post(request, *args, **kwargs)
        form = forms.GuidelineForm(initial=typed(request.POST))
        form.rules.extra = form.examples.extra = MORE
        return self.render_to_response(self.get_context_data(form=form, is_longer=True))


class GuidelineDraft(OneDataset, Editor):
    title = gettext_lazy("Write the next guideline")
    submit_label = gettext_lazy("Keep the draft")
    success_message = gettext_lazy("The draft is kept. The annotation owner publishes it.")

    def get(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        access.require(request.user, "dataset.edit", self.dataset.use_case.team_id)
        return super().get(request, *args, **kwargs)

    def get_subtitle(self) -> Text:
        return self.dataset.name

    def crumbs(self) -> Sequence[Crumb]:
        return crumbs_to(self.dataset)

    def get_initial(self) -> dict[str, Any]:
        before = current_guideline(self.dataset)
        return {**forms.guideline_values(before), "note": "", "revision": ""} if before else {}

    def act(self, form: Any) -> Guideline:
        return actions.draft_guideline(self.dataset, by=self.request.user, **form.values())

    def success_url_for(self, result: Guideline) -> str:
        return reverse("datasets:guideline_detail", args=[result.pk])

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        self.cancel_url = reverse("datasets:guideline_list", args=[self.dataset.pk])
        return super().get_context_data(**kwargs)


class GuidelineEdit(Editor):
    title = gettext_lazy("Edit the draft")
    submit_label = gettext_lazy("Keep the draft")
    success_message = gettext_lazy("The draft is kept.")
    kwargs: dict[str, Any]

    @cached_property
    def guideline(self) -> Guideline:
        found = guideline_rows(self.request.user).filter(pk=self.kwargs["pk"]).first()
        if found is None:
            raise NotFound(_("There is no such guideline, or you may not see it."))
        return found

    def get(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        access.require(request.user, "dataset.edit", self.guideline.team.pk)
        if self.guideline.is_published:
            return HttpResponseRedirect(reverse("datasets:guideline_detail", args=[self.guideline.pk]))
        return super().get(request, *args, **kwargs)

    def get_subtitle(self) -> Text:
        return f"{self.guideline}, {self.guideline.dataset.name}"

    def crumbs(self) -> Sequence[Crumb]:
        return crumbs_to(self.guideline.dataset)

    def get_initial(self) -> dict[str, Any]:
        return forms.guideline_values(self.guideline)

    def act(self, form: Any) -> Guideline:
        revision = form.cleaned_data["revision"]
        return actions.edit_guideline(self.guideline.pk, by=self.request.user, revision=revision, **form.values())

    def success_url_for(self, result: Guideline) -> str:
        return reverse("datasets:guideline_detail", args=[result.pk])

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        self.cancel_url = reverse("datasets:guideline_detail", args=[self.guideline.pk])
        return super().get_context_data(**kwargs)


class GuidelinePublish(PageMixin):
    """Publish a draft as it was read: the form carries the revision that the page showed."""

    def post(self, request: Any, pk: Any) -> HttpResponse:
        guideline = Guideline.objects.visible_to(request.user).filter(pk=pk).first()
        if guideline is None:
            raise NotFound(_("There is no such guideline, or you may not see it."))
        read = request.POST.get("revision", "")
        revision = int(read) if read.isdecimal() and len(read) < 10 else 0
        actions.publish_guideline(guideline.pk, by=request.user, revision=revision)
        return HttpResponseRedirect(reverse("datasets:guideline_detail", args=[pk]))
