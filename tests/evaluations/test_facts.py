"""What is true of a model version by its evaluations, and what becomes of gates and authors."""

import datetime as dt
import json
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.core import clock, jobs, subjects
from apps.core.subjects import SubjectRef
from apps.datasets import actions as datasets
from apps.evaluations import actions, live
from apps.evaluations.errors import NoTrainingRows
from apps.evaluations.models import LeakageCheck
from apps.evaluations.refs import suite_version_ref
from apps.evidence import facts
from apps.evidence.facts import Fact
from apps.gates import actions as gates
from apps.registry.actions import DataUse
from apps.registry.models import ModelVersion
from apps.registry.refs import model_version_ref
from tests.evaluations.scenery import (
    CASES,
    SOURCE,
    ago,
    evaluate,
    figures,
    make_baseline,
    make_candidate,
    make_review,
    make_suite,
    make_suite_version,
    scores,
    sign_suite,
)
from tests.people.factories import member
from tests.registry.scenery import make_model, make_model_version, make_run
from tests.scenery import LEAKING, Scene, make_scene, upload

pytestmark = pytest.mark.django_db


@pytest.fixture
def scene() -> Scene:
    return make_scene()


def known(version: ModelVersion) -> dict[str, Fact]:
    version = ModelVersion.objects.select_related("model__use_case__team", "run").get(pk=version.pk)
    return facts.read(model_version_ref(version), version)


def of(version: ModelVersion, name: str) -> Fact:
    return known(version)[f"evaluation.{name}"]


def test_nothing_is_known_before_thresholds_are_signed_and_a_run_counts(scene: Scene) -> None:
    candidate = make_candidate(scene)
    version = make_suite_version(scene, sign=False)
    evaluate(scene, version, candidate)
    for name in ("thresholds", "age_days", "baseline", "failure_analysis", "human_reviews", "leakage"):
        assert of(candidate, name).status == "unknown", name
    sign_suite(scene, version)
    fact = of(candidate, "thresholds")
    assert dict(fact.figures) == {
        "suites": 1, "evaluated_suites": 0, "met": 0, "missed": 0, "unmeasured": 4, "not_applicable": 1, "attempts": 0,
        "all_met": False,
    }  # fmt: skip
    assert fact.sentence == "No run counts for: Intents."


def test_thresholds_are_judged_by_the_newest_run_that_counts(scene: Scene) -> None:
    candidate, version = make_candidate(scene), make_suite_version(scene)
    evaluate(scene, version, make_baseline(scene), values={"accuracy": 0.7, "latency": 900.0})
    evaluate(scene, version, candidate, figures({"latency": 450.0}), scores())
    fact = of(candidate, "thresholds")
    assert (fact.figures["met"], fact.figures["missed"], fact.figures["unmeasured"]) == (4, 0, 0)
    assert fact.sentence == "All 4 thresholds that apply are met."
    evaluate(scene, version, candidate, values={"accuracy": 0.65, "latency": 600.0})
    fact = of(candidate, "thresholds")
    assert (fact.figures["met"], fact.figures["missed"], fact.figures["unmeasured"]) == (0, 3, 1)
    assert fact.figures["attempts"] == 2
    assert "3 thresholds are missed, the first: Accuracy: at least 0.8" in fact.sentence
    other = make_candidate(scene, "2.0.0")
    assert of(other, "thresholds").figures["evaluated_suites"] == 0


def test_a_newer_signed_version_of_the_suite_asks_again(scene: Scene) -> None:
    candidate = make_candidate(scene)
    suite = make_suite(scene)
    evaluate(scene, make_suite_version(scene, suite), candidate)
    assert of(candidate, "thresholds").figures["evaluated_suites"] == 1
    stricter = make_suite_version(scene, suite, SOURCE.replace("at_most: 500", "at_most: 400"), sign=False)
    assert of(candidate, "thresholds").figures["evaluated_suites"] == 1
    sign_suite(scene, stricter)
    assert of(candidate, "thresholds").figures["evaluated_suites"] == 0
    actions.retire_suite(suite, by=scene.engineer, reason="Replaced")
    assert of(candidate, "thresholds").status == "unknown"


