"""Keyset paging, the same for pages and API: any depth costs the same, nothing is counted."""

from typing import Any

from rest_framework.pagination import CursorPagination


class CursorPages(CursorPagination):
    """Page by key; ``page_size`` up to 500; newest first unless the view orders otherwise."""

    page_size = 50
    max_page_size = 500
    page_size_query_param = "page_size"
    ordering = "-id"
    cursor_query_description = "Where to go on; taken from `next` or `previous`."

    def get_ordering(self, request: Any, queryset: Any, view: Any) -> tuple[str, ...]:
        """Return the view's ordering for ``?ordering=``, made unique by the key."""
        allowed: dict[str, str] = getattr(view, "orderings", {})
        asked = request.query_params.get("ordering", "")
        name = asked.removeprefix("-")
        if name in allowed:
            first = ("-" if asked.startswith("-") else "") + allowed[name]
            return (first, "-id") if allowed[name] != "id" else (first,)
        default = getattr(view, "default_ordering", self.ordering)
        return tuple(default) if isinstance(default, list | tuple) else (default,)
