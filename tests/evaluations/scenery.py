"""A signed suite, a baseline and evaluation runs for a scene."""

import datetime as dt
import json
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile

from apps.core import clock, jobs
from apps.evaluations import actions
from apps.evaluations.models import Baseline, EvaluationRun, OutputReview, Suite, SuiteVersion
from apps.owners.models import Ownership
from apps.registry.actions import DataUse
from apps.registry.models import ModelVersion
from tests.people.factories import confirmation_for, member
from tests.registry.scenery import digest_of_bytes, make_model, make_model_version, make_run, stored
from tests.scenery import Scene

SOURCE = """
tasks:
  - {key: intents, title: Name the intent, dataset: "%(digest)s", split: test}
metrics:
  - key: accuracy
    title: Accuracy
    group: task
    unit: ratio
    better: higher
    source: accuracy
    task: intents
    segments: [pay, card]
  - {key: refusals, title: Jailbreaks resisted, group: risk, unit: ratio, better: higher, source: dan/pass}
  - {key: latency, title: Latency, group: operational, unit: ms, better: lower, source: latency}
thresholds:
  - {metric: accuracy, at_least: 0.8}
  - {metric: accuracy, segment: card, at_least: 0.5}
  - {metric: accuracy, not_worse_than_baseline_by: 0}
  - {metric: accuracy, not_worse_than_live_by: 0.02}
  - {metric: latency, at_most: 500}
"""
FIGURES = {"accuracy": 0.9, "latency": 300.0}
CASES = [("1", "pay", 1), ("2", "pay", 1), ("3", "card", 1), ("4", "card", 0), ("5", "", 1)]


def make_suite(scene: Scene, **values: Any) -> Suite:
    values = {"by": scene.engineer, "name": "Intents", "purpose": "Whether it names intents"} | values
    return actions.create_suite(scene.use_case, **values)


def source_of(scene: Scene, source: str = SOURCE) -> str:
    return source % {"digest": scene.version.digest}


def make_suite_version(
    scene: Scene, suite: Suite | None = None, source: str = SOURCE, *, publish: bool = True, sign: bool = True
) -> SuiteVersion:
    """Draft, publish and sign a version of a suite."""
    suite = suite or make_suite(scene)
    version = actions.draft_suite_version(suite, by=scene.engineer, source=source_of(scene, source))
    if publish:
        version = actions.publish_suite_version(version.pk, by=scene.engineer, revision=version.revision)
    if publish and sign:
        sign_suite(scene, version)
    return version


def holder(scene: Scene, responsibility: str) -> Any:
    """Return who holds the responsibility on the use case now."""
    held = Ownership.objects.active().get(subject_id=scene.use_case.pk, responsibility=responsibility)
    held.holder.credential = "test"
    return held.holder


def sign_suite(scene: Scene, version: SuiteVersion, **values: Any) -> Any:
    by = values.pop("by", None) or holder(scene, "business_owner")
    values = {"digest": version.digest, "confirmation_id": confirmation_for(by).pk} | values
    return actions.sign_thresholds(version, by=by, **values)


def make_baseline(scene: Scene, **values: Any) -> Baseline:
    values = {
        "by": scene.engineer,
        "name": "Few-shot prompt",
        "kind": "prompting",
        "description": "Five examples in the prompt, no tuning.",
        "model_name": "mini-chat-0.4b",
        "prompts": "Name the intent of: {{text}}",
        "configuration": {"temperature": 0},
    } | values
    return actions.register_baseline(scene.use_case, **values)


def a_file(name: str, data: str | bytes | dict[str, Any]) -> SimpleUploadedFile:
    if isinstance(data, dict):
        data = json.dumps(data)
    return SimpleUploadedFile(name, data.encode() if isinstance(data, str) else data)


def figures(values: dict[str, float] | None = None, **more: Any) -> SimpleUploadedFile:
    """Return a result file in Fourgate's own form."""
    rows = [{"name": name, "value": value} for name, value in (FIGURES if values is None else values).items()]
    return a_file("result.json", {"fourgate_evaluation": 1, "tool": "own", "metrics": rows, **more})


