"""The walk along what went into what: level by level, so that its queries grow with the depth and not with the rows."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Literal

from apps.core import subjects
from apps.core.subjects import SubjectRef
from apps.datasets.lineage import registry
from apps.datasets.lineage.registry import Link, Look

Direction = Literal["up", "down"]
MOST_NODES = 2000
MOST_LEVELS = 100


@dataclass
class Walk:
    """What was found: objects in the order found, links, steps from the start; ``is_cut`` beyond a limit."""

    objects: dict[SubjectRef, Any] = field(default_factory=dict)
    links: list[Link] = field(default_factory=list)
    steps: dict[SubjectRef, int] = field(default_factory=dict)
    is_cut: bool = False

    @property
    def depth(self) -> int:
        return max(self.steps.values(), default=0)

    def look(self, ref: SubjectRef) -> Look:
        return registry.kinds()[ref.type].look(self.objects[ref])

    def add(self, other: "Walk") -> "Walk":
        """Return both as one; what both found stands once."""
        return Walk(
            {**self.objects, **other.objects},
            list(dict.fromkeys([*self.links, *other.links])),
            {**other.steps, **self.steps},
            self.is_cut or other.is_cut,
        )


def walk(
    starts: Iterable[SubjectRef],
    direction: Direction,
    *,
    user: Any = None,
    most: int = MOST_NODES,
) -> Walk:
    """Return all that lies up or down from the starts; with ``user`` along what that user may see.

    What they may not see is not there: neither it nor what is reached through it alone. Circles are walked once.
    """
    known = registry.kinds()
    found = Walk()
    found.objects = subjects.find([ref for ref in starts if ref.type in known], user)
    found.steps = dict.fromkeys(found.objects, 0)
    level = list(found.objects)
    for step in range(1, MOST_LEVELS + 1):
        if not level:
            return found
        links = [link for provider in registry.providers() for link in _ask(provider, direction, level)]
        ends = {link.input if direction == "up" else link.output for link in links}
        fresh = sorted((ref for ref in ends - set(found.objects) if ref.type in known), key=str)
        if len(found.objects) + len(fresh) > most:
            fresh, found.is_cut = fresh[: most - len(found.objects)], True
        seen = subjects.find(fresh, user) if fresh else {}
        for ref in fresh:
            if ref in seen:
                found.objects[ref], found.steps[ref] = seen[ref], step
        found.links += [link for link in links if link.input in found.objects and link.output in found.objects]
        level = [ref for ref in fresh if ref in seen]
    found.is_cut = found.is_cut or bool(level)
    found.links = list(dict.fromkeys(found.links))
    return found


def _ask(provider: registry.EdgeProvider, direction: Direction, level: list[SubjectRef]) -> Iterable[Link]:
    return provider.into(level) if direction == "up" else provider.out_of(level)


def announce_downstream(
    starts: Iterable[SubjectRef], reason: str, but: Callable[[Any], bool] = lambda obj: False
) -> None:
    """Say of everything downstream that where it comes from has changed; ``but`` leaves out what was told already."""
    found = walk(starts, "down").objects.items()
    told = [ref for ref, obj in found if ref.type not in ("source", "lineage_node") and not but(obj)]
    subjects.announce_changes(told, reason)


@dataclass(frozen=True, slots=True)
class Trace:
    """How far back one thing is recorded.

    ``sources`` are the origins reached by record, ``open_ends`` what has neither input nor is an origin, ``traced``
    whether every part (split) reaches an origin, ``untraced`` the parts that do not.
    """

    sources: tuple[SubjectRef, ...]
    open_ends: tuple[SubjectRef, ...]
    depth: int
    untraced: tuple[str, ...]
    is_cut: bool

    @property
    def traced(self) -> bool:
        return not self.untraced and not self.is_cut


def trace(start: SubjectRef, parts: Iterable[str], found: Walk | None = None) -> Trace:
    """Return how the start and each part of it lead back to origins, along records alone.

    Nothing flows through a run that made nothing, and what is only declared of the dataset is no record.
    """
    found = found or walk([start], "up")
    known = registry.kinds()
    inputs: dict[SubjectRef, list[Link]] = {}
    for link in found.links:
        if link.is_recorded and found.look(link.input).flows:
            inputs.setdefault(link.output, []).append(link)
    first = inputs.get(start, [])
    whole = _reached([link.input for link in first], inputs)
    untraced = []
    for part in parts:
        roots = _reached([link.input for link in first if link.split in ("", part)], inputs)
        if not any(known[ref.type].is_origin for ref in roots):
            untraced.append(part)
    open_ends = [ref for ref in (start, *whole) if not inputs.get(ref) and not known[ref.type].is_origin]
    sources = [ref for ref in whole if known[ref.type].is_origin]
    return Trace(
        tuple(sources),
        tuple(open_ends),
        max(whole.values(), default=0),
        tuple(untraced),
        found.is_cut,
    )


def _reached(starts: list[SubjectRef], inputs: dict[SubjectRef, list[Link]]) -> dict[SubjectRef, int]:
    """Return what is reached upstream with its steps from below (1 for a start)."""
    steps: dict[SubjectRef, int] = {}
    level = list(dict.fromkeys(starts))
    number = 1
    while level:
        steps |= dict.fromkeys(level, number)
        following = [link.input for ref in level for link in inputs.get(ref, ())]
        level = [ref for ref in dict.fromkeys(following) if ref not in steps]
        number += 1
    return steps
