"""Liveness and readiness, for supervisors and load balancers."""

from collections.abc import Callable

import redis
from django.conf import settings
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache


@never_cache
def alive(request: HttpRequest) -> HttpResponse:
    """Answer 200 as long as this process serves requests."""
    return HttpResponse("alive\n", content_type="text/plain")


def _database() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")


def _migrations() -> None:
    executor = MigrationExecutor(connection)
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        raise RuntimeError("migrations wait to be applied")


def broker() -> None:
    """Raise when Redis does not answer within a second."""
    client = redis.Redis.from_url(settings.REDIS_URL, socket_timeout=1, socket_connect_timeout=1)
    try:
        client.ping()
    finally:
        client.close()


@never_cache
def ready(request: HttpRequest) -> JsonResponse:
    """Answer 200 when database, migrations and broker are in order, else 503; name each by its state."""
    checks: dict[str, Callable[[], None]] = {
        "database": _database,
        "migrations": _migrations,
        "broker": broker,
    }
    found: dict[str, str] = {}
    for name, check in checks.items():
        try:
            check()
            found[name] = "ok"
        except Exception as error:
            found[name] = f"unavailable ({type(error).__name__})"
    well = all(state == "ok" for state in found.values())
    return JsonResponse({"ready": well, **found}, status=200 if well else 503)