def test_what_is_live_is_asked_of_the_floor_above(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    candidate, version = make_candidate(scene, "2.0.0"), make_suite_version(scene)
    running = make_candidate(scene, "1.0.0")
    evaluate(scene, version, candidate, values={"accuracy": 0.9, "latency": 300.0})
    monkeypatch.setattr(live, "_finders", [lambda versions: dict.fromkeys(versions, running.pk)])
    assert of(candidate, "thresholds").figures["unmeasured"] == 3
    evaluate(scene, version, running, values={"accuracy": 0.93, "latency": 300.0})
    assert of(candidate, "thresholds").figures["missed"] == 1
    evaluate(scene, version, running, values={"accuracy": 0.91, "latency": 300.0})
    assert of(candidate, "thresholds").figures["missed"] == 0
    assert of(running, "thresholds").figures["not_applicable"] == 1


def test_the_groups_that_were_not_measured_are_named(scene: Scene) -> None:
    candidate, version = make_candidate(scene), make_suite_version(scene)
    evaluate(scene, version, candidate)
    fact = of(candidate, "groups")
    assert dict(fact.figures) == {"task": 1, "risk": 0, "operational": 1, "groups": 2}
    assert fact.sentence == "No metric was measured of: risk."
    evaluate(scene, version, candidate, values={"accuracy": 0.9, "latency": 1.0, "dan/pass": 1.0})
    assert of(candidate, "groups").figures["groups"] == 3


def test_the_age_is_told_in_steps(scene: Scene) -> None:
    with clock.replay(ago(days=20)):
        candidate, version = make_candidate(scene), make_suite_version(scene)
        evaluate(scene, version, candidate)
    fact = of(candidate, "age_days")
    assert fact.figures["age_days"] == 30
    assert fact.turns_at is not None
    with clock.replay(fact.turns_at - dt.timedelta(seconds=1)):
        assert of(candidate, "age_days").figures["age_days"] == 30
    with clock.replay(fact.turns_at):
        assert of(candidate, "age_days").figures["age_days"] == 90
    with clock.replay(clock.now() + dt.timedelta(days=400)):
        assert (of(candidate, "age_days").figures["age_days"], of(candidate, "age_days").turns_at) == (9999, None)


def test_the_best_baseline_is_what_a_version_is_held_against(scene: Scene) -> None:
    candidate, version = make_candidate(scene), make_suite_version(scene)
    evaluate(scene, version, candidate)
    evaluate(scene, version, make_baseline(scene), values={"accuracy": 0.7})
    assert (of(candidate, "baseline").figures["better"], of(candidate, "baseline").figures["worse"]) == (1, 0)
    evaluate(scene, version, make_baseline(scene, name="RAG", kind="rag", prompts="x"), values={"accuracy": 0.95})
    fact = of(candidate, "baseline")
    assert dict(fact.figures) == {"baselines": 2, "compared": 1, "better": 0, "same": 0, "worse": 1}


def test_rows_of_the_suite_that_were_trained_on_are_found() -> None:
    scene = make_scene(test=LEAKING + "Where is my card?,card\nSomething else entirely,pay\n")
    candidate, version = make_candidate(scene), make_suite_version(scene)
    evaluate(scene, version, candidate)
    fact = of(candidate, "leakage")
    assert dict(fact.figures) == {
        "suites": 1, "rows": 3, "exact_rows": 1, "normalised_rows": 2, "near_rows": 0,
        "leaking_percent": pytest.approx(66.666667),
    }  # fmt: skip
    check = LeakageCheck.objects.get()
    assert check.result["by_task"] == {"intents": {"rows": 3, "exact": 1, "normalised": 2, "near": 0}}
    assert {place["file"] for pair in check.result["samples"] for place in pair} == {"train.csv", "test.csv"}
    assert "card" not in str(check.result)
    assert actions.check_leakage(version, candidate, by=scene.engineer) == check


def test_near_rows_are_found_across_datasets_with_other_columns(scene: Scene) -> None:
    words = "please tell me where my new debit card is since I ordered it two whole weeks ago from your office"
    other = datasets.create_dataset(scene.use_case, by=scene.engineer, name="Asked", sources=[])
    asked = datasets.register_version(
        other,
        {
            "train": [upload(other, "t.jsonl", json.dumps({"question": "Anything?", "answer": "x"}), scene.engineer)],
            "test": [upload(other, "a.jsonl", json.dumps({"question": words, "answer": "card"}), scene.engineer)],
        },
        by=scene.engineer,
        fewer_splits_reason="Only asked",
    )
    train = datasets.register_version(
        scene.dataset,
        {"train": [upload(scene.dataset, "t.csv", f"text,category\n{words} today,card\n", scene.engineer)]},
        by=scene.engineer,
        fewer_splits_reason="Only learnt",
    )
    jobs.run_waiting()
    run = make_run(scene, make_model(scene), datasets=[DataUse(version=train.pk)])
    candidate = make_model_version(scene, run)
    version = make_suite_version(scene, source=SOURCE.replace("%(digest)s", asked.digest))
    evaluate(scene, version, candidate)
    found = of(candidate, "leakage").figures
    assert (found["rows"], found["normalised_rows"], found["near_rows"]) == (1, 0, 1)


def test_the_test_split_of_a_version_used_whole_was_not_seen_unless_it_is_named(scene: Scene) -> None:
    model, version = make_model(scene), make_suite_version(scene)
    whole = make_model_version(scene, make_run(scene, model))
    named = make_run(scene, model, datasets=[DataUse(version=scene.version.pk, splits=["train", "test"])])
    evaluate(scene, version, whole)
    evaluate(scene, version, make_model_version(scene, named, "2.0.0"))
    assert [of(row, "leakage").figures["normalised_rows"] for row in ModelVersion.objects.order_by("id")] == [0, 1]


def test_data_that_is_gone_fails_the_check_and_it_can_be_asked_again(scene: Scene) -> None:
    candidate, version = make_candidate(scene), make_suite_version(scene)
    names = {file.storage_name: default_storage.open(file.storage_name).read() for file in scene.version.files.all()}
    for name in names:
        default_storage.delete(name)
    evaluate(scene, version, candidate)
    assert of(candidate, "leakage").status == "failed"
    for name, data in names.items():
        default_storage.save(name, ContentFile(data))
    actions.check_leakage(version, candidate, by=scene.engineer)
    assert of(candidate, "leakage").status == "pending"
    jobs.run_waiting()
    assert of(candidate, "leakage").status == "known"
    bare = make_suite_version(
        scene,
        make_suite(scene, name="Bare"),
        SOURCE.replace(', dataset: "%(digest)s", split: test', "").replace("%", "%%"),
    )
    with pytest.raises(NoTrainingRows):
        actions.check_leakage(bare, candidate, by=scene.engineer)


def test_people_who_evaluated_are_authors_of_the_version(scene: Scene) -> None:
    candidate, version = make_candidate(scene), make_suite_version(scene)
    ref = model_version_ref(candidate)
    before = subjects.kind(ref.type).authors(subjects.get(ref))
    evaluate(scene, version, candidate, evaluated_by=scene.people["compliance_reviewer"])
    after = subjects.kind(ref.type).authors(subjects.get(ref))
    assert after - before == {scene.people["compliance_reviewer"].pk}
    assert subjects.kind("suite_version").authors(subjects.get(suite_version_ref(version))) == {scene.engineer.pk}


def test_what_people_found_is_counted(scene: Scene) -> None:
    candidate, version = make_candidate(scene), make_suite_version(scene)
    run = evaluate(scene, version, candidate, figures(), scores())
    failure = actions.note_failure(run, "4", by=scene.engineer, cause="data_missing", note="No such card")
    assert of(candidate, "failure_analysis").figures["open"] == 1
    actions.decide_failure(failure, by=scene.engineer, decision="accept", note="Rare")
    assert dict(of(candidate, "failure_analysis").figures) == {"cases": 1, "decided": 1, "open": 0, "accepted": 1}
    reporter = scene.people["compliance_reviewer"]
    finding = actions.report_finding(
        candidate, "Says rude words", by=reporter, description="Asked twice", severity="critical"
    )
    assert of(candidate, "red_team").figures["open_critical_or_high"] == 1
    actions.retest_finding(finding, by=reporter, outcome="gone", note="Asked ten times")
    actions.close_finding(finding, by=reporter, reason="Filtered")
    found = of(candidate, "red_team").figures
    assert (found["findings"], found["open"], found["closed"]) == (1, 0, 1)
    review = make_review(scene, run)
    for position in (1, 2, 3):
        verdict = "defective" if position == 1 else "good"
        actions.judge_output(review, position, by=scene.people["review_lead"], verdict=verdict, note="Rude")
    actions.close_review(review, by=scene.engineer, conclusion="Good enough")
    found = of(candidate, "human_reviews").figures
    assert (found["outputs"], found["defective"], found["judged_twice"]) == (3, 1, 0)
    assert "agreement_percent" not in found


def test_the_facts_cost_the_same_for_one_run_and_for_many(scene: Scene) -> None:
    candidate = make_candidate(scene)

    def cost() -> int:
        with CaptureQueriesContext(connection) as queries:
            known(candidate)
        return len(queries)

    evaluate(scene, make_suite_version(scene), candidate, figures(), scores())
    evaluate(scene, make_suite_version(scene, make_suite(scene, name="B")), make_baseline(scene))
    before = cost()
    for number in range(3):
        version = make_suite_version(scene, make_suite(scene, name=f"More {number}"))
        evaluate(scene, version, candidate, figures(), scores(CASES[: number + 1]))
        evaluate(scene, version, make_baseline(scene, name=f"B {number}", prompts=str(number)))
    assert cost() == before


def test_a_gate_that_asks_for_thresholds_follows_the_evaluations(scene: Scene) -> None:
    policy = """
kind: proof
title: Proof gate
subject: model_version
requirements:
  - {id: thresholds, title: Thresholds are met, fact: evaluation.thresholds, figure: missed, at_most: 0}
  - {id: measured, title: All are measured, fact: evaluation.thresholds, figure: unmeasured, at_most: 0}
sign_offs:
  - {responsibility: business_owner}
"""
    proposed = gates.propose_policy(policy, by=scene.lead, note="n")
    gates.publish_policy(proposed, by=_second_lead(scene))
    candidate, version = make_candidate(scene), make_suite_version(scene)
    evaluate(scene, version, make_baseline(scene), values={"accuracy": 0.5})
    gate = gates.open_gate("proof", model_version_ref(candidate), by=scene.engineer)
    gate.refresh_from_db()
    assert gate.state == "open"
    evaluate(scene, version, candidate, figures({"latency": 100.0}), scores())
    gate.refresh_from_db()
    assert gate.state == "in_review"
    evaluate(scene, version, candidate, values={"accuracy": 0.1})
    gate.refresh_from_db()
    assert gate.state == "open"


def _second_lead(scene: Scene) -> Any:
    return member(scene.team, "governance_lead", name="Second lead")


def test_a_use_case_knows_whether_its_suites_have_signed_thresholds(scene: Scene) -> None:
    def found() -> Fact:
        return facts.read(SubjectRef("use_case", scene.use_case.pk), scene.use_case)["usecase.evaluation_suite"]

    assert (found().figures["suites"], found().figures["with_thresholds_percent"]) == (0, 0.0)
    first = make_suite_version(scene, sign=False)
    assert found().figures == {"suites": 1, "with_thresholds_percent": 0.0}
    sign_suite(scene, first)
    assert found().sentence == "1 of 1 suite has signed thresholds."
    second = make_suite(scene, name="Another")
    assert found().figures["with_thresholds_percent"] == 50.0
    actions.retire_suite(second, by=scene.engineer, reason="Nobody asks it")
    assert found().figures == {"suites": 1, "with_thresholds_percent": 100.0}
    make_suite_version(scene, first.suite, SOURCE.replace("at_least: 0.8", "at_least: 0.85"), sign=False)
    assert found().figures["with_thresholds_percent"] == 0.0, "a new version is signed anew"
