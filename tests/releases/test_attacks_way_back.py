"""More attacks on releases: on their names, their way back, their attestation, and what pipelines are told."""

import json
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.db import connection, transaction

from apps.core import clock
from apps.core.errors import InvalidInput, NameTaken
from apps.gates.models import Gate, GateState
from apps.owners.models import Ownership
from apps.people import actions as people
from apps.registry import actions as registry
from apps.releases import actions
from apps.releases.digests import release_digest
from apps.releases.errors import OwnRollback
from apps.releases.models import Environment, Release, ReleaseAttestation, ReleaseState, Rollback
from tests.api.client import Caller
from tests.gates.scenery import DAY, browser, copied, refused_by_sql, terms
from tests.people.factories import member
from tests.races import at_once
from tests.releases.scenery import (
    PROMPTS,
    SIGNERS,
    approve,
    ask,
    first_version,
    make_environment,
    make_live,
    make_stage,
    may_deploy,
    next_version,
    propose,
    prove,
    stays_proposed,
    two_live,
    where,
)
from tests.scenery import Scene, hand_over

pytestmark = pytest.mark.django_db
LOOK_ALIKES = ["Pr\u043eduction", "\uff30roduction", "Pro\u200bduction", "Production\u2060", "\u03a1roduction"]


@pytest.fixture
def scene() -> Scene:
    return make_stage()


def held(scene: Scene, responsibility: str) -> Ownership:
    return Ownership.objects.active().get(team=scene.team, responsibility=responsibility)


@pytest.mark.parametrize("name", LOOK_ALIKES)
def test_attack_37_an_environment_that_only_looks_like_another(scene: Scene, name: str) -> None:
    make_environment(scene)
    staging = make_environment(scene, "Staging", "staging")
    with pytest.raises((NameTaken, InvalidInput)):
        make_environment(scene, name, "staging")
    with pytest.raises((NameTaken, InvalidInput)):
        actions.edit_environment(staging.pk, by=scene.engineer, revision=1, name=name)
    body = {"team": str(scene.team.pk), "name": name, "kind": "staging"}
    status, refused = Caller(scene.engineer).post("environments/", body)
    assert (status, refused["code"]) in {(409, "name_taken"), (422, "invalid_input")}
    page = browser(scene.engineer).post("/releases/environments/new/", body)
    assert page.status_code in (409, 422)
    assert Environment.objects.count() == 2


def test_attack_38_the_attestation_of_another_release_is_not_replayed(scene: Scene) -> None:
    first, second = two_live(scene)
    third = propose(scene, second.environment, next_version(scene, "3.0.0", seed=3))
    for victim in (first, second, third):
        for row in ReleaseAttestation.objects.exclude(release=victim):
            refused_by_sql(copied("releases_releaseattestation", release_id=f"'{victim.pk}'"), row.pk)
    row = ReleaseAttestation.objects.get(release=second)
    forged = json.dumps(json.loads(row.statement) | {"predicate": {"release": {"id": str(third.pk)}}})
    refused_by_sql(copied("releases_releaseattestation", release_id=f"'{third.pk}'", statement="%s"), forged, row.pk)
    status, answer = Caller(scene.engineer, "read").get(f"releases/{third.pk}/attestation/")
    assert (status, answer["code"]) == (404, "nothing_attested")
    assert browser(scene.engineer).get(f"/releases/{third.pk}/attestation.json").status_code == 404


def test_attack_39_what_another_teams_people_ask_of_a_release_is_not_there(scene: Scene) -> None:
    release = make_live(scene, make_environment(scene))
    stranger = make_stage(name="Elsewhere").engineer
    caller, page = Caller(stranger, "read", "write", "sign"), browser(stranger)
    for path in (
        f"releases/{release.pk}/",
        f"releases/{release.pk}/attestation/",
        f"gates/{release.gate_id}/",
        f"gates/{release.gate_id}/pdf/",
        f"gates/{release.gate_id}/dossier/",
        where(release),
    ):
        assert caller.get(path)[0] == 404, path
    for path in (
        f"/releases/{release.pk}/",
        f"/releases/{release.pk}/attestation.json",
        f"/gates/{release.gate_id}/",
        f"/gates/{release.gate_id}/gate.pdf",
    ):
        assert page.get(path).status_code == 404, path
    acts: tuple[tuple[str, dict[str, Any]], ...] = (
        ("rollbacks", {"reason": "Mine"}), ("withdrawals", {"reason": "Mine"}), ("promotions", {}), ("comparisons", {}),
    )  # fmt: skip
    for act, body in acts:
        assert caller.post(f"releases/{release.pk}/{act}/", body)[0] == 404, act
    for act in ("roll-back", "withdraw", "go-live", "compare", "rehearse"):
        assert page.post(f"/releases/{release.pk}/{act}/", {"reason": "Mine"}).status_code == 404, act


def test_attack_40_a_rollback_to_a_withdrawn_version(scene: Scene) -> None:
    first, second = two_live(scene)
    registry.withdraw_model_version(first.version, by=scene.engineer, reason="Leaks names")
    body = {"reason": "Down"}
    status, refused = Caller(scene.engineer).post(f"releases/{second.pk}/rollbacks/", body)
    assert (status, refused["code"]) == (409, "target_unfit")
    page = browser(scene.engineer).post(f"/releases/{second.pk}/roll-back/", body)
    assert (page.status_code, page.context["refusal"].code) == (409, "target_unfit")
    assert not Rollback.objects.exists()
    second.refresh_from_db()
    assert second.state == ReleaseState.LIVE
    assert not may_deploy(first, scene.engineer)


