"""The tables of sources, datasets, their versions and all that stands around a version, one noun a file."""

from apps.datasets.models.audits import (
    Adjudication,
    AuditReviewer,
    Defect,
    Judgement,
    SampleAudit,
    SampledRow,
    SampledText,
    Verdict,
)
from apps.datasets.models.catalogue import Dataset, Source
from apps.datasets.models.differences import VersionDifference
from apps.datasets.models.inspections import Inspection, InspectionResult
from apps.datasets.models.uploads import Upload
from apps.datasets.models.versions import DatasetVersion, RecordShape, SplitFile, SplitName

__all__ = [
    "Adjudication",
    "AuditReviewer",
    "Dataset",
    "DatasetVersion",
    "Defect",
    "Inspection",
    "InspectionResult",
    "Judgement",
    "RecordShape",
    "SampleAudit",
    "SampledRow",
    "SampledText",
    "Source",
    "SplitFile",
    "SplitName",
    "Upload",
    "Verdict",
    "VersionDifference",
]
