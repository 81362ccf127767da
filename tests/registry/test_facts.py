"""What is computed of models, runs and versions, and that gates follow it at once."""

import uuid
from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.core import jobs
from apps.core.subjects import SubjectRef
from apps.datasets import actions as datasets
from apps.datasets.lineage.surroundings import surroundings
from apps.datasets.refs import version_ref
from apps.evidence import actions as evidence
from apps.evidence import facts
from apps.gates import actions as gates
from apps.gates.errors import OwnWork
from apps.gates.models import Gate
from apps.registry import actions
from apps.registry.models import Model, ModelVersion, TrainingRun
from apps.registry.refs import model_ref, model_version_ref, run_ref
from tests.datasets.scenery import run_event
from tests.registry.scenery import digest_of_bytes, make_model, make_model_version, make_run, stored
from tests.scenery import Scene, make_gate, make_scene, make_version

pytestmark = pytest.mark.django_db


@pytest.fixture
def scene() -> Scene:
    return make_scene()


def of_model(model: Model, name: str) -> Any:
    return facts.read(model_ref(model))[name]


def of_run(run: TrainingRun, name: str) -> Any:
    return facts.read(run_ref(run))[name]


def of_version(version: ModelVersion, name: str) -> Any:
    return facts.read(model_version_ref(version))[name]


@pytest.mark.parametrize(
    ("licence", "named", "spdx"),
    [
        ("apache-2.0", True, True),
        ("MIT OR Apache-2.0", True, True),
        ("Llama 3.1 Community License", True, False),
        ("", False, False),
        ("Unknown", False, False),
        ("NOASSERTION", False, False),
    ],
)
def test_a_licence_is_named_and_perhaps_in_the_spdx_list(scene: Scene, licence: str, named: bool, spdx: bool) -> None:
    fact = of_model(make_model(scene, licence=licence), "model.licence")
    assert (fact.figures["named"], fact.figures["spdx"]) == (named, spdx)


def test_the_origin_of_a_base_is_complete_with_revision_address_and_digest(scene: Scene) -> None:
    assert of_model(make_model(scene), "model.base").figures["complete"] is True
    fact = of_model(make_model(scene, name="Other", base_revision=""), "model.base")
    assert fact.figures["complete"] is False
    assert "revision" in fact.sentence


def test_a_run_says_how_much_of_its_data_has_an_approved_start_gate(scene: Scene) -> None:
    run = make_run(scene, make_model(scene))
    assert of_run(run, "run.start_gates").figures["approved_percent"] == 0
    assert str(scene.version) in of_run(run, "run.start_gates").sentence
    gate = scene.approve(make_gate(scene))
    assert gate.state == "approved"
    assert of_run(run, "run.start_gates").figures["approved_percent"] == 100
    document = scene.version and evidence.Document.objects.filter(kind="exclusions").get()
    evidence.withdraw_document(document, by=scene.engineer, reason="Wrong")
    assert of_run(run, "run.start_gates").figures["approved"] == 0


def test_the_lineage_of_a_run_is_complete_when_data_code_and_base_are_named(scene: Scene) -> None:
    model = make_model(scene)
    whole = of_run(make_run(scene, model), "run.lineage")
    assert whole.figures["complete"] is True, whole.sentence
    for values in ({"code_commit": ""}, {"base_digest": ""}, {"base_digest": "sha256:" + "d" * 64}):
        assert of_run(make_run(scene, model, **values), "run.lineage").figures["complete"] is False
    run = make_run(scene, model, seed=7)
    actions.edit_model(model.pk, by=scene.engineer, revision=None, base_digest="sha256:" + "d" * 64)
    fact = of_run(run, "run.lineage")
    assert (fact.figures["base_matches"], fact.figures["intact"]) == (False, True)


def test_a_run_that_was_tampered_with_is_not_intact(scene: Scene) -> None:
    run = make_run(scene, make_model(scene))
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE registry_trainingrun DISABLE TRIGGER registry_trainingrun_immutable")
        cursor.execute("UPDATE registry_trainingrun SET seed = 1")
    fact = of_run(run, "run.lineage")
    assert (fact.figures["intact"], fact.figures["complete"]) == (False, False)


def test_a_guideline_is_named_for_every_dataset(scene: Scene) -> None:
    model = make_model(scene)
    assert of_run(make_run(scene, model, guidelines=[]), "run.guidelines").figures["datasets_without"] == 1
    assert of_run(make_run(scene, model), "run.guidelines").figures["datasets_without"] == 0


def test_a_recipe_is_complete_with_all_that_repeats_the_run(scene: Scene) -> None:
    model = make_model(scene)
    assert of_run(make_run(scene, model), "run.recipe").figures["complete"] is True
    fact = of_run(make_run(scene, model, seed=None), "run.recipe")
    assert fact.figures["complete"] is False
    assert "seed" in fact.sentence


def test_an_artefact_elsewhere_is_declared_and_never_said_to_be_checked(scene: Scene) -> None:
    version = make_model_version(scene, make_run(scene, make_model(scene)))
    fact = of_version(version, "model_version.artefact")
    assert (fact.figures["checked"], fact.figures["declared_only"]) == (False, True)
    assert "digest_matches" not in fact.figures