def test_attack_41_nothing_is_brought_back_without_a_rollback(scene: Scene) -> None:
    first, second = two_live(scene)
    back = copied("releases_release", restores_id="id", state="'live'", number="50", ending="''", ended_at="NULL",
                  ended_by_id="NULL", live_from="now()")  # fmt: skip
    refused_by_sql(back, first.pk)
    actions.withdraw_release(second, by=scene.engineer, reason="Down")
    refused_by_sql(back, first.pk)
    assert not may_deploy(first, scene.engineer)


def test_attack_42_a_second_account_reviews_its_own_rollback(scene: Scene) -> None:
    _first, second = two_live(scene)
    rollback = actions.roll_back(second, by=scene.engineer, reason="Slow")
    twin = member(scene.team, "governance_lead", name="Twin")
    hand_over(held(scene, "governance_owner"), twin, by=scene.lead)
    EmailAddress.objects.create(user=twin, email=scene.engineer.email.upper(), verified=True)
    body = {"verdict": "justified", "comment": "It was right"}
    with pytest.raises(OwnRollback):
        actions.review_rollback(rollback, by=twin, **body)
    assert Caller(twin).post(f"rollbacks/{rollback.pk}/reviews/", body)[1]["code"] == "own_rollback"
    page = browser(twin).post(f"/releases/rollbacks/{rollback.pk}/review/", body)
    assert (page.status_code, page.context["refusal"].code) == (403, "own_rollback")


def test_attack_43_an_approval_that_time_ended_since_anybody_looked(scene: Scene) -> None:
    release = propose(scene, make_environment(scene))
    prove(scene, release.version)
    gate = ask(scene, release)
    for responsibility in SIGNERS:
        condition = terms(2, "technical_owner") if responsibility == "business_owner" else None
        by = held(scene, responsibility).holder
        scene.sign(gate, responsibility, by=by, condition=condition)
    with clock.replay(clock.now() + 4 * DAY):
        assert Gate.objects.get(pk=gate.pk).state == GateState.APPROVED, "nobody has looked since"
        stays_proposed(release, scene.engineer, "release_not_approved")


def test_attack_44_a_program_brings_live_only_what_people_approved(scene: Scene) -> None:
    release = propose(scene, make_environment(scene))
    admin = member(scene.team, "administrator", name="Admin")
    robot = people.create_service_account(scene.team, "Pipeline", by=admin, role="technical_owner")
    caller = Caller(robot, "read", "write")
    path = f"releases/{release.pk}/"
    assert caller.post(f"{path}promotions/")[1]["code"] == "release_not_approved"
    gate = approve(scene, release)
    sign = {"responsibility": "model_owner", "verdict": "approve", "dossier_digest": gate.dossier_digest}
    assert Caller(robot, "read", "sign").post(f"gates/{gate.pk}/sign-offs/", sign)[0] == 403
    assert caller.post(f"{path}promotions/")[0] == 201
    assert caller.post(f"{path}rollbacks/", {"reason": "At night"})[1]["code"] == "not_the_technical_owner"


def test_attack_45_a_key_of_one_person_answers_nobody_else(scene: Scene) -> None:
    release = propose(scene, make_environment(scene))
    approve(scene, release)
    path = f"releases/{release.pk}/promotions/"
    owner, sponsor = Caller(scene.engineer), Caller(scene.people["sponsor"])
    first = owner.post(path, Idempotency_Key="k")
    assert first[0] == 201
    assert sponsor.post(path, Idempotency_Key="k")[1]["code"] == "not_permitted"
    assert Caller(scene.engineer, "read").post(path, Idempotency_Key="k")[1]["code"] == "scope_missing"
    assert owner.post(path, Idempotency_Key="k") == first
    other = f"releases/{release.pk}/withdrawals/"
    assert owner.post(other, {"reason": "x"}, Idempotency_Key="k")[1]["code"] == "idempotency_key_reused"
    assert Release.objects.get(pk=release.pk).state == ReleaseState.LIVE


def test_attack_46_what_was_approved_is_not_exchanged_before_it_goes_live(scene: Scene) -> None:
    release = propose(scene, make_environment(scene))
    gate, signed = approve(scene, release), release.digest
    for change in (f"prompt_digest = '{PROMPTS}'", "artefact_digest = 'sha256:x'", "notes = 'Other'", "number = 9"):
        refused_by_sql(f"UPDATE releases_release SET {change} WHERE id = %s", release.pk)
    other = "replace(change, '\"changed\":false', '\"changed\":true')"
    refused_by_sql(f"UPDATE releases_release SET change = {other} WHERE id = %s", release.pk)
    named = f"'sha256:' || encode(sha256(convert_to({other}, 'UTF8')), 'hex')"
    for change in (f"change = {other}, change_digest = {named}", "digest = change_digest", "rollback_target_id = id"):
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"UPDATE releases_release SET {change} WHERE id = %s", [release.pk])
            stays_proposed(release, scene.engineer, "release_altered")
            mended = actions.compare_anew(release, by=scene.engineer)
            assert mended.digest == release_digest(mended) == signed
            transaction.set_rollback(True)
    assert actions.go_live(release, by=scene.engineer).gate == gate


@pytest.mark.django_db(transaction=True)
def test_attack_47_eight_proposals_at_once_have_eight_numbers() -> None:
    scene = make_stage()
    environment, version = make_environment(scene), first_version(scene)
    prompts = [f"sha256:{number:064x}" for number in range(8)]
    ended = at_once(
        [
            lambda digest=digest: actions.propose_release(version, environment, by=scene.engineer, prompt_digest=digest)
            for digest in [*prompts, prompts[0]]
        ]
    )
    assert ended == {"done": 8, "release_stands": 1}
    assert sorted(Release.objects.values_list("number", flat=True)) == list(range(1, 9))
