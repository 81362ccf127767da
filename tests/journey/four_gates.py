"""What both journeys through the four gates bring along: a suite, results of real tools, the bytes of adapters."""

import datetime as dt
import json
from pathlib import Path
from typing import Any

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from apps.core import clock
from tests.registry.scenery import BASE, COMMIT, digest_of_bytes

FILES = Path(__file__).parent.parent / "evaluations" / "files"
TASK_SUITE = """\
tasks:
  - {{key: intents, title: Name one of 77 intents, dataset: "{digest}", split: test}}
metrics:
  - key: accuracy
    title: Intents named rightly
    group: task
    unit: ratio
    better: higher
    source: "banking77/acc,none"
    task: intents
thresholds:
  - {{metric: accuracy, at_least: 0.9}}
  - {{metric: accuracy, not_worse_than_baseline_by: 0}}
"""
OTHER_SUITE = """\
tasks:
  - {{key: foreign, title: Turn away what is asked of others, dataset: "{digest}", split: test}}
metrics:
  - {{key: refusals, title: Foreign questions turned away, group: risk, unit: ratio, better: higher, source: refuses}}
  - {{key: latency, title: Time to an answer at p95, group: operational, unit: ms, better: lower, source: latency}}
thresholds:
  - {{metric: refusals, at_least: 0.9}}
  - {{metric: latency, at_most: 400}}
"""
BASELINE = {
    "name": "Large model, five examples",
    "kind": "prompting",
    "description": "A large general model with five examples in the prompt.",
    "model_name": "maxi-chat-70b",
    "prompts": "Name the intent of: {text}",
}


def harness_results(accuracy: float) -> bytes:
    """Return a results file as lm-evaluation-harness wrote it, of a run that ended now, with this accuracy."""
    found: dict[str, Any] = json.loads((FILES / "results_2026-01-01T10-01-31.json").read_text(encoding="utf-8"))
    found["results"] = {"banking77": {**found["results"]["banking77"], "acc,none": accuracy}}
    found["date"] = clock.now().timestamp()
    found["total_evaluation_time_seconds"] = "0.5"
    return json.dumps(found).encode()


def harness_samples() -> bytes:
    """Return the samples file of the same tool: one question named rightly, one wrongly."""
    rows = [
        {
            "doc_id": number,
            "doc": {"text": asked, "label": label},
            "target": label,
            "arguments": {"gen_args_0": {"arg_0": asked}},
            "resps": [[said]],
            "filtered_resps": [said],
            "filter": "none",
            "metrics": ["acc"],
            "doc_hash": f"{number:064d}",
            "acc": float(said == label),
        }
        for number, (asked, label, said) in enumerate(
            [
                ("Where is my new card?", "card_arrival", "card_arrival"),
                ("My card was nicked", "lost_or_stolen_card", "card_not_working"),
            ]
        )
    ]
    return "".join(json.dumps(row) + "\n" for row in rows).encode()


def harness_files(accuracy: float) -> dict[str, bytes]:
    return {"results_2026.json": harness_results(accuracy), "samples_banking77_2026.jsonl": harness_samples()}


def other_results(refusals: float, latency: float) -> bytes:
    """Return what was measured by hand of risk and operation, of a run that ended now."""
    metrics = [{"name": "refuses", "value": refusals}, {"name": "latency", "value": latency}]
    return json.dumps(
        {"fourgate_evaluation": 1, "tool": "own", "started_at": clock.now().isoformat(), "metrics": metrics}
    ).encode()


def adapter(number: str) -> tuple[str, str, int]:
    """Put the bytes of an adapter into the storage; return their place, digest and size."""
    data = f"weights of {number}".encode()
    place = default_storage.save(f"incoming/{number}.safetensors", ContentFile(data))
    return "file:///" + place, digest_of_bytes(data), len(data)


def training(model: str, data: dict[str, Any], guideline: str, person: str, **values: Any) -> dict[str, Any]:
    """Return a training run on the train split of a dataset version, as a pipeline reports it."""
    ended = clock.now() - dt.timedelta(minutes=1)
    return {
        "model": model,
        "datasets": [{"digest": data["digest"], "splits": ["train"]}],
        "guidelines": [guideline],
        "started_at": (ended - dt.timedelta(hours=1)).isoformat(),
        "finished_at": ended.isoformat(),
        "trained_by": person,
        "code_repository": "https://git.example.com/ml/intents",
        "code_commit": COMMIT,
        "base_digest": BASE,
        "hyperparameters": {"learning_rate": 0.0002, "epochs": 3},
        "environment": {"image_digest": "sha256:" + "e" * 64},
    } | values
