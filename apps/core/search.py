"""Global search: every app offers a provider, the page and the API ask them all."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from apps.core.errors import Text


@dataclass(frozen=True, slots=True)
class Hit:
    title: str
    kind: Text
    url: str
    note: str = ""
    icon: str = "search"


Provider = Callable[[Any, str, int], list[Hit]]
_providers: list[Provider] = []


def offer(provider: Provider) -> None:
    """Register ``provider(user, text, limit)``; it answers with what the user may see, best first."""
    _providers.append(provider)


def search(user: Any, text: str, limit: int = 10) -> list[Hit]:
    """Return the hits of all providers for a text of at least two characters."""
    text = " ".join(text.split())[:200]
    if len(text) < 2:
        return []
    return [hit for provider in _providers for hit in provider(user, text, limit)]
