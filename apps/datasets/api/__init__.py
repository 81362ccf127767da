"""The resources of this app, one noun a file."""

from typing import Any

from apps.datasets.api.annotations import AnnotationViewSet
from apps.datasets.api.audits import SampleAuditViewSet
from apps.datasets.api.catalogue import DatasetViewSet, SourceViewSet
from apps.datasets.api.copies import CopyViewSet
from apps.datasets.api.descriptions import DescriptionViewSet
from apps.datasets.api.exports import VersionExportViewSet
from apps.datasets.api.guidelines import GuidelineViewSet
from apps.datasets.api.lineage import EdgeViewSet, NodeViewSet, OpenLineageViewSet
from apps.datasets.api.uploads import UploadViewSet
from apps.datasets.api.versions import VersionViewSet


def register(router: Any) -> None:
    """Add this app's resources to the API."""
    router.register("sources", SourceViewSet, basename="source")
    router.register("datasets", DatasetViewSet, basename="dataset")
    router.register("dataset-versions", VersionViewSet, basename="dataset-version")
    router.register("dataset-descriptions", DescriptionViewSet, basename="dataset-description")
    router.register("lineage/nodes", NodeViewSet, basename="lineage-node")
    router.register("lineage/edges", EdgeViewSet, basename="lineage-edge")
    router.register("lineage/openlineage", OpenLineageViewSet, basename="openlineage")
    router.register("dataset-copies", CopyViewSet, basename="dataset-copy")
    router.register("dataset-exports", VersionExportViewSet, basename="dataset-export")
    router.register("sample-audits", SampleAuditViewSet, basename="sample-audit")
    router.register("uploads", UploadViewSet, basename="upload")
    router.register("guidelines", GuidelineViewSet, basename="guideline")
    router.register("annotations", AnnotationViewSet, basename="annotation")
