"""What can be registered, what is refused, and that nothing of it changes afterwards."""

import datetime as dt
import uuid
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from apps.core import clock, jobs, subjects
from apps.core.errors import NameTaken, NotPermitted, StaleEdit
from apps.datasets import actions as datasets
from apps.datasets.errors import ReasonNeeded, StorageKeyRefused
from apps.ledger.models import Entry
from apps.registry import actions
from apps.registry.errors import (
    ArtefactElsewhere,
    CommitMalformed,
    CostUnclear,
    DigestMalformed,
    GuidelineNotInForce,
    ModelVersionWithdrawn,
    NoTrainingData,
    NumberMalformed,
    ObjectTooLarge,
    PlaceRefused,
    RunTimesImpossible,
    SameArtefact,
    SameRun,
    TrainerOutsideTeam,
    TrainingDataDiffers,
    TrainingDataUnknown,
)
from apps.registry.models import ModelVersion, TrainingRun
from apps.registry.refs import model_version_ref
from tests.people.factories import make_user
from tests.registry.scenery import (
    BYTES,
    digest_of_bytes,
    make_model,
    make_model_version,
    make_run,
    stored,
)
from tests.scenery import Scene, make_scene

pytestmark = pytest.mark.django_db
Use = actions.DataUse


@pytest.fixture
def scene() -> Scene:
    return make_scene()


def test_a_model_is_created_with_its_base_and_found_in_the_trail(scene: Scene) -> None:
    model = make_model(scene, licence=" Apache-2.0 ")
    assert model.licence == "Apache-2.0"
    entry = Entry.objects.get(action="model.created")
    assert entry.payload["base_model"] == "Qwen2.5-0.5B-Instruct"


def test_two_models_of_a_use_case_have_two_names(scene: Scene) -> None:
    make_model(scene)
    with pytest.raises(NameTaken):
        make_model(scene, name="INTENT classifier")


def test_an_edit_on_an_old_state_is_refused(scene: Scene) -> None:
    model = make_model(scene)
    changed = actions.edit_model(model.pk, by=scene.engineer, revision=model.revision, licence="MIT")
    assert changed.licence == "MIT"
    with pytest.raises(StaleEdit):
        actions.edit_model(model.pk, by=scene.engineer, revision=model.revision, licence="GPL-3.0-only")


def test_only_those_who_build_register(scene: Scene) -> None:
    model = make_model(scene)
    with pytest.raises(NotPermitted):
        make_run(scene, model, by=scene.people["business_owner"])
    run = make_run(scene, model)
    with pytest.raises(NotPermitted):
        make_model_version(scene, run, by=scene.people["compliance_reviewer"])
    with pytest.raises(NotPermitted):
        actions.edit_model(model.pk, by=scene.people["sponsor"], revision=None, name="Mine")


@pytest.mark.parametrize(
    "address",
    [
        "javascript:alert(1)",
        "http://example.com/model",
        "https://user:secret@example.com/model",
        "https://example.com/model?X-Amz-Signature=1",
        "https://example.com/model#1",
        "https://127.0.0.1/model",
        "https://169.254.169.254/latest/meta-data",
        "https://[::1]/model",
        "https://10.0.0.7/model",
        "https://2130706433/model",
        "https://localhost/model",
        "https://example.com/a/../b",
        "https://example.com/a/%2e%2e/b",
        "https://example.com",
        "https:///model",
        "https://exa mple.com/model",
        "https://example.com/mo\u202edel",
        "https://example.com:99999/model",
        "https://[broken/model",
        "file:///etc/passwd",
    ],
)
def test_addresses_that_are_tricks_or_secrets_are_refused(scene: Scene, address: str) -> None:
    with pytest.raises(PlaceRefused):
        make_model(scene, base_source=address)


@pytest.mark.parametrize(
    "place", ["file:///etc/passwd", "file:///incoming/../secret", "file:///incoming/none.bin", "file:////incoming/x"]
)
def test_only_files_of_the_storage_are_taken(scene: Scene, place: str) -> None:
    run = make_run(scene, make_model(scene))
    with pytest.raises(StorageKeyRefused) as refused:
        make_model_version(scene, run, place=place)
    assert "/place" in refused.value.errors


@pytest.mark.parametrize("place", ["file://incoming/x", "file:incoming/x", "file:///incoming/%2e%2e/x", "ftp://a/b"])
def test_other_places_are_refused(scene: Scene, place: str) -> None:
    run = make_run(scene, make_model(scene))
    with pytest.raises(PlaceRefused):
        make_model_version(scene, run, place=place)


