"""What every page's shell shows."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext as _

from apps.core import health, navigation


def _banners(request: HttpRequest) -> list[dict[str, str]]:
    found = []
    if settings.EMBEDDED and getattr(request.user, "is_demo", False):
        found.append({"kind": "info", "text": _("Demo organisation: everything here is invented and may be reset.")})
    try:
        health.broker()
    except Exception:
        found.append({"kind": "warning", "text": _("Redis does not answer: decisions count as always, but jobs wait.")})
    return found


def shell(request: HttpRequest) -> dict[str, Any]:
    """Return navigation and banners of a signed-in reader, made only when a template asks for them."""
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return {}
    view = getattr(getattr(request, "resolver_match", None), "func", None)
    nav_key = getattr(getattr(view, "view_class", None), "nav_key", "")
    return {
        "navigation": SimpleLazyObject(lambda: navigation.sections(request, nav_key)),
        "banners": SimpleLazyObject(lambda: _banners(request)),
    }
