"""Acts that start at the same instant, each over a connection of its own."""

import threading
import time
from collections import Counter
from collections.abc import Callable
from typing import Any

from django.db import connection, transaction
from django.db.models import QuerySet

from apps.core.errors import Refusal

Act = Callable[[], Any]


def at_once(acts: list[Act]) -> Counter[str]:
    """Run the acts in threads that start together; return how each ended."""
    ended: list[str] = []
    _join(_begun(acts, ended))
    return Counter(ended)


def at_once_behind(acts: list[Act], *rows: QuerySet[Any]) -> Counter[str]:
    """Run the acts while the rows are locked, and let go once each waits or has ended; return how each ended."""
    ended: list[str] = []
    with transaction.atomic():
        for row in rows:
            list(row.order_by("pk").select_for_update())
        threads, deadline = _begun(acts, ended), time.monotonic() + 0.5
        while len(ended) + waiting() < len(acts) and time.monotonic() < deadline:
            time.sleep(0.01)
    _join(threads)
    return Counter(ended)


def _begun(acts: list[Act], ended: list[str]) -> list[threading.Thread]:
    start = threading.Barrier(len(acts))

    def run(act: Act) -> None:
        start.wait()
        try:
            act()
            ended.append("done")
        except Refusal as refusal:
            ended.append(refusal.code)
        except Exception as error:
            ended.append(f"error {type(error).__name__}: {error}")
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    return threads


def _join(threads: list[threading.Thread]) -> None:
    for thread in threads:
        thread.join()


def waiting() -> int:
    """Return how many sessions wait for a lock in this database."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_stat_clear_snapshot()")
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
        )
        (found,) = cursor.fetchone()
    return int(found)