@pytest.mark.parametrize("place", ["s3://models/a", "oci://registry.example.com/ml/intents:1.0", "https://a.example/m"])
def test_places_elsewhere_are_kept_as_they_are(scene: Scene, place: str) -> None:
    version = make_model_version(scene, make_run(scene, make_model(scene)), place=place)
    assert version.place == place
    assert not version.checks.exists()


def test_a_run_keeps_the_digests_of_what_it_used(scene: Scene) -> None:
    run = make_run(
        scene,
        make_model(scene),
        datasets=[Use(digest=scene.version.digest, splits=["test"]), Use(version=scene.version.pk, splits=["train"])],
        cost_amount=Decimal("12.40"),
        cost_currency="eur",
    )
    use = run.datasets.get()
    assert (use.digest, use.splits) == (scene.version.digest, ["train", "test"])
    assert run.guidelines.get().digest == run.guidelines.get().guideline.digest
    assert (run.number, run.cost_currency) == (1, "EUR")
    assert Entry.objects.get(action="training_run.registered").payload["digest"] == run.digest


def test_a_run_needs_data_that_the_team_has(scene: Scene) -> None:
    model, other = make_model(scene), make_scene(complete=False, name="Others")
    with pytest.raises(NoTrainingData):
        make_run(scene, model, datasets=[])
    with pytest.raises(NoTrainingData):
        make_run(scene, model, datasets=[Use(version=scene.version.pk, splits=["test"])])
    with pytest.raises(TrainingDataUnknown):
        make_run(scene, model, datasets=[Use(version=other.version.pk)], guidelines=[])
    with pytest.raises(TrainingDataUnknown):
        make_run(scene, model, datasets=[Use(version=scene.version.pk, splits=["validation"])], guidelines=[])
    with pytest.raises(TrainingDataDiffers):
        make_run(scene, model, datasets=[Use(version=scene.version.pk, digest="sha256:" + "0" * 64)], guidelines=[])
    assert not TrainingRun.objects.exists()


def test_a_guideline_must_be_published_and_of_this_data(scene: Scene) -> None:
    draft = datasets.draft_guideline(scene.dataset, by=scene.engineer, rules=["One"], examples=[])
    with pytest.raises(GuidelineNotInForce):
        make_run(scene, make_model(scene), guidelines=[draft])


def test_who_trained_is_a_person_of_the_team(scene: Scene) -> None:
    with pytest.raises(TrainerOutsideTeam):
        make_run(scene, make_model(scene), trained_by=make_user())


@pytest.mark.parametrize(
    ("values", "refusal"),
    [
        ({"code_commit": "main"}, CommitMalformed),
        ({"code_commit": "c0ffee1"}, CommitMalformed),
        ({"base_digest": "md5:1"}, DigestMalformed),
        ({"cost_amount": Decimal(1)}, CostUnclear),
        ({"cost_currency": "EUR"}, CostUnclear),
        ({"cost_amount": Decimal(-1), "cost_currency": "EUR"}, CostUnclear),
        ({"hyperparameters": {"a": {"b": {"c": {"d": {"e": {"f": {"g": 1}}}}}}}}, ObjectTooLarge),
        ({"hyperparameters": {"text": "x" * 40_000}}, ObjectTooLarge),
        ({"hyperparameters": {f"k{n}": n for n in range(600)}}, ObjectTooLarge),
        ({"environment": {"n": 2**60}}, ObjectTooLarge),
        ({"environment": {"n": float("nan")}}, ObjectTooLarge),
        ({"environment": {"a": "\x00"}}, ObjectTooLarge),
        ({"environment": {"a": "\ud800"}}, ObjectTooLarge),
        ({"environment": ["a"]}, ObjectTooLarge),
        ({"code_repository": "javascript:x"}, PlaceRefused),
        ({"finished_at": dt.datetime(2100, 1, 1, tzinfo=dt.UTC)}, RunTimesImpossible),
        ({"finished_at": dt.datetime(2001, 1, 1, tzinfo=dt.UTC)}, RunTimesImpossible),
        ({"started_at": dt.datetime(1990, 1, 1, tzinfo=dt.UTC)}, RunTimesImpossible),
    ],
)
def test_what_a_run_cannot_say(scene: Scene, values: dict[str, Any], refusal: Any) -> None:
    with pytest.raises(refusal):
        make_run(scene, make_model(scene), **values)


def test_the_same_run_is_registered_once(scene: Scene) -> None:
    model = make_model(scene)
    run = make_run(scene, model)
    again = {"started_at": run.started_at, "finished_at": run.finished_at}
    with pytest.raises(SameRun) as refused:
        make_run(scene, model, guidelines=[row.guideline for row in run.guidelines.all()], **again)
    assert refused.value.extra["run"] == str(run.pk)


