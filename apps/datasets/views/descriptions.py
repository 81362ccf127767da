"""Metadata files: read one, look at what is recognised, take it over or leave it."""

from collections.abc import Sequence
from typing import Any

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from apps.core import access
from apps.core.errors import NotFound, Text
from apps.core.pages import ActionFormView, Crumb, PageMixin
from apps.datasets import actions, forms
from apps.datasets.actions.descriptions import parts_of
from apps.datasets.models import Description
from apps.datasets.views.datasets import OneDataset, list_crumb

SHOWN = (
    ("name", _("Name")),
    ("description", _("Description")),
    ("licence", _("Licence")),
    ("creators", _("Creators")),
    ("publisher", _("Publisher")),
    ("url", _("Address")),
    ("version", _("Version")),
    ("published", _("Published")),
    ("languages", _("Languages")),
    ("size", _("Size")),
    ("tasks", _("Tasks")),
    ("keywords", _("Keywords")),
    ("sources", _("Made from")),
)


def said(recognised: dict[str, Any]) -> list[tuple[Text, str]]:
    """Return what was recognised, in words; what is empty is left out."""
    found: list[tuple[Text, str]] = []
    for key, title in SHOWN:
        value = recognised.get(key) or ""
        text = ", ".join(value) if isinstance(value, list) else value
        if text:
            found.append((title, text))
    return found


class MetadataRead(OneDataset, ActionFormView):
    nav_key = "datasets"
    template_name = "datasets/metadata_read.html"
    title = _("Read metadata")
    form_class = forms.MetadataForm
    submit_label = _("Read the file")

    def get(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        access.require(request.user, "dataset.edit", self.dataset.use_case.team_id)
        return super().get(request, *args, **kwargs)

    def get_subtitle(self) -> Text:
        return self.dataset.name

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "dataset": self.dataset}

    def act(self, form: Any) -> Description:
        data = form.cleaned_data
        return actions.read_description(self.dataset, data["file"], by=self.request.user, version=data["version"])

    def success_url_for(self, result: Description) -> str:
        return reverse("datasets:description_detail", args=[result.pk])

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        self.cancel_url = reverse("datasets:dataset_detail", args=[self.dataset.pk])
        earlier = self.dataset.descriptions.select_related("read_by", "version__dataset").order_by("-id")[:50]
        return super().get_context_data(earlier=earlier, **kwargs)


class OneDescription:
    """A page about what one metadata file says."""

    request: Any
    kwargs: dict[str, Any]

    @cached_property
    def description(self) -> Description:
        rows = Description.objects.visible_to(self.request.user).select_related(
            "dataset__use_case__team", "version__dataset", "read_by", "decided_by", "source"
        )
        found = rows.filter(pk=self.kwargs["pk"]).first()
        if found is None:
            raise NotFound(_("There is no such metadata, or you may not see it."))
        return found

    def crumbs(self) -> Sequence[Crumb]:
        dataset = self.description.dataset
        return [
            list_crumb(),
            (dataset.name, reverse("datasets:dataset_detail", args=[dataset.pk])),
            (_("Read metadata"), reverse("datasets:metadata_read", args=[dataset.pk])),
        ]


class DescriptionDetail(OneDescription, ActionFormView):
    """What is recognised, and what of it to take over."""

    nav_key = "datasets"
    template_name = "datasets/description_detail.html"
    form_class = forms.PartsForm
    submit_label = _("Take over")
    success_message = _("Taken over.")

    def get_title(self) -> Text:
        return self.description.file_name

    def get_subtitle(self) -> Text:
        return str(self.description.get_format_display())

    def tags(self) -> Sequence[dict[str, Any]]:
        return [{"text": self.description.get_state_display()}, {"text": self.description.dataset.name}]

    def get_form_kwargs(self) -> dict[str, Any]:
        possible = parts_of(self.description.recognised, self.description.version)
        return {**super().get_form_kwargs(), "possible": possible}

    def act(self, form: Any) -> Description:
        return actions.take_over_description(self.description, form.cleaned_data["parts"], by=self.request.user)

    def success_url_for(self, result: Description) -> str:
        if "lineage" in result.parts and result.version_id:
            return reverse("datasets:version_lineage", args=[result.version_id])
        return reverse("datasets:dataset_detail", args=[result.dataset_id])

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        row = self.description
        may = self.request.user.may("dataset.edit", row.team.pk)
        return super().get_context_data(
            description=row,
            said=said(row.recognised),
            files=row.recognised.get("files", ()),
            notes=row.recognised.get("notes", ()),
            may_decide=may and row.state == Description.State.READ,
            **kwargs,
        )


class DescriptionDiscard(OneDescription, PageMixin):
    def post(self, request: Any, pk: Any) -> HttpResponse:
        found = actions.discard_description(self.description, by=request.user)
        messages.success(request, str(_("Discarded.")))
        return HttpResponseRedirect(reverse("datasets:dataset_detail", args=[found.dataset_id]))
