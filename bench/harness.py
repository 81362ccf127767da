"""What a benchmark is: a function that yields figures, each beside the thing to beat."""

import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from typing import Any, Literal

Better = Literal["at most", "at least"]


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of the table. ``ours`` and ``reference`` share ``unit``; ``ratio`` is ours over reference.

    ``goal`` is the ratio promised, None for a figure that only informs.
    """

    what: str
    against: str
    ours: float
    reference: float
    unit: str
    better: Better = "at most"
    goal: float | None = None
    note: str = ""

    @property
    def ratio(self) -> float:
        return self.ours / self.reference if self.reference else 0.0

    @property
    def holds(self) -> bool | None:
        if self.goal is None:
            return None
        return self.ratio <= self.goal if self.better == "at most" else self.ratio >= self.goal

    def as_dict(self) -> dict[str, Any]:
        return asdict(self) | {"ratio": round(self.ratio, 3), "holds": self.holds}


Benchmark = Callable[[float], Iterator[Figure]]
BENCHMARKS: dict[str, Benchmark] = {}


def benchmark(name: str) -> Callable[[Benchmark], Benchmark]:
    """Register ``function(scale)``; scale 1 is the promised size."""

    def register(function: Benchmark) -> Benchmark:
        BENCHMARKS[name] = function
        return function

    return register


def side_by_side(
    ours: Callable[[], Any], reference: Callable[[], Any], rounds: int = 15, warm: int = 2
) -> tuple[float, float]:
    """Return the median times (ms) of two functions that are called in turns, so that noise meets both."""
    times: tuple[list[float], list[float]] = ([], [])
    for number in range(warm + rounds):
        for found, function in zip(times, (ours, reference), strict=True):
            start = time.perf_counter()
            function()
            if number >= warm:
                found.append((time.perf_counter() - start) * 1000)
    return statistics.median(times[0]), statistics.median(times[1])


def seconds(function: Callable[[], Any]) -> float:
    start = time.perf_counter()
    function()
    return time.perf_counter() - start
