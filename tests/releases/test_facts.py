"""What is known of a release, and whom its troubles are brought to."""

import datetime as dt

import pytest
from django.core.files.storage import default_storage

from apps.agenda import due
from apps.core import clock
from apps.core.subjects import SubjectRef
from apps.evidence import actions as evidence
from apps.evidence import facts
from apps.evidence.facts import Fact
from apps.evidence.models import Document
from apps.gates import actions as gates
from apps.gates.models import Gate
from apps.registry import actions as registry
from apps.registry.refs import model_version_ref
from apps.releases import actions
from apps.releases.errors import TargetUnfit
from apps.releases.models import Release
from apps.releases.refs import release_ref
from tests.releases.scenery import (
    approve,
    ask,
    first_version,
    make_environment,
    make_live,
    make_stage,
    next_version,
    propose,
    prove,
    rehearse,
    sign_all,
    two_live,
)
from tests.scenery import Scene

pytestmark = pytest.mark.django_db


@pytest.fixture
def scene() -> Scene:
    return make_stage()


def known(release: Release) -> dict[str, Fact]:
    return facts.read(release_ref(release))


def state_of(gate: Gate) -> str:
    gate.refresh_from_db()
    return str(gate.state)


def waiting(scene: Scene, responsibility: str) -> list[str]:
    return [entry.item.kind for entry in due.for_user(scene.people[responsibility])]


def test_a_first_release_has_nothing_to_go_back_to_or_to_rehearse(scene: Scene) -> None:
    release = propose(scene, make_environment(scene))
    found = known(release)
    assert found["release.rollback"].figures["first_release"] is True
    assert found["release.rehearsal"].figures["first_release"] is True
    assert found["release.change"].figures["first_release"] is True
    assert found["release.proof_gate"].figures == {"approved": False, "state": "missing"}


def test_what_changes_is_counted(scene: Scene) -> None:
    environment = make_environment(scene)
    make_live(scene, environment)
    figures = known(propose(scene, environment, next_version(scene)))["release.change"].figures
    assert (figures["hyperparameters"], figures["model"], figures["data"], figures["all"]) == (2, 1, 0, 3)
    assert figures["compares_with_live"] is True


def test_the_proof_gate_is_judged_now(scene: Scene) -> None:
    release = propose(scene, make_environment(scene))
    gate = gates.open_gate("release", release_ref(release), by=scene.engineer)
    assert state_of(gate) == "open"
    proof = prove(scene, release.version)
    assert known(release)["release.proof_gate"].figures == {"approved": True, "state": "approved"}
    assert state_of(gate) == "in_review"
    gates.withdraw(proof, by=scene.lead, reason="Measured on the wrong split")
    assert state_of(gate) == "open"


def test_the_way_back_is_looked_at_again(scene: Scene) -> None:
    environment = make_environment(scene)
    first = make_live(scene, environment)
    release = propose(scene, environment, next_version(scene))
    figures = known(release)["release.rollback"].figures
    assert figures["target_stands"] is True
    assert figures["artefact_checked"] is True
    rehearse(scene, release)
    gate = approve(scene, release)
    default_storage.delete(first.version.place.removeprefix("file:///"))
    found = known(release)["release.rollback"].figures
    assert (found["target_stands"], found["target_there"]) == (False, False)
    gates.refresh_all()
    assert state_of(gate) == "lapsed"


def test_a_withdrawn_target_voids_the_approval_in_the_same_transaction(scene: Scene) -> None:
    environment = make_environment(scene)
    first = make_live(scene, environment)
    release = propose(scene, environment, next_version(scene))
    rehearse(scene, release)
    gate = approve(scene, release)
    assert state_of(gate) == "approved"
    registry.withdraw_model_version(first.version, by=scene.engineer, reason="Leaks")
    assert state_of(gate) == "lapsed"
    assert known(release)["release.rollback"].figures["withdrawn"] is True


def test_a_target_whose_approval_fell_for_cause_does_not_stand(scene: Scene) -> None:
    _first, second = two_live(scene)
    proof = Gate.objects.on(model_version_ref(first_version(scene))).get(kind="proof")
    gates.withdraw(proof, by=scene.lead, reason="Measured on the wrong split")
    figures = known(second)["release.rollback"].figures
    assert (figures["lapsed_for_cause"], figures["target_stands"]) == (True, False)


def test_a_lapsed_target_that_falls_for_cause_voids_the_approval_in_the_same_transaction(scene: Scene) -> None:
    first, second = two_live(scene)
    gate = Gate.objects.get(pk=second.gate_id)
    statement = Document.objects.get(kind="sensitive_data_statement", subject_id=first.pk)
    evidence.withdraw_document(statement, by=scene.engineer, reason="Of another model")
    assert state_of(Gate.objects.get(pk=first.gate_id)) == "lapsed"
    assert state_of(gate) == "approved"
    proof = Gate.objects.on(model_version_ref(first.version)).get(kind="proof")
    gates.withdraw(proof, by=scene.lead, reason="Measured on the wrong split")
    assert state_of(gate) == "lapsed"


def test_asking_anew_mends_no_approval_that_was_withdrawn(scene: Scene) -> None:
    first, second = two_live(scene)
    gates.withdraw(Gate.objects.get(pk=first.gate_id), by=scene.lead, reason="Signed for another environment")
    anew = ask(scene, first)
    figures = known(second)["release.rollback"].figures
    assert (figures["lapsed_for_cause"], figures["target_stands"]) == (True, False)
    with pytest.raises(TargetUnfit):
        actions.roll_back(second, by=scene.engineer, reason="It answers in French")
    sign_all(scene, anew)
    assert known(second)["release.rollback"].figures["target_stands"] is True


