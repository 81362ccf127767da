from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.datasets.actions.catalogue import SOURCE_FIELDS
from apps.datasets.models import Dataset, Source
from apps.people.models import Team
from apps.people.roles import roles_with
from apps.usecases.models import UseCase


class SourceForm(forms.ModelForm[Source]):
    revision = forms.IntegerField(widget=forms.HiddenInput, required=False)

    class Meta:
        model = Source
        fields = SOURCE_FIELDS
        help_texts = {
            "location": _("Where it is: a site, an object, a table."),
            "retention_days": _("From the registration of a version on; no copy of its data stays longer."),
            "owner_name": _("Who answers for the system itself."),
            "is_authoritative": _("This system, and no copy of it, decides what is right."),
            "exclusions": _("Which records are never taken from it, and why."),
        }
        widgets = {"exclusions": forms.Textarea(attrs={"rows": 3})}

    def validate_constraints(self) -> None:
        """Leave the double name to the action, which refuses with a sentence."""


class NewSourceForm(SourceForm):
    team = forms.ModelChoiceField(queryset=Team.objects.none(), label=_("Team"), empty_label=_("Choose a team"))
    field_order = ("team",)

    def __init__(self, *args: Any, user: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        mine = Team.objects.filter(memberships__user=user, memberships__role__in=roles_with("source.edit")).distinct()
        self.fields["team"].queryset = mine  # type: ignore[attr-defined]
        if len(mine) == 1:
            self.fields["team"].initial = mine[0]


class DatasetForm(forms.Form):
    revision = forms.IntegerField(widget=forms.HiddenInput, required=False)
    name = forms.CharField(label=_("Name"), max_length=120)
    description = forms.CharField(
        label=_("Description"), max_length=2000, required=False, widget=forms.Textarea(attrs={"rows": 3})
    )
    retention_days = forms.IntegerField(
        label=_("Days that copies are kept"),
        min_value=1,
        max_value=36500,
        required=False,
        help_text=_("From the registration of a version on, unless a copy says sooner. An extension can go past it."),
    )
    sources = forms.ModelMultipleChoiceField(
        label=_("Sources"),
        queryset=Source.objects.none(),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Where the records come from. Declare a new source under Datasets, Sources."),
    )

    def __init__(self, *args: Any, use_case: UseCase, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["sources"].queryset = Source.objects.filter(team=use_case.team_id).order_by("name")  # type: ignore[attr-defined]


def dataset_values(dataset: Dataset) -> dict[str, Any]:
    return {
        "revision": dataset.revision,
        "name": dataset.name,
        "description": dataset.description,
        "retention_days": dataset.retention_days,
        "sources": list(dataset.sources.values_list("pk", flat=True)),
    }
