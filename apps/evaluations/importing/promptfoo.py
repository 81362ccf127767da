"""promptfoo's JSON output, version 3: ``results.results[]`` of one prompt and one provider.

Figures: ``pass_rate``, ``error_rate``, ``score``, ``latency_ms/mean``, ``latency_ms/p50``, ``latency_ms/p95``,
``cost_usd/mean``, ``cost_usd/total``, and ``named/<name>`` for each named score.
"""

import json
import math
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

from apps.evaluations.importing.found import Found, Measured, Score, labels, later, moment, number, text
from apps.evaluations.importing.reading import ImportProblem, Source, listing, mapping

TOOL = "promptfoo"
VERSION = 3
PASSED, SCORE, LATENCY, COST = "pass_rate", "score", "latency_ms/mean", "cost_usd/mean"
FAILED_TO_RUN = 2


def recognises(value: dict[str, Any]) -> bool:
    inner = value.get("results")
    return isinstance(inner, dict) and isinstance(inner.get("results"), list)


def read(value: dict[str, Any], source: Source, subject: str) -> Found:
    inner = value["results"]
    if inner.get("version") != VERSION:
        raise ImportProblem(
            source.name,
            "key “results.version”",
            f"Version 3 of promptfoo's output is read here, not “{str(inner.get('version'))[:20]}”.",
        )
    rows = [
        mapping(row, source, f"results.results[{index}]")
        for index, row in enumerate(listing(inner["results"], source, "results.results"))
    ]
    for index, row in enumerate(rows):
        if not isinstance(row.get("success"), bool) or number(row.get("score")) is None:
            raise ImportProblem(
                source.name, f"key “results.results[{index}]”", "“success” and “score” are expected here."
            )
    rows = _of_one(rows, source, subject)
    meta = value.get("metadata")
    meta = meta if isinstance(meta, dict) else {}
    started = moment(inner.get("timestamp"))
    stats = inner.get("stats")
    length = number(stats.get("durationMs")) if isinstance(stats, dict) else None
    return Found(
        TOOL,
        text(meta.get("promptfooVersion"), 60),
        tuple(_measured(rows)),
        partial(_scores, rows),
        started,
        later(started, length / 1000) if length is not None else None,
        parameters={"provider": _provider(rows[0]), "evaluation": text(value.get("evalId"), 100)},
    )


def _provider(row: dict[str, Any]) -> str:
    found = row.get("provider")
    if isinstance(found, dict):
        return text(found.get("label") or found.get("id"), 200)
    return text(found, 200)


def _side(row: dict[str, Any]) -> str:
    """Return how one column of the comparison is named: its provider, and its prompt where there are several."""
    prompt = row.get("prompt")
    said = text(prompt.get("label"), 100) if isinstance(prompt, dict) else ""
    return f"{_provider(row)} | {said or row.get('promptIdx', 0)}"


def _of_one(rows: list[dict[str, Any]], source: Source, subject: str) -> list[dict[str, Any]]:
    sides = list(dict.fromkeys(map(_side, rows)))
    if not sides:
        raise ImportProblem(source.name, "key “results.results”", "There is no result.")
    chosen = [side for side in sides if subject in (side, side.split(" | ")[0])] if subject else sides
    if len(chosen) != 1:
        raise ImportProblem(
            source.name,
            "key “results.results”",
            "The file compares several. Say which of them this run is: " + "; ".join(sides)[:500] + ".",
        )
    return [row for row in rows if _side(row) == chosen[0]]


def _named(row: dict[str, Any]) -> dict[str, float]:
    found = row.get("namedScores")
    found = found if isinstance(found, dict) else {}
    return {text(key, 100): amount for key, value in found.items() if (amount := number(value)) is not None}


def _measured(rows: Sequence[dict[str, Any]]) -> Iterator[Measured]:
    count = len(rows)
    yield Measured(PASSED, sum(row["success"] for row in rows) / count, cases=count)
    yield Measured("error_rate", sum(row.get("failureReason") == FAILED_TO_RUN for row in rows) / count, cases=count)
    yield Measured(SCORE, sum(float(row["score"]) for row in rows) / count, cases=count)
    times = sorted(amount for row in rows if (amount := number(row.get("latencyMs"))) is not None)
    if times:
        yield Measured(LATENCY, sum(times) / len(times), cases=len(times))
        for share in (50, 95):
            yield Measured(f"latency_ms/p{share}", times[math.ceil(share * len(times) / 100) - 1], cases=len(times))
    costs = [amount for row in rows if (amount := number(row.get("cost"))) is not None]
    if costs:
        yield Measured(COST, sum(costs) / len(costs), cases=len(costs))
        yield Measured("cost_usd/total", sum(costs), cases=len(costs))
    sums, counts = dict[str, float](), Counter[str]()
    for row in rows:
        for name, amount in _named(row).items():
            sums[name] = sums.get(name, 0.0) + amount
            counts[name] += 1
    for name, amount in sums.items():
        yield Measured(f"named/{name}", amount / counts[name], cases=counts[name])


def _scores(rows: Sequence[dict[str, Any]]) -> Iterator[Score]:
    seen = Counter[str]()
    for row in rows:
        test = row.get("testCase")
        test = test if isinstance(test, dict) else {}
        case = f"test {row.get('testIdx', '?')}"[:100]
        seen[case] += 1
        case += f" #{seen[case]}" if seen[case] > 1 else ""
        about, asked, answered = (
            labels(row.get("vars"), test.get("metadata")),
            _asked(row),
            _answered(row.get("response")),
        )
        figures: dict[str, float | None] = {PASSED: float(row["success"]), SCORE: float(row["score"])}
        figures |= {name: number(row.get(key)) for name, key in ((LATENCY, "latencyMs"), (COST, "cost"))}
        figures |= {f"named/{name}": amount for name, amount in _named(row).items()}
        for name, amount in figures.items():
            if amount is not None:
                yield Score(case, name, amount, labels=about, input=asked, output=answered)


def _asked(row: dict[str, Any]) -> str:
    prompt = row.get("prompt")
    return text(prompt.get("raw")) if isinstance(prompt, dict) else ""


def _answered(response: Any) -> str:
    output = response.get("output") if isinstance(response, dict) else None
    return text(output if isinstance(output, str) or output is None else json.dumps(output, ensure_ascii=False))
