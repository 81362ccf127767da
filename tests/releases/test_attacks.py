"""Attacks on a release: by the action, over the API, on the page, and from below as the application's role."""

import datetime as dt
from typing import Any

import pytest
import time_machine
from django.core.files.storage import default_storage

from apps.core import clock
from apps.evidence import actions as evidence
from apps.gates import actions as gates
from apps.gates.models import Gate, GateState, SignOff
from apps.ledger.models import Entry
from apps.owners.models import Ownership
from apps.people import actions as people
from apps.releases import actions
from apps.releases.models import Rehearsal, Release, ReleaseState
from apps.releases.refs import release_ref
from tests.api.client import Caller
from tests.gates.scenery import copied, refused_by_sql, refused_everywhere
from tests.people.factories import make_user, member
from tests.races import at_once
from tests.releases.scenery import (
    SIGNERS,
    approve,
    ask,
    live_by_sql_is_refused,
    make_environment,
    make_stage,
    may_deploy,
    next_version,
    propose,
    prove,
    sign_all,
    stays_proposed,
)
from tests.scenery import Scene, hand_over

pytestmark = pytest.mark.django_db


@pytest.fixture
def scene() -> Scene:
    return make_stage()


@pytest.fixture
def release(scene: Scene) -> Release:
    return propose(scene, make_environment(scene))


def held(scene: Scene, responsibility: str) -> Ownership:
    return Ownership.objects.active().get(team=scene.team, responsibility=responsibility)


@pytest.mark.parametrize("missing", SIGNERS)
def test_attack_01_a_release_that_misses_one_signature(scene: Scene, release: Release, missing: str) -> None:
    prove(scene, release.version)
    gate = ask(scene, release)
    for responsibility in SIGNERS:
        if responsibility != missing:
            scene.sign(gate, responsibility, by=held(scene, responsibility).holder)
    stays_proposed(release, scene.engineer, "release_not_approved")
    refused_by_sql("UPDATE gates_gate SET state = 'approved' WHERE id = %s", gate.pk)
    refused_by_sql("UPDATE gates_gate SET state = 'approved', signatures_needed = 3 WHERE id = %s", gate.pk)
    live_by_sql_is_refused(release, gate, scene.engineer)


def test_attack_01_a_release_that_misses_a_gate(scene: Scene, release: Release) -> None:
    stays_proposed(release, scene.engineer, "release_not_approved")
    gate = ask(scene, release)
    assert gate.state == GateState.OPEN, "its version is not proven"
    stays_proposed(release, scene.engineer, "release_not_approved")
    refused_by_sql("UPDATE gates_gate SET state = 'approved', unmet = 0 WHERE id = %s", gate.pk)
    live_by_sql_is_refused(release, gate, scene.engineer)


def test_attack_01_a_gate_is_not_born_approved(scene: Scene, release: Release) -> None:
    gate = ask(scene, release)
    other = propose(scene, make_environment(scene, "Staging", "staging"))
    born = {"subject_id": f"'{other.pk}'", "unmet": "0"}
    refused_by_sql(copied("gates_gate", state="'approved'", **born), gate.pk)
    refused_by_sql(copied("gates_gate", state="'lapsed'", **born), gate.pk)


def test_attack_08_a_signer_leaves_before_the_release(scene: Scene, release: Release) -> None:
    gate = approve(scene, release)
    people.deactivate(scene.people["business_owner"], by=make_user(organisation_role="administrator"))
    stays_proposed(release, scene.engineer, "release_not_approved")
    refused_by_sql("UPDATE gates_gate SET state = 'approved' WHERE id = %s", gate.pk)
    live_by_sql_is_refused(release, gate, scene.engineer)


def test_attack_09_a_signer_leaves_after_the_release(scene: Scene, release: Release) -> None:
    approve(scene, release)
    actions.go_live(release, by=scene.engineer)
    caller = Caller(scene.engineer, "read")
    attested = caller.get(f"releases/{release.pk}/attestation/")[1]
    people.deactivate(scene.people["business_owner"], by=make_user(organisation_role="administrator"))
    release.refresh_from_db()
    assert (release.state, release.gate is not None) == (ReleaseState.LIVE, True)
    assert caller.get(f"releases/{release.pk}/attestation/")[1] == attested
    rows = caller.get(f"gates/{release.gate_id}/sign-offs/")[1]
    assert "Business Owner" in {row["by_name"] for row in rows}
    assert not may_deploy(release, scene.engineer), "its gate lapsed"


