"""The forms of this app, one noun a file."""

from apps.datasets.forms.audits import AuditReasonForm, CloseForm, DrawForm, ReviewersForm, RulingForm
from apps.datasets.forms.catalogue import DatasetForm, NewSourceForm, SourceForm, dataset_values
from apps.datasets.forms.reading import ReadingForm
from apps.datasets.forms.versions import AgainForm, VersionForm

__all__ = [
    "AgainForm",
    "AuditReasonForm",
    "CloseForm",
    "DatasetForm",
    "DrawForm",
    "NewSourceForm",
    "ReadingForm",
    "ReviewersForm",
    "RulingForm",
    "SourceForm",
    "VersionForm",
    "dataset_values",
]
