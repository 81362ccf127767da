"""lm-evaluation-harness 0.4: ``results_*.json``, and ``samples_<task>_*.jsonl`` for the scores of each case.

Figures are named ``<task>/<metric>,<filter>`` as in ``gsm8k/exact_match,strict-match``; groups of tasks likewise.
"""

import re
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

from apps.evaluations.importing.found import (
    Found,
    Measured,
    Score,
    from_epoch,
    labels,
    later,
    number,
    text,
    whole,
)
from apps.evaluations.importing.reading import ImportProblem, Source, lines, mapping

TOOL = "lm-evaluation-harness"
VERSION = re.compile(r"0\.4(\.\d+)*([.+-]?\w+)*")
NO_METRICS = ("alias", "name", "sample_len", "sample_count")
KEPT = ("model", "model_source", "limit", "num_fewshot", "gen_kwargs", "batch_size")


def recognises(value: dict[str, Any]) -> bool:
    return isinstance(value.get("results"), dict) and bool({"n-samples", "configs", "lm_eval_version"} & set(value))


def is_sample(record: dict[str, Any]) -> bool:
    return "doc_id" in record and bool({"filtered_resps", "doc_hash", "resps"} & set(record))


def read(value: dict[str, Any], source: Source, samples: Sequence[Source]) -> Found:
    version = text(value.get("lm_eval_version"), 60)
    if not VERSION.fullmatch(version):
        raise ImportProblem(
            source.name,
            "key “lm_eval_version”",
            f"Version 0.4 of lm-evaluation-harness is read here, not “{version or 'none'}”.",
        )
    measured, skipped = list[Measured](), list[str]()
    counts = mapping(value.get("n-samples", {}), source, "n-samples")
    for task, figures in mapping(value["results"], source, "results").items():
        found = counts.get(task)
        cases = whole(found.get("effective")) if isinstance(found, dict) else None
        for name, figure in mapping(figures, source, f"results.{task}").items():
            if name in NO_METRICS or name.split(",")[0].endswith("_stderr"):
                continue
            amount = number(figure)
            if amount is None or "," not in name:
                skipped.append(f"{task}/{name}")
            else:
                measured.append(Measured(f"{task}/{name}", amount, cases=cases))
    if not measured:
        raise ImportProblem(source.name, "key “results”", "No task has a figure.")
    config = value.get("config")
    config = config if isinstance(config, dict) else {}
    started = from_epoch(value.get("date"))
    tasks = {_task_of(sample, value["results"]): sample for sample in samples}
    if len(tasks) < len(samples):
        raise ImportProblem(samples[-1].name, "", "Two files hold samples of one task.")
    return Found(
        TOOL,
        version,
        tuple(measured),
        partial(_scores, tasks),
        started,
        later(started, value.get("total_evaluation_time_seconds")),
        whole(config.get("random_seed")),
        {
            "model_name": text(value.get("model_name"), 300),
            "task_versions": {str(k)[:100]: str(v)[:40] for k, v in _object(value.get("versions")).items()},
            **{key: config[key] for key in KEPT if isinstance(config.get(key), str | int | float)},
        },
        tuple(skipped),
    )


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _task_of(sample: Source, results: dict[str, Any]) -> str:
    """Return the task whose samples a file holds: the only one there is, or the one that its name says."""
    if len(results) == 1:
        return str(next(iter(results)))
    stem = sample.name.rsplit("/", 1)[-1].removeprefix("samples_")
    named = [task for task in results if stem.startswith(f"{task}_") or stem == f"{task}.jsonl"]
    if not named:
        raise ImportProblem(
            sample.name, "", "Samples do not say their task. Keep the name that the tool gave: samples_<task>_….jsonl."
        )
    return max(named, key=len)


def _scores(tasks: dict[str, Source]) -> Iterator[Score]:
    for task, source in tasks.items():
        for where, record in lines(source):
            yield from _sample(task, record, source, where)


def _sample(task: str, record: dict[str, Any], source: Source, where: str) -> Iterator[Score]:
    if not is_sample(record):
        raise ImportProblem(source.name, where, "This is no sample: doc_id and resps are expected.")
    chosen = text(record.get("filter"), 100) or "none"
    names = record.get("metrics")
    if not isinstance(names, list):
        names = [key for key, item in record.items() if key != "doc_id" and number(item) is not None]
    output = record.get("filtered_resps")
    for name in names:
        amount = number(record.get(name)) if isinstance(name, str) else None
        if amount is not None:
            yield Score(
                f"{task}:{str(record['doc_id'])[:100]}",
                f"{task}/{name},{chosen}",
                amount,
                labels=labels(record.get("doc")),
                input=_asked(record.get("arguments")),
                output=_first(output),
                expected=text(str(record.get("target", ""))),
            )


def _first(value: Any) -> str:
    while isinstance(value, list) and value:
        value = value[0]
    return text(value)


def _asked(value: Any) -> str:
    if isinstance(value, dict):
        value = _object(value.get("gen_args_0")).get("arg_0")
    return _first(value)
