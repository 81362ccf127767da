"""Prometheus metrics that no library gives."""

from collections.abc import Iterator
from typing import Any

from django.db.models import Count
from prometheus_client.core import REGISTRY, GaugeMetricFamily
from prometheus_client.registry import Collector


class JobCollector(Collector):
    """Counts the jobs that are not finished, by kind and state, at the time of the scrape."""

    def collect(self) -> Iterator[Any]:
        from apps.core.models import Job

        family = GaugeMetricFamily("fourgate_jobs", "Jobs that are not finished", labels=["kind", "state"])
        rows = Job.objects.filter(state__in=["queued", "running"]).values("kind", "state").annotate(n=Count("id"))
        for row in rows:
            family.add_metric([row["kind"], row["state"]], row["n"])
        yield family

    def describe(self) -> list[Any]:
        return []


REGISTRY.register(JobCollector())
