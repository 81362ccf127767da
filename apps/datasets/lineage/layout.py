"""A layered layout of a directed graph: inputs on the left, outputs on the right. Pure: no Django, no database.

Follows Sugiyama, Tagawa and Toda, "Methods for Visual Understanding of Hierarchical System Structures" (1981): circles
are opened, layers are longest paths, long edges get a waypoint in each layer between, and sweeps of barycentres bring
neighbours near each other.
"""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

K = TypeVar("K", bound=Hashable)
WIDTH, HEIGHT = 216, 52
GAP_X, GAP_Y = 60, 16
WAY_HEIGHT = 12
MARGIN = 12
SWEEPS = 6


@dataclass(frozen=True, slots=True)
class Box:
    """Where a node stands: its left upper corner, in pixels."""

    x: int
    y: int
    width: int = WIDTH
    height: int = HEIGHT

    @property
    def middle(self) -> int:
        return self.y + self.height // 2


Point = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Layout:
    """Boxes by node, the way of each edge as points from right side to left side, and the size of the whole."""

    boxes: dict[Hashable, Box]
    ways: dict[tuple[Hashable, Hashable], list[Point]]
    width: int
    height: int


def arrange(nodes: Sequence[K], edges: Sequence[tuple[K, K]]) -> Layout:
    """Return the layout of the nodes; edges to what is no node, and loops, are left out."""
    present = set(nodes)
    kept = list(dict.fromkeys((a, b) for a, b in edges if a in present and b in present and a != b))
    back = _backward(nodes, kept)
    forward = [(b, a) if (a, b) in back else (a, b) for a, b in kept]
    layer = _layers(nodes, list(dict.fromkeys(forward)))
    columns, chains = _with_waypoints(nodes, list(dict.fromkeys(forward)), layer)
    links = [(chain[at], chain[at + 1]) for chain in chains.values() for at in range(len(chain) - 1)]
    _order(columns, links)
    boxes = _place(columns, links)
    ways: dict[tuple[Hashable, Hashable], list[Point]] = {}
    for (a, b), directed in zip(kept, forward, strict=True):
        chain = chains[directed]
        points = _points(chain, boxes)
        ways[(a, b)] = points[::-1] if (a, b) in back else points
    placed: dict[Hashable, Box] = {node: boxes[node] for node in nodes}
    width = max((box.x + box.width for box in placed.values()), default=0) + MARGIN
    height = max((box.y + box.height for box in boxes.values()), default=0) + MARGIN
    return Layout(placed, ways, width, height)


def _backward(nodes: Sequence[K], edges: Sequence[tuple[K, K]]) -> set[tuple[K, K]]:
    """Return the edges that close a circle, found by a depth-first search that keeps its own stack."""
    following: dict[K, list[K]] = {node: [] for node in nodes}
    for a, b in edges:
        following[a].append(b)
    state: dict[K, int] = {}
    found: set[tuple[K, K]] = set()
    for root in nodes:
        if root in state:
            continue
        state[root] = 1
        stack = [(root, iter(following[root]))]
        while stack:
            node, rest = stack[-1]
            child = next(rest, None)
            if child is None:
                state[node] = 2
                stack.pop()
            elif child not in state:
                state[child] = 1
                stack.append((child, iter(following[child])))
            elif state[child] == 1:
                found.add((node, child))
    return found


def _layers(nodes: Sequence[K], edges: Sequence[tuple[K, K]]) -> dict[K, int]:
    """Return each node's layer: as far right as its longest way in; origins stand just left of what they go into."""
    ahead: dict[K, list[K]] = {node: [] for node in nodes}
    missing = dict.fromkeys(nodes, 0)
    for a, b in edges:
        ahead[a].append(b)
        missing[b] += 1
    origins = [node for node in nodes if not missing[node]]
    layer = dict.fromkeys(nodes, 0)
    waiting = list(origins)
    for node in waiting:
        for child in ahead[node]:
            layer[child] = max(layer[child], layer[node] + 1)
            missing[child] -= 1
            if not missing[child]:
                waiting.append(child)
    for node in origins:
        if ahead[node]:
            layer[node] = min(layer[child] for child in ahead[node]) - 1
    return layer


