"""The bus factor of a use case: how few people must leave until a required responsibility has nobody."""

import itertools

import pytest
from allauth.account.models import EmailAddress
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from apps.datasets import actions as datasets
from apps.datasets.refs import dataset_ref
from apps.evidence import facts as registry
from apps.gates import actions as gates
from apps.gates.actions.gates import newest_policy
from apps.gates.models import GateState
from apps.owners import actions
from apps.owners.models import Ownership
from apps.usecases.facts import bus_factor
from tests.api.client import Caller
from tests.people.factories import member
from tests.scenery import ON_DATASET, Scene, make_gate, make_scene, name_holder

pytestmark = pytest.mark.django_db


def figures(scene: Scene) -> dict[str, object]:
    return dict(bus_factor(scene.use_case).figures)


def give_everybody_a_deputy(scene: Scene) -> None:
    for row in Ownership.objects.active():
        actions.appoint_deputy(row, member(scene.team, name=f"Deputy {row.responsibility}"), by=scene.lead)


def brute_force(scene: Scene) -> int:
    """Return the least number of people without whom a required responsibility has nobody, by trying them all."""
    rows = list(Ownership.objects.active())
    everybody = {person for row in rows for person in (row.holder_id, row.deputy_id) if person}
    for size in range(len(everybody) + 1):
        for gone in itertools.combinations(everybody, size):
            if any({row.holder_id, row.deputy_id} - {None} <= set(gone) for row in rows):
                return size
    return len(everybody)


def test_it_is_one_without_deputies_and_zero_with_a_vacancy() -> None:
    scene = make_scene()
    assert figures(scene) == {"bus_factor": 1, "required": 9, "vacant": 0, "with_deputy": 0, "people": 9}
    assert "9 responsibilities have no deputy" in bus_factor(scene.use_case).sentence
    actions.vacate(Ownership.objects.get(responsibility="review_lead"), by=scene.lead, note="n")
    assert figures(scene) == {"bus_factor": 0, "required": 9, "vacant": 1, "with_deputy": 0, "people": 8}
    assert bus_factor(scene.use_case).sentence == "1 of 9 required responsibilities is vacant."


def test_it_is_two_with_a_deputy_for_each_and_the_same_as_by_trying_every_set_of_people() -> None:
    scene = make_scene()
    give_everybody_a_deputy(scene)
    assert figures(scene) == {"bus_factor": 2, "required": 9, "vacant": 0, "with_deputy": 9, "people": 18}
    assert brute_force(scene) == 2
    actions.appoint_deputy(Ownership.objects.get(responsibility="sponsor"), None, by=scene.lead)
    assert figures(scene)["bus_factor"] == brute_force(scene) == 1


def test_an_offer_is_still_a_vacancy_and_an_optional_responsibility_counts_nothing() -> None:
    scene = make_scene()
    sponsor = actions.vacate(Ownership.objects.get(responsibility="sponsor"), by=scene.lead, note="n")
    actions.offer(sponsor.ref, "sponsor", member(scene.team, name="Asked"), by=scene.lead)
    assert figures(scene)["bus_factor"] == 0
    before = figures(scene)
    name_holder(sponsor.ref, "model_owner", scene.engineer, by=scene.lead)
    assert figures(scene) == before


def test_two_accounts_of_one_person_count_once() -> None:
    scene = make_scene()
    give_everybody_a_deputy(scene)
    row = Ownership.objects.get(responsibility="sponsor")
    assert row.deputy is not None
    EmailAddress.objects.create(user=row.deputy, email=row.holder.email.upper(), verified=True)
    assert (figures(scene)["bus_factor"], figures(scene)["people"]) == (1, 17)


def test_every_dataset_of_the_use_case_counts_at_the_same_cost() -> None:
    scene = make_scene()

    def cost() -> int:
        with CaptureQueriesContext(connection) as found:
            bus_factor(scene.use_case)
        return len(found)

    few = cost()
    for number in range(3):
        dataset = datasets.create_dataset(scene.use_case, by=scene.engineer, name=f"More {number}", sources=[])
        for responsibility in ON_DATASET:
            name_holder(dataset_ref(dataset), responsibility, scene.people[responsibility], by=scene.lead)
    assert (figures(scene)["required"], cost()) == (21, few)


def test_it_is_read_over_the_api_on_the_page_and_by_the_registry() -> None:
    scene = make_scene()
    _status, facts = Caller(scene.lead).get(f"use-cases/{scene.use_case.pk}/facts/")
    fact = next(row for row in facts if row["name"] == "usecase.bus_factor")
    assert fact["figures"] == figures(scene)
    client = Client()
    client.force_login(scene.lead)
    assert "Bus factor" in client.get(f"/use-cases/{scene.use_case.pk}/").content.decode()
    assert set(registry.definitions("use_case")["usecase.bus_factor"].figures) == set(figures(scene))


def test_a_gate_that_asks_for_it_lapses_with_a_deputy_on_the_dataset() -> None:
    scene = make_scene()
    give_everybody_a_deputy(scene)
    asks = (
        "requirements:\n  - id: continuity\n    title: Two people behind each\n    fact: usecase.bus_factor\n"
        "    figure: bus_factor\n    at_least: 2\n"
    )
    source = newest_policy("start").source.replace("requirements:\n", asks, 1)
    second = member(scene.team, "governance_lead", name="Second")
    gates.publish_policy(gates.propose_policy(source, by=scene.lead, note="n"), by=second)
    gate = scene.approve(make_gate(scene))
    assert gate.state == GateState.APPROVED
    actions.appoint_deputy(Ownership.objects.get(responsibility="data_steward"), None, by=scene.lead)
    gate.refresh_from_db()
    assert (gate.state, gate.unmet) == (GateState.LAPSED, 1)
