"""Checks at start-up: the tables of responsibilities and separations fit together."""

from collections import Counter
from collections.abc import Iterable
from typing import Any

from django.core import checks

from apps.owners.responsibilities import RESPONSIBILITIES, Responsibility
from apps.owners.separation import SEPARATIONS, Separation


def mistakes(
    responsibilities: Iterable[Responsibility], separations: Iterable[Separation]
) -> list[checks.CheckMessage]:
    """Return an error for each separation that names an unknown key or one key twice, and for each pair named twice.

    A responsibility that is required where it can't be held is an error too.
    """
    rows, pairs = list(responsibilities), list(separations)
    known = {row.key for row in rows}
    found: list[checks.CheckMessage] = [
        checks.Error(f"Responsibility {row.key!r} is required where it can't be held.", id="owners.E001")
        for row in rows
        if not row.required_on <= row.held_on
    ]
    found += [
        checks.Error(f"Separation {pair.first} × {pair.second} names {key!r}, which is unknown.", id="owners.E002")
        for pair in pairs
        for key in sorted({pair.first, pair.second} - known)
    ]
    found += [
        checks.Error(f"Separation of {pair.first!r} from itself.", id="owners.E003")
        for pair in pairs
        if pair.first == pair.second
    ]
    found += [
        checks.Error(f"Separation {' × '.join(sorted(pair))} stands {times} times.", id="owners.E004")
        for pair, times in Counter(pair.pair for pair in pairs).items()
        if times > 1
    ]
    return found


@checks.register("fourgate")
def tables_fit(app_configs: Any, **kwargs: Any) -> list[checks.CheckMessage]:
    return mistakes(RESPONSIBILITIES.values(), SEPARATIONS)
