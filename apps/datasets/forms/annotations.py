from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.datasets.models import AnnotationTable, Guideline

COLUMNS = ("item", "annotator", "label", "time", "guideline")


class AnnotationForm(forms.Form):
    """A file of annotations and how to read it; ``upload`` keeps a file that came with an earlier try."""

    file = forms.FileField(
        label=_("File"),
        required=False,
        help_text=_("CSV or JSON Lines, one annotation a row, packed with gzip or not."),
    )
    upload = forms.UUIDField(widget=forms.HiddenInput, required=False)
    guideline = forms.ModelChoiceField(
        label=_("Labelled under guideline"),
        queryset=Guideline.objects.none(),
        required=False,
        empty_label=_("The rows say it, or nobody knows"),
        help_text=_("For the rows that don't name a version themselves."),
    )
    scale = forms.ChoiceField(label=_("What the labels are"), choices=AnnotationTable.Scale, initial="nominal")
    label_order = forms.CharField(
        label=_("Labels from low to high"),
        required=False,
        max_length=20_000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("One a line, when they have an order and are no numbers."),
    )
    item_column = forms.CharField(label=_("Item"), max_length=200, required=False)
    annotator_column = forms.CharField(label=_("Annotator"), max_length=200, required=False)
    label_column = forms.CharField(label=_("Label"), max_length=200, required=False)
    time_column = forms.CharField(label=_("Time"), max_length=200, required=False)
    guideline_column = forms.CharField(label=_("Guideline's version"), max_length=200, required=False)
    note = forms.CharField(label=_("Note"), max_length=500, required=False)

    def __init__(self, *args: Any, guidelines: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["guideline"].queryset = guidelines  # type: ignore[attr-defined]
        for name in ("file", *(f"{key}_column" for key in COLUMNS)):
            self.fields[name].is_asked = True  # type: ignore[attr-defined]

    def column_fields(self) -> list[Any]:
        return [self[f"{key}_column"] for key in COLUMNS]

    def columns(self) -> dict[str, str]:
        return {key: self.cleaned_data[f"{key}_column"] for key in COLUMNS}

    def order(self) -> list[str]:
        return [line.strip() for line in self.cleaned_data["label_order"].splitlines() if line.strip()]
