"""Surroundings as a picture that stays readable: alike neighbours fold into one box, what lies far off is left out."""

import hashlib
from collections.abc import Collection
from dataclasses import dataclass
from itertools import pairwise

from django.utils.translation import gettext as _

from apps.core.subjects import SubjectRef
from apps.datasets.lineage.layout import Box, Point, arrange
from apps.datasets.lineage.surroundings import Passage, Surroundings, Thing

FOLD_FROM = 4
MOST_BOXES = 80
MOST_LETTERS = 25
MOST_SMALL_LETTERS = 30


@dataclass(frozen=True, slots=True)
class Drawn:
    """One box: a thing, or several that are alike (``folded``); ``key`` opens or focuses it."""

    box: Box
    first: str
    second: str
    whole: str
    tone: str
    key: str
    is_focus: bool
    folded: int = 0

    @property
    def text_x(self) -> int:
        return self.box.x + 14

    @property
    def first_y(self) -> int:
        return self.box.y + 22

    @property
    def second_y(self) -> int:
        return self.box.y + 40


@dataclass(frozen=True, slots=True)
class Line:
    path: str
    tone: str
    whole: str


@dataclass(frozen=True, slots=True)
class Picture:
    width: int
    height: int
    nodes: tuple[Drawn, ...]
    lines: tuple[Line, ...]
    left_out: int
    folds: int


def key_of(ref: SubjectRef) -> str:
    return f"{ref.type}:{ref.id}"


def _cut(text: str, most: int = MOST_LETTERS) -> str:
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"


def _group(
    things: Collection[Thing], passages: Collection[Passage], focus: SubjectRef, opened: Collection[str]
) -> dict[SubjectRef, str]:
    """Return the fold of each thing that is folded: alike in kind, in what goes in and in what comes out."""
    into: dict[SubjectRef, set[str]] = {}
    out_of: dict[SubjectRef, set[str]] = {}
    for row in passages:
        into.setdefault(row.output.ref, set()).add(key_of(row.input.ref))
        out_of.setdefault(row.input.ref, set()).add(key_of(row.output.ref))
    alike: dict[tuple[str, ...], list[SubjectRef]] = {}
    for thing in things:
        if thing.ref != focus:
            shape = (thing.kind, thing.tone, *sorted(into.get(thing.ref, ())), ">", *sorted(out_of.get(thing.ref, ())))
            alike.setdefault(shape, []).append(thing.ref)
    found: dict[SubjectRef, str] = {}
    for shape, refs in alike.items():
        name = hashlib.sha256("\n".join(shape).encode()).hexdigest()[:12]
        if len(refs) >= FOLD_FROM and name not in opened:
            found |= dict.fromkeys(refs, name)
    return found


def picture(found: Surroundings, *, opened: Collection[str] = (), whole: bool = False) -> Picture:
    """Return boxes and lines. Four or more things that are alike are one box unless it is ``opened``; beyond 80 boxes
    the farthest are left out and counted; ``whole`` draws everything."""
    folds = {} if whole else _group(found.things, found.passages, found.focus, opened)
    shown: list[str] = []
    members: dict[str, list[Thing]] = {}
    for thing in sorted(found.things, key=lambda row: row.steps):
        name = folds.get(thing.ref, key_of(thing.ref))
        if name not in members:
            if not whole and len(shown) >= MOST_BOXES:
                continue
            shown.append(name)
        members.setdefault(name, []).append(thing)
    names = {thing.ref: name for name, things in members.items() for thing in things}
    joined: dict[tuple[str, str], list[Passage]] = {}
    for row in found.passages:
        if row.input.ref in names and row.output.ref in names:
            joined.setdefault((names[row.input.ref], names[row.output.ref]), []).append(row)
    layout = arrange(shown, list(joined))
    nodes = tuple(_drawn(name, members[name], layout.boxes[name], found.focus) for name in shown)
    lines = tuple(_line(layout.ways[pair], rows) for pair, rows in joined.items() if pair in layout.ways)
    left_out = len(found.things) - sum(len(things) for things in members.values())
    return Picture(layout.width, layout.height, nodes, lines, left_out, len(set(folds.values())))


def _drawn(name: str, things: list[Thing], box: Box, focus: SubjectRef) -> Drawn:
    first = things[0]
    if len(things) == 1:
        second = f"{first.kind} · {first.note}" if first.note else first.kind
        whole = f"{first.kind}: {first.label}" + (f" ({first.note})" if first.note else "")
        return Drawn(
            box,
            _cut(first.label),
            _cut(second, MOST_SMALL_LETTERS),
            whole,
            first.tone,
            key_of(first.ref),
            first.ref == focus,
        )
    labels = ", ".join(row.label for row in things[:12])
    title = _("%(n)d × %(kind)s") % {"n": len(things), "kind": first.kind}
    return Drawn(box, _cut(title), _("alike; open them"), f"{title}: {labels}", first.tone, name, False, len(things))


def _line(points: list[Point], rows: list[Passage]) -> Line:
    first = rows[0]
    says = f"{first.input.label} → {first.output.label}: {first.link.how_title}"
    if first.link.job:
        says += f", {first.link.job}"
    if len(rows) > 1:
        says += " " + _("and %(n)d more") % {"n": len(rows) - 1}
    recorded = any(row.link.is_recorded for row in rows)
    return Line(_path(points), "recorded" if recorded else "declared", says)


def _path(points: list[Point]) -> str:
    """Return a curve through the points: level at each one, bent between."""
    path = f"M{points[0][0]} {points[0][1]}"
    for (from_x, from_y), (to_x, to_y) in pairwise(points):
        if from_y == to_y:
            path += f" L{to_x} {to_y}"
        else:
            bend = (from_x + to_x) // 2
            path += f" C{bend} {from_y} {bend} {to_y} {to_x} {to_y}"
    return path
