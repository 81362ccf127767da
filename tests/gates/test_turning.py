"""What time alone changes about a fact turns the gate when it happens, not at the next change."""

import datetime as dt

import pytest
from django.test import Client

from apps.core.clock import end_of, replay, today
from apps.gates import actions as gates
from apps.gates.models import GateState
from tests.api.client import Caller
from tests.scenery import make_copy, make_gate, make_scene

pytestmark = pytest.mark.django_db


def test_a_copy_past_its_day_lapses_the_gate_by_the_clock_alone() -> None:
    scene = make_scene()
    make_copy(scene, keep_days=3)
    day = today() + dt.timedelta(days=3)
    gate = scene.approve(make_gate(scene))
    assert (gate.state, gate.turns_at) == (GateState.APPROVED, end_of(day))
    with replay(end_of(day) - dt.timedelta(seconds=1)):
        assert gates.refresh_expired() == 0
    with replay(end_of(day)):
        assert gates.refresh_expired() == 1
        gate.refresh_from_db()
        assert (gate.state, gate.turns_at) == (GateState.LAPSED, None)
        assert gates.refresh_expired() == 0


def test_who_looks_before_the_beat_sees_what_is() -> None:
    scene = make_scene()
    make_copy(scene, keep_days=3)
    gate = scene.approve(make_gate(scene))
    client = Client()
    client.force_login(scene.lead)
    with replay(end_of(today() + dt.timedelta(days=3))):
        page = client.get(f"/gates/{gate.pk}/").content.decode()
    gate.refresh_from_db()
    assert gate.state == GateState.LAPSED
    assert "1 is past its day" in page


def test_a_pipeline_that_asks_before_the_beat_hears_what_is() -> None:
    scene = make_scene()
    make_copy(scene, keep_days=3)
    gate = scene.approve(make_gate(scene))
    caller = Caller(scene.lead)
    with replay(end_of(today() + dt.timedelta(days=3))):
        status, answer = caller.get(f"gates/{gate.pk}/")
    assert (status, answer["state"]) == (200, "lapsed")
