"""The tables of sources, datasets, their versions and all that stands around a version, one noun a file."""

from apps.datasets.models.access import SampleView
from apps.datasets.models.annotations import AnnotationResult, AnnotationTable, ContestedItem
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
from apps.datasets.models.copies import Copy, CopyDeletion, CopyExtension, files_deleted
from apps.datasets.models.descriptions import Description
from apps.datasets.models.differences import VersionDifference
from apps.datasets.models.exports import ExportCopy, ExportDownload, ExportRevocation, VersionExport
from apps.datasets.models.feedback import FeedbackDecision
from apps.datasets.models.guidelines import Guideline
from apps.datasets.models.inspections import Inspection, InspectionResult
from apps.datasets.models.lineage import EdgeWithdrawal, LineageEdge, LineageNode, RunEvent
from apps.datasets.models.sensitive import Derivation, SensitiveDecision
from apps.datasets.models.uploads import Upload
from apps.datasets.models.versions import DatasetVersion, FileOrigin, RecordShape, SplitFile, SplitName

__all__ = [
    "Adjudication",
    "AnnotationResult",
    "AnnotationTable",
    "AuditReviewer",
    "ContestedItem",
    "Copy",
    "CopyDeletion",
    "CopyExtension",
    "Dataset",
    "DatasetVersion",
    "Defect",
    "Derivation",
    "Description",
    "EdgeWithdrawal",
    "ExportCopy",
    "ExportDownload",
    "ExportRevocation",
    "FeedbackDecision",
    "FileOrigin",
    "Guideline",
    "Inspection",
    "InspectionResult",
    "Judgement",
    "LineageEdge",
    "LineageNode",
    "RecordShape",
    "RunEvent",
    "SampleAudit",
    "SampleView",
    "SampledRow",
    "SampledText",
    "SensitiveDecision",
    "Source",
    "SplitFile",
    "SplitName",
    "Upload",
    "Verdict",
    "VersionDifference",
    "VersionExport",
    "files_deleted",
]
