"""Refusals of gates and policies that no attack meets."""

import pytest

from apps.gates import actions
from apps.gates.actions.gates import newest_policy
from apps.gates.errors import CommentRequired, NoPolicy
from apps.gates.models import GateState, PolicyVersion
from apps.people.errors import VersionNotProposed
from tests.people.factories import member
from tests.scenery import make_gate, make_scene

pytestmark = pytest.mark.django_db


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
