"""What the apps offer to the shell: entries of the left navigation."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.urls import reverse

from apps.core.errors import Text


@dataclass(frozen=True, slots=True)
class NavItem:
    """One entry; ``shown(user)`` hides it from those it is not for, ``count(user)`` puts a figure beside it."""

    key: str
    label: Text
    icon: str
    url_name: str
    order: int
    section: Text = ""
    count: Callable[[Any], int | None] | None = None
    shown: Callable[[Any], bool] | None = None


_items: dict[str, NavItem] = {}


def offer(item: NavItem) -> None:
    _items[item.key] = item


def sections(request: HttpRequest, active: str = "") -> list[dict[str, Any]]:
    """Return the navigation of the signed-in user, by section in order."""
    user = request.user
    found: dict[str, dict[str, Any]] = {}
    for item in sorted(_items.values(), key=lambda item: item.order):
        if item.shown and not item.shown(user):
            continue
        section = found.setdefault(str(item.section), {"label": str(item.section), "items": []})
        section["items"].append(
            {
                "key": item.key,
                "label": item.label,
                "icon": item.icon,
                "url": reverse(item.url_name),
                "count": item.count(user) if item.count else None,
                "active": item.key == active,
            }
        )
    return list(found.values())
