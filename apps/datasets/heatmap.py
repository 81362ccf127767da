"""Pictures of annotations: which labels are confused with which, and how an annotator's agreement went."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

MOST_LABELS = 10
LEFT, CELL, TOP = 270, 37, 26
TONES = 5
SPARK_WIDTH, SPARK_HEIGHT = 120, 28


@dataclass(frozen=True, slots=True)
class Cell:
    """One square: where it is, its number of pairs, its tone from 0 (none) to 5 (most), and the sentence it means."""

    x: int
    y: int
    text_x: int
    text_y: int
    pairs: int
    tone: int
    title: str


@dataclass(frozen=True, slots=True)
class HeatMap:
    """The labels that are confused most, as a triangle; ``names`` are (number, label, y), ``heads`` (number, x)."""

    width: int
    height: int
    names: tuple[tuple[int, str, int], ...]
    heads: tuple[tuple[int, int], ...]
    cells: tuple[Cell, ...]
    size: int = CELL - 2


def heat_map(confusions: Sequence[dict[str, Any]]) -> HeatMap | None:
    """Draw the ten labels in most confusions; None when there are none."""
    weight: dict[str, int] = {}
    for row in confusions:
        for label in (row["first"], row["second"]):
            weight[label] = weight.get(label, 0) + row["pairs"]
    labels = sorted(weight, key=lambda label: (-weight[label], label))[:MOST_LABELS]
    place = {label: at for at, label in enumerate(labels)}
    shown = [row for row in confusions if row["first"] in place and row["second"] in place]
    if not shown:
        return None
    top = max(row["pairs"] for row in shown)
    met = {frozenset((row["first"], row["second"])): row["pairs"] for row in shown}
    cells = []
    for high, below in enumerate(labels):
        for low, right in enumerate(labels[:high]):
            pairs = met.get(frozenset((below, right)), 0)
            x, y = LEFT + low * CELL, TOP + high * CELL
            tone = max(1, round(TONES * pairs / top)) if pairs else 0
            cells.append(Cell(x, y, x + CELL // 2 - 1, y + CELL // 2 + 4, pairs, tone, f"{below} / {right}: {pairs:,}"))
    return HeatMap(
        LEFT + len(labels) * CELL,
        TOP + len(labels) * CELL,
        tuple((at + 1, label[:36], TOP + at * CELL + CELL // 2 + 4) for label, at in place.items()),
        tuple((at + 1, LEFT + at * CELL + CELL // 2 - 1) for at in range(len(labels))),
        tuple(cells),
    )


def spark(windows: Sequence[dict[str, Any]]) -> str:
    """Return the points of a line of the shares alike, 0 to 1 from bottom to top; empty for fewer than two."""
    if len(windows) < 2:
        return ""
    step = (SPARK_WIDTH - 6) / (len(windows) - 1)
    shares = [row["alike"] / row["labels"] for row in windows]
    return " ".join(
        f"{3 + at * step:.1f},{SPARK_HEIGHT - 3 - share * (SPARK_HEIGHT - 6):.1f}" for at, share in enumerate(shares)
    )
