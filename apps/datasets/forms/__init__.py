"""The forms of this app, one noun a file."""

from apps.datasets.forms.catalogue import DatasetForm, NewSourceForm, SourceForm, dataset_values
from apps.datasets.forms.reading import ReadingForm
from apps.datasets.forms.sensitive import SensitiveDecisionForm
from apps.datasets.forms.versions import AgainForm, VersionForm

__all__ = [
    "AgainForm",
    "DatasetForm",
    "NewSourceForm",
    "ReadingForm",
    "SensitiveDecisionForm",
    "SourceForm",
    "VersionForm",
    "dataset_values",
]
