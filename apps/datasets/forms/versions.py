from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from apps.datasets.models import FeedbackDecision, FileOrigin, RecordShape, SplitName, Upload


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

    FEEDBACK = "feedback"

    note = forms.CharField(label=_("What is new"), max_length=500, required=False)
    train = FilesField(label=_("Training split"), required=False)
    validation = FilesField(label=_("Validation split"), required=False)
    test = FilesField(label=_("Test split"), required=False)
    train_uploads = forms.CharField(widget=forms.HiddenInput, required=False)
    validation_uploads = forms.CharField(widget=forms.HiddenInput, required=False)
    test_uploads = forms.CharField(widget=forms.HiddenInput, required=False)
    feedback = FilesField(label=_("Files"), required=False)
    feedback_uploads = forms.CharField(widget=forms.HiddenInput, required=False)
    feedback_split = forms.ChoiceField(label=_("Split"), choices=SplitName.choices, initial="train", required=False)
    origin_column = forms.CharField(
        label=_("Column that says where each row came from"),
        max_length=200,
        required=False,
        help_text=_("An output, a ticket or an address; filled in every row."),
    )
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

    def __init__(self, *args: Any, tables: Sequence[Upload] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.tables = {f"table_{upload.pk}": upload for upload in tables}
        for name, upload in self.tables.items():
            rows = upload.rows or 0
            self.fields[name] = forms.ChoiceField(
                label=upload.taken_from["table"],
                choices=[("", _("Leave it out")), *SplitName.choices, (self.FEEDBACK, _("Production feedback"))],
                required=False,
                help_text=ngettext("%(rows)s row, read %(when)s UTC", "%(rows)s rows, read %(when)s UTC", rows)
                % {"rows": f"{rows:,}", "when": upload.taken_from["read_at"][:16].replace("T", " ")},
            )

    def table_fields(self) -> list[Any]:
        return [self[name] for name in self.tables]

    def zones(self) -> list[str]:
        """Return where files can be put: a split each, and production feedback."""
        return [*SplitName.values, self.FEEDBACK]

    def about(self, zone: str) -> tuple[str, dict[str, str]]:
        """Return the split of a zone's files, and what is declared of them."""
        if zone != self.FEEDBACK:
            return zone, {}
        declared = {"origin": FileOrigin.PRODUCTION_FEEDBACK, "origin_column": self.cleaned_data["origin_column"]}
        return self.cleaned_data["feedback_split"] or SplitName.TRAIN, declared

    def taken(self, zone: str) -> list[Upload]:
        """Return the files from tables that were put there."""
        return [upload for name, upload in self.tables.items() if self.cleaned_data[name] == zone]


class TableForm(forms.Form):
    """Which table to read, and which of its columns."""

    table = forms.CharField(label=_("Table"), max_length=200, help_text=_("As schema.table."))
    columns = forms.CharField(
        label=_("Columns"),
        required=False,
        max_length=20_000,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("One a line. All when this is empty."),
    )

    def clean_columns(self) -> list[str]:
        return str(self.cleaned_data["columns"]).splitlines()


class FeedbackForm(forms.Form):
    decision = forms.ChoiceField(
        label=_("Decision"), choices=FeedbackDecision.Decision.choices, widget=forms.RadioSelect
    )
    reason = forms.CharField(
        label=_("Why"),
        max_length=500,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("Needed when it is declined. It stands in the trail, word for word."),
    )


class AgainForm(forms.Form):
    """A form with a button and no fields."""
