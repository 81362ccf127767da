"""The resources of this app, one noun a file."""

from typing import Any

from apps.evaluations.api.comparisons import ComparisonViewSet
from apps.evaluations.api.findings import FailureViewSet, FindingViewSet
from apps.evaluations.api.imports import ImportViewSet
from apps.evaluations.api.reviews import ReviewViewSet
from apps.evaluations.api.runs import BaselineViewSet, EvaluationRunViewSet
from apps.evaluations.api.suites import SuiteVersionViewSet, SuiteViewSet


def register(router: Any) -> None:
    """Add this app's resources to the API."""
    router.register("suites", SuiteViewSet, basename="suite")
    router.register("suite-versions", SuiteVersionViewSet, basename="suite-version")
    router.register("baselines", BaselineViewSet, basename="baseline")
    router.register("evaluation-imports", ImportViewSet, basename="evaluation-import")
    router.register("evaluation-runs", EvaluationRunViewSet, basename="evaluation-run")
    router.register("evaluation-failures", FailureViewSet, basename="evaluation-failure")
    router.register("red-team-findings", FindingViewSet, basename="red-team-finding")
    router.register("output-reviews", ReviewViewSet, basename="output-review")
    router.register("comparisons", ComparisonViewSet, basename="comparison")