def test_time_alone_is_no_cause(scene: Scene) -> None:
    _first, second = two_live(scene)
    with clock.replay(clock.now() + dt.timedelta(days=200)):
        gates.refresh_all()
        figures = known(second)["release.rollback"].figures
    assert (figures["lapsed_for_cause"], figures["target_stands"]) == (False, True)


def test_a_rehearsal_counts_for_ninety_days_and_a_new_one_in_time_voids_nothing(scene: Scene) -> None:
    _first, second = two_live(scene)
    gate = Gate.objects.get(pk=second.gate_id)
    with clock.replay(clock.now() + dt.timedelta(days=80)):
        rehearse(scene, second)
        assert state_of(gate) == "approved"
    with clock.replay(clock.now() + dt.timedelta(days=150)):
        gates.refresh_all()
        assert state_of(gate) == "approved"
    with clock.replay(clock.now() + dt.timedelta(days=175)):
        assert known(second)["release.rehearsal"].figures["fresh"] is False
        gates.refresh_expired()
        assert state_of(gate) == "lapsed"
        for responsibility in ("technical_owner", "governance_owner", "business_owner", "model_owner"):
            assert "release_lapsed" in waiting(scene, responsibility)
        assert "release_lapsed" not in waiting(scene, "sponsor")


def test_a_failed_or_withdrawn_rehearsal_does_not_count(scene: Scene) -> None:
    environment = make_environment(scene)
    make_live(scene, environment)
    release = propose(scene, environment, next_version(scene))
    assert known(release)["release.rehearsal"].figures["rehearsed"] is False
    passed = rehearse(scene, release)
    assert known(release)["release.rehearsal"].figures["fresh"] is True
    rehearse(scene, release, outcome="failed", rehearsed_at=clock.now())
    assert known(release)["release.rehearsal"].figures == {
        "first_release": False,
        "rehearsed": True,
        "passed": False,
        "fresh": False,
    }
    gate = approve_but_for_rehearsal(scene, release)
    assert state_of(gate) == "open"
    again = rehearse(scene, release, rehearsed_at=clock.now())
    assert state_of(gate) == "in_review"
    evidence.withdraw_document(again.document, by=scene.engineer, reason="Another file")
    evidence.withdraw_document(passed.document, by=scene.engineer, reason="Another file")
    assert state_of(gate) == "open"


def approve_but_for_rehearsal(scene: Scene, release: Release) -> Gate:
    prove(scene, release.version)
    return gates.open_gate("release", release_ref(release), by=scene.engineer)


def test_who_is_waited_for(scene: Scene) -> None:
    environment = make_environment(scene)
    make_live(scene, environment)
    assert "rehearsal_due" not in waiting(scene, "technical_owner")
    second = propose(scene, environment, next_version(scene))
    rehearse(scene, second)
    approve(scene, second)
    assert "release_approved" in waiting(scene, "technical_owner")
    actions.go_live(second, by=scene.engineer)
    assert "release_approved" not in waiting(scene, "technical_owner")
    with clock.replay(clock.now() + dt.timedelta(days=80)):
        assert "rehearsal_due" in waiting(scene, "technical_owner")
    rollback = actions.roll_back(second, by=scene.engineer, reason="Slow")
    assert "rollback_review" in waiting(scene, "governance_owner")
    assert "rollback_review" not in waiting(scene, "technical_owner")
    with clock.replay(clock.now() + dt.timedelta(days=6)):
        found = [entry for entry in due.for_user(scene.lead) if entry.item.kind == "rollback_review"]
        assert found[0].overdue
    actions.review_rollback(rollback, by=scene.lead, verdict="justified", comment="Seen")
    assert "rollback_review" not in waiting(scene, "governance_owner")


def test_a_use_case_knows_what_is_live_of_it_and_whether_the_way_back_was_walked(scene: Scene) -> None:
    def found() -> dict[str, Fact]:
        return facts.read(SubjectRef("use_case", scene.use_case.pk), scene.use_case)

    assert {found()[f"usecase.{name}"].status for name in ("model_lineage", "rollback")} == {"unknown"}
    _first, second = two_live(scene)
    assert found()["usecase.rollback"].figures == {"ways_back": 1, "rehearsed_percent": 100.0}
    assert found()["usecase.model_lineage"].figures["live"] == 1
    rehearsal = second.rehearsals.get()
    until = rehearsal.rehearsed_at + dt.timedelta(days=90)
    assert found()["usecase.rollback"].turns_at == until
    with clock.replay(until):
        assert found()["usecase.rollback"].figures["rehearsed_percent"] == 0.0
    evidence.withdraw_document(rehearsal.document, by=scene.engineer, reason="Of another model")
    assert "Not rehearsed in the last 90 days" in found()["usecase.rollback"].sentence


def test_what_is_live_is_traced_when_its_run_can_be_retraced(scene: Scene) -> None:
    live = make_live(scene, make_environment(scene))
    ref = SubjectRef("use_case", scene.use_case.pk)
    complete = facts.read(SubjectRef("training_run", live.version.run_id))["run.lineage"].figures["complete"]
    fact = facts.read(ref, scene.use_case)["usecase.model_lineage"]
    assert fact.figures["traced_percent"] == (100.0 if complete else 0.0)
    assert complete or str(live.version) in fact.sentence
