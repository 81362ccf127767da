"""How other floors name the things of this one."""

from apps.core.subjects import SubjectRef
from apps.datasets.models import Copy, Dataset, DatasetVersion, LineageNode, SampleAudit, Source


def source_ref(source: Source) -> SubjectRef:
    return SubjectRef("source", source.pk)


def dataset_ref(dataset: Dataset) -> SubjectRef:
    return SubjectRef("dataset", dataset.pk)


def version_ref(version: DatasetVersion) -> SubjectRef:
    return SubjectRef("dataset_version", version.pk)


def node_ref(node: LineageNode) -> SubjectRef:
    return SubjectRef("lineage_node", node.pk)


def copy_ref(copy: Copy) -> SubjectRef:
    return SubjectRef("dataset_copy", copy.pk)


def audit_ref(audit: SampleAudit) -> SubjectRef:
    return SubjectRef("sample_audit", audit.pk)
