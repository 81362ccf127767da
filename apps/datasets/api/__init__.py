"""The resources of this app, one noun a file."""

from typing import Any

from apps.datasets.api.audits import SampleAuditViewSet
from apps.datasets.api.catalogue import DatasetViewSet, SourceViewSet
from apps.datasets.api.uploads import UploadViewSet
from apps.datasets.api.versions import VersionViewSet


def register(router: Any) -> None:
    """Add this app's resources to the API."""
    router.register("sources", SourceViewSet, basename="source")
    router.register("datasets", DatasetViewSet, basename="dataset")
    router.register("dataset-versions", VersionViewSet, basename="dataset-version")
    router.register("sample-audits", SampleAuditViewSet, basename="sample-audit")
    router.register("uploads", UploadViewSet, basename="upload")