def test_attack_10_a_seat_in_the_team_is_lost_between_approval_and_release(scene: Scene, release: Release) -> None:
    gate = approve(scene, release)
    admin = make_user(organisation_role="administrator")
    people.change_roles(scene.people["compliance_reviewer"], scene.team, [], by=admin)
    stays_proposed(release, scene.engineer, "release_not_approved")
    live_by_sql_is_refused(release, gate, scene.engineer)


def test_attack_10_a_responsibility_is_lost_between_approval_and_release(scene: Scene, release: Release) -> None:
    gate = approve(scene, release)
    heir = member(scene.team, "business_owner", name="Heir")
    hand_over(held(scene, "business_owner"), heir, by=scene.lead)
    stays_proposed(release, scene.engineer, "release_not_approved")
    live_by_sql_is_refused(release, gate, scene.engineer)


def test_attack_10_who_brings_it_live_lost_the_role(scene: Scene, release: Release) -> None:
    approve(scene, release)
    people.change_roles(scene.engineer, scene.team, ["member"], by=make_user(organisation_role="administrator"))
    fresh_user = type(scene.engineer).objects.get(pk=scene.engineer.pk)
    status, answer = Caller(fresh_user).post(f"releases/{release.pk}/promotions/")
    assert (status, answer["code"]) == (403, "not_permitted")


def test_attack_13_a_change_there_and_back_does_not_revive_the_approval(scene: Scene, release: Release) -> None:
    gate = approve(scene, release)
    signed, content = gate.dossier_digest, gate.content_digest
    owner, heir = scene.people["business_owner"], member(scene.team, "business_owner", name="Heir")
    hand_over(held(scene, "business_owner"), heir, by=scene.lead)
    changed = Gate.objects.get(pk=gate.pk).content_digest
    stays_proposed(release, scene.engineer, "release_not_approved")
    as_it_was = "UPDATE gates_gate SET dossier_digest = %s, content_digest = %s"
    for more in ("", ", state = 'approved'", ", state = 'approved', revision = revision + 1"):
        for wanted in (content, changed):
            refused_by_sql(f"{as_it_was}{more} WHERE id = %s", signed, wanted, gate.pk)
    hand_over(held(scene, "business_owner"), owner, by=scene.lead)
    stays_proposed(release, scene.engineer, "release_not_approved")
    live_by_sql_is_refused(release, gate, scene.engineer)


def test_attack_16_the_approval_of_one_release_is_none_of_another(scene: Scene, release: Release) -> None:
    gate = approve(scene, release)
    other = propose(scene, release.environment, next_version(scene))
    prove(scene, other.version)
    theirs = ask(scene, other)
    for responsibility in SIGNERS:
        by = held(scene, responsibility).holder
        refused_everywhere(by, theirs, responsibility, "stale_dossier", dossier_digest=gate.dossier_digest)
    stays_proposed(other, scene.engineer, "release_not_approved")
    live_by_sql_is_refused(other, gate, scene.engineer)
    for row in SignOff.objects.filter(gate=gate):
        refused_by_sql(copied("gates_signoff", gate_id=f"'{theirs.pk}'"), row.pk)
    refused_by_sql("UPDATE gates_gate SET subject_id = %s WHERE id = %s", other.pk, gate.pk)


def test_attack_16_a_gate_of_another_kind_is_no_release_gate(scene: Scene, release: Release) -> None:
    gate = prove(scene, release.version)
    live_by_sql_is_refused(release, gate, scene.engineer)
    refused_by_sql("UPDATE gates_gate SET kind = 'release' WHERE id = %s", gate.pk)


def test_attack_18_the_artefact_is_gone_before_it_goes_live(scene: Scene, release: Release) -> None:
    approve(scene, release)
    default_storage.delete(release.version.place.removeprefix("file:///"))
    stays_proposed(release, scene.engineer, "release_not_approved")


def test_attack_18_other_bytes_lie_where_the_artefact_lay(scene: Scene, release: Release) -> None:
    approve(scene, release)
    place = release.version.place.removeprefix("file:///")
    with default_storage.open(place, "wb") as file:
        file.write(b"other weights")
    stays_proposed(release, scene.engineer, "release_not_approved")


def test_attack_25_the_release_gate_before_the_proof_gate(scene: Scene, release: Release) -> None:
    gate = ask(scene, release)
    for responsibility in SIGNERS:
        refused_everywhere(held(scene, responsibility).holder, gate, responsibility, "gate_not_in_review")
    proof = prove(scene, release.version)
    sign_all(scene, gate)
    gates.withdraw(proof, by=scene.engineer, reason="Proven too early")
    stays_proposed(release, scene.engineer, "release_not_approved")
    live_by_sql_is_refused(release, gate, scene.engineer)


