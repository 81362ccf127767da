from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.datasets.models import RecordShape, SplitName


class FilesInput(forms.ClearableFileInput):
    allow_multiple_selected = True


class FilesField(forms.FileField):
    """Several files in one field."""

    widget = FilesInput

    def clean(self, data: Any, initial: Any = None) -> list[Any]:
        files = data if isinstance(data, list | tuple) else [data] if data else []
        return [super(FilesField, self).clean(file, initial) for file in files if file]


class VersionForm(forms.Form):
    """Files for each split; the script sends them in pieces first and leaves their uploads' identifiers here."""

    note = forms.CharField(label=_("What is new"), max_length=500, required=False)
    train = FilesField(label=_("Training split"), required=False)
    validation = FilesField(label=_("Validation split"), required=False)
    test = FilesField(label=_("Test split"), required=False)
    train_uploads = forms.CharField(widget=forms.HiddenInput, required=False)
    validation_uploads = forms.CharField(widget=forms.HiddenInput, required=False)
    test_uploads = forms.CharField(widget=forms.HiddenInput, required=False)
    input_column = forms.CharField(
        label=_("Input column"), max_length=200, required=False, help_text=_("Guessed from the header when empty.")
    )
    label_column = forms.CharField(
        label=_("Label column"), max_length=200, required=False, help_text=_("Guessed from the header when empty.")
    )
    context_column = forms.CharField(
        label=_("Context column"),
        max_length=200,
        required=False,
        help_text=_("What belongs to the input besides it, such as the input of an instruction."),
    )
    date_column = forms.CharField(
        label=_("Date column"), max_length=200, required=False, help_text=_("Tells how old each record is.")
    )
    shape = forms.ChoiceField(
        label=_("Shape of the records"),
        choices=[("", _("As the columns' names say")), *RecordShape.choices],
        required=False,
    )
    fewer_splits_reason = forms.CharField(
        label=_("Why fewer than three splits"), max_length=500, required=False, widget=forms.Textarea(attrs={"rows": 2})
    )

    def splits(self) -> list[str]:
        return list(SplitName.values)


class AgainForm(forms.Form):
    """A form with a button and no fields."""
