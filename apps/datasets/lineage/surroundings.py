"""What lies around one thing, in words that a page, a CSV file and the API share."""

import datetime as dt
import uuid
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from apps.core import subjects
from apps.core.errors import Text
from apps.core.subjects import SubjectRef
from apps.datasets.lineage.registry import Link
from apps.datasets.lineage.walking import Walk, walk

SIDES: dict[str, Text] = {
    "up": lazy("Upstream"),
    "this": lazy("This"),
    "down": lazy("Downstream"),
}


@dataclass(frozen=True, slots=True)
class Thing:
    """One thing as it is listed; ``side`` and ``steps`` say where it lies from the one asked about."""

    ref: SubjectRef
    label: str
    kind: str
    tone: str
    note: str
    url: str
    team: str
    side: str
    steps: int

    @property
    def side_title(self) -> Text:
        return SIDES[self.side]

    def as_dict(self) -> dict[str, Any]:
        return {
            "type": self.ref.type,
            "id": self.ref.id,
            "label": self.label,
            "kind": self.kind,
            "team": self.team,
            "side": self.side,
            "steps": self.steps,
        }


@dataclass(frozen=True, slots=True)
class Passage:
    """One link in words, with what it joins."""

    link: Link
    input: Thing
    output: Thing

    @property
    def edge(self) -> uuid.UUID | None:
        return self.link.edge

    @property
    def at(self) -> dt.datetime | None:
        return self.link.at

    def as_dict(self) -> dict[str, Any]:
        return {
            "edge": self.link.edge,
            "input": {"type": self.input.ref.type, "id": self.input.ref.id, "label": self.input.label},
            "output": {"type": self.output.ref.type, "id": self.output.ref.id, "label": self.output.label},
            "split": self.link.split,
            "job": self.link.job,
            "happened_at": self.link.at,
            "how": self.link.how,
            "is_recorded": self.link.is_recorded,
            "note": self.link.note,
        }


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What lies around ``focus``: things in the order of their steps, the links between them."""

    focus: SubjectRef
    things: tuple[Thing, ...]
    passages: tuple[Passage, ...]
    is_cut: bool

    def as_dict(self) -> dict[str, Any]:
        return {
            "type": self.focus.type,
            "id": self.focus.id,
            "is_cut": self.is_cut,
            "nodes": [row.as_dict() for row in self.things],
            "edges": [row.as_dict() for row in self.passages],
        }


def surroundings(ref: SubjectRef, user: Any, *, up: bool = True, down: bool = True) -> Surroundings:
    """Return what the user may see up and down from one thing that they may see; raise ``NotFound`` otherwise."""
    subjects.get(ref, user)
    above = walk([ref], "up", user=user) if up else Walk()
    below = walk([ref], "down", user=user) if down else Walk()
    both = above.add(below)
    found = {}
    for each, obj in both.objects.items():
        kind, look = subjects.kind(each.type), both.look(each)
        side = "this" if each == ref else "up" if each in above.steps else "down"
        found[each] = Thing(
            each,
            kind.label(obj),
            str(look.title),
            look.tone,
            look.note,
            kind.url(obj),
            kind.team(obj).name,
            side,
            both.steps[each],
        )
    things = sorted(found.values(), key=lambda row: (list(SIDES).index(row.side), row.steps, row.kind, row.label))
    passages = [Passage(link, found[link.input], found[link.output]) for link in both.links]
    return Surroundings(ref, tuple(things), tuple(passages), both.is_cut)


def reach(found: Surroundings) -> str:
    """Return in one sentence what lies downstream, by kind."""
    counts: dict[str, int] = {}
    for row in found.things:
        if row.side == "down":
            counts[row.kind] = counts.get(row.kind, 0) + 1
    if not counts:
        return _("Nothing is recorded downstream.")
    parts = [f"{count} × {kind}" for kind, count in sorted(counts.items())]
    return _("Downstream: %(parts)s.") % {"parts": ", ".join(parts)}
