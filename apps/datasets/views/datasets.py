from collections.abc import Sequence
from typing import Any

from django.db.models import Count, Max, QuerySet
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from apps.core import access
from apps.core.errors import NotFound, Text
from apps.core.pages import ActionFormView, Crumb, DetailPage, ListPage
from apps.datasets import actions, forms
from apps.datasets.actions.guidelines import current_guideline
from apps.datasets.filters import DatasetFilter
from apps.datasets.models import Dataset
from apps.owners import holders
from apps.usecases.models import UseCase


def list_crumb() -> Crumb:
    return (_("Datasets"), reverse("datasets:dataset_list"))


class DatasetList(ListPage):
    model = Dataset
    template_name = "datasets/dataset_list.html"
    nav_key = "datasets"
    title = _("Datasets")
    subtitle = _("What models may be tuned on, version by version, inspected by machine.")
    filterset_class = DatasetFilter
    orderings = {"name": "name", "created": "id"}
    csv_name = "datasets"
    csv_columns = (
        (_("Name"), lambda row: row.name),
        (_("Use case"), lambda row: row.use_case.name),
        (_("Team"), lambda row: row.use_case.team.name),
        (_("Versions"), lambda row: row.version_count),
    )

    def get_queryset(self) -> QuerySet[Dataset]:
        rows = Dataset.objects.visible_to(self.request.user).select_related("use_case__team")
        return rows.annotate(version_count=Count("versions"), newest_at=Max("versions__created_at"))

    def decorate(self, rows: list[Any]) -> list[Any]:
        vacant = holders.vacant_on_each("dataset", [row.pk for row in rows])
        return [{"dataset": row, "vacant": vacant.get(row.pk, ())} for row in rows]


class DatasetDetail(DetailPage):
    model = Dataset
    template_name = "datasets/dataset_detail.html"
    context_name = "dataset"
    nav_key = "datasets"

    def get_queryset(self) -> QuerySet[Dataset]:
        return Dataset.objects.visible_to(self.request.user).select_related("use_case__team")

    def get_subtitle(self) -> Text:
        return str(self.object.description)

    def crumbs(self) -> Sequence[Crumb]:
        return [list_crumb()]

    def tags(self) -> Sequence[dict[str, Any]]:
        return [{"text": self.object.use_case.name}, {"text": self.object.use_case.team.name}]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        user, team = self.request.user, self.object.use_case.team_id
        return super().get_context_data(
            versions=self.object.versions.select_related("registered_by", "inspection").order_by("-number")[:50],
            sources=self.object.sources.order_by("name"),
            guideline=current_guideline(self.object),
            may_edit=user.may("dataset.edit", team),
            may_register=user.may("dataset.register", team),
            **kwargs,
        )


class DatasetCreate(ActionFormView):
    nav_key = "datasets"
    title = _("New dataset")
    form_class = forms.DatasetForm
    submit_label = _("Create the dataset")
    success_message = _("The dataset is created. Register its first version next.")

    @cached_property
    def use_case(self) -> UseCase:
        found = UseCase.objects.visible_to(self.request.user).filter(pk=self.kwargs["use_case"]).first()
        if found is None:
            raise NotFound(_("There is no such use case, or you may not see it."))
        return found

    def get(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        access.require(request.user, "dataset.create", self.use_case.team_id)
        return super().get(request, *args, **kwargs)

    def get_subtitle(self) -> Text:
        return self.use_case.name

    def crumbs(self) -> Sequence[Crumb]:
        return [list_crumb()]

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "use_case": self.use_case}

    def act(self, form: Any) -> Dataset:
        values = dict(form.cleaned_data)
        values.pop("revision")
        return actions.create_dataset(self.use_case, by=self.request.user, **values)

    def success_url_for(self, result: Dataset) -> str:
        return reverse("datasets:dataset_detail", args=[result.pk])


class OneDataset:
    """A page about one dataset that the reader may see."""

    request: Any
    kwargs: dict[str, Any]

    @cached_property
    def dataset(self) -> Dataset:
        rows = Dataset.objects.visible_to(self.request.user).select_related("use_case__team")
        found = rows.filter(pk=self.kwargs["pk"]).first()
        if found is None:
            raise NotFound(_("There is no such dataset, or you may not see it."))
        return found

    def crumbs(self) -> Sequence[Crumb]:
        return [list_crumb(), (self.dataset.name, reverse("datasets:dataset_detail", args=[self.dataset.pk]))]


class DatasetEdit(OneDataset, ActionFormView):
    nav_key = "datasets"
    title = _("Edit the dataset")
    form_class = forms.DatasetForm
    submit_label = _("Save")
    success_message = _("Saved.")

    def get(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        access.require(request.user, "dataset.edit", self.dataset.use_case.team_id)
        return super().get(request, *args, **kwargs)

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "use_case": self.dataset.use_case}

    def get_initial(self) -> dict[str, Any]:
        return forms.dataset_values(self.dataset)

    def act(self, form: Any) -> Dataset:
        values = dict(form.cleaned_data)
        return actions.edit_dataset(self.dataset.pk, by=self.request.user, **values)

    def success_url_for(self, result: Dataset) -> str:
        return reverse("datasets:dataset_detail", args=[result.pk])
