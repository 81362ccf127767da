"""May this version be deployed here? Yes only for what is live on an approved gate, or by a rollback."""

from typing import Any
from unittest.mock import patch
from urllib.parse import urlencode

import pytest
from django.core.files.storage import default_storage
from django.db import OperationalError, connection, transaction
from django.test.utils import CaptureQueriesContext

from apps.gates.models import Gate
from apps.registry import actions as registry
from apps.releases import actions, deployment
from apps.releases.models import Release
from tests.api.client import Caller
from tests.people.factories import member
from tests.releases.scenery import (
    PROMPTS,
    approve,
    first_version,
    make_environment,
    make_live,
    make_stage,
    next_version,
    propose,
    two_live,
)
from tests.scenery import Scene, make_scene

pytestmark = pytest.mark.django_db


@pytest.fixture
def scene() -> Scene:
    return make_stage()


def ask(caller: Caller, **values: str) -> tuple[int, Any]:
    asked = {"model": "Intent classifier", "version": "1.0.0", "environment": "production"} | values
    return caller.get(f"releases/check/?{urlencode(asked)}")


def codes(answer: tuple[int, Any]) -> list[str]:
    assert answer[0] == 200, answer
    return [row["code"] for row in answer[1]["reasons"]]


def test_what_is_live_and_approved_is_allowed(scene: Scene) -> None:
    release = make_live(scene, make_environment(scene))
    caller = Caller(scene.engineer, "read")
    status, data = ask(caller)
    assert (status, data["allowed"], data["release"]) == (200, True, str(release.pk))
    assert [row["code"] for row in data["reasons"]] == ["live_and_approved"]
    assert data["gates"][0]["dossier_digest"] == release.dossier_digest
    for values in (
        {"model": str(release.model_id)},
        {"version": str(release.version_id)},
        {"version": release.artefact_digest},
        {"environment": str(release.environment_id)},
    ):
        assert ask(caller, **values)[1]["allowed"]


def test_an_answer_is_kept_for_moments_and_asked_again_cheaply(scene: Scene) -> None:
    make_live(scene, make_environment(scene))
    caller = Caller(scene.engineer, "read")
    ask(caller)
    etag = caller.last["ETag"]
    assert caller.last["Cache-Control"] == "private, max-age=5"
    query = urlencode({"model": "Intent classifier", "version": "1.0.0", "environment": "Production"})
    assert caller.get(f"releases/check/?{query}", If_None_Match=etag)[0] == 304
    actions.withdraw_release(Release.objects.live().get(), by=scene.engineer, reason="Down")
    status, data = caller.get(f"releases/check/?{query}", If_None_Match=etag)
    assert (status, data["allowed"]) == (200, False)


def test_what_is_not_live_is_not_allowed(scene: Scene) -> None:
    caller = Caller(scene.engineer, "read")
    environment = make_environment(scene)
    assert codes(ask(caller)) == ["not_proposed"]
    release = propose(scene, environment)
    assert codes(ask(caller)) == ["not_live", "no_gate"]
    approve(scene, release)
    assert codes(ask(caller)) == ["not_live"]
    actions.go_live(release, by=scene.engineer)
    make_live(scene, environment, next_version(scene))
    assert codes(ask(caller)) == ["superseded"]
    assert ask(caller, version="2.0.0")[1]["allowed"]


def test_a_stored_approval_is_not_trusted(scene: Scene) -> None:
    release = make_live(scene, make_environment(scene))
    caller = Caller(scene.engineer, "read")
    default_storage.delete(release.version.place.removeprefix("file:///"))
    assert Gate.objects.get(pk=release.gate_id).state == "approved"
    answer = ask(caller)
    assert codes(answer) == ["gate_lapsed"]
    assert not answer[1]["allowed"]


def test_a_withdrawn_version_is_not_allowed(scene: Scene) -> None:
    make_live(scene, make_environment(scene))
    registry.withdraw_model_version(first_version(scene), by=scene.engineer, reason="Leaks")
    assert codes(ask(Caller(scene.engineer, "read"))) == ["version_withdrawn", "gate_lapsed"]