def test_a_version_is_named_once_and_an_artefact_registered_once(scene: Scene) -> None:
    run = make_run(scene, make_model(scene))
    version = make_model_version(scene, run, "1.0-RC1")
    with pytest.raises(NameTaken):
        make_model_version(scene, run, "1.0-rc1")
    with pytest.raises(SameArtefact) as refused:
        make_model_version(scene, run, "1.1", artefact_digest=version.artefact_digest)
    assert refused.value.extra["model_version"] == str(version.pk)
    for number in ("", "a b", "-1", "x" * 61):
        with pytest.raises(NumberMalformed):
            make_model_version(scene, run, number)
    with pytest.raises(DigestMalformed):
        make_model_version(scene, run, "2", artefact_digest="")


def test_a_withdrawal_has_a_reason_and_happens_once(scene: Scene) -> None:
    version = make_model_version(scene, make_run(scene, make_model(scene)))
    with pytest.raises(ReasonNeeded):
        actions.withdraw_model_version(version, by=scene.engineer, reason=" ")
    with pytest.raises(NotPermitted):
        actions.withdraw_model_version(version, by=scene.people["business_owner"], reason="No")
    actions.withdraw_model_version(version, by=scene.engineer, reason="Wrong tokeniser")
    with pytest.raises(ModelVersionWithdrawn):
        actions.withdraw_model_version(version, by=scene.lead, reason="Again")
    assert not ModelVersion.objects.standing().exists()
    assert Entry.objects.get(action="model_version.withdrawn").payload["reason"] == "Wrong tokeniser"


def test_bytes_in_the_storage_are_read_and_compared(scene: Scene) -> None:
    run = make_run(scene, make_model(scene))
    version = make_model_version(scene, run, place=stored(), artefact_digest=digest_of_bytes())
    check = version.checks.get()
    assert (check.size, check.digest) == (len(BYTES), digest_of_bytes())
    stored(data=b"other bytes")
    job = actions.check_artefact(version, by=scene.engineer)
    assert actions.check_artefact(version, by=scene.engineer).pk == job.pk
    jobs.run_waiting()
    newest = version.checks.order_by("-id").first()
    assert newest is not None
    assert newest.digest == digest_of_bytes(b"other bytes")
    with pytest.raises(ArtefactElsewhere):
        actions.check_artefact(make_model_version(scene, run, "2"), by=scene.engineer)


def test_what_is_registered_does_not_change_from_below(scene: Scene) -> None:
    run = make_run(scene, make_model(scene))
    version = make_model_version(scene, run, place=stored(), artefact_digest=digest_of_bytes())
    actions.withdraw_model_version(version, by=scene.engineer, reason="Old")
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    tables = ("trainingrun", "rundataset", "runguideline", "modelversion", "modelversionwithdrawal", "artefactcheck")
    for table in tables:
        for sql in (
            f"UPDATE registry_{table} SET created_at = now()",
            f"DELETE FROM registry_{table}",
            f"TRUNCATE registry_{table} CASCADE",
        ):
            with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(sql)


def test_a_registered_run_takes_no_more_parts_and_no_false_digest(scene: Scene) -> None:
    run, model = make_run(scene, make_model(scene)), make_model(scene, name="Other")
    insert = "INSERT INTO registry_rundataset (id, run_id, version_id, splits, digest) VALUES (%s, %s, %s, '{}', %s)"
    for sql, values in (
        (insert, [uuid.uuid4(), run.pk, scene.version.pk, scene.version.digest]),
        (
            "INSERT INTO registry_modelversion (id, model_id, run_id, number, digest, artefact_digest, size, place,"
            " format, quantisation, notes, registered_by_id)"
            " VALUES (%s, %s, %s, '9', 'x', 'y', 1, 'z', '', '', '', %s)",
            [uuid.uuid4(), model.pk, run.pk, scene.engineer.pk],
        ),
    ):
        with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(sql, values)


def test_who_made_a_version_signs_nothing_of_it(scene: Scene) -> None:
    trainer = scene.people["data_steward"]
    run = make_run(scene, make_model(scene), trained_by=trainer, by=scene.engineer)
    version = make_model_version(scene, run, by=scene.lead)
    assert subjects.kind("model_version").authors(version) == {trainer.pk, scene.engineer.pk, scene.lead.pk}
    chain = [ref.type for ref, _obj in subjects.chain(model_version_ref(version))]
    assert chain == ["model_version", "model", "use_case"]


def test_a_replayed_history_keeps_its_times(scene: Scene) -> None:
    moment = dt.datetime(2026, 1, 5, 9, tzinfo=dt.UTC)
    model = make_model(scene)
    with clock.replay(moment):
        run = make_run(scene, model)
    assert run.created_at == moment
    assert run.datasets.get().created_at == moment
