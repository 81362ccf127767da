"""What a suite version says: tasks, metrics and thresholds, read from YAML with messages that point at the line."""

import math
import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from functools import lru_cache
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from apps.core.errors import Text
from apps.core.lined import Lines, Reader
from apps.datasets.models import SplitName
from apps.evaluations.errors import SuiteInvalid
from apps.evaluations.importing import Asked
from apps.registry.shapes import DIGEST

GROUPS: dict[str, Text] = {"task": lazy("Task"), "risk": lazy("Risk"), "operational": lazy("Operational")}
BETTER = ("higher", "lower")
RULES: dict[str, Text] = {
    "at_least": lazy("at least"),
    "at_most": lazy("at most"),
    "not_worse_than_live_by": lazy("not worse than live by more than"),
    "not_worse_than_baseline_by": lazy("not worse than the baseline by more than"),
}
MOST_METRICS, MOST_SEGMENTS, MOST_THRESHOLDS = 100, 100, 500
LARGEST_LIMIT = 1e12
KEY = r"[a-z][a-z0-9_.-]{0,59}"


@dataclass(frozen=True, slots=True)
class Task:
    key: str
    title: str
    dataset: str = ""
    split: str = ""


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric; ``segments`` pairs a segment with the tool's name of its figure, which may be empty."""

    key: str
    title: str
    group: str
    unit: str
    better: str
    source: str
    task: str = ""
    segments: tuple[tuple[str, str], ...] = ()
    segment_by: str = ""
    scale: float = 1.0

    def asked(self) -> Asked:
        return Asked(self.key, self.source, dict(self.segments), self.segment_by, self.scale)


@dataclass(frozen=True, slots=True)
class Threshold:
    metric: str
    segment: str
    rule: str
    limit: float


@dataclass(frozen=True, slots=True)
class Content:
    tasks: tuple[Task, ...]
    metrics: tuple[Metric, ...]
    thresholds: tuple[Threshold, ...]

    def as_dict(self) -> dict[str, Any]:
        """Return plain JSON values; ``of`` reads them back."""
        found = asdict(self)
        found["metrics"] = [{**row, "segments": [list(pair) for pair in row["segments"]]} for row in found["metrics"]]
        return {name: list(rows) for name, rows in found.items()}

    @classmethod
    def of(cls, given: dict[str, Any]) -> "Content":
        metrics = [
            Metric(**{**row, "segments": tuple(tuple(pair) for pair in row["segments"])}) for row in given["metrics"]
        ]
        return cls(
            tuple(Task(**row) for row in given["tasks"]),
            tuple(metrics),
            tuple(Threshold(**row) for row in given["thresholds"]),
        )

    def metric(self, key: str) -> Metric:
        return next(row for row in self.metrics if row.key == key)


@lru_cache(maxsize=256)
def known(source: str) -> Content:
    """Return the content of a text, parsed once a process."""
    return parse(source)


def parse(source: str) -> Content:
    """Read a suite version; raise ``SuiteInvalid`` with every message and its line."""
    reader = Reader(SuiteInvalid)
    found = reader.load(source, _("A suite version is a mapping: tasks, metrics, thresholds."))
    reader.only(found, {"tasks", "metrics", "thresholds"})
    rows = reader.mappings(found, "tasks", _("A task is a mapping with key, title, dataset and split."), False)
    tasks = [_task(reader, row) for row in rows]
    reader.unique(rows, "key")
    rows = reader.mappings(
        found, "metrics", _("A metric is a mapping with key, title, group, unit, better and source.")
    )
    metrics = [_metric(reader, row, {task.key for task in tasks}) for row in rows]
    reader.unique(rows, "key")
    _few(reader, found, "metrics", metrics, MOST_METRICS)
    rows = reader.mappings(
        found, "thresholds", _("A threshold is a mapping with metric and one of: %(rules)s.") % {"rules": _rules()}
    )
    by_key = {metric.key: metric for metric in metrics}
    thresholds = [made for row in rows if (made := _threshold(reader, row, by_key)) is not None]
    _few(reader, found, "thresholds", thresholds, MOST_THRESHOLDS)
    _contradictions(reader, found, thresholds)
    reader.finish()
    return Content(tuple(tasks), tuple(metrics), tuple(thresholds))


def _rules() -> str:
    return ", ".join(RULES)


def _few(reader: Reader, found: Lines, key: str, rows: Iterable[Any], most: int) -> None:
    if len(list(rows)) > most:
        reader.say(found.lines[key], _("At most %(n)d of them.") % {"n": most})


