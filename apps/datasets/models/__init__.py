"""The tables of sources, datasets, their versions and all that stands around a version, one noun a file."""

from apps.datasets.models.access import SampleView
from apps.datasets.models.catalogue import Dataset, Source
from apps.datasets.models.copies import Copy, CopyDeletion, CopyExtension
from apps.datasets.models.exports import ExportCopy, ExportDownload, ExportRevocation, VersionExport
from apps.datasets.models.inspections import Inspection, InspectionResult
from apps.datasets.models.uploads import Upload
from apps.datasets.models.versions import DatasetVersion, RecordShape, SplitFile, SplitName

__all__ = [
    "Copy",
    "CopyDeletion",
    "CopyExtension",
    "Dataset",
    "DatasetVersion",
    "ExportCopy",
    "ExportDownload",
    "ExportRevocation",
    "Inspection",
    "InspectionResult",
    "RecordShape",
    "SampleView",
    "Source",
    "SplitFile",
    "SplitName",
    "Upload",
    "VersionExport",
]
