"""The gate's page, its PDF and what it puts on people's desks: for few requirements and for sixty."""

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from apps.agenda import due
from apps.core.sheets import pdf as printing
from apps.gates import actions as gates
from apps.gates.models import Condition, Gate
from tests.api.client import Caller
from tests.gates.policies import publish, text
from tests.gates.scenery import approve, fresh, opened, sign, terms, waive, with_exceptions
from tests.scenery import Scene, make_gate, make_scene

pytestmark = pytest.mark.django_db
MOST = 25


@pytest.fixture
def scene() -> Scene:
    return make_scene()


def browser_of(scene: Scene, responsibility: str = "business_owner") -> Client:
    client = Client()
    client.force_login(scene.people[responsibility])
    return client


def cost(client: Client, gate: Gate) -> int:
    assert client.get(f"/gates/{gate.pk}/").status_code == 200
    with CaptureQueriesContext(connection) as queries:
        assert client.get(f"/gates/{gate.pk}/").status_code == 200
    return len(queries)


def test_a_page_of_sixty_requirements_costs_what_one_of_three_does(scene: Scene) -> None:
    rows = ["document: other", "owners: [sponsor]", "fact: dataset.duplicates, figure: normalised_percent, at_most: 5"]
    client = browser_of(scene)
    publish(scene, text(*rows))
    few = cost(client, opened(scene))
    publish(scene, text(*rows * 20, kind="proof"))
    gate = opened(scene, "proof")
    for number in range(5):
        gates.open_thread(gate, by=scene.engineer, requirement=f"r{number}", text="Which?")
    waive(scene, gate, "r0")
    assert gate.unmet == 19
    many = cost(client, gate)
    assert many <= MOST
    assert many - few <= 1, "the comments of threads, where there are any"


def test_requirements_stand_by_status_and_are_filtered_without_a_script(scene: Scene) -> None:
    publish(scene, text("document: other", "owners: [sponsor]", "waiting_days: 3"))
    gate, client = opened(scene), browser_of(scene)
    page: Any = client.get(f"/gates/{gate.pk}/")
    assert [(name, len(lines)) for name, lines in page.context["groups"]] == [
        ("missing", 1),
        ("pending", 1),
        ("met", 1),
    ]
    page = client.get(f"/gates/{gate.pk}/?status=met")
    assert [name for name, _lines in page.context["groups"]] == ["met"]
    page = client.get(f"/gates/{gate.pk}/?find=ASKED+2")
    assert [lines[0].outcome["id"] for _name, lines in page.context["groups"]] == ["r2"]
    assert "No requirement matches" in client.get(f"/gates/{gate.pk}/?find=zebra").content.decode()


def test_page_api_and_pdf_say_the_same(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    gate = make_gate(scene)
    _waiver, thread, condition = with_exceptions(scene, gate)
    sign(scene, gate, "business_owner")
    caller = Caller(scene.lead, "read")
    status, data = caller.get(f"gates/{gate.pk}/pdf/")
    assert (status, data[:4]) == (200, b"%PDF")
    typeset: list[Any] = []
    monkeypatch.setattr(printing, "_typeset", lambda data, _at: typeset.append(data) or b"%PDF")
    client = browser_of(scene)
    assert client.get(f"/gates/{gate.pk}/gate.pdf").status_code == 200
    printed = str(typeset[0])
    page = client.get(f"/gates/{gate.pk}/").content.decode()
    asked = [row["title"] for row in caller.get(f"gates/{gate.pk}/dossier/")[1]["dossier"]["requirements"]]
    for words in (
        condition.text,
        thread.comments.get().text,
        "The list comes",
        *asked,
    ):
        assert words in printed, words
        assert words in page, words


def kinds(scene: Scene, responsibility: str) -> list[str]:
    found = [entry.item.kind.split(".")[0] for entry in due.for_user(scene.people[responsibility])]
    return sorted(kind for kind in found if kind.startswith(("condition", "gate_ending")))


def test_conditions_and_approvals_that_end_wait_for_their_people(scene: Scene) -> None:
    publish(scene, text("owners: [sponsor]", more="valid_days: 10"))
    gate = opened(scene)
    sign(scene, gate, "business_owner", condition=terms())
    sign(scene, gate, "compliance_reviewer")
    assert kinds(scene, "technical_owner") == ["condition_fulfil", "gate_ending"]
    assert kinds(scene, "business_owner") == []
    gates.fulfil_condition(Condition.objects.get(), by=scene.engineer, note="Done")
    assert kinds(scene, "technical_owner") == ["gate_ending"]
    assert kinds(scene, "business_owner") == ["condition_answer"]
    by = scene.people["business_owner"]
    gates.answer_fulfilment(Condition.objects.get(), by=by, is_accepted=True, confirmation_id=fresh(by))
    assert kinds(scene, "business_owner") == []
    publish(scene, text("document: other", kind="proof"))
    later = opened(scene, "proof")
    waive(scene, later)
    approve(scene, later)
    assert kinds(scene, "governance_owner").count("gate_ending") == 1, "who waived it knows when it ends"
