"""Phases: a pilot needs a signed assessment that allows it; going back needs a reason."""

import pytest

from apps.assessments import actions as assessments
from apps.assessments import reading
from apps.assessments.framework import VERDICTS
from apps.core.errors import NotPermitted
from apps.gates import actions as gates
from apps.gates.actions.gates import newest_policy
from apps.ledger.models import Entry
from apps.usecases import actions
from apps.usecases.errors import NoSuchMove, PhaseNotReady, ReasonForGoingBack
from tests.assessments.scenery import answer_all, make_assessment, sign
from tests.people.factories import member
from tests.scenery import Scene, make_gate, make_scene

pytestmark = pytest.mark.django_db


@pytest.fixture
def scene() -> Scene:
    return make_scene()


def everything_proven(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every fact prove its question, as if every part were built and in order."""
    monkeypatch.setattr(reading, "proven_level", lambda question, fact: "yes" if question.fact else None)


def signed_assessment(scene: Scene) -> None:
    assessment = make_assessment(scene)
    answer_all(assessment, scene)
    assessments.submit(assessment, by=scene.engineer)
    sign(assessment, scene)


def test_a_pilot_needs_a_signed_assessment_that_allows_it(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(PhaseNotReady, match="No assessment is signed"):
        actions.move_phase(scene.use_case.pk, "pilot", by=scene.lead)
    everything_proven(monkeypatch)
    signed_assessment(scene)
    moved = actions.move_phase(scene.use_case.pk, "pilot", by=scene.lead)
    assert moved.phase == "pilot"
    entry = Entry.objects.get(action="use_case.phase_moved")
    assert entry.payload["readiness"]["rank"] == VERDICTS.index("ready_for_production")


def test_an_assessment_that_is_contradicted_later_no_longer_allows_the_pilot(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as built:
        everything_proven(built)
        signed_assessment(scene)
    with pytest.raises(PhaseNotReady, match="by assessment 1"):
        actions.move_phase(scene.use_case.pk, "pilot", by=scene.lead)


def test_going_back_needs_a_reason_and_no_phase_is_jumped(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(NoSuchMove, match="pilot"):
        actions.move_phase(scene.use_case.pk, "production", by=scene.lead)
    everything_proven(monkeypatch)
    signed_assessment(scene)
    actions.move_phase(scene.use_case.pk, "pilot", by=scene.lead)
    with pytest.raises(ReasonForGoingBack):
        actions.move_phase(scene.use_case.pk, "assess", by=scene.lead)
    assert actions.move_phase(scene.use_case.pk, "assess", by=scene.lead, reason="The source changed").phase == "assess"
    with pytest.raises(NotPermitted):
        actions.move_phase(scene.use_case.pk, "pilot", by=scene.people["sponsor"])


def test_a_gate_may_require_readiness_and_follows_it(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    source = newest_policy("start").source.replace(
        "requirements:\n",
        "requirements:\n"
        "  - id: readiness\n"
        "    title: The use case is ready to pilot\n"
        "    fact: usecase.readiness\n"
        "    figure: rank\n"
        "    at_least: 2\n",
        1,
    )
    second = member(scene.team, "governance_lead")
    gates.publish_policy(gates.propose_policy(source, by=scene.lead), by=second)
    gate = make_gate(scene)
    assert (gate.state, gate.blocked_by) == ("open", "No assessment is signed.")
    everything_proven(monkeypatch)
    signed_assessment(scene)
    gate.refresh_from_db()
    assert gate.state == "in_review"
