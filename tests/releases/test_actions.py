"""From a proposal to live and back: what each act does, and what is refused."""

import datetime as dt
import json
from typing import Any

import pytest
from django.core.files.storage import default_storage

from apps.core import clock, jobs, subjects
from apps.core.errors import InvalidInput, NameTaken, NotPermitted, StaleEdit
from apps.datasets import actions as datasets
from apps.datasets.errors import ReasonNeeded
from apps.gates.models import GateState
from apps.ledger.models import Entry
from apps.owners import actions as owners
from apps.owners.models import Ownership
from apps.registry import actions as registry
from apps.releases import actions
from apps.releases import change as changes
from apps.releases.errors import (
    AnotherTeamsEnvironment,
    LiveReleaseChanged,
    NotTheGovernanceOwner,
    NotTheTechnicalOwner,
    NoWayBack,
    OwnRollback,
    RehearsalImpossible,
    ReleaseEnded,
    ReleaseNotApproved,
    ReleaseNotLive,
    ReleaseNotProposed,
    ReleaseStands,
    RollbackReviewed,
    TargetNotPossible,
    TargetUnfit,
    VersionNotReleasable,
)
from apps.releases.models import Ending, Release, ReleaseState
from apps.releases.refs import release_ref
from tests.people.factories import make_user, member
from tests.releases.scenery import (
    PROMPTS,
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
from tests.scenery import TRAIN, Scene, hand_over, make_scene, make_version

pytestmark = pytest.mark.django_db


@pytest.fixture
def scene() -> Scene:
    return make_stage()


def test_an_environment_is_named_once_and_keeps_its_kind(scene: Scene) -> None:
    environment = make_environment(scene)
    with pytest.raises(NameTaken):
        make_environment(scene, "production", "staging")
    for values in ({"name": " ", "kind": "staging"}, {"name": "X", "kind": "laptop"}):
        with pytest.raises(InvalidInput):
            actions.create_environment(scene.team, by=scene.engineer, **values)
    changed = actions.edit_environment(
        environment.pk, by=scene.engineer, revision=1, name="Live desk", kind="staging", description="Desk"
    )
    assert (changed.name, changed.kind, changed.revision) == ("Live desk", "production", 2)
    with pytest.raises(StaleEdit):
        actions.edit_environment(environment.pk, by=scene.engineer, revision=1, name="Other")
    other = make_environment(scene, "Staging", "staging")
    with pytest.raises(NameTaken):
        actions.edit_environment(other.pk, by=scene.engineer, revision=1, name="LIVE DESK")
    with pytest.raises(NotPermitted):
        actions.create_environment(scene.team, by=scene.people["business_owner"], name="Mine", kind="staging")


def test_a_proposal_is_compared_with_what_is_live(scene: Scene) -> None:
    environment = make_environment(scene)
    first = make_live(scene, environment)
    second = propose(scene, environment, next_version(scene), prompt_digest=PROMPTS)
    change = changes.read(second)
    assert change["against"]["release"] == str(first.pk)
    assert change["model"]["hyperparameters"] == [
        {"name": "learning_rate", "from": 0.0002, "to": 0.0001},
        {"name": "lora.r", "from": 16, "to": 32},
    ]
    assert change["model"]["artefact"]["changed"]
    assert not change["model"]["base"]["changed"]
    assert change["prompts"] == {"from": "", "to": PROMPTS, "changed": True}
    assert [row["digest"] for row in change["data"]["kept"]] == [scene.version.digest]
    assert second.rollback_target == first
    assert Entry.objects.filter(action="release.proposed").latest("id").payload["change"] == second.change_digest
    assert changes.read(first)["against"] is None


def test_data_that_came_and_went_is_told_with_its_difference(scene: Scene) -> None:
    environment = make_environment(scene)
    make_live(scene, environment)
    later = make_version(scene, TRAIN.replace("I lost it,lost", "I lost it,card"))
    datasets.compare_versions(later, scene.version, by=scene.engineer)
    jobs.run_waiting()
    version = next_version(scene, datasets=[registry.DataUse(version=later.pk)])
    change = changes.read(propose(scene, environment, version))
    assert [row["digest"] for row in change["data"]["added"]] == [later.digest]
    assert [row["digest"] for row in change["data"]["removed"]] == [scene.version.digest]
    (difference,) = change["data"]["differences"]
    assert difference["computed"]
    assert difference["rows"]["relabelled"] == 1


def test_what_can_not_be_proposed(scene: Scene) -> None:
    environment, version = make_environment(scene), first_version(scene)
    with pytest.raises(NotPermitted):
        actions.propose_release(version, environment, by=scene.people["business_owner"])
    other = make_scene(name="Other team")
    theirs = make_environment(other)
    both = member(other.team, "technical_owner", name="Both")
    with pytest.raises(AnotherTeamsEnvironment):
        actions.propose_release(version, theirs, by=both)
    propose(scene, environment)
    with pytest.raises(ReleaseStands):
        propose(scene, environment)
    propose(scene, environment, prompt_digest=PROMPTS)
    registry.withdraw_model_version(version, by=scene.engineer, reason="Broken")
    fresh = type(version).objects.get(pk=version.pk)
    with pytest.raises(VersionNotReleasable):
        propose(scene, make_environment(scene, "Staging", "staging"), fresh)


def test_the_way_back_leads_to_what_was_live_here(scene: Scene) -> None:
    first, second = two_live(scene)
    proposal = propose(scene, second.environment, next_version(scene, "3.0.0", seed=9), rollback_target=first)
    assert proposal.rollback_target == first
    never = propose(scene, second.environment, next_version(scene, "4.0.0", seed=10))
    with pytest.raises(TargetNotPossible):
        actions.compare_anew(proposal, by=scene.engineer, rollback_target=never)
    registry.withdraw_model_version(first.version, by=scene.engineer, reason="Leaks")
    with pytest.raises(TargetNotPossible):
        actions.compare_anew(proposal, by=scene.engineer, rollback_target=first)


def test_only_what_is_approved_goes_live(scene: Scene) -> None:
    environment = make_environment(scene)
    release = propose(scene, environment)
    with pytest.raises(ReleaseNotApproved):
        actions.go_live(release, by=scene.engineer)
    gate = ask(scene, release)
    assert gate.state == GateState.OPEN
    prove(scene, release.version)
    gate.refresh_from_db()
    assert gate.state == GateState.IN_REVIEW
    with pytest.raises(ReleaseNotApproved) as refused:
        actions.go_live(release, by=scene.engineer)
    assert refused.value.extra["gate_state"] == "in_review"
    sign_all(scene, gate)
    with pytest.raises(NotPermitted):
        actions.go_live(release, by=scene.people["business_owner"])
    live = actions.go_live(release, by=scene.engineer)
    assert (live.state, live.gate_id, live.dossier_digest) == (ReleaseState.LIVE, gate.pk, gate.dossier_digest)
    gate.refresh_from_db()
    assert gate.state == GateState.APPROVED
    with pytest.raises(ReleaseNotProposed):
        actions.go_live(release, by=scene.engineer)


def test_a_stored_approval_is_not_trusted_when_going_live(scene: Scene) -> None:
    release = propose(scene, make_environment(scene))
    approve(scene, release)
    place = release.version.place.removeprefix("file:///")
    default_storage.delete(place)
    with pytest.raises(ReleaseNotApproved) as refused:
        actions.go_live(release, by=scene.engineer)
    assert refused.value.extra["gate_state"] == "lapsed"
    assert Release.objects.live().count() == 0


def test_going_live_ends_what_was_live(scene: Scene) -> None:
    first, second = two_live(scene)
    assert (first.state, first.ending, first.ended_by_id) == ("ended", Ending.SUPERSEDED, scene.engineer.pk)
    assert second.state == ReleaseState.LIVE
    told = [row.action for row in Entry.objects.filter(subject_type="release").order_by("seq")]
    assert told.count("release.went_live") == 2
    assert told.count("release.superseded") == 1


def test_a_proposal_that_was_overtaken_is_compared_anew_and_signed_anew(scene: Scene) -> None:
    environment = make_environment(scene)
    first = make_live(scene, environment)
    one = propose(scene, environment, next_version(scene))
    two = propose(scene, environment, next_version(scene, "3.0.0", seed=11))
    rehearse(scene, one)
    gate = approve(scene, two)
    approve(scene, one)
    actions.go_live(one, by=scene.engineer)
    gate.refresh_from_db()
    assert gate.state == GateState.LAPSED
    with pytest.raises(LiveReleaseChanged):
        actions.go_live(two, by=scene.engineer)
    actions.compare_anew(two, by=scene.engineer)
    two.refresh_from_db()
    assert (two.compared_with, two.rollback_target) == (one, one)
    with pytest.raises(ReleaseNotApproved):
        actions.go_live(two, by=scene.engineer)
    sign_all(scene, gate)
    actions.go_live(two, by=scene.engineer)
    first.refresh_from_db()
    assert first.ending == Ending.SUPERSEDED
    with pytest.raises(ReleaseNotProposed):
        actions.compare_anew(two, by=scene.engineer)


def test_a_release_is_withdrawn_once_with_a_reason(scene: Scene) -> None:
    release = make_live(scene, make_environment(scene))
    with pytest.raises(ReasonNeeded):
        actions.withdraw_release(release, by=scene.engineer, reason=" ")
    with pytest.raises(NotPermitted):
        actions.withdraw_release(release, by=scene.people["sponsor"], reason="No")
    actions.withdraw_release(release, by=scene.engineer, reason="The desk is closed")
    assert not Release.objects.live().exists()
    with pytest.raises(ReleaseEnded):
        actions.withdraw_release(release, by=scene.engineer, reason="Again")
    with pytest.raises(ReleaseEnded):
        rehearse(scene, release)


def test_a_rollback_brings_the_earlier_content_back_at_once(scene: Scene) -> None:
    first, second = two_live(scene)
    rollback = actions.roll_back(second, by=scene.engineer, reason="It answers in French")
    second.refresh_from_db()
    restored = rollback.restored
    assert (second.state, second.ending) == ("ended", Ending.ROLLED_BACK)
    assert (restored.state, restored.version_id, restored.digest) == ("live", first.version_id, first.digest)
    assert restored.origin == first
    assert restored.rollback_target_id is None
    assert rollback.review_due_at - rollback.created_at < dt.timedelta(days=5, minutes=1)
    entry = Entry.objects.get(action="release.rolled_back")
    assert entry.payload["back_to"]["id"] == str(first.pk)
    assert json.loads(restored.attestation.statement)["predicate"]["restores"] == str(first.pk)
    with pytest.raises(ReleaseNotLive):
        actions.roll_back(second, by=scene.engineer, reason="Again")
    with pytest.raises(NoWayBack):
        actions.roll_back(restored, by=scene.engineer, reason="Further")


def test_a_rollback_waits_for_no_gate(scene: Scene) -> None:
    _first, second = two_live(scene)
    with clock.replay(clock.now() + dt.timedelta(days=400)):
        rollback = actions.roll_back(second, by=scene.engineer, reason="At night")
    assert rollback.restored.state == ReleaseState.LIVE


def test_who_rolls_back(scene: Scene) -> None:
    _first, second = two_live(scene)
    for person in (scene.lead, scene.people["business_owner"], member(scene.team, "technical_owner", name="Other")):
        with pytest.raises(NotTheTechnicalOwner):
            actions.roll_back(second, by=person, reason="I want to")
    with pytest.raises(ReasonNeeded):
        actions.roll_back(second, by=scene.engineer, reason="")
    deputy = member(scene.team, "member", name="Deputy")
    seat = Ownership.objects.active().get(responsibility="technical_owner", subject_id=scene.use_case.pk)
    owners.appoint_deputy(seat, deputy, by=scene.lead)
    actions.roll_back(second, by=deputy, reason="Teodora sleeps")


def test_nothing_is_gone_back_to_that_does_not_stand(scene: Scene) -> None:
    first, second = two_live(scene)
    registry.withdraw_model_version(first.version, by=scene.engineer, reason="Leaks names")
    with pytest.raises(TargetUnfit) as refused:
        actions.roll_back(second, by=scene.engineer, reason="Down")
    assert refused.value.extra["target"] == str(first.pk)
    second.refresh_from_db()
    assert second.state == ReleaseState.LIVE


def test_an_artefact_that_is_gone_is_no_way_back(scene: Scene) -> None:
    first, second = two_live(scene)
    default_storage.delete(first.version.place.removeprefix("file:///"))
    with pytest.raises(TargetUnfit):
        actions.roll_back(second, by=scene.engineer, reason="Down")


def test_what_was_rolled_back_is_no_way_back_unless_that_was_contested(scene: Scene) -> None:
    _first, second = two_live(scene)
    rollback = actions.roll_back(second, by=scene.engineer, reason="Slow")
    version = next_version(scene, "3.0.0", seed=12)
    with pytest.raises(TargetNotPossible):
        propose(scene, second.environment, version, rollback_target=second)
    actions.review_rollback(rollback, by=scene.lead, verdict="contested", comment="It was the network")
    proposal = propose(scene, second.environment, version, rollback_target=second)
    assert proposal.rollback_target == second


def test_the_governance_owner_reviews_a_rollback_once(scene: Scene) -> None:
    _first, second = two_live(scene)
    rollback = actions.roll_back(second, by=scene.engineer, reason="Wrong queue")
    with pytest.raises(NotTheGovernanceOwner):
        actions.review_rollback(rollback, by=scene.engineer, verdict="justified", comment="Mine")
    with pytest.raises(InvalidInput):
        actions.review_rollback(rollback, by=scene.lead, verdict="perhaps", comment="x")
    with pytest.raises(ReasonNeeded):
        actions.review_rollback(rollback, by=scene.lead, verdict="justified", comment=" ")
    actions.review_rollback(rollback, by=scene.lead, verdict="justified", comment="Seen in the logs")
    with pytest.raises(RollbackReviewed):
        actions.review_rollback(rollback, by=scene.lead, verdict="contested", comment="Or not")
    assert Entry.objects.get(action="release.rollback_reviewed").payload["verdict"] == "justified"


def test_nobody_reviews_their_own_rollback(scene: Scene) -> None:
    _first, second = two_live(scene)
    seat = Ownership.objects.active().get(responsibility="technical_owner", subject_id=scene.use_case.pk)
    both = member(scene.team, "governance_lead", name="Both")
    owners.appoint_deputy(seat, both, by=scene.lead)
    rollback = actions.roll_back(second, by=both, reason="I was awake")
    owners.appoint_deputy(seat, None, by=scene.lead)
    governance = Ownership.objects.active().get(responsibility="governance_owner", subject_id=scene.use_case.pk)
    hand_over(governance, both, by=scene.lead)
    with pytest.raises(OwnRollback):
        actions.review_rollback(rollback, by=both, verdict="justified", comment="By me")


@pytest.mark.parametrize(
    "values",
    [
        {"duration_seconds": 0},
        {"duration_seconds": 10**7},
        {"outcome": "nearly"},
        {"rehearsed_at": dt.datetime(2100, 1, 1, tzinfo=dt.UTC)},
        {"rehearsed_at": dt.datetime(2001, 1, 1, tzinfo=dt.UTC)},
    ],
)
def test_a_rehearsal_that_is_not_possible(scene: Scene, values: dict[str, Any]) -> None:
    environment = make_environment(scene)
    make_live(scene, environment)
    release = propose(scene, environment, next_version(scene))
    with pytest.raises(RehearsalImpossible):
        rehearse(scene, release, **values)


def test_a_rehearsal_is_of_a_person_of_the_team_and_of_a_way_back(scene: Scene) -> None:
    environment = make_environment(scene)
    first = make_live(scene, environment)
    with pytest.raises(NoWayBack):
        rehearse(scene, first)
    release = propose(scene, environment, next_version(scene))
    with pytest.raises(RehearsalImpossible):
        rehearse(scene, release, rehearsed_by=make_user(name="Stranger"))
    with pytest.raises(NotPermitted):
        rehearse(scene, release, by=scene.people["sponsor"])
    rehearsal = rehearse(scene, release)
    assert (rehearsal.target, rehearsal.document.kind) == (first, "rehearsal_record")
    assert Entry.objects.get(action="release.rehearsed").payload["document"] == rehearsal.document.digest


def test_who_proposed_or_made_it_signs_nothing_of_it(scene: Scene) -> None:
    release = propose(scene, make_environment(scene), by=scene.lead)
    assert subjects.kind("release").authors(release) == {scene.lead.pk, scene.engineer.pk}
    chain = [ref.type for ref, _obj in subjects.chain(release_ref(release))]
    assert chain == ["release", "model_version", "model", "use_case"]
