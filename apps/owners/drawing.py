"""A drill as a picture: the people who are gone on the left, what it means to which subject on the right."""

from collections.abc import Sequence
from dataclasses import dataclass

from apps.owners import continuity
from apps.owners.continuity import Drill, Effect
from apps.owners.responsibilities import title

WIDTH, ROW, GAP = 960, 46, 10
LEFT, LEFT_WIDTH = 1, 210
RIGHT, RIGHT_WIDTH = 470, 489
MOST_NODES = 40
TONES = ("danger", "warning", "success", "info")


@dataclass(frozen=True, slots=True)
class Node:
    """A box: two lines of text that fit, the whole text, a tone; ``y`` is its upper edge."""

    x: int
    y: int
    width: int
    first: str
    second: str
    whole: str
    tone: str

    @property
    def middle(self) -> int:
        return self.y + ROW // 2

    @property
    def first_y(self) -> int:
        return self.y + (19 if self.second else 28)

    @property
    def second_y(self) -> int:
        return self.y + 36

    @property
    def text_x(self) -> int:
        return self.x + 14


@dataclass(frozen=True, slots=True)
class Edge:
    path: str
    tone: str


@dataclass(frozen=True, slots=True)
class Picture:
    height: int
    people: list[Node]
    subjects: list[Node]
    edges: list[Edge]
    left_out: int
    width: int = WIDTH
    row: int = ROW


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"


def _said(effects: Sequence[Effect]) -> str:
    kinds = {kind.key: str(kind.title).lower() for kind in continuity.kinds()}
    return "; ".join(
        f"{title(effect.responsibility)}: {kinds[effect.kind]}" if effect.responsibility else kinds[effect.kind]
        for effect in sorted(effects, key=lambda effect: not effect.responsibility)
    )


def _worst(effects: Sequence[Effect]) -> str:
    tones = {kind.key: kind.tone for kind in continuity.kinds()}
    return min((tones[effect.kind] for effect in effects), key=TONES.index)


def picture(drill: Drill) -> Picture:
    """Return boxes and lines for up to 40 subjects, the worst first; ``left_out`` counts the others."""
    by_subject: dict[tuple[str, str], list[Effect]] = {}
    for effect in drill.effects:
        by_subject.setdefault((str(effect.ref), effect.label), []).append(effect)
    place = {person.id: number for number, person in enumerate(drill.people)}
    ordered = sorted(
        by_subject.items(),
        key=lambda row: (
            min((place.get(str(person), 0) for effect in row[1] for person in effect.people), default=0),
            TONES.index(_worst(row[1])),
            row[0][1],
            row[0][0],
        ),
    )
    drawn = ordered[:MOST_NODES]
    height = max(len(drawn), len(drill.people), 1) * (ROW + GAP)
    subjects = [
        Node(
            RIGHT,
            number * (ROW + GAP) + GAP // 2,
            RIGHT_WIDTH,
            _cut(label, 58),
            _cut(_said(effects), 76),
            f"{label}: {_said(effects)}",
            _worst(effects),
        )
        for number, ((_ref, label), effects) in enumerate(drawn)
    ]
    step = height / len(drill.people)
    people = [
        Node(LEFT, int(number * step + (step - ROW) / 2), LEFT_WIDTH, _cut(person.name, 26), "", person.name, "")
        for number, person in enumerate(drill.people)
    ]
    edges = [
        Edge(_path(people[place[str(person)]], subjects[number]), subjects[number].tone)
        for number, (_key, effects) in enumerate(drawn)
        for person in sorted({person for effect in effects for person in effect.people})
        if str(person) in place
    ]
    return Picture(height, people, subjects, edges, len(ordered) - len(drawn))


def _path(start: Node, end: Node) -> str:
    from_x, to_x = start.x + start.width, end.x
    bend = (from_x + to_x) // 2
    return f"M{from_x} {start.middle} C{bend} {start.middle} {bend} {end.middle} {to_x} {end.middle}"