def test_other_bytes_or_prompts_than_the_released_ones_are_not_allowed(scene: Scene) -> None:
    release = make_live(scene, make_environment(scene), prompt_digest=PROMPTS)
    caller = Caller(scene.engineer, "read")
    good = {"artefact_digest": release.artefact_digest, "prompt_digest": PROMPTS}
    assert ask(caller, **good)[1]["allowed"]
    other = "sha256:" + "0" * 64
    assert codes(ask(caller, artefact_digest=other)) == ["other_artefact"]
    assert codes(ask(caller, prompt_digest=other, configuration_digest=other)) == [
        "other_prompts",
        "other_configuration",
    ]


def test_what_a_rollback_brought_back_is_allowed_until_that_is_contested(scene: Scene) -> None:
    _first, second = two_live(scene)
    rollback = actions.roll_back(second, by=scene.engineer, reason="Slow")
    caller = Caller(scene.engineer, "read")
    assert codes(ask(caller)) == ["live_by_rollback"]
    assert ask(caller)[1]["allowed"]
    assert codes(ask(caller, version="2.0.0"))[0] == "rolled_back"
    actions.review_rollback(rollback, by=scene.lead, verdict="contested", comment="Not needed")
    assert codes(ask(caller)) == ["rollback_contested"]


def test_the_unknown_and_the_hidden_look_alike(scene: Scene) -> None:
    make_live(scene, make_environment(scene))
    stranger = Caller(member(make_scene(name="Theirs", complete=False).team, "technical_owner", name="S"), "read")
    own = Caller(scene.engineer, "read")
    hidden, unknown = ask(stranger), ask(own, version="9.9.9")
    assert hidden[0] == unknown[0] == 404
    assert {**hidden[1], "instance": ""} == {**unknown[1], "instance": ""}
    assert ask(own, environment="Moon")[1]["code"] == "not_found"
    assert own.get("releases/check/?model=x")[0] == 422


def test_a_name_that_means_several_things_is_not_guessed(scene: Scene) -> None:
    make_live(scene, make_environment(scene))
    other = make_stage(name="Second")
    both = member(scene.team, "technical_owner", name="Both")
    both.memberships.create(team=other.team, role="technical_owner")
    status, data = ask(Caller(both, "read"))
    assert (status, data["code"]) == (422, "invalid_input")
    assert ask(Caller(both, "read"), version=str(first_version(scene).pk))[1]["allowed"]


def test_trouble_with_the_database_is_a_no(scene: Scene) -> None:
    make_live(scene, make_environment(scene))
    caller = Caller(scene.engineer, "read")
    with patch.object(deployment, "_release", side_effect=OperationalError("gone")):
        status, data = ask(caller)
    assert (status, data["code"]) == (503, "service_unavailable")
    assert "ETag" not in caller.last


def test_the_check_costs_the_same_however_much_there_is(scene: Scene) -> None:
    environment = make_environment(scene)
    make_live(scene, environment)
    asked = deployment.Asked("Intent classifier", "1.0.0", "Production")

    def cost() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert deployment.check(asked, scene.engineer).allowed
        return len(queries)

    cost()
    before = cost()
    for number in range(4):
        propose(scene, environment, next_version(scene, f"{number}.9", seed=100 + number))
        make_environment(scene, f"Staging {number}", "staging")
    assert cost() == before


@pytest.mark.django_db(transaction=True)
def test_an_answer_is_kept_until_anything_is_recorded() -> None:
    scene = make_stage()
    release = make_live(scene, make_environment(scene))
    asked = deployment.Asked("Intent classifier", "1.0.0", "Production")

    def cost(answer: bool) -> int:
        with CaptureQueriesContext(connection) as queries:
            assert deployment.check(asked, scene.engineer).allowed is answer
        return len(queries)

    assert cost(True) > 1
    assert cost(True) == 1
    Gate.objects.filter(pk=release.gate_id).update(state="lapsed")
    assert cost(True) == 1, "what was stored of a gate counts for nothing"
    next_version(scene)
    assert cost(True) > 1, "something was recorded, whatever it was"
    actions.withdraw_release(release, by=scene.engineer, reason="Down")
    assert cost(False) > 1
    Gate.objects.filter(pk=release.gate_id).update(state="approved")
    assert cost(False) == 1
    with patch.object(deployment.time, "monotonic", return_value=deployment.time.monotonic() + 21):
        assert cost(False) > 1
    with transaction.atomic():
        assert cost(False) > 1, "what this transaction wrote has no number yet"
