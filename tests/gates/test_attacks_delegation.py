"""Attacks by delegation and by who asked: who stands in for whom, for what and until when."""

import pytest

from apps.core.clock import today
from apps.datasets.refs import dataset_ref, version_ref
from apps.gates import actions as gates
from apps.gates.errors import NotTheHolder, OwnWork
from apps.gates.models import Gate, GateState
from apps.owners import actions as owners
from apps.owners.models import Ownership
from apps.people import actions as people
from apps.people.models import User
from tests.gates.scenery import DAY, refused_everywhere
from tests.people.factories import member
from tests.scenery import Scene, hand_over, make_gate, make_scene, name_holder

pytestmark = pytest.mark.django_db


@pytest.fixture
def scene() -> Scene:
    return make_scene()


def held(scene: Scene, responsibility: str) -> Ownership:
    return Ownership.objects.active().get(subject_id=scene.use_case.pk, responsibility=responsibility)


def deputise(scene: Scene, responsibility: str, deputy: User) -> None:
    owners.appoint_deputy(held(scene, responsibility), deputy, by=scene.lead)


def away(person: User, first: int = 0, last: int = 0) -> None:
    people.record_absence(person, today() + first * DAY, today() + last * DAY, by=person)


def test_attack_03_whoever_asked_for_the_gate_does_not_sign_it(scene: Scene) -> None:
    owner = scene.people["business_owner"]
    gate = gates.open_gate("start", version_ref(scene.version), by=owner)
    with pytest.raises(OwnWork, match="asked for"):
        scene.sign(gate, "business_owner")
    refused_everywhere(owner, gate, "business_owner", "own_work")
    assert not gate.seats.filter(user=owner).exists(), "nobody waits for them"


def test_attack_06_a_delegation_back_to_who_asked_does_not_help(scene: Scene) -> None:
    deputy = member(scene.team, "technical_owner", name="Asks")
    deputise(scene, "business_owner", deputy)
    gate = gates.open_gate("start", version_ref(scene.version), by=deputy)
    away(scene.people["business_owner"])
    with pytest.raises(OwnWork):
        scene.sign(gate, "business_owner", by=deputy)
    refused_everywhere(deputy, gate, "business_owner", "own_work")


def test_attack_06_a_deputys_deputy_never_signs_not_even_in_a_circle(scene: Scene) -> None:
    first, second = scene.people["business_owner"], member(scene.team, "business_owner", name="Second")
    third = member(scene.team, "business_owner", name="Third")
    deputise(scene, "business_owner", second)
    steward = Ownership.objects.active().get(team=scene.team, responsibility="data_steward")
    owners.appoint_deputy(hand_over(steward, second, by=scene.lead), third, by=scene.lead)
    other = member(scene.team, "compliance_reviewer", name="Other")
    deputise(scene, "compliance_reviewer", other)
    for person in (first, second):
        away(person)
    gate = make_gate(scene)
    for by in (third, other, scene.people["compliance_reviewer"]):
        with pytest.raises(NotTheHolder):
            scene.sign(gate, "business_owner", by=by)
        refused_everywhere(by, gate, "business_owner", "not_the_signer")


def test_attack_06_a_delegation_ends_with_its_day_and_its_scope(scene: Scene) -> None:
    elsewhere = make_scene(name="Elsewhere")
    deputy = member(scene.team, "business_owner", name="Deputy")
    deputise(scene, "business_owner", deputy)
    holder = scene.people["business_owner"]
    away(holder, 1, 2)
    gate = make_gate(scene)
    with pytest.raises(NotTheHolder):
        scene.sign(gate, "business_owner", by=deputy)
    refused_everywhere(deputy, gate, "business_owner", "not_the_signer")
    away(holder)
    away(elsewhere.people["business_owner"])
    with pytest.raises(NotTheHolder):
        scene.sign(make_gate(elsewhere), "business_owner", by=deputy)
    with pytest.raises(NotTheHolder):
        scene.sign(gate, "compliance_reviewer", by=deputy)
    assert scene.sign(gate, "business_owner", by=deputy).stands_in_for == holder.name
    nearer = member(scene.team, "business_owner", name="Nearer")
    name_holder(dataset_ref(scene.dataset), "business_owner", nearer, by=scene.lead)
    gate = Gate.objects.get(pk=gate.pk)
    with pytest.raises(NotTheHolder):
        scene.sign(gate, "business_owner", by=deputy)
    assert gate.state == GateState.IN_REVIEW