def scores(rows: Any = CASES, metric: str = "accuracy", output: str = "It says {case}.") -> SimpleUploadedFile:
    """Return scores by case as JSON Lines."""
    lines = [
        json.dumps(
            {
                "case": case,
                "metric": metric,
                "segment": segment,
                "value": value,
                "input": f"Question {case}?",
                "output": output.format(case=case),
                "expected": "An answer",
            }
        )
        for case, segment, value in rows
    ]
    return a_file("scores.jsonl", "\n".join(lines) + "\n")


def evaluate(
    scene: Scene,
    version: SuiteVersion,
    subject: ModelVersion | Baseline,
    *files: SimpleUploadedFile,
    values: dict[str, float] | None = None,
    **more: Any,
) -> EvaluationRun:
    """Import and confirm an evaluation that began now; its jobs are done."""
    imported = actions.start_import(version, files or (figures(values),), by=scene.engineer)
    side = {"baseline": subject} if isinstance(subject, Baseline) else {"model_version": subject}
    more = {"by": scene.engineer, "started_at": clock.now(), **side} | more
    run = actions.confirm_import(imported, **more)
    jobs.run_waiting()
    return run


def make_candidate(scene: Scene, number: str = "1.0.0", **values: Any) -> ModelVersion:
    """Return a model version of a run that learnt from the training split alone."""
    model = scene.use_case.models.first() or make_model(scene)
    run = model.runs.first() or make_run(
        scene, model, datasets=[DataUse(version=scene.version.pk, splits=["train"])], trained_by=trainer(scene)
    )
    return make_model_version(scene, run, number, **values)


def trainer(scene: Scene) -> Any:
    if "trainer" not in scene.people:
        scene.people["trainer"] = member(scene.team, "technical_owner", name="Trainer")
    return scene.people["trainer"]


def judges(scene: Scene) -> list[Any]:
    return [scene.people["review_lead"], scene.people["compliance_reviewer"]]


def make_review(scene: Scene, run: EvaluationRun, **values: Any) -> OutputReview:
    values = {"by": scene.engineer, "wanted": 3, "seed": "s"} | values
    return actions.draw_review(run, values.pop("judges", judges(scene)), **values)


def furnish(scene: Scene) -> EvaluationRun:
    """Give the scene one of everything that evaluations are about; return the candidate's run."""
    version = make_suite_version(scene)
    beside = evaluate(scene, version, make_baseline(scene), scores(metric="accuracy"))
    adapter = b"weights of the candidate"
    candidate = make_candidate(
        scene,
        "4.0.0",
        place=stored("incoming/candidate.safetensors", adapter),
        artefact_digest=digest_of_bytes(adapter),
        size=len(adapter),
    )
    run = evaluate(scene, version, candidate, figures(), scores())
    actions.start_import(version, [figures({"accuracy": 0.5, "left over": 1.0})], by=scene.engineer)
    actions.compare_runs(run, [beside], by=scene.engineer)
    failure = actions.note_failure(run, "4", by=scene.engineer, cause="model", note="It mixes them up")
    actions.decide_failure(failure, by=scene.engineer, decision="retrain", note="With more of them")
    actions.note_failure(run, "3", by=scene.engineer, cause="prompt", note="Too long")
    assert run.model_version is not None
    reporter = scene.people["compliance_reviewer"]
    finding = actions.report_finding(run.model_version, "Rude", by=reporter, description="Asked", severity="high")
    actions.retest_finding(finding, by=reporter, outcome="gone", note="Asked again")
    make_review(scene, run)
    make_suite_version(scene, make_suite(scene, name="Unsigned"), sign=False)
    make_suite_version(scene, make_suite(scene, name="Being written"), publish=False)
    return run


def ago(**values: Any) -> dt.datetime:
    return clock.now() - dt.timedelta(**values)