def _key(reader: Reader, found: Lines) -> str:
    key = reader.text(found, "key", 60)
    if key and not re.fullmatch(KEY, key):
        reader.say(
            found.lines["key"], _("A key is written in small letters, digits, “_”, “-” and “.”, as in exact_match.")
        )
    return key


def _task(reader: Reader, found: Lines) -> Task:
    reader.only(found, {"key", "title", "dataset", "split"})
    key, title = _key(reader, found), reader.text(found, "title", 120)
    dataset, split = reader.text(found, "dataset", 71, False), reader.text(found, "split", 12, False)
    if dataset and not DIGEST.fullmatch(dataset):
        reader.say(
            found.lines["dataset"],
            _("Name the dataset version by its digest: sha256: and 64 hexadecimal digits."),
        )
    if dataset and (split or reader.text(found, "split", 12)):
        reader.choice(found, "split", split, SplitName.values)
    if split and not dataset:
        reader.say(found.lines["split"], _("Name the dataset version whose split it is."))
    return Task(key, title, dataset, split)


def _metric(reader: Reader, found: Lines, tasks: set[str]) -> Metric:
    reader.only(
        found,
        {"key", "title", "group", "unit", "better", "source", "task", "segments", "segment_by", "scale"},
    )
    key, title = _key(reader, found), reader.text(found, "title", 120)
    group, better = reader.text(found, "group", 20), reader.text(found, "better", 10)
    if group:
        reader.choice(found, "group", group, GROUPS)
    if better:
        reader.choice(found, "better", better, BETTER)
    task = reader.text(found, "task", 60, False)
    if task:
        reader.choice(found, "task", task, sorted(tasks))
    scale = _number(reader, found, "scale", 1.0)
    if scale == 0:
        reader.say(found.lines["scale"], _("“scale” can’t be 0."))
    return Metric(
        key,
        title,
        group,
        reader.text(found, "unit", 20),
        better,
        reader.text(found, "source", 300),
        task,
        _segments(reader, found),
        reader.text(found, "segment_by", 100, False),
        scale,
    )


def _segments(reader: Reader, found: Lines) -> tuple[tuple[str, str], ...]:
    """Return pairs of segment and source: a list of names, or a mapping from name to the tool's name."""
    given = found.get("segments")
    if given is None:
        return ()
    if isinstance(given, Lines):
        pairs = [(name, source if isinstance(source, str) else "") for name, source in given.items()]
    elif isinstance(given, list):
        pairs = [(name, "") for name in given]
    else:
        pairs = []
    right = all(isinstance(name, str) and 0 < len(name) <= 100 for name, _source in pairs)
    if not pairs or not right or len({name for name, _source in pairs}) < len(pairs) or len(pairs) > MOST_SEGMENTS:
        reader.say(
            found.lines["segments"],
            _("“segments” needs a list of different names, or a mapping from names to the tool’s names; at most 100."),
        )
        return ()
    return tuple((name.strip(), source.strip()) for name, source in pairs)


def _number(reader: Reader, found: Lines, key: str, default: float | None = None) -> float:
    value = found.get(key, default)
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if value is None or not is_number or not math.isfinite(value) or abs(value) > LARGEST_LIMIT:
        reader.say(found.lines.get(key, found.line), _("“%(key)s” needs a number.") % {"key": key})
        return 1.0
    return float(value)


def _threshold(reader: Reader, found: Lines, metrics: dict[str, Metric]) -> Threshold | None:
    reader.only(found, {"metric", "segment", *RULES})
    key, segment = reader.text(found, "metric", 60), reader.text(found, "segment", 100, False)
    given = [rule for rule in RULES if rule in found]
    if len(given) != 1:
        reader.say(found.line, _("Give exactly one of: %(rules)s.") % {"rules": _rules()})
    if not key or not reader.choice(found, "metric", key, metrics):
        return None
    metric = metrics[key]
    if segment:
        reader.choice(found, "segment", segment, [name for name, _source in metric.segments])
    if len(given) != 1:
        return None
    if (given[0], metric.better) in (("at_least", "lower"), ("at_most", "higher")):
        reader.say(
            found.lines[given[0]],
            _("%(metric)s is better when it is %(better)s: this threshold asks for the opposite.")
            % {"metric": metric.title, "better": metric.better},
        )
    return Threshold(key, segment, given[0], _number(reader, found, given[0]))


def _contradictions(reader: Reader, found: Lines, thresholds: Iterable[Threshold]) -> None:
    seen = set[tuple[str, str, str]]()
    for row in thresholds:
        name = (row.metric, row.segment, row.rule)
        if name in seen:
            reader.say(
                found.lines["thresholds"],
                _("Two thresholds say “%(rule)s” of %(metric)s.") % {"rule": row.rule, "metric": row.metric},
            )
        seen.add(name)
