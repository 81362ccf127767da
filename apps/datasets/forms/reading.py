"""How a dataset's files are read."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.datasets.models import RecordShape


class ReadingForm(forms.Form):
    """The columns of a record and what the inspection looks for; the usual values stand in the fields."""

    revision = forms.IntegerField(widget=forms.HiddenInput, required=False)
    shape = forms.ChoiceField(
        label=_("Shape of the records"),
        choices=[("", _("As the columns' names say")), *RecordShape.choices],
        required=False,
    )
    input = forms.CharField(
        label=_("Input column"), help_text=_("Guessed from the header when empty."), max_length=200, required=False
    )
    label = forms.CharField(label=_("Label or answer column"), max_length=200, required=False)
    context = forms.CharField(
        label=_("Context column"), help_text=_("What belongs to the input besides it."), max_length=200, required=False
    )
    date = forms.CharField(
        label=_("Date column"), help_text=_("Tells how old each record is."), max_length=200, required=False
    )
    near_threshold = forms.FloatField(
        label=_("Nearly equal from a similarity of"),
        min_value=0.5,
        max_value=1,
        help_text=_("Jaccard similarity of the sets of word n-grams, 0.5 to 1."),
    )
    near_words = forms.IntegerField(label=_("Words in an n-gram"), min_value=1, max_value=20)
    ignore_punctuation = forms.BooleanField(
        label=_("Compare letters and digits only"),
        required=False,
        help_text=_("Texts that differ in punctuation alone are then equal."),
    )
    stale_days = forms.IntegerField(
        label=_("Stale after days"), min_value=1, required=False, help_text=_("Empty: no record is too old.")
    )
    rare_rows = forms.IntegerField(label=_("A label is rare below rows"), min_value=1)

    def values(self) -> dict[str, dict[str, Any]]:
        """Return {"mapping": …, "policy": …} as the action takes them."""
        data = self.cleaned_data
        mapping = {name: data[name] for name in ("shape", "input", "label", "context", "date")}
        names = ("near_threshold", "near_words", "ignore_punctuation", "stale_days", "rare_rows")
        return {"mapping": mapping, "policy": {name: data[name] for name in names}}
