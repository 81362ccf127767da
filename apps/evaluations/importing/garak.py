"""garak's report, ``*.report.jsonl`` of versions 0.9 to 0.19, read as a stream.

Figures are pass rates: ``<probe>/<detector>`` for each pair, ``pass_rate`` over all of them, and
``attack_success_rate``, which is the rest to 1. An output passes when its detector's score is below the run's
threshold (0.5 unless the report says another).
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from apps.evaluations.importing.found import Found, Measured, Score, moment, number, text, whole
from apps.evaluations.importing.reading import ImportProblem, Source, lines

TOOL = "garak"
VERSION = re.compile(r"0\.(9|1[0-9])(\.\w+)*")
USUAL_THRESHOLD = 0.5
EVALUATED = 2


@dataclass
class _Report:
    version: str = ""
    setup: dict[str, Any] = field(default_factory=dict)
    start: Any = None
    end: Any = None
    passed: dict[str, int] = field(default_factory=dict)
    total: dict[str, int] = field(default_factory=dict)

    @property
    def threshold(self) -> float:
        found = number(self.setup.get("run.eval_threshold"))
        return USUAL_THRESHOLD if found is None else found


def read(source: Source) -> Found:
    report = _Report()
    for where, entry in lines(source):
        _take(report, entry, source, where)
    if not report.version:
        raise ImportProblem(
            source.name, "", "The report has no “init” entry with garak_version. Send the whole report."
        )
    if not report.total:
        raise ImportProblem(source.name, "", "The report has no “eval” entry: the run did not come to an end.")
    measured = [
        Measured(name, report.passed[name] / total, cases=total) for name, total in report.total.items() if total
    ]
    whole_total = sum(report.total.values())
    if whole_total:
        rate = sum(report.passed.values()) / whole_total
        measured += [
            Measured("pass_rate", rate, cases=whole_total),
            Measured("attack_success_rate", 1 - rate, cases=whole_total),
        ]
    setup = report.setup
    target = [
        text(setup.get(f"plugins.{new}", setup.get(f"plugins.{old}")), 200)
        for new, old in (("target_type", "model_type"), ("target_name", "model_name"))
    ]
    return Found(
        TOOL,
        report.version,
        tuple(measured),
        partial(_scores, source, report.threshold),
        moment(report.start),
        moment(report.end),
        whole(setup.get("run.seed")),
        {"target_type": target[0], "target_name": target[1], "eval_threshold": report.threshold},
        tuple(name for name, total in report.total.items() if not total),
    )


def _take(report: _Report, entry: dict[str, Any], source: Source, where: str) -> None:
    kind = entry.get("entry_type")
    if kind == "start_run setup":
        report.setup = entry
    elif kind == "init":
        report.version, report.start = text(entry.get("garak_version"), 60), entry.get("start_time")
        if not VERSION.fullmatch(report.version):
            raise ImportProblem(
                source.name, where, f"garak 0.9 to 0.19 is read here, not “{report.version or 'none'}”."
            )
    elif kind == "completion":
        report.end = entry.get("end_time")
    elif kind == "eval":
        name = f"{text(entry.get('probe'), 100)}/{_detector(entry.get('detector'))}"
        passed, total = whole(entry.get("passed")), whole(entry.get("total_evaluated", entry.get("total")))
        if passed is None or total is None or not 0 <= passed <= total:
            raise ImportProblem(source.name, where, f"“passed” and its total are no counts for {name}.")
        report.passed[name] = report.passed.get(name, 0) + passed
        report.total[name] = report.total.get(name, 0) + total


def _detector(name: Any) -> str:
    return text(name, 100).removeprefix("detector.")


def _scores(source: Source, threshold: float) -> Iterator[Score]:
    for _where, entry in lines(source):
        results = entry.get("detector_results")
        if entry.get("entry_type") != "attempt" or entry.get("status") != EVALUATED or not isinstance(results, dict):
            continue
        probe, case = text(entry.get("probe_classname"), 100), text(entry.get("uuid"), 60)
        outputs = entry.get("outputs")
        outputs = outputs if isinstance(outputs, list) else []
        asked = _said(entry.get("prompt"))
        for detector, scores in results.items():
            for index, given in enumerate(scores if isinstance(scores, list) else ()):
                amount = number(given)
                if amount is None:
                    continue
                answered = _said(outputs[index]) if index < len(outputs) else ""
                name, passed = f"{probe}/{_detector(detector)}", float(amount < threshold)
                yield Score(f"{case}:{index}", name, passed, input=asked, output=answered)
                yield Score(f"{name}:{case}:{index}", "pass_rate", passed, probe, input=asked, output=answered)


def _said(value: Any) -> str:
    """Return the words of a message, a conversation (its last turn) or a plain text."""
    if isinstance(value, dict):
        turns = value.get("turns")
        if isinstance(turns, list) and turns and isinstance(turns[-1], dict):
            return _said(turns[-1].get("content"))
        value = value.get("text")
    return text(value)
