"""The pages, the endpoints and the card: the same acts, the same refusals, for the right people."""

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from apps.core.sheets import pdf
from apps.datasets.models import SplitName
from apps.gates import actions as gates
from apps.people import actions as people
from apps.registry import actions, card
from apps.registry.models import Model, ModelVersion, TrainingRun
from apps.registry.refs import model_ref, run_ref
from tests.api.client import Caller
from tests.people.factories import make_user
from tests.registry.scenery import (
    BASE,
    COMMIT,
    digest_of_bytes,
    furnish,
    make_model,
    make_model_version,
    make_run,
    stored,
)
from tests.scenery import Scene, make_gate, make_scene

pytestmark = pytest.mark.django_db


@pytest.fixture
def scene() -> Scene:
    return make_scene()


def reader(scene: Scene, key: str = "technical_owner") -> Client:
    client = Client()
    client.force_login(scene.people[key])
    return client


def text_of(client: Client, name: str, *args: Any) -> str:
    response = client.get(reverse(name, args=args))
    assert response.status_code == 200
    return response.content.decode()


def test_a_model_is_created_and_edited_on_a_page(scene: Scene) -> None:
    client = reader(scene)
    url = reverse("registry:model_create", args=[scene.use_case.pk])
    data = {"name": "Intents", "purpose": "Names intents", "base_model": "Qwen", "base_provider": "Qwen"}
    refused = client.post(url, {**data, "base_digest": "md5:1"})
    assert refused.status_code == 422
    assert "Write sha256:" in refused.content.decode()
    assert client.post(url, data).status_code == 302
    model = Model.objects.get()
    edit = reverse("registry:model_edit", args=[model.pk])
    assert client.post(edit, {**data, "licence": "MIT", "revision": 1}).status_code == 302
    assert client.post(edit, {**data, "licence": "Other", "revision": 1}).status_code == 412
    model.refresh_from_db()
    assert model.licence == "MIT"


def test_a_run_and_a_version_are_registered_on_pages(scene: Scene) -> None:
    model, client = make_model(scene), reader(scene)
    url = reverse("registry:model_run_register", args=[model.pk])
    data = {
        "datasets": [f"{scene.version.pk}:{SplitName.TRAIN}"],
        "trained_by": str(scene.engineer.pk),
        "started_at": "2026-03-01T09:00:00",
        "finished_at": "2026-03-01T10:30:00",
        "code_repository": "git@git.example.com:ml/intents.git",
        "code_commit": COMMIT.upper(),
        "hyperparameters": '{"epochs": 3}',
    }
    assert client.post(url, {**data, "hyperparameters": "{epochs}"}).status_code == 422
    assert client.post(url, {**data, "hyperparameters": "[1]"}).status_code == 422
    refused = client.post(url, {**data, "code_commit": "main"})
    assert refused.status_code == 422
    assert "epochs" in refused.content.decode()
    assert client.post(url, data).status_code == 302
    run = TrainingRun.objects.get()
    assert (run.code_commit, run.hyperparameters, run.datasets.get().splits) == (COMMIT, {"epochs": 3}, ["train"])
    version_url = reverse("registry:run_version_register", args=[run.pk])
    values = {"number": "1.0", "artefact_digest": "sha256:" + "1" * 64, "size": 10, "place": "javascript:alert(1)"}
    assert client.post(version_url, values).status_code == 422
    assert client.post(version_url, {**values, "place": "s3://models/a"}).status_code == 302
    version = ModelVersion.objects.get()
    withdraw = reverse("registry:version_withdraw", args=[version.pk])
    assert client.get(withdraw).status_code == 200
    assert client.post(withdraw, {"reason": "Wrong tokeniser"}).status_code == 302
    assert "Wrong tokeniser" in text_of(client, "registry:version_detail", version.pk)


def test_forms_are_for_those_who_build(scene: Scene) -> None:
    version, client = furnish(scene), reader(scene, "business_owner")
    for name, pk in (
        ("registry:model_create", scene.use_case.pk),
        ("registry:model_edit", version.model_id),
        ("registry:model_run_register", version.model_id),
        ("registry:run_version_register", version.run_id),
        ("registry:version_withdraw", version.pk),
    ):
        assert client.get(reverse(name, args=[pk])).status_code == 403, name
    assert client.post(reverse("registry:version_check", args=[version.pk])).status_code == 403


