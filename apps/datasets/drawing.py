"""Pictures of audits and differences, as numbers for SVG: no meaning is in the colour alone, a table stands behind."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

LEFT, PLOT, ROW = 200, 330, 26
CELL, HEAT_LEFT, HEAT_TOP = 34, 190, 150
MOST_HEAT = 14
STEPS = (1, 2, 5, 10, 20, 50, 100)


def cut(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"


def intervals(rows: Sequence[Mapping[str, Any]], names: Sequence[str]) -> dict[str, Any]:
    """Return a dot and a line for each share (``percent``, ``low``, ``high``), on one scale in per cent."""
    top = max((row["high"] for row in rows), default=0)
    scale = next((step for step in STEPS if step >= top), 100)

    def x(percent: float) -> float:
        return round(LEFT + PLOT * percent / scale, 1)

    return {
        "rows": [
            {
                "name": cut(name, 28),
                "whole": name,
                "y": index * ROW + 15,
                "text_y": index * ROW + 19,
                "low": x(row["low"]),
                "high": x(row["high"]),
                "at": x(row["percent"]),
                "text": f"{row['defects']} / {row['rows']:,}",
                "text_x": LEFT + PLOT + 12,
            }
            for index, (row, name) in enumerate(zip(rows, names, strict=True))
        ],
        "ticks": [{"x": x(scale * part / 4), "text": f"{scale * part / 4:g} %"} for part in range(5)],
        "height": len(rows) * ROW + 24,
        "floor": len(rows) * ROW + 4,
        "axis_y": len(rows) * ROW + 18,
    }


@dataclass(frozen=True, slots=True)
class Cell:
    """One square of the heat map: its strength in five steps, and what it says."""

    x: int
    y: int
    step: int
    text: str
    title: str

    @property
    def middle_x(self) -> float:
        return self.x + CELL / 2 - 1

    @property
    def middle_y(self) -> int:
        return self.y + 21


def heat_map(moves: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return old labels down and new labels across with the rows that moved, the busiest 14 of each."""
    down: dict[str, int] = {}
    across: dict[str, int] = {}
    for move in moves:
        down[move["from"]] = down.get(move["from"], 0) + move["rows"]
        across[move["to"]] = across.get(move["to"], 0) + move["rows"]
    old = sorted(down, key=lambda label: (-down[label], label))[:MOST_HEAT]
    new = sorted(across, key=lambda label: (-across[label], label))[:MOST_HEAT]
    shown = [move for move in moves if move["from"] in old and move["to"] in new]
    top = max((move["rows"] for move in shown), default=1)
    return {
        "down": [
            {"text": cut(label or "–", 26), "x": HEAT_LEFT - 8, "y": HEAT_TOP + index * CELL + 21}
            for index, label in enumerate(old)
        ],
        "across": [
            {"text": cut(label or "–", 24), "x": HEAT_LEFT + index * CELL + 21, "y": HEAT_TOP - 8}
            for index, label in enumerate(new)
        ],
        "cells": [
            Cell(
                HEAT_LEFT + new.index(move["to"]) * CELL,
                HEAT_TOP + old.index(move["from"]) * CELL,
                -(-5 * move["rows"] // top),
                f"{move['rows']:,}" if move["rows"] < 10_000 else f"{move['rows'] // 1000}k",
                f"{move['from']} → {move['to']}: {move['rows']:,}",
            )
            for move in shown
        ],
        "grid": [
            {"x": HEAT_LEFT + column * CELL, "y": HEAT_TOP + line * CELL}
            for line in range(len(old))
            for column in range(len(new))
        ],
        "size": CELL - 2,
        "width": HEAT_LEFT + max(len(new), 1) * CELL + 130,
        "height": HEAT_TOP + len(old) * CELL + 4,
        "is_cut": len(down) > len(old) or len(across) > len(new),
    }


PARTS = ("unchanged", "changed", "added", "removed")


def stacks(by_split: Mapping[str, Mapping[str, int]]) -> list[dict[str, Any]]:
    """Return for each split one bar, cut into unchanged, changed, added and removed rows, on one scale."""
    found = {
        split: {
            "unchanged": rows["unchanged"],
            "changed": rows["rows_now"] - rows["added"] - rows["unchanged"],
            "added": rows["added"],
            "removed": rows["removed"],
        }
        for split, rows in by_split.items()
    }
    top = max((sum(parts.values()) for parts in found.values()), default=0) or 1
    bars = []
    for index, (split, parts) in enumerate(found.items()):
        x, pieces = 90.0, []
        for name in PARTS:
            width = 480 * parts[name] / top
            if parts[name]:
                width = max(width, 3)
                pieces.append({"kind": name, "x": round(x, 1), "width": round(width, 1), "rows": parts[name]})
            x += width
        y = index * 34
        bars.append({"split": split, "y": y, "text_y": y + 17, "pieces": pieces, "parts": parts})
    return bars
