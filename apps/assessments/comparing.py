"""Two assessments side by side: a submitted one as it was submitted, an open one as it is now."""

import json
from dataclasses import dataclass
from typing import Any

from apps.assessments import reading
from apps.assessments.framework import LEVEL_TITLES, VERDICT_TITLES
from apps.assessments.models import Assessment
from apps.core.errors import Text


@dataclass(frozen=True, slots=True)
class Side:
    """What one assessment says of one question; empty where its framework does not ask it."""

    claimed: Text = ""
    proven: Text = ""
    counts: Text = ""
    by: str = ""


@dataclass(frozen=True, slots=True)
class Pair:
    id: str
    text: str
    earlier: Side
    later: Side

    @property
    def differs(self) -> bool:
        return (str(self.earlier.claimed), str(self.earlier.counts)) != (
            str(self.later.claimed),
            str(self.later.counts),
        )


@dataclass(frozen=True, slots=True)
class Compared:
    earlier: Text
    later: Text
    pairs: list[Pair]

    @property
    def changed(self) -> list[Pair]:
        return [pair for pair in self.pairs if pair.differs]

    @property
    def same(self) -> list[Pair]:
        return [pair for pair in self.pairs if not pair.differs]


def _body(assessment: Assessment) -> dict[str, Any]:
    if assessment.snapshot:
        found: dict[str, Any] = json.loads(assessment.snapshot)
        return found
    return reading.body_of(assessment, reading.read(assessment))


def _side(row: dict[str, Any] | None) -> Side:
    if row is None:
        return Side()
    return Side(
        LEVEL_TITLES.get(row["claimed"], ""),
        LEVEL_TITLES.get(row["proven"], ""),
        LEVEL_TITLES.get(row["counts"], ""),
        row["by"]["name"] if row["by"] else "",
    )


def compare(earlier: Assessment, later: Assessment) -> Compared:
    """Return every question that either asks, in the later framework's order, with both sides."""
    before, after = _body(earlier), _body(later)
    texts = {row.id: row.text for row in reading.framework_of(earlier).questions}
    texts |= {row.id: row.text for row in reading.framework_of(later).questions}
    old = {row["id"]: row for row in before["questions"]}
    new = {row["id"]: row for row in after["questions"]}
    order = [*new, *(name for name in old if name not in new)]
    return Compared(
        VERDICT_TITLES[before["verdict"]],
        VERDICT_TITLES[after["verdict"]],
        [Pair(name, texts.get(name, name), _side(old.get(name)), _side(new.get(name))) for name in order],
    )