def test_an_artefact_in_the_storage_is_compared(scene: Scene) -> None:
    run = make_run(scene, make_model(scene))
    version = actions.register_model_version(
        run, "1", by=scene.engineer, artefact_digest=digest_of_bytes(), size=31, place=stored()
    )
    assert of_version(version, "model_version.artefact").status == "pending"
    jobs.run_waiting()
    assert of_version(version, "model_version.artefact").figures["digest_matches"] is True
    stored(data=b"x" * 31)
    actions.check_artefact(version, by=scene.engineer)
    jobs.run_waiting()
    fact = of_version(version, "model_version.artefact")
    assert (fact.figures["size_matches"], fact.figures["digest_matches"]) == (True, False)
    default_storage.delete("incoming/adapter.safetensors")
    assert of_version(version, "model_version.artefact").figures["in_place"] is False


def test_a_withdrawn_version_does_not_stand(scene: Scene) -> None:
    version = make_model_version(scene, make_run(scene, make_model(scene)))
    assert of_version(version, "model_version.standing").figures["withdrawn"] is False
    actions.withdraw_model_version(version, by=scene.engineer, reason="Wrong tokeniser")
    assert of_version(version, "model_version.standing").figures["withdrawn"] is True


def test_facts_of_a_run_cost_the_same_for_more_data(scene: Scene) -> None:
    model = make_model(scene)
    few = make_run(scene, model)
    more = [make_version(scene, train=f"text,category\nQuestion {n},pay\n") for n in range(3)]
    many = make_run(scene, model, datasets=[actions.DataUse(version=row.pk) for row in (scene.version, *more)])
    counts = []
    for run in (few, many):
        with CaptureQueriesContext(connection) as queries:
            of_run(run, "run.lineage")
        counts.append(len(queries))
    assert counts[0] == counts[1]


def build_gate(scene: Scene, run: TrainingRun) -> Gate:
    evidence.add_document(
        run_ref(run),
        "sensitive_data_statement",
        "What it may expose",
        by=scene.engineer,
        link="https://wiki.example.org/exposure",
    )
    gate = gates.open_gate("build", run_ref(run), by=scene.engineer)
    gate.refresh_from_db()
    return gate


def test_the_build_gate_follows_the_start_gate_in_the_same_transaction(scene: Scene) -> None:
    run = make_run(scene, make_model(scene))
    gate = build_gate(scene, run)
    assert gate.state == "open"
    scene.approve(make_gate(scene))
    gate.refresh_from_db()
    assert (gate.state, gate.blocked_by) == ("in_review", "")
    for responsibility in ("model_owner", "business_owner", "compliance_reviewer"):
        scene.sign(gate, responsibility)
    gate.refresh_from_db()
    assert gate.state == "approved"
    document = evidence.Document.objects.filter(kind="exclusions").get()
    evidence.withdraw_document(document, by=scene.engineer, reason="Wrong")
    gate.refresh_from_db()
    assert gate.state == "lapsed"


def test_who_trained_does_not_sign_the_build_gate(scene: Scene) -> None:
    run = make_run(scene, make_model(scene), trained_by=scene.people["business_owner"])
    scene.approve(make_gate(scene))
    gate = build_gate(scene, run)
    with pytest.raises(OwnWork):
        scene.sign(gate, "business_owner")


def test_a_run_stands_between_its_data_and_its_versions(scene: Scene) -> None:
    version = make_model_version(scene, make_run(scene, make_model(scene)))
    found = surroundings(model_version_ref(version), scene.lead)
    kinds = [(row.ref.type, row.steps) for row in found.things if row.side == "up"]
    assert ("training_run", 1) in kinds
    assert ("dataset_version", 2) in kinds
    assert any(kind == "source" for kind, _steps in kinds)
    below = surroundings(version_ref(scene.version), scene.lead, up=False)
    assert {row.ref.type for row in below.things} >= {"training_run", "model_version"}


def test_a_run_that_reported_itself_stands_in_the_lineage_once(scene: Scene) -> None:
    run_id = uuid.uuid4()
    named = {"namespace": "fourgate", "name": f"dataset_version:{scene.version.pk}"}
    run = make_run(scene, make_model(scene), openlineage_run_id=run_id)
    node = datasets.report_run(scene.team, run_event(run_id, inputs=[named]), by=scene.engineer)
    for start in (run_ref(run), version_ref(scene.version), SubjectRef("lineage_node", node.pk)):
        passages = {(row.input.ref, row.output.ref) for row in surroundings(start, scene.lead).passages}
        assert (version_ref(scene.version), SubjectRef("lineage_node", node.pk)) in passages
        assert (SubjectRef("lineage_node", node.pk), run_ref(run)) in passages
        assert (version_ref(scene.version), run_ref(run)) not in passages


def test_another_teams_report_joins_nothing(scene: Scene) -> None:
    run_id, other = uuid.uuid4(), make_scene(name="Others", complete=False)
    run = make_run(scene, make_model(scene), openlineage_run_id=run_id)
    node = datasets.report_run(other.team, run_event(run_id), by=other.engineer)
    assert node.pk not in {row.ref.id for row in surroundings(run_ref(run), scene.lead).things}
    below = surroundings(SubjectRef("lineage_node", node.pk), other.lead)
    assert run.pk not in {row.ref.id for row in below.things}