def test_attack_29_a_second_release_into_one_slot(scene: Scene, release: Release) -> None:
    other = propose(scene, release.environment, next_version(scene))
    _first, second = [approve(scene, row) for row in (release, other)]
    assert Caller(scene.engineer).post(f"releases/{release.pk}/promotions/")[0] == 201
    stays_proposed(other, scene.engineer, "live_release_changed")
    live_by_sql_is_refused(other, second, scene.engineer)


def test_attack_32_a_release_is_of_the_databases_time(scene: Scene, release: Release) -> None:
    caller = Caller(scene.engineer)
    day, date = dt.timedelta(days=1), "Sun, 30 Mar 2031 01:59:00 GMT"
    forged = dict.fromkeys(("live_from", "created_at", "ended_at", "time"), "2031-03-30T01:59:00Z")
    approve(scene, release)
    named = {"version": str(next_version(scene).pk), "environment": str(release.environment_id)}
    with time_machine.travel(clock.now() + 3 * day):
        assert caller.post(f"releases/{release.pk}/promotions/", forged, Date=date)[0] == 201
        status, proposed = caller.post("releases/", {**named, **forged}, Date=date)
    assert status == 201
    release.refresh_from_db()
    assert release.live_from is not None
    for moment in (
        release.live_from,
        Entry.objects.get(action="release.went_live").time,
        dt.datetime.fromisoformat(proposed["created_at"]),
    ):
        assert abs(moment - clock.now()) < dt.timedelta(minutes=1)
    assert (proposed["live_from"], proposed["ended_at"], release.ended_at) == (None, None, None)


def test_attack_32_no_rehearsal_is_of_a_time_to_come(scene: Scene, release: Release) -> None:
    approve(scene, release)
    actions.go_live(release, by=scene.engineer)
    following = propose(scene, release.environment, next_version(scene))
    told = {"rehearsed_by": str(scene.engineer.pk), "duration_seconds": 95, "outcome": "passed"}
    later = clock.now() + dt.timedelta(days=1)
    body = {**told, "rehearsed_at": later.isoformat(), "link": "https://wiki.example.org/rehearsals/1"}
    with time_machine.travel(later + dt.timedelta(days=1)):
        status, answer = Caller(scene.engineer).post(f"releases/{following.pk}/rehearsals/", body)
    assert (status, answer["code"]) == (422, "rehearsal_impossible")
    assert not Rehearsal.objects.exists()


def test_attack_36_what_goes_live_without_an_entry_does_not(
    scene: Scene, release: Release, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = approve(scene, release)
    live_by_sql_is_refused(release, gate, scene.engineer)
    before = Entry.objects.count()

    def broken(*args: object, **kwargs: object) -> None:
        raise RuntimeError("the ledger is out of order")

    monkeypatch.setattr("apps.releases.actions.going_live.record_on", broken)
    with pytest.raises(RuntimeError):
        actions.go_live(release, by=scene.engineer)
    release.refresh_from_db()
    assert (release.state, Entry.objects.count()) == (ReleaseState.PROPOSED, before)


@pytest.mark.django_db(transaction=True)
def test_attack_28_the_last_signature_against_an_edit_and_a_release() -> None:
    for number in range(4):
        scene = make_stage(name=f"Race {number}")
        release = propose(scene, make_environment(scene))
        prove(scene, release.version)
        gate = ask(scene, release)
        for responsibility in SIGNERS[:-1]:
            scene.sign(gate, responsibility, by=held(scene, responsibility).holder)
        shown = Gate.objects.get(pk=gate.pk).dossier_digest
        acts: list[Any] = [
            lambda scene=scene, gate=gate, shown=shown: scene.sign(gate, "governance_owner", digest=shown),
            lambda scene=scene, release=release: evidence.add_document(
                release_ref(release),
                "sensitive_data_statement",
                "More than was said",
                by=scene.engineer,
                link="https://wiki.example.org/more",
            ),
            lambda scene=scene, release=release: actions.go_live(release, by=scene.engineer),
        ]
        ended = at_once(acts)
        assert not any(how.startswith("error") for how in ended), ended
        release.refresh_from_db()
        gate.refresh_from_db()
        assert gate.state != GateState.APPROVED
        assert gate.dossier_digest != shown
        if release.state == ReleaseState.LIVE:
            assert release.dossier_digest == shown, "it went live between the signature and the edit"
            assert not may_deploy(release, scene.engineer)
