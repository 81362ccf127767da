"""Sixteen at once: one decision, one row, never on a stale dossier."""

import threading
import time
from collections import Counter
from collections.abc import Callable

import pytest
from django.db import connection, transaction

from apps.datasets import actions as datasets
from apps.gates.models import Gate, GateState, SignOff
from apps.ledger.models import Entry
from apps.people.models import User
from tests.api.client import Caller
from tests.gates.scenery import proof
from tests.people.factories import confirmation_for
from tests.races import at_once, waiting
from tests.scenery import make_gate, make_scene

pytestmark = pytest.mark.django_db(transaction=True)


Ask = Callable[[], tuple[int, str]]


def request(gate: Gate, by: User, responsibility: str, verdict: str = "approve", **headers: str) -> Ask:
    """Return a call that signs over the API with a token and a confirmation of its own, and answers status and code."""
    caller = Caller(by, "read", "sign")
    body = {
        "responsibility": responsibility, "verdict": verdict, "comment": "Because",
        "dossier_digest": Gate.objects.get(pk=gate.pk).dossier_digest, "confirmation": proof(caller),
    }  # fmt: skip

    def ask() -> tuple[int, str]:
        status, answer = caller.post(f"gates/{gate.pk}/sign-offs/", body, **headers)
        return status, answer.get("code", "")

    return ask


def answers_at_once(asks: list[Ask]) -> Counter[tuple[int, str]]:
    """Send the requests at once; return the answers, none of which is a failure of the server."""
    answers: list[tuple[int, str]] = []
    ended = at_once([lambda ask=ask: answers.append(ask()) for ask in asks])
    assert ended == {"done": len(asks)}, ended
    for status, code in answers:
        assert status == 201 or (400 <= status < 500 and code), answers
    return Counter(answers)


def test_attack_26_sixteen_approvals_of_one_person_are_one_row() -> None:
    scene = make_scene()
    gate = make_gate(scene)
    person = scene.people["business_owner"]
    proofs = [confirmation_for(person).pk for _number in range(16)]
    ended = at_once([lambda proof=proof: scene.sign(gate, "business_owner", confirmation=proof) for proof in proofs])
    assert ended["done"] == 1, ended
    assert set(ended) <= {"done", "second_responsibility", "responsibility_already_signed"}
    assert SignOff.objects.count() == 1


def test_attack_26_sixteen_approvals_of_one_person_over_the_api_are_one_row() -> None:
    scene = make_scene()
    gate = make_gate(scene)
    person = scene.people["business_owner"]
    answers = answers_at_once([request(gate, person, "business_owner") for _number in range(16)])
    assert answers == {(201, ""): 1, (409, "second_responsibility"): 15}
    assert SignOff.objects.get().by == person
    assert Entry.objects.filter(action="gate.signed_off").count() == 1
    assert person.confirmations.exclude(used_at=None).count() == 1, "what was refused used up no confirmation"


def test_two_simultaneous_sign_offs_of_two_people_both_count_once() -> None:
    scene = make_scene()
    gate = make_gate(scene)
    ended = at_once([lambda: scene.sign(gate, "business_owner"), lambda: scene.sign(gate, "compliance_reviewer")])
    gate.refresh_from_db()
    assert ended == {"done": 2}
    assert (gate.state, SignOff.objects.count()) == (GateState.APPROVED, 2)


def test_attack_27_approve_against_reject() -> None:
    for number in range(5):
        scene = make_scene(name=f"Race {number}")
        gate = make_gate(scene)
        at_once(
            [
                lambda scene=scene, gate=gate: scene.sign(gate, "business_owner"),
                lambda scene=scene, gate=gate: scene.sign(gate, "compliance_reviewer", "reject", comment="No"),
            ]
        )
        gate.refresh_from_db()
        assert gate.state == GateState.REJECTED


