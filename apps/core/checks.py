"""Checks at start-up: what is declared once must fit together."""

from typing import Any

from django.core import checks

from apps.core import subjects


@checks.register("fourgate")
def subject_parents_are_registered(app_configs: Any, **kwargs: Any) -> list[checks.CheckMessage]:
    """Every kind of subject has the callables that pages and dossiers ask for."""
    return [
        checks.Error(f"Subject kind {kind.type!r} has no title.", id="fourgate.E001")
        for kind in subjects.kinds()
        if not kind.title
    ]
