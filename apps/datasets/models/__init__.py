"""The tables of sources, datasets, their versions and all that stands around a version, one noun a file."""

from apps.datasets.models.annotations import AnnotationResult, AnnotationTable, ContestedItem
from apps.datasets.models.catalogue import Dataset, Source
from apps.datasets.models.descriptions import Description
from apps.datasets.models.guidelines import Guideline
from apps.datasets.models.inspections import Inspection, InspectionResult
from apps.datasets.models.lineage import EdgeWithdrawal, LineageEdge, LineageNode, RunEvent
from apps.datasets.models.uploads import Upload
from apps.datasets.models.versions import DatasetVersion, RecordShape, SplitFile, SplitName

__all__ = [
    "AnnotationResult",
    "AnnotationTable",
    "ContestedItem",
    "Dataset",
    "DatasetVersion",
    "Description",
    "EdgeWithdrawal",
    "Guideline",
    "Inspection",
    "InspectionResult",
    "LineageEdge",
    "LineageNode",
    "RecordShape",
    "RunEvent",
    "Source",
    "SplitFile",
    "SplitName",
    "Upload",
]
