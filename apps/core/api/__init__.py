"""The API's plumbing, and the two resources without a domain: jobs and search."""

from typing import Any


def register(router: Any) -> None:
    from apps.core.api.resources import JobViewSet, SearchViewSet

    router.register("jobs", JobViewSet, basename="job")
    router.register("search", SearchViewSet, basename="search")
