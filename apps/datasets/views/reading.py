"""How a dataset's files are read, and what the inspection looks for."""

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from apps.core import access
from apps.core.errors import Text
from apps.core.pages import ActionFormView
from apps.datasets import actions, forms
from apps.datasets.actions.reading import reading_of
from apps.datasets.models import Dataset
from apps.datasets.views.datasets import OneDataset


class ReadingEdit(OneDataset, ActionFormView):
    """Remembered for the versions to come; the policy holds for every inspection that is asked for from now on."""

    nav_key = "datasets"
    title = _("How the files are read")
    form_class = forms.ReadingForm
    submit_label = _("Save")
    success_message = _("Saved. Inspect a version again to apply the new parameters to it.")

    def get(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        access.require(request.user, "dataset.edit", self.dataset.use_case.team_id)
        return super().get(request, *args, **kwargs)

    def get_subtitle(self) -> Text:
        return self.dataset.name

    def get_initial(self) -> dict[str, Any]:
        reading = reading_of(self.dataset)
        return {"revision": self.dataset.revision, **reading["mapping"], **reading["policy"]}

    def act(self, form: Any) -> Dataset:
        return actions.set_reading(
            self.dataset.pk, by=self.request.user, revision=form.cleaned_data["revision"], **form.values()
        )

    def success_url_for(self, result: Dataset) -> str:
        return reverse("datasets:dataset_detail", args=[result.pk])
