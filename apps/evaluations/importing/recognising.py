"""Which tool wrote the files, told by what is in them, never by their names."""

from collections.abc import Sequence
from typing import Any

import orjson

from apps.evaluations.importing import garak, lm_eval, mlflow, plain, promptfoo
from apps.evaluations.importing.found import Found
from apps.evaluations.importing.reading import ImportProblem, Source, document, first_line, lines

DOCUMENTS = (lm_eval, promptfoo, mlflow, plain)
KNOWN = (
    "a results file of lm-evaluation-harness 0.4, of promptfoo (version 3) or of garak 0.9 to 0.19, an MLflow run, or"
    " Fourgate's own JSON, JSON Lines or CSV"
)


def read(sources: Sequence[Source], subject: str = "") -> Found:
    """Return what the files of one evaluation say together.

    One of them is the tool's result; the others are the scores that belong to it. ``subject`` chooses one provider of
    a file that compares several. Raise ``ImportProblem``.
    """
    if not sources:
        raise ImportProblem("–", "", f"No file was given. Expected: {KNOWN}.")
    results: list[tuple[Any, Any, Source]] = []
    samples: list[Source] = []
    scores: list[Source] = []
    for source in sources:
        kind, value = _kind(source)
        if kind == "samples":
            samples.append(source)
        elif kind == "scores":
            scores.append(source)
        else:
            results.append((kind, value, source))
    if len(results) > 1:
        names = ", ".join(source.name for _kind, _value, source in results)
        raise ImportProblem(results[1][2].name, "", f"One result at a time. These are several: {names}.")
    if not results:
        if samples:
            raise ImportProblem(samples[0].name, "", "These samples need the results_*.json of their run beside them.")
        return plain.of_scores(scores)
    kind, value, source = results[0]
    if samples and kind is not lm_eval:
        raise ImportProblem(samples[0].name, "", f"These samples do not belong to {source.name}.")
    if scores and kind is not plain:
        raise ImportProblem(scores[0].name, "", f"These scores do not belong to {source.name}.")
    if kind is lm_eval:
        return lm_eval.read(value, source, samples)
    if kind is promptfoo:
        return promptfoo.read(value, source, subject)
    if kind is garak:
        return garak.read(source)
    if kind is mlflow:
        return mlflow.read(value, source)
    return plain.read(value, source, scores)


def _kind(source: Source) -> tuple[Any, Any]:
    """Return the reader of a file (or ``samples``, ``scores``) and its JSON document, if it is one."""
    first = first_line(source)
    if not first:
        raise ImportProblem(source.name, "", "The file is empty.")
    if first[:1] not in b"{[":
        return "scores" if plain.kind_of_table(first, source) == "scores" else plain, None
    record = _record(first)
    if isinstance(record, dict):
        if "entry_type" in record:
            return garak, None
        if lm_eval.is_sample(record):
            return "samples", None
        if plain.is_score(record):
            return "scores", None
    if record is not None and _has_more(source):
        raise ImportProblem(source.name, "line 1", f"This is not known here. Expected: {KNOWN}.")
    value = document(source)
    for reader in DOCUMENTS:
        if isinstance(value, dict) and reader.recognises(value):
            return reader, value
    keys = ", ".join(sorted(map(str, value))[:8])[:200] if isinstance(value, dict) else type(value).__name__
    raise ImportProblem(source.name, "", f"This is not known here: it holds {keys or 'nothing'}. Expected: {KNOWN}.")


def _record(line: bytes) -> Any:
    try:
        return orjson.loads(line)
    except orjson.JSONDecodeError:
        return None


def _has_more(source: Source) -> bool:
    try:
        return sum(1 for _row, _line in zip(range(2), lines(source), strict=False)) > 1
    except ImportProblem:
        return False
