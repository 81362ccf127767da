"""An MLflow run as the REST API (``runs/get``) or ``mlflow runs describe`` writes it; figures keep their names."""

from typing import Any

from apps.evaluations.importing.found import Found, Measured, from_epoch, number, text
from apps.evaluations.importing.reading import ImportProblem, Source, mapping

TOOL = "mlflow"
FINISHED = ("FINISHED", "3")


def recognises(value: dict[str, Any]) -> bool:
    run = value.get("run", value)
    return isinstance(run, dict) and isinstance(run.get("data"), dict) and isinstance(run.get("info"), dict)


def read(value: dict[str, Any], source: Source) -> Found:
    run = value.get("run", value)
    info, data = run["info"], run["data"]
    status = str(info.get("status"))
    if status not in FINISHED:
        raise ImportProblem(
            source.name, "key “info.status”", f"The run is {status[:20]}. Export one that has finished."
        )
    measured, skipped = list[Measured](), list[str]()
    for name, figure in _metrics(data.get("metrics", {}), source).items():
        amount = number(figure)
        if amount is None:
            skipped.append(name)
        else:
            measured.append(Measured(name, amount))
    if not measured:
        raise ImportProblem(source.name, "key “data.metrics”", "The run has no metric.")
    params, tags = _pairs(data.get("params"), source, "params"), _pairs(data.get("tags"), source, "tags")
    seed = params.get("seed", params.get("random_seed", ""))
    return Found(
        TOOL,
        "",
        tuple(measured),
        started_at=from_epoch(_seconds(info.get("start_time"))),
        finished_at=from_epoch(_seconds(info.get("end_time"))),
        seed=int(seed) if seed.isascii() and seed.isdigit() and len(seed) < 16 else None,
        parameters={
            "run_id": text(info.get("run_id"), 60),
            "run_name": text(info.get("run_name") or tags.get("mlflow.runName"), 200),
            "source": text(tags.get("mlflow.source.name"), 300),
            "commit": text(tags.get("mlflow.source.git.commit"), 64),
        },
        skipped=tuple(skipped),
    )


def _seconds(milliseconds: Any) -> float | None:
    if isinstance(milliseconds, str) and milliseconds.isascii() and milliseconds.isdigit() and len(milliseconds) < 16:
        milliseconds = int(milliseconds)
    found = number(milliseconds)
    return found / 1000 if found is not None else None


def _metrics(given: Any, source: Source) -> dict[str, Any]:
    """Return each metric's value: of several under one name that of the last step, then the last moment."""
    if isinstance(given, list):
        ordered = sorted(
            (mapping(row, source, f"data.metrics[{index}]") for index, row in enumerate(given)),
            key=lambda row: (number(row.get("step")) or 0.0, number(row.get("timestamp")) or 0.0),
        )
        return {text(row.get("key"), 200): row.get("value") for row in ordered if row.get("key")}
    return {text(name, 200): figure for name, figure in mapping(given, source, "data.metrics").items()}


def _pairs(given: Any, source: Source, name: str) -> dict[str, str]:
    if isinstance(given, list):
        rows = [mapping(row, source, f"data.{name}[{index}]") for index, row in enumerate(given)]
        return {text(row.get("key"), 200): text(row.get("value"), 500) for row in rows}
    found = mapping(given if given is not None else {}, source, f"data.{name}")
    return {text(key, 200): text(value, 500) for key, value in found.items()}
