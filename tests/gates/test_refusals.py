"""Refusals of gates and policies that no attack meets."""

import pytest

from apps.core.identifiers import new_id
from apps.datasets.refs import version_ref
from apps.evidence import actions as evidence
from apps.gates import actions
from apps.gates.actions.gates import newest_policy
from apps.gates.errors import CommentRequired, GateNotInReview, NoPolicy
from apps.gates.models import GateSeat, GateState, PolicyVersion
from apps.people.errors import VersionNotProposed
from tests.gates.scenery import refused_everywhere
from tests.people.factories import member
from tests.scenery import Scene, make_gate, make_scene

pytestmark = pytest.mark.django_db
LINK = "https://wiki.example/"


def test_who_does_not_approve_says_why() -> None:
    scene = make_scene()
    gate = make_gate(scene)
    for verdict in ("reject", "request_changes"):
        with pytest.raises(CommentRequired):
            scene.sign(gate, "business_owner", verdict)
    with pytest.raises(CommentRequired):
        actions.withdraw(gate, by=scene.engineer, reason="  ")
    gate.refresh_from_db()
    assert gate.state == GateState.IN_REVIEW


def test_a_kind_without_a_published_policy_opens_no_gate() -> None:
    with pytest.raises(NoPolicy):
        newest_policy("astrology")


def test_only_what_is_proposed_is_published_or_taken_back() -> None:
    lead = member(make_scene().team, "governance_lead")
    version = PolicyVersion.objects.get(kind="start", tier="", state=PolicyVersion.State.PUBLISHED)
    with pytest.raises(VersionNotProposed):
        actions.publish_policy(version, by=lead)
    with pytest.raises(VersionNotProposed):
        actions.withdraw_proposal(version, by=lead)


def test_what_lapsed_is_not_approved_on_a_dossier_to_which_changes_were_asked_for() -> None:
    scene = make_scene()
    gate = scene.approve(make_gate(scene))
    _attach(scene)
    gate.refresh_from_db()
    assert gate.state == GateState.LAPSED
    assert GateSeat.objects.filter(gate=gate).exists()
    scene.sign(gate, "compliance_reviewer", "request_changes", comment="The list names nobody")
    gate.refresh_from_db()
    assert gate.state == GateState.LAPSED
    assert not GateSeat.objects.filter(gate=gate).exists(), "it waits for nobody's signature"
    refused_everywhere(scene.people["business_owner"], gate, "business_owner", "gate_not_in_review")
    with pytest.raises(GateNotInReview, match="Changes were asked for"):
        scene.sign(gate, "business_owner")
    _attach(scene)
    gate.refresh_from_db()
    assert scene.approve(gate).state == GateState.APPROVED


def _attach(scene: Scene) -> None:
    evidence.add_document(version_ref(scene.version), "exclusions", "List", by=scene.engineer, link=f"{LINK}{new_id()}")
