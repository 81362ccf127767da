"""The copies of a version on one line of time each, from the day they were made to the day they go."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from apps.datasets.models import Copy

WIDTH, LEFT, RIGHT, ROW, HEAD = 960, 300, 110, 40, 26
MOST = 40
TONES = {Copy.State.STANDING: "success", Copy.State.OVERDUE: "danger", Copy.State.DELETED: "gone"}


@dataclass(frozen=True, slots=True)
class Bar:
    """One copy: its two lines of text, its bar from ``x`` on, and what is written at the bar's end."""

    first: str
    second: str
    whole: str
    tone: str
    y: int
    x: float
    width: float
    end: str
    ends_open: bool

    @property
    def first_y(self) -> int:
        return self.y + 16

    @property
    def second_y(self) -> int:
        return self.y + 31

    @property
    def bar_y(self) -> int:
        return self.y + 13

    @property
    def end_x(self) -> float:
        return round(self.x + self.width + 6, 1)

    @property
    def end_y(self) -> int:
        return self.y + 24


@dataclass(frozen=True, slots=True)
class Tick:
    x: float
    text: str


@dataclass(frozen=True, slots=True)
class Timeline:
    height: int
    bars: list[Bar]
    ticks: list[Tick]
    today: float
    left_out: int
    width: int = WIDTH
    head: int = HEAD


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"


def _last(copy: Any, fallback: dt.date) -> dt.date:
    if copy.state == Copy.State.DELETED:
        day: dt.date = copy.deletion.created_at.date()
        return day
    return copy.delete_by or fallback


def draw(copies: Sequence[Any], today: dt.date, more: int = 0) -> Timeline:
    """Return the bars of copies that carry their terms, owner and deletion; ``more`` counts those left out."""
    first: dt.date = min([copy.made_on for copy in copies] + [today])
    last: dt.date = max([_last(copy, today) for copy in copies] + [today + dt.timedelta(days=14)])
    span = max((last - first).days, 1)
    wide = WIDTH - LEFT - RIGHT

    def at(day: dt.date) -> float:
        return round(LEFT + wide * min(max((day - first).days / span, 0.0), 1.0), 1)

    bars = []
    for number, copy in enumerate(copies):
        end = _last(copy, last)
        x = at(copy.made_on)
        said = _end(copy, end)
        bars.append(
            Bar(
                _cut(copy.place, 42),
                _cut(f"{copy.get_kind_display()} · {copy.owner}", 48),
                f"{copy}: {copy.owner}, {said}",
                "open" if copy.state == Copy.State.STANDING and copy.delete_by is None else TONES[copy.state],
                HEAD + number * ROW,
                x,
                round(max(at(end) - x, 4), 1),
                said,
                copy.delete_by is None and copy.state != Copy.State.DELETED,
            )
        )
    ticks = [
        Tick(at(day), date_format(day, "j M Y")) for day in (first + dt.timedelta(days=span * n // 4) for n in range(5))
    ]
    return Timeline(HEAD + len(bars) * ROW + 8, bars, ticks, at(today), more)


def _end(copy: Any, end: dt.date) -> str:
    day = date_format(end, "j M Y")
    if copy.state == Copy.State.DELETED:
        return _("gone %(day)s") % {"day": day}
    return day if copy.delete_by is not None else _("no day")