def _with_waypoints(
    nodes: Sequence[K], edges: Sequence[tuple[K, K]], layer: Mapping[K, int]
) -> tuple[list[list[Hashable]], dict[tuple[K, K], list[Hashable]]]:
    columns: list[list[Hashable]] = [[] for _ in range(max(layer.values(), default=-1) + 1)]
    for node in nodes:
        columns[layer[node]].append(node)
    chains: dict[tuple[K, K], list[Hashable]] = {}
    for a, b in edges:
        chain: list[Hashable] = [a]
        for between in range(layer[a] + 1, layer[b]):
            way = ("way", a, b, between)
            columns[between].append(way)
            chain.append(way)
        chains[(a, b)] = [*chain, b]
    return columns, chains


def _order(columns: list[list[Hashable]], links: Sequence[tuple[Hashable, Hashable]]) -> None:
    """Sort each column by where its neighbours stand, forward and backward in turn."""
    left: dict[Hashable, list[Hashable]] = {}
    right: dict[Hashable, list[Hashable]] = {}
    for a, b in links:
        right.setdefault(a, []).append(b)
        left.setdefault(b, []).append(a)
    place = {node: at for column in columns for at, node in enumerate(column)}
    for sweep in range(SWEEPS):
        near = left if sweep % 2 == 0 else right
        for column in columns if sweep % 2 == 0 else reversed(columns):
            wanted = {
                node: sum(place[other] for other in near[node]) / len(near[node]) if node in near else place[node]
                for node in column
            }
            column.sort(key=lambda node: (wanted[node], place[node]))
            place |= {node: at for at, node in enumerate(column)}


def _tall(node: Hashable) -> int:
    return WAY_HEIGHT if _is_way(node) else HEIGHT


def _is_way(node: Hashable) -> bool:
    return isinstance(node, tuple) and len(node) == 4 and node[0] == "way"


def _place(columns: list[list[Hashable]], links: Sequence[tuple[Hashable, Hashable]]) -> dict[Hashable, Box]:
    """Give each node its place: in its column's order, as near to the middle of its neighbours as the gap allows."""
    near: dict[Hashable, list[Hashable]] = {}
    for a, b in links:
        near.setdefault(a, []).append(b)
        near.setdefault(b, []).append(a)
    middle: dict[Hashable, float] = {}
    for column in columns:
        top = 0.0
        for node in column:
            middle[node] = top + _tall(node) / 2
            top += _tall(node) + GAP_Y
        for node in column:
            middle[node] -= top / 2
    for _sweep in range(SWEEPS):
        for column in columns:
            _settle(column, near, middle)
    lowest = min((middle[node] - _tall(node) / 2 for node in middle), default=0)
    return {
        node: Box(
            MARGIN + at * (WIDTH + GAP_X),
            round(middle[node] - _tall(node) / 2 - lowest) + MARGIN,
            WIDTH,
            _tall(node),
        )
        for at, column in enumerate(columns)
        for node in column
    }


def _settle(column: list[Hashable], near: dict[Hashable, list[Hashable]], middle: dict[Hashable, float]) -> None:
    """Move the nodes of one column towards their neighbours without changing their order or touching each other.

    Neighbours in order that would touch form a block, which moves as one to the mean of what its members want.
    """
    blocks: list[tuple[list[Hashable], float]] = []
    for node in column:
        others = near.get(node, [])
        wish = sum(middle[other] for other in others) / len(others) if others else middle[node]
        members, start = [node], wish - _tall(node) / 2
        while blocks and start < blocks[-1][1] + _span(blocks[-1][0]) + GAP_Y:
            earlier, earlier_start = blocks.pop()
            shift = _span(earlier) + GAP_Y
            weight, more = len(earlier), len(members)
            start = (earlier_start * weight + (start - shift) * more) / (weight + more)
            members = earlier + members
        blocks.append((members, start))
    for members, start in blocks:
        for node in members:
            middle[node] = start + _tall(node) / 2
            start += _tall(node) + GAP_Y


def _span(members: list[Hashable]) -> int:
    return sum(_tall(node) for node in members) + GAP_Y * (len(members) - 1)


def _points(chain: list[Hashable], boxes: Mapping[Hashable, Box]) -> list[Point]:
    points: list[Point] = []
    for node in chain:
        box = boxes[node]
        if node != chain[0]:
            points.append((box.x, box.middle))
        if node != chain[-1]:
            points.append((box.x + box.width, box.middle))
    return points
