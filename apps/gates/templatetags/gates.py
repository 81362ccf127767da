"""The lane of four gates on a subject's page."""

from typing import Any

from django import template

register = template.Library()
CLASSES = {"approved": "done", "in_review": "now", "open": "now", "lapsed": "bad", "rejected": "bad"}


@register.inclusion_tag("gates/lane.html")
def gate_lane(stops: list[Any]) -> dict[str, Any]:
    return {
        "stops": [
            {"stop": stop, "css": CLASSES.get(stop.newest.state, "todo") if stop.newest else "todo"} for stop in stops
        ]
    }
