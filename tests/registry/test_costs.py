"""Every page and endpoint of this app asks as many questions of the database for little as for much."""

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from apps.evidence import actions as evidence
from apps.registry import actions
from apps.registry.models import Model, ModelVersion
from apps.registry.refs import model_ref, model_version_ref, run_ref
from tests.api.client import Caller
from tests.registry.scenery import furnish, make_model, make_model_version, make_run
from tests.scenery import Scene, make_gate, make_scene, make_version

pytestmark = pytest.mark.django_db


def addresses(version: ModelVersion) -> list[str]:
    lists = [reverse(f"registry:{name}") for name in ("model_list", "run_list", "version_list")]
    of_model = [reverse(f"registry:{name}", args=[version.model_id]) for name in ("model_detail", "model_run_register")]
    of_run = [reverse(f"registry:{name}", args=[version.run_id]) for name in ("run_detail", "run_lineage")]
    names = ("version_detail", "version_lineage", "version_card", "version_card_pdf")
    case = reverse("usecases:usecase_detail", args=[version.model.use_case_id])
    return [*lists, *of_model, *of_run, *(reverse(f"registry:{name}", args=[version.pk]) for name in names), case]


def endpoints(version: ModelVersion) -> list[str]:
    run, own = f"training-runs/{version.run_id}/", f"model-versions/{version.pk}/"
    return [
        "models/",
        "training-runs/",
        "model-versions/",
        f"models/{version.model_id}/",
        f"models/{version.model_id}/facts/",
        run,
        f"{run}facts/",
        f"{run}lineage/",
        own,
        f"{own}facts/",
        f"{own}lineage/",
        f"{own}card/",
    ]


def count(scene: Scene, version: ModelVersion) -> dict[str, int]:
    client, caller = Client(), Caller(scene.engineer, "read")
    client.force_login(scene.engineer)
    found: dict[str, int] = {}
    for address in addresses(version):
        assert client.get(address).status_code == 200, address
        with CaptureQueriesContext(connection) as queries:
            client.get(address)
        found[address] = len(queries)
    for path in endpoints(version):
        assert caller.get(path)[0] == 200, path
        with CaptureQueriesContext(connection) as queries:
            caller.get(path)
        found[path] = len(queries)
    return found


def grow(scene: Scene, model: Model, uses: list[Any], names: range) -> None:
    for name in names:
        make_model(scene, name=f"Model {name}")
        run = make_run(scene, model, datasets=uses, seed=name)
        version = make_model_version(scene, run, f"1.{name}")
        for ref in (model_ref(model), run_ref(run), model_version_ref(version)):
            evidence.add_document(
                ref, "other", f"Paper {name}", by=scene.engineer, link=f"https://wiki.example.org/{name}"
            )


def test_nothing_costs_more_for_many_rows() -> None:
    scene = make_scene()
    version = furnish(scene)
    make_gate(scene)
    data = [make_version(scene, train=f"text,category\nQuestion {number},pay\n") for number in range(4)]
    uses = [actions.DataUse(version=row.pk) for row in (scene.version, *data)]
    grow(scene, version.model, uses[:2], range(2))
    few = count(scene, version)
    grow(scene, version.model, uses, range(2, 7))
    for number in range(4):
        make_model_version(scene, version.run, f"2.{number}")
    assert count(scene, version) == few