def test_empty_pages_say_what_comes_next(scene: Scene) -> None:
    client = reader(scene)
    for name in ("registry:model_list", "registry:run_list", "registry:version_list"):
        assert 'class="empty"' in text_of(client, name)
    model = make_model(scene)
    page = text_of(client, "registry:model_detail", model.pk)
    assert page.count('class="empty"') == 2
    assert "Model Owner" in page


def test_the_run_says_plainly_that_its_data_is_not_approved(scene: Scene) -> None:
    version, client = furnish(scene), reader(scene)
    page = text_of(client, "registry:run_detail", version.run_id)
    assert "No approved start gate now: Questions v1." in page
    assert "Ask for the gate: Build gate" in page
    scene.approve(make_gate(scene))
    assert "No approved start gate now" not in text_of(client, "registry:run_detail", version.run_id)


def test_the_version_is_summed_up_in_a_sentence(scene: Scene) -> None:
    version = furnish(scene)
    page = text_of(reader(scene), "registry:version_detail", version.pk)
    assert "Qwen2.5-0.5B-Instruct, tuned on 1 dataset version by Technical Owner in run 1" in page
    assert "In place; size and digest are the registered ones." in page
    picture = text_of(reader(scene), "registry:version_lineage", version.pk)
    assert "Questions v1" in picture
    assert "Help desk" in picture


def test_the_artefact_is_read_again_from_the_page(scene: Scene) -> None:
    version, client = furnish(scene), reader(scene)
    assert client.post(reverse("registry:version_check", args=[version.pk])).status_code == 302
    assert "hx-get" in text_of(client, "registry:version_detail", version.pk)
    assert client.get(reverse("registry:version_check_panel", args=[version.pk])).status_code == 200


def test_the_use_case_lists_its_models(scene: Scene) -> None:
    make_model(scene)
    assert "Intent classifier" in text_of(reader(scene), "usecases:usecase_detail", scene.use_case.pk)


def test_the_card_says_what_is_recorded(scene: Scene) -> None:
    version = furnish(scene)
    scene.approve(make_gate(scene))
    page = text_of(reader(scene), "registry:version_card", version.pk)
    for words in (
        "Model card of Intent classifier 1.0.0",
        "Name the intent of a question.",
        "English only.",
        "Apache-2.0",
        scene.version.digest,
        COMMIT,
        "Model Owner",
        "Business Owner (Business owner): Approve",
        "learning_rate: 0.0002",
    ):
        assert words in page, words
    answer = reader(scene).get(reverse("registry:version_card_pdf", args=[version.pk]))
    assert answer["Content-Type"] == "application/pdf"
    assert answer.content.startswith(b"%PDF")


def test_what_people_typed_is_no_markup_on_the_card(scene: Scene) -> None:
    model = make_model(scene, limitations="#panic() *bold* <script> $x$")
    version = make_model_version(scene, make_run(scene, model))
    assert pdf.render(card.read(version, scene.lead)).startswith(b"%PDF")
    assert "<script> $x$" not in text_of(reader(scene), "registry:version_card", version.pk)


def test_the_card_costs_the_same_for_more_gates_and_documents(scene: Scene) -> None:
    version = furnish(scene)

    def cost() -> int:
        with CaptureQueriesContext(connection) as queries:
            card.read(
                ModelVersion.objects.select_related("model__use_case__team", "run").get(pk=version.pk), scene.lead
            )
        return len(queries)

    gate = make_gate(scene)
    before = cost()
    scene.approve(gate)
    gates.open_gate("build", run_ref(version.run), by=scene.engineer)
    assert cost() == before


def body(scene: Scene, model: Model, **values: Any) -> dict[str, Any]:
    return {
        "model": str(model.pk),
        "datasets": [{"digest": scene.version.digest, "splits": ["train"]}],
        "started_at": "2026-03-01T09:00:00Z",
        "finished_at": "2026-03-01T11:00:00Z",
        "trained_by": str(scene.engineer.pk),
        "code_repository": "https://git.example.com/ml/intents",
        "code_commit": COMMIT,
        "base_digest": BASE,
        "hyperparameters": {"epochs": 3, "nested": {"lr": 0.1}},
        "environment": {"image_digest": "sha256:" + "e" * 64},
        "cost_amount": 12.4,
        "cost_currency": "EUR",
    } | values


