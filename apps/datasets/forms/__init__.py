"""The forms of this app, one noun a file."""

from apps.datasets.forms.catalogue import DatasetForm, NewSourceForm, SourceForm, dataset_values
from apps.datasets.forms.copies import (
    CopyForm,
    DeletionForm,
    EraseForm,
    ExportForm,
    ExtensionForm,
    HandOverForm,
    WhyForm,
)
from apps.datasets.forms.reading import ReadingForm
from apps.datasets.forms.versions import AgainForm, VersionForm

__all__ = [
    "AgainForm",
    "CopyForm",
    "DatasetForm",
    "DeletionForm",
    "EraseForm",
    "ExportForm",
    "ExtensionForm",
    "HandOverForm",
    "NewSourceForm",
    "ReadingForm",
    "SourceForm",
    "VersionForm",
    "WhyForm",
    "dataset_values",
]
