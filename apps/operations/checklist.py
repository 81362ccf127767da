"""A review's checklist as it is now: its items, and what the machine says of each."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from apps.core.canonical import digest_of
from apps.evidence import facts
from apps.evidence.facts import Fact
from apps.operations.models import Review, ReviewState
from apps.operations.refs import use_case_ref
from apps.operations.template import Item, Template, known


@dataclass(frozen=True, slots=True)
class Line:
    """One item with its fact; ``held`` tells whether the fact is within its limit, None where that is not known."""

    item: Item
    fact: Fact | None
    held: bool | None

    def as_dict(self) -> dict[str, Any]:
        return {
            "id": self.item.id,
            "title": self.item.title,
            "about": self.item.about,
            "fact": self.fact.as_dict() if self.fact else None,
            "within_limit": self.held,
        }


@dataclass(frozen=True, slots=True)
class Checklist:
    template: Template
    lines: tuple[Line, ...]
    digest: str

    @property
    def ids(self) -> list[str]:
        return [line.item.id for line in self.lines]


def read(review: Review) -> Checklist:
    """Return the checklist of a review; its digest names exactly what is shown.

    An open one has its facts as they are now. A missed one has none: nobody looked at them then.
    """
    template = known(review.template.source)
    use_case = review.plan.use_case
    names = template.fact_names if review.state == ReviewState.OPEN else set()
    found: Mapping[str, Fact] = facts.read(use_case_ref(review.plan), use_case, names) if names else {}
    lines = tuple(
        Line(item, fact, item.held_by(fact))
        for item in template.items
        for fact in [found.get(item.fact) if item.fact else None]
    )
    shown = {"template": review.template.digest, "items": [line.as_dict() for line in lines]}
    return Checklist(template, lines, digest_of(shown))
