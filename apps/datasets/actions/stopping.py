"""How a worker learns that nobody wants its work any more."""

import time
from collections.abc import Callable
from typing import Any

from django.db.models import QuerySet

LOOK_AGAIN_SECONDS = 1.0


class Stopped(Exception):
    """Somebody stopped this work, or asked for it again."""


def while_asked(rows: QuerySet[Any]) -> Callable[[], None]:
    """Return what raises ``Stopped`` when it is called after the last of ``rows`` went; it looks once a second."""
    last = [0.0]

    def look() -> None:
        if time.monotonic() - last[0] > LOOK_AGAIN_SECONDS:
            last[0] = time.monotonic()
            if not rows.all().exists():
                raise Stopped

    return look