def test_a_pipeline_registers_everything_over_the_api(scene: Scene) -> None:
    caller = Caller(scene.engineer)
    status, model = caller.post(
        "models/",
        {
            "use_case": str(scene.use_case.pk),
            "name": "Intents",
            "purpose": "Names intents",
            "base_model": "Qwen",
            "base_provider": "Qwen",
            "base_digest": BASE,
        },
    )
    assert status == 201
    path = f"models/{model['id']}/"
    assert caller.call("PATCH", path, {"licence": "MIT"})[0] == 428
    assert caller.call("PATCH", path, {"licence": "MIT"}, **{"If-Match": '"1"'})[0] == 200
    assert caller.call("PATCH", path, {"licence": "MIT"}, **{"If-Match": '"1"'})[0] == 412
    status, run = caller.post("training-runs/", body(scene, Model.objects.get()))
    assert status == 201, run
    assert run["cost_amount"] == 12.4
    assert run["datasets"] == [{"version": str(scene.version.pk), "digest": scene.version.digest, "splits": ["train"]}]
    facts = {row["name"]: row for row in caller.get(f"training-runs/{run['id']}/facts/")[1]}
    assert facts["run.start_gates"]["figures"]["approved"] == 0
    version = {
        "training_run": run["id"],
        "number": "1.0",
        "artefact_digest": digest_of_bytes(),
        "size": 31,
        "place": stored(),
    }
    status, made = caller.post("model-versions/", version)
    assert (status, made["is_withdrawn"]) == (201, False)
    path = f"model-versions/{made['id']}/"
    assert caller.post(path + "checks/", {})[0] == 202
    assert caller.get(path + "card/")[1]["title"] == "Model card of Intents 1.0"
    nodes = caller.get(path + "lineage/")[1]["nodes"]
    assert {row["type"] for row in nodes} >= {"training_run", "dataset_version", "source"}
    assert caller.post(path + "withdrawals/", {"reason": "Wrong"})[0] == 201
    status, refused = caller.post(path + "withdrawals/", {"reason": "Wrong"})
    assert (status, refused["code"]) == (409, "model_version_withdrawn")
    assert caller.get("model-versions/?withdrawn=false")[1]["results"] == []
    assert len(caller.get("model-versions/?withdrawn=true")[1]["results"]) == 1


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"datasets": []}, "no_training_data"),
        ({"datasets": [{"digest": "sha256:" + "0" * 64}]}, "training_data_unknown"),
        ({"code_commit": "main"}, "commit_malformed"),
        ({"hyperparameters": {"x": "y" * 40_000}}, "object_too_large"),
        ({"cost_currency": ""}, "cost_unclear"),
        ({"finished_at": "2026-02-01T09:00:00Z"}, "run_times_impossible"),
    ],
)
def test_refusals_over_the_api_name_their_field(scene: Scene, values: dict[str, Any], code: str) -> None:
    status, refused = Caller(scene.engineer).post("training-runs/", body(scene, make_model(scene), **values))
    assert (status, refused["code"]) == (422, code)
    assert refused["errors"]


def test_filters_find_what_was_made_from_a_digest(scene: Scene) -> None:
    version, caller = furnish(scene), Caller(scene.engineer, "read")
    found = caller.get(f"training-runs/?dataset_digest={scene.version.digest}")[1]["results"]
    assert [row["id"] for row in found] == [str(version.run_id)]
    assert caller.get("training-runs/?code_commit=abc")[1]["results"] == []
    found = caller.get(f"model-versions/?artefact_digest={version.artefact_digest}")[1]["results"]
    assert [row["id"] for row in found] == [str(version.pk)]
    assert len(caller.get(f"models/?use_case={scene.use_case.pk}&search=qwen")[1]["results"]) == 1


def test_another_teams_things_cannot_be_named(scene: Scene) -> None:
    other = make_scene(name="Others", complete=False)
    model = make_model(scene)
    status, _refused = Caller(other.engineer).post("training-runs/", body(scene, model))
    assert status == 422
    client = Client()
    client.force_login(other.lead)
    assert client.get(reverse("registry:model_detail", args=[model.pk])).status_code == 404


def test_a_grant_on_a_model_shows_its_versions(scene: Scene) -> None:
    version, outsider = furnish(scene), make_user(name="Outsider")
    assert Caller(outsider, "read").get(f"model-versions/{version.pk}/")[0] == 404
    people.give_grant(outsider, model_ref(version.model), by=scene.lead)
    assert Caller(outsider, "read").get(f"model-versions/{version.pk}/")[0] == 200


def test_a_withdrawn_version_keeps_its_pages(scene: Scene) -> None:
    version = furnish(scene)
    actions.withdraw_model_version(version, by=scene.engineer, reason="Old")
    client = reader(scene)
    assert "Withdrawn" in text_of(client, "registry:version_list")
    assert "Withdrawn: Old" in text_of(client, "registry:version_card", version.pk)
