"""The tables of sources, datasets, their versions and all that stands around a version, one noun a file."""

from apps.datasets.models.catalogue import Dataset, Source
from apps.datasets.models.inspections import Inspection, InspectionResult
from apps.datasets.models.sensitive import Derivation, SensitiveDecision
from apps.datasets.models.uploads import Upload
from apps.datasets.models.versions import DatasetVersion, RecordShape, SplitFile, SplitName

__all__ = [
    "Dataset",
    "DatasetVersion",
    "Derivation",
    "Inspection",
    "InspectionResult",
    "RecordShape",
    "SensitiveDecision",
    "Source",
    "SplitFile",
    "SplitName",
    "Upload",
]
