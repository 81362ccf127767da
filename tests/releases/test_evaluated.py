"""What a release says of suites and thresholds, and which live version a model version is held against."""

import json

import pytest

from apps.evidence import facts
from apps.registry.models import ModelVersion
from apps.registry.refs import model_version_ref
from apps.releases import actions, held_against
from apps.releases import change as changes
from tests.evaluations.scenery import SOURCE, evaluate, make_suite, make_suite_version
from tests.releases.scenery import first_version, make_environment, make_live, make_stage, next_version, propose
from tests.scenery import Scene

pytestmark = pytest.mark.django_db
BETTER = {"accuracy": 0.95, "latency": 250.0}


@pytest.fixture
def scene() -> Scene:
    return make_stage()


def thresholds(version: ModelVersion) -> facts.Fact:
    return facts.read(model_version_ref(version))["evaluation.thresholds"]


def test_a_proposal_tells_its_suites_and_thresholds_against_the_live_run(scene: Scene) -> None:
    suite = make_suite(scene)
    suite_version, first = make_suite_version(scene, suite), first_version(scene)
    live_run = evaluate(scene, suite_version, first)
    environment = make_environment(scene)
    release = make_live(scene, environment, first)
    assert json.loads(release.attestation.statement)["predicate"]["evaluations"] == [
        {"suite": suite_version.digest, "run": live_run.digest}
    ]
    second = next_version(scene)
    run = evaluate(scene, suite_version, second, values=BETTER)
    (row,) = changes.read(propose(scene, environment, second))["evaluations"]
    assert (row["suite_digest"], row["run"], row["live_run"]) == (suite_version.digest, run.digest, live_run.digest)
    outcomes = {(one["asked"]["rule"], one["asked"]["segment"]): one["outcome"] for one in row["thresholds"]}
    assert outcomes["not_worse_than_live_by", ""] == "met"
    assert not row["changed"]
    stricter = make_suite_version(scene, suite, SOURCE.replace("at_most: 500", "at_most: 400"))
    evaluate(scene, stricter, second, values=BETTER)
    found = changes.read(propose(scene, environment, second, prompt_digest="sha256:" + "5" * 64))
    assert found["evaluations"][0]["changed"]
    assert changes.counts(found)["suites"] == 1


def test_going_live_and_what_goes_live_later_change_nothing_of_what_was_proven(scene: Scene) -> None:
    suite_version, first, second = make_suite_version(scene), first_version(scene), next_version(scene)
    evaluate(scene, suite_version, first)
    evaluate(scene, suite_version, second, values=BETTER)
    environment = make_environment(scene)
    make_live(scene, environment, first)
    before = thresholds(first), thresholds(second)
    live = make_live(scene, environment, second)
    assert (thresholds(first), thresholds(second)) == before
    third = next_version(scene, "3.0.0", seed=3)
    evaluate(scene, suite_version, third)
    assert thresholds(third).figures["missed"] == 1
    ids = [first.pk, second.pk, third.pk]
    assert held_against.versions(ids) == {second.pk: first.pk, third.pk: second.pk}
    actions.roll_back(live, by=scene.engineer, reason="Slow")
    assert held_against.versions(ids) == {second.pk: first.pk, third.pk: first.pk}
    assert thresholds(third).figures["missed"] == 0


def test_production_goes_before_staging(scene: Scene) -> None:
    first, second, third = first_version(scene), next_version(scene), next_version(scene, "3.0.0", seed=3)
    make_live(scene, make_environment(scene), first)
    make_live(scene, make_environment(scene, "Staging", "staging"), second)
    assert held_against.versions([third.pk])[third.pk] == first.pk
