"""The layout is pure: no two boxes touch, everything is inside, and it goes from left to right."""

import random
from itertools import combinations

import pytest

from apps.datasets.lineage.layout import GAP_Y, Layout, arrange


def overlaps(layout: Layout) -> list[tuple[object, object]]:
    return [
        (a, b)
        for (a, one), (b, two) in combinations(layout.boxes.items(), 2)
        if one.x < two.x + two.width
        and two.x < one.x + one.width
        and one.y < two.y + two.height
        and two.y < one.y + one.height
    ]


def outside(layout: Layout) -> list[object]:
    return [
        node
        for node, box in layout.boxes.items()
        if box.x < 0 or box.y < 0 or box.x + box.width > layout.width or box.y + box.height > layout.height
    ]


def random_graph(seed: int, count: int) -> tuple[list[int], list[tuple[int, int]]]:
    chance = random.Random(seed)
    edges = [(chance.randrange(node), node) for node in range(1, count) for _ in range(chance.choice((1, 1, 2, 3)))]
    return list(range(count)), edges


@pytest.mark.parametrize("seed", range(8))
def test_two_hundred_and_fifty_boxes_neither_touch_nor_leave_the_picture(seed: int) -> None:
    nodes, edges = random_graph(seed, 250)
    layout = arrange(nodes, edges)
    assert set(layout.boxes) == set(nodes)
    assert not overlaps(layout)
    assert not outside(layout)


@pytest.mark.parametrize(
    ("nodes", "edges"),
    [
        ([0], []),
        ([], []),
        (list(range(250)), [(n, 249) for n in range(249)]),
        (list(range(250)), [(0, n) for n in range(1, 250)]),
        (list(range(250)), [(n, n + 1) for n in range(249)]),
        (list(range(220)), []),
        (list(range(210)), [(a, b) for a in range(100) for b in range(200, 210)]),
    ],
    ids=("one", "none", "into one", "out of one", "chain", "apart", "many to many"),
)
def test_extreme_shapes_are_laid_out_as_well(nodes: list[int], edges: list[tuple[int, int]]) -> None:
    layout = arrange(nodes, edges)
    assert set(layout.boxes) == set(nodes)
    assert not overlaps(layout)
    assert not outside(layout)


def test_what_goes_into_something_stands_left_of_it() -> None:
    nodes, edges = random_graph(3, 250)
    layout = arrange(nodes, edges)
    for a, b in edges:
        assert layout.boxes[a].x < layout.boxes[b].x
        way = layout.ways[(a, b)]
        assert way[0] == (layout.boxes[a].x + layout.boxes[a].width, layout.boxes[a].middle)
        assert way[-1] == (layout.boxes[b].x, layout.boxes[b].middle)
        assert [x for x, _y in way] == sorted(x for x, _y in way)


def test_a_long_edge_passes_between_the_boxes_of_the_layers_it_crosses() -> None:
    layout = arrange(["a", "b", "c", "d"], [("a", "b"), ("b", "c"), ("c", "d"), ("a", "d")])
    points = layout.ways[("a", "d")][1:-1]
    assert points
    for x, y in points:
        for box in layout.boxes.values():
            assert not (box.x <= x <= box.x + box.width and box.y - GAP_Y / 4 < y < box.y + box.height)


def test_a_circle_is_opened_and_a_loop_left_out() -> None:
    layout = arrange(["a", "b", "c"], [("a", "b"), ("b", "c"), ("c", "a"), ("a", "a")])
    assert set(layout.ways) == {("a", "b"), ("b", "c"), ("c", "a")}
    assert layout.ways[("c", "a")][0][0] == layout.boxes["c"].x
    assert not overlaps(layout)


def test_the_same_graph_is_laid_out_the_same_way() -> None:
    assert arrange(*random_graph(5, 120)) == arrange(*random_graph(5, 120))
