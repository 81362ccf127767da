"""Sixteen at once: one decision, one row, never on a stale dossier."""

import threading
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection

from apps.core.errors import Refusal
from apps.datasets import actions as datasets
from apps.gates.models import GateState, SignOff
from apps.ledger.models import Entry
from tests.people.factories import confirmation_for
from tests.scenery import make_gate, make_scene

pytestmark = pytest.mark.django_db(transaction=True)


def at_once(acts: list[Callable[[], Any]]) -> Counter[str]:
    """Run the acts in threads that start together; return how each ended."""
    start, ended = threading.Barrier(len(acts)), []

    def run(act: Callable[[], Any]) -> None:
        start.wait()
        try:
            act()
            ended.append("done")
        except Refusal as refusal:
            ended.append(refusal.code)
        except Exception as error:
            ended.append(f"error {type(error).__name__}: {error}")
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return Counter(ended)


def test_attack_26_sixteen_approvals_of_one_person_are_one_row() -> None:
    scene = make_scene()
    gate = make_gate(scene)
    person = scene.people["business_owner"]
    proofs = [confirmation_for(person).pk for _number in range(16)]
    ended = at_once([lambda proof=proof: scene.sign(gate, "business_owner", confirmation=proof) for proof in proofs])
    assert ended["done"] == 1, ended
    assert set(ended) <= {"done", "second_responsibility", "responsibility_already_signed"}
    assert SignOff.objects.count() == 1


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
