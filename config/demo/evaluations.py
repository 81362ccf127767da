"""The support team's evaluations: a signed suite, a baseline, a version that misses it and one that meets it."""

import csv
import io
import json
from pathlib import Path
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile

from apps.core import clock, jobs
from apps.datasets.models import DatasetVersion
from apps.evaluations import actions
from apps.evaluations.models import Baseline, EvaluationRun, SuiteVersion
from apps.people import confirmations
from apps.registry.models import ModelVersion
from apps.usecases.models import UseCase
from config.demo import material
from config.demo.people import PASSWORD

SOURCE = """\
tasks:
  - {key: intents, title: Name one of five intents about cards, dataset: "%(digest)s", split: test}
metrics:
  - key: accuracy
    title: Intents named rightly
    group: task
    unit: ratio
    better: higher
    source: accuracy
    task: intents
    segments: [%(segments)s]
  - key: refuses
    title: Questions from outside turned away
    group: risk
    unit: ratio
    better: higher
    source: refuses_foreign
  - {key: latency, title: Time to an answer at p95, group: operational, unit: ms, better: lower, source: latency_p95}
  - {key: cost, title: Cost of a thousand questions, group: operational, unit: EUR, better: lower, source: cost_1000}
thresholds:
  - {metric: accuracy, at_least: 0.9}
  - {metric: accuracy, segment: lost_or_stolen_card, at_least: 0.95}
  - {metric: accuracy, not_worse_than_baseline_by: 0}
  - {metric: accuracy, not_worse_than_live_by: 0.01}
  - {metric: refuses, at_least: 0.9}
  - {metric: latency, at_most: 400}
"""
FIGURES: dict[str, dict[str, float]] = {
    "baseline": {"refuses_foreign": 0.94, "latency_p95": 1240.0, "cost_1000": 1.9},
    "q4": {"refuses_foreign": 0.92, "latency_p95": 120.0, "cost_1000": 0.11},
    "full": {"refuses_foreign": 0.95, "latency_p95": 310.0, "cost_1000": 0.24},
}
WRONG = {
    "baseline": {"card_arrival": 8, "activate_my_card": 4, "card_not_working": 9, "lost_or_stolen_card": 3},
    "q4": {"card_arrival": 2, "card_not_working": 2, "lost_or_stolen_card": 4},
    "full": {"card_arrival": 2, "card_not_working": 3, "lost_or_stolen_card": 1},
}
TAKEN_FOR = {"card_arrival": "card_swallowed", "lost_or_stolen_card": "card_not_working"}


def tell(story: Any) -> None:
    use_case = UseCase.objects.get(name="Support assistant")
    data = DatasetVersion.objects.get(dataset__name="Card questions", number=1)
    version = _suite(story, use_case, data)
    baseline = _baseline(story, use_case)
    versions = {row.number: row for row in ModelVersion.objects.filter(model__use_case=use_case)}
    _evaluate(story, version, "baseline", baseline=baseline)
    missed = _evaluate(story, version, "q4", model_version=versions["0.1.0-q4"])
    met = _evaluate(story, version, "full", model_version=versions["0.1.0"])
    _look_closer(story, missed)
    _explain(story, met)
    _have_judged(story, met)
    with story.later(hours=1):
        actions.compare_runs(missed, [met, baseline.evaluations.get()], by=story.who("teodora"))


def _suite(story: Any, use_case: UseCase, data: DatasetVersion) -> SuiteVersion:
    with story.later(hours=5):
        suite = actions.create_suite(
            use_case,
            by=story.who("teodora"),
            name="Intents about cards",
            purpose="Whether the five intents about cards are told apart well enough to route by them.",
        )
    source = SOURCE % {"digest": data.digest, "segments": ", ".join(material.CARDS)}
    with story.later(hours=1):
        draft = actions.draft_suite_version(suite, by=story.who("teodora"), source=source, note="Five intents")
    with story.later(hours=2):
        version = actions.publish_suite_version(draft.pk, by=story.who("teodora"), revision=draft.revision)
    with story.later(hours=3):
        owner = story.who("bruno")
        actions.sign_thresholds(
            version,
            by=owner,
            digest=version.digest,
            confirmation_id=confirmations.confirm(owner, password=PASSWORD).pk,
            comment="A stolen card that is routed wrongly costs us most: hence 0.95 there.",
        )
    with story.later(hours=1):
        wide = actions.create_suite(
            use_case, by=story.who("teodora"), name="All 77 intents", purpose="For the day when all of them are tuned."
        )
        actions.draft_suite_version(wide, by=story.who("teodora"), source=source, note="To be widened")
    return version


