"""A policy tried against the gates that there are: what is newly blocked, what is freed, and nothing written."""

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from apps.gates import actions as gates
from apps.gates.models import DossierSnapshot, Gate, GateState
from apps.gates.simulation import PAGE, simulate
from apps.ledger.models import Entry
from tests.api.client import Caller
from tests.gates.policies import publish, text
from tests.gates.scenery import approve, opened, waive
from tests.scenery import Scene, make_scene, make_version

pytestmark = pytest.mark.django_db
FEW = "fact: dataset.duplicates, figure: normalised_percent, at_most: 5"


@pytest.fixture
def scene() -> Scene:
    found = make_scene()
    publish(found, text(FEW, "owners: [sponsor]"))
    return found


def test_a_draft_says_what_is_newly_blocked_and_what_is_freed(scene: Scene) -> None:
    gate = approve(scene, opened(scene))
    stricter = gates.propose_policy(text(FEW, "owners: [sponsor]", "document: other"), by=scene.lead)
    before = Entry.objects.count(), DossierSnapshot.objects.count(), Gate.objects.values_list("state", "revision").get()
    row = simulate(stricter, scene.lead).rows[0]
    assert (row.effect, row.met, row.asked) == ("newly_blocked", 2, 3)
    assert [(change.before, change.after) for change in row.changes] == [("", "missing")]
    publish(scene, text("document: other", kind="proof"))
    blocked = opened(scene, "proof")
    freeing = gates.propose_policy(text("owners: [sponsor]", kind="proof"), by=scene.lead)
    assert simulate(freeing, scene.lead).rows[0].effect == "freed"
    waive(scene, blocked)
    same = gates.propose_policy(text("document: other", kind="proof", more="valid_days: 3"), by=scene.lead)
    row = simulate(same, scene.lead).rows[0]
    assert (row.effect, row.changes) == ("met", [])
    gate.refresh_from_db()
    after = Entry.objects.filter(subject_type="gate", subject_id=gate.pk).count()
    assert gate.state == GateState.APPROVED
    assert (gate.state, gate.revision) == before[2]
    assert after <= before[0]


def test_facts_that_no_dossier_holds_are_read(scene: Scene) -> None:
    opened(scene)
    draft = gates.propose_policy(
        text("fact: dataset.split_leakage, figure: normalised_rows, at_most: 0", "gate: start"), by=scene.lead
    )
    row = simulate(draft, scene.lead).rows[0]
    assert [outcome.id for outcome in row.blocking] == ["r1"]
    assert "no such gate" in row.blocking[0].sentence


def test_a_page_costs_the_same_for_one_gate_and_for_many_and_shows_what_one_may_see(scene: Scene) -> None:
    draft = gates.propose_policy(text(FEW, "document: other"), by=scene.lead)
    opened(scene)

    def cost() -> int:
        with CaptureQueriesContext(connection) as queries:
            simulate(draft, scene.lead)
        return len(queries)

    one = cost()
    for number in range(3):
        scene.version = make_version(scene, test=f"text,category\nCan I pay {number}?,pay\n")
        opened(scene)
    assert cost() == one
    assert len(simulate(draft, scene.lead).rows) == 4
    stranger = make_scene(name="Theirs", complete=False).lead
    assert simulate(draft, stranger).rows == []


def test_page_and_api_page_through_the_gates(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    draft = gates.propose_policy(text(FEW, "document: other"), by=scene.lead)
    for number in range(2):
        scene.version = make_version(scene, test=f"text,category\nCan I pay {number}?,pay\n")
        opened(scene)
    assert PAGE == 20
    monkeypatch.setattr("apps.gates.simulation.PAGE", 1)
    caller, client = Caller(scene.lead, "read"), Client()
    client.force_login(scene.lead)
    path = f"policies/{draft.pk}/simulations/"
    first = caller.get(path)[1]
    second = caller.get(f"{path}?after={first['next']}")[1]
    assert [len(first["results"]), len(second["results"]), second["next"]] == [1, 1, None]
    assert first["results"][0]["effect"] == "newly_blocked"
    page: Any = client.get(f"/gates/policies/{draft.pk}/simulate/")
    assert "Newly blocked" in page.content.decode()
    assert f"after={first['next']}" in page.content.decode()
    assert client.get(f"/gates/policies/{draft.pk}/simulate/?after=nonsense").status_code == 200
