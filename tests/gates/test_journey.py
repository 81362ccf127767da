import pytest

from apps.gates.models import GateState
from tests.scenery import LEAKING, make_gate, make_scene

pytestmark = pytest.mark.django_db


def test_a_complete_version_is_approved_by_two_signatures() -> None:
    scene = make_scene()
    gate = make_gate(scene)
    assert gate.state == GateState.IN_REVIEW, gate.blocked_by
    scene.sign(gate, "business_owner")
    gate.refresh_from_db()
    assert gate.state == GateState.IN_REVIEW
    scene.sign(gate, "compliance_reviewer")
    gate.refresh_from_db()
    assert gate.state == GateState.APPROVED


def test_a_leaking_version_stays_blocked_and_says_how_many_rows() -> None:
    scene = make_scene(test=LEAKING)
    gate = make_gate(scene)
    assert gate.state == GateState.OPEN
    assert gate.unmet == 1
    assert "1 test row also stands in train" in gate.blocked_by