def _baseline(story: Any, use_case: UseCase) -> Baseline:
    with story.later(hours=1):
        return actions.register_baseline(
            use_case,
            by=story.who("teodora"),
            name="Large model, five examples",
            kind="prompting",
            description="A large general model behind an API, with five examples for each intent in the prompt.",
            model_name="maxi-chat-70b",
            prompts="Name the intent of the question. Intents: {intents}.\n\n{examples}\n\nQuestion: {text}\nIntent:",
            configuration={"temperature": 0, "max_tokens": 8},
        )


def _questions() -> list[tuple[str, str]]:
    rows = csv.DictReader(io.StringIO((Path(material.FOLDER) / "test.csv").read_text(encoding="utf-8")))
    return [(row["text"], row["category"]) for row in rows if row["category"] in material.CARDS]


def _scores(who: str) -> bytes:
    left, lines = dict(WRONG[who]), []
    for number, (text, intent) in enumerate(_questions(), 1):
        is_wrong = left.get(intent, 0) > 0
        left[intent] = left.get(intent, 0) - is_wrong
        said = TAKEN_FOR.get(intent, "card_arrival") if is_wrong else intent
        row = {
            "case": f"test {number}",
            "metric": "accuracy",
            "value": int(not is_wrong),
            "segment": intent,
            "input": text,
            "output": said,
            "expected": intent,
        }
        lines.append(json.dumps(row))
    return ("\n".join(lines) + "\n").encode()


def _evaluate(story: Any, version: SuiteVersion, who: str, **subject: Any) -> EvaluationRun:
    with story.later(hours=4):
        now = clock.now()
        figures = {
            "fourgate_evaluation": 1,
            "tool": "intent bench",
            "tool_version": "1.4",
            "started_at": now.isoformat(),
            "seed": 7,
            "parameters": {"temperature": 0},
            "metrics": [{"name": name, "value": value} for name, value in FIGURES[who].items()],
        }
        files = [
            SimpleUploadedFile("result.json", json.dumps(figures).encode()),
            SimpleUploadedFile("scores.jsonl", _scores(who)),
        ]
        imported = actions.start_import(version, files, by=story.who("teodora"))
        run = actions.confirm_import(imported, by=story.who("teodora"), **subject)
        jobs.run_waiting()
    return run


def _look_closer(story: Any, run: EvaluationRun) -> None:
    lost = [f"test {n}" for n, (_text, intent) in enumerate(_questions(), 1) if intent == "lost_or_stolen_card"]
    with story.later(hours=2):
        failure = actions.note_failure(
            run,
            lost[0],
            by=story.who("teodora"),
            metric="accuracy",
            cause="model",
            note="Quantised to four bits, it mixes up stolen cards and broken ones; the full adapter does not.",
        )
        actions.note_failure(
            run, lost[1], by=story.who("teodora"), metric="accuracy", cause="data_missing", note="Nobody says “nicked”."
        )
    with story.later(hours=1):
        actions.decide_failure(
            failure, by=story.who("teodora"), decision="retrain", note="Quantise to eight bits and measure again."
        )
    assert run.model_version is not None
    with story.later(hours=3):
        finding = actions.report_finding(
            run.model_version,
            "Any question that names a competitor’s card becomes “card_arrival”",
            by=story.who("kofi"),
            description="Twelve of fifteen questions about another bank’s card were routed as our own late cards.",
            severity="high",
        )
    with story.later(hours=1):
        actions.retest_finding(
            finding, by=story.who("kofi"), outcome="still_there", note="Fifteen other questions, eleven of them."
        )


def _explain(story: Any, run: EvaluationRun) -> None:
    late = next(f"test {n}" for n, (_text, intent) in enumerate(_questions(), 1) if intent == "card_arrival")
    with story.later(hours=1):
        failure = actions.note_failure(
            run,
            late,
            by=story.who("teodora"),
            metric="accuracy",
            cause="model",
            note="A late card, read as a swallowed one.",
        )
    with story.later(hours=1):
        actions.decide_failure(
            failure,
            by=story.who("teodora"),
            decision="accept",
            note="Two in forty; the desk sends them on within a minute.",
        )


def _have_judged(story: Any, run: EvaluationRun) -> None:
    with story.later(hours=1):
        review = actions.draw_review(
            run, [story.who("sanne"), story.who("kofi")], by=story.who("teodora"), wanted=20, seed="demo"
        )
    with story.later(hours=2):
        for position in range(1, 13):
            actions.judge_output(review, position, by=story.who("sanne"), verdict="good")
