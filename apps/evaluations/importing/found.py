"""What is read from any tool's files: measured figures, and scores case by case."""

import datetime as dt
import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

LARGEST = 1e15
LONGEST_TEXT, LONGEST_LABEL, MOST_LABELS = 20_000, 100, 20
FIRST_YEAR, LAST_YEAR = 2000, 9998


@dataclass(frozen=True, slots=True)
class Measured:
    """One figure under the tool's own name; ``cases`` is over how many, where the tool says it."""

    name: str
    value: float
    segment: str = ""
    cases: int | None = None


@dataclass(frozen=True, slots=True)
class Score:
    """What one case got under one of the tool's names, with what a person needs to judge it."""

    case: str
    name: str
    value: float
    segment: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    input: str = ""
    output: str = ""
    expected: str = ""


def _no_scores() -> Iterator[Score]:
    return iter(())


@dataclass(frozen=True, slots=True)
class Found:
    """All that the files say. ``scores`` reads them again at each call; ``skipped`` names what is no number."""

    tool: str
    tool_version: str
    measured: tuple[Measured, ...]
    scores: Callable[[], Iterator[Score]] = _no_scores
    started_at: dt.datetime | None = None
    finished_at: dt.datetime | None = None
    seed: int | None = None
    parameters: Mapping[str, Any] = field(default_factory=dict)
    skipped: tuple[str, ...] = ()


def number(value: Any) -> float | None:
    """Return a finite number of a sensible size (true and false are 1 and 0), or None for anything else."""
    if not isinstance(value, int | float) or (isinstance(value, int) and abs(value) > LARGEST):
        return None
    found = float(value)
    return found if math.isfinite(found) and abs(found) <= LARGEST else None


def whole(value: Any) -> int | None:
    """Return an integer of at most 53 bits, or None."""
    is_whole = isinstance(value, int) and not isinstance(value, bool) and abs(value) < 2**53
    return value if is_whole else None


def text(value: Any, most: int = LONGEST_TEXT) -> str:
    """Return a text that the database can hold, cut to ``most`` characters; nothing for what is no text."""
    if not isinstance(value, str):
        return ""
    return value[:most].replace("\x00", "").encode("utf-8", "replace").decode("utf-8")


def labels(*values: Any) -> dict[str, str]:
    """Return the short texts among the fields of the objects: what cases can be split into segments by."""
    found: dict[str, str] = {}
    for value in values:
        for key, item in value.items() if isinstance(value, dict) else ():
            if isinstance(item, str) and len(item) <= LONGEST_LABEL and len(found) < MOST_LABELS:
                found[text(key, LONGEST_LABEL)] = text(item, LONGEST_LABEL)
    return found


def moment(value: Any) -> dt.datetime | None:
    """Return a moment from ISO 8601 text (without an offset it is UTC), or None."""
    if not isinstance(value, str):
        return None
    try:
        found = dt.datetime.fromisoformat(value)
        found = found if found.tzinfo else found.replace(tzinfo=dt.UTC)
        found = found.astimezone(dt.UTC)
    except (ValueError, OverflowError):
        return None
    return found if FIRST_YEAR <= found.year <= LAST_YEAR else None


def from_epoch(seconds: Any) -> dt.datetime | None:
    """Return a moment from seconds since 1970, or None."""
    found = number(seconds)
    try:
        moment_ = dt.datetime.fromtimestamp(found, dt.UTC) if found is not None else None
    except (ValueError, OverflowError, OSError):
        return None
    return moment_ if moment_ is not None and FIRST_YEAR <= moment_.year <= LAST_YEAR else None


def later(start: dt.datetime | None, seconds: Any) -> dt.datetime | None:
    """Return the moment so many seconds (a number, or its text) after the start, or None."""
    try:
        length = number(float(seconds)) if isinstance(seconds, str | int | float) else None
    except ValueError:
        return None
    if start is None or length is None or not 0 <= length < 10**8:
        return None
    return start + dt.timedelta(seconds=length)
