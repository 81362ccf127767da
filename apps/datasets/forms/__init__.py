"""The forms of this app, one noun a file."""

from apps.datasets.forms.annotations import AnnotationForm
from apps.datasets.forms.audits import AuditReasonForm, CloseForm, DrawForm, ReviewersForm, RulingForm
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
from apps.datasets.forms.guidelines import GuidelineForm, guideline_values
from apps.datasets.forms.lineage import EventsForm, InputForm, MetadataForm, NodeForm, PartsForm, WithdrawForm
from apps.datasets.forms.reading import ReadingForm
from apps.datasets.forms.sensitive import SensitiveDecisionForm
from apps.datasets.forms.versions import AgainForm, FeedbackForm, TableForm, VersionForm

__all__ = [
    "AgainForm",
    "AnnotationForm",
    "AuditReasonForm",
    "CloseForm",
    "CopyForm",
    "DatasetForm",
    "DeletionForm",
    "DrawForm",
    "EraseForm",
    "EventsForm",
    "ExportForm",
    "ExtensionForm",
    "FeedbackForm",
    "GuidelineForm",
    "HandOverForm",
    "InputForm",
    "MetadataForm",
    "NewSourceForm",
    "NodeForm",
    "PartsForm",
    "ReadingForm",
    "ReviewersForm",
    "RulingForm",
    "SensitiveDecisionForm",
    "SourceForm",
    "TableForm",
    "VersionForm",
    "WhyForm",
    "WithdrawForm",
    "dataset_values",
    "guideline_values",
]