def test_attack_27_approve_against_reject_over_the_api() -> None:
    for number in range(4):
        scene = make_scene(name=f"Requests {number}")
        gate = make_gate(scene)
        approval = request(gate, scene.people["business_owner"], "business_owner")
        rejection = request(gate, scene.people["compliance_reviewer"], "compliance_reviewer", "reject")
        answers = answers_at_once([approval, rejection])
        assert answers in ({(201, ""): 2}, {(201, ""): 1, (409, "gate_not_in_review"): 1})
        gate.refresh_from_db()
        assert (gate.state, gate.sign_offs.count()) == (GateState.REJECTED, answers[201, ""])
        assert gate.sign_offs.latest("id").verdict == "reject", "nothing is approved once it is rejected"


def test_attack_27_one_person_approves_and_rejects_over_the_api() -> None:
    for number in range(4):
        scene = make_scene(name=f"Undecided {number}")
        gate = make_gate(scene)
        scene.sign(gate, "compliance_reviewer")
        person = scene.people["business_owner"]
        asks = [request(gate, person, "business_owner", verdict) for verdict in ("approve", "reject")]
        answers = answers_at_once(asks)
        assert answers[201, ""] == 1
        gate.refresh_from_db()
        verdict = gate.sign_offs.get(by=person).verdict
        assert gate.state == {"approve": GateState.APPROVED, "reject": GateState.REJECTED}[verdict]


def test_attack_28_no_approval_stands_on_a_dossier_that_was_edited_meanwhile() -> None:
    for number in range(8):
        scene = make_scene(name=f"Edit {number}")
        gate = make_gate(scene)
        scene.sign(gate, "compliance_reviewer")
        source = scene.dataset.sources.get()
        shown = gate.dossier_digest
        ended = at_once(
            [
                lambda scene=scene, gate=gate, shown=shown: scene.sign(gate, "business_owner", digest=shown),
                lambda scene=scene, source=source: datasets.edit_source(
                    source.pk, by=scene.engineer, revision=None, exclusions="Changed"
                ),
            ]
        )
        gate.refresh_from_db()
        assert not any(how.startswith("error") for how in ended), ended
        assert gate.state in (GateState.LAPSED, GateState.IN_REVIEW)
        assert gate.dossier_digest != shown


def test_the_ledger_has_no_gap_after_the_races() -> None:
    scene = make_scene()
    gate = make_gate(scene)
    person = scene.people["business_owner"]
    proofs = [confirmation_for(person).pk for _number in range(8)]
    at_once([lambda proof=proof: scene.sign(gate, "business_owner", confirmation=proof) for proof in proofs])
    numbers = list(Entry.objects.order_by("seq").values_list("seq", flat=True))
    assert numbers == list(range(1, len(numbers) + 1))


def begun(ask: Ask, answers: list[tuple[int, str]]) -> threading.Thread:
    """Send the request in a thread, and return once it waits for this transaction."""

    def run() -> None:
        answers.append(ask())
        connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    deadline = time.monotonic() + 10
    while not waiting():
        assert thread.is_alive(), answers
        assert time.monotonic() < deadline
        time.sleep(0.02)
    return thread


def test_attack_31_a_retry_while_the_first_try_still_runs() -> None:
    scene = make_scene()
    gate = make_gate(scene)
    person = scene.people["business_owner"]
    ask = request(gate, person, "business_owner", Idempotency_Key="k")
    body = {"team": str(scene.team.pk), "name": "Other", "summary": "s", "task": "t", "risk_tier": "low"}
    answers: list[tuple[int, str]] = []
    with transaction.atomic():
        Gate.objects.select_for_update().get(pk=gate.pk)
        first = begun(ask, answers)
        others = at_once([lambda: answers.append(ask())])
        assert (others, answers) == ({"done": 1}, [(409, "idempotency_key_in_use")])
        assert Caller(scene.lead).post("use-cases/", body, Idempotency_Key="k")[0] == 201, "a key is its user's"
    first.join()
    assert answers.pop() == (201, "")
    assert ask() == (201, ""), "the answer of the first try again"
    assert SignOff.objects.count() == 1
