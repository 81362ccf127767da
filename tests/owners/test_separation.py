"""What two people must hold, one person does not: not over the chain, not as a deputy, not by a second account."""

import pytest
from allauth.account.models import EmailAddress
from django.test import Client

from apps.core.subjects import SubjectRef
from apps.datasets import actions as datasets
from apps.datasets.refs import dataset_ref
from apps.owners import actions
from apps.owners.checks import mistakes, tables_fit
from apps.owners.errors import KeptApart
from apps.owners.responsibilities import RESPONSIBILITIES, Responsibility
from apps.owners.separation import SEPARATIONS, Separation, apart_from
from apps.people.identity import accounts_of, persons
from tests.api.client import Caller
from tests.people.factories import make_user, member
from tests.scenery import Scene, make_scene, name_holder

pytestmark = pytest.mark.django_db
PAIRS = [(row.first, row.second) for row in SEPARATIONS] + [(row.second, row.first) for row in SEPARATIONS]


@pytest.fixture
def scene() -> Scene:
    return make_scene(complete=False)


def place(scene: Scene, responsibility: str) -> SubjectRef:
    on_use_case = "use_case" in RESPONSIBILITIES[responsibility].held_on
    return SubjectRef("use_case", scene.use_case.pk) if on_use_case else dataset_ref(scene.dataset)


@pytest.mark.parametrize(("held", "wanted"), PAIRS)
def test_a_pair_needs_two_people_whichever_comes_first(scene: Scene, held: str, wanted: str) -> None:
    person = member(scene.team, name="One Person")
    name_holder(place(scene, held), held, person, by=scene.lead)
    with pytest.raises(KeptApart) as refused:
        actions.offer(place(scene, wanted), wanted, person, by=scene.lead)
    assert refused.value.status == 409
    assert "can't be" in str(refused.value)
    assert "/holder" in refused.value.errors


def test_the_table_is_the_one_that_was_decided() -> None:
    assert {row.pair for row in SEPARATIONS} == {
        frozenset(pair)
        for pair in (
            ("business_owner", "technical_owner"),
            ("business_owner", "governance_owner"),
            ("technical_owner", "governance_owner"),
            ("compliance_reviewer", "business_owner"),
            ("compliance_reviewer", "technical_owner"),
            ("compliance_reviewer", "model_owner"),
            ("compliance_reviewer", "data_steward"),
            ("compliance_reviewer", "sponsor"),
            ("annotation_owner", "review_lead"),
        )
    }
    assert apart_from("annotation_owner") == ["review_lead"]
    assert apart_from("source_owner") == []


def test_the_start_up_check_finds_what_does_not_fit() -> None:
    assert tables_fit(None) == []
    rows = [
        Responsibility("a", "A", "", frozenset({"x"})),
        Responsibility("b", "B", "", frozenset({"x"}), frozenset({"y"})),
    ]
    pairs = [Separation("a", "b", ""), Separation("b", "a", ""), Separation("a", "c", ""), Separation("a", "a", "")]
    assert [found.id for found in mistakes(rows, pairs)] == ["owners.E001", "owners.E002", "owners.E003", "owners.E004"]


def test_a_dataset_of_another_use_case_is_another_chain(scene: Scene) -> None:
    person = scene.people["data_steward"]
    name_holder(dataset_ref(scene.dataset), "data_steward", person, by=scene.lead)
    other = datasets.create_dataset(scene.use_case, by=scene.engineer, name="Sibling", sources=[])
    name_holder(dataset_ref(other), "compliance_reviewer", person, by=scene.lead)
    with pytest.raises(KeptApart, match="data steward of “Questions”"):
        actions.offer(SubjectRef("use_case", scene.use_case.pk), "compliance_reviewer", person, by=scene.lead)


def test_a_second_account_is_the_same_person(scene: Scene) -> None:
    first, second = scene.people["business_owner"], member(scene.team, name="Second Account")
    EmailAddress.objects.create(user=second, email=first.email.upper(), verified=True)
    name_holder(place(scene, "business_owner"), "business_owner", first, by=scene.lead)
    with pytest.raises(KeptApart):
        actions.offer(place(scene, "technical_owner"), "technical_owner", second, by=scene.lead)


def test_a_deputy_is_bound_like_a_holder(scene: Scene) -> None:
    reviewer, engineer = scene.people["compliance_reviewer"], scene.engineer
    row = name_holder(place(scene, "compliance_reviewer"), "compliance_reviewer", reviewer, by=scene.lead)
    name_holder(place(scene, "technical_owner"), "technical_owner", engineer, by=scene.lead)
    with pytest.raises(KeptApart, match="is technical owner of “Support assistant”") as refused:
        actions.appoint_deputy(row, engineer, by=scene.lead)
    assert "/deputy" in refused.value.errors
    with pytest.raises(KeptApart):
        actions.offer(
            place(scene, "business_owner"),
            "business_owner",
            scene.people["business_owner"],
            by=scene.lead,
            deputy=engineer,
        )
    deputy = member(scene.team, name="Deputy")
    actions.appoint_deputy(row, deputy, by=scene.lead)
    with pytest.raises(KeptApart, match="stands in for the compliance reviewer"):
        actions.offer(place(scene, "sponsor"), "sponsor", deputy, by=scene.lead)


def test_two_offers_to_one_person_are_kept_apart_already(scene: Scene) -> None:
    person = member(scene.team, name="Asked")
    actions.offer(place(scene, "business_owner"), "business_owner", person, by=scene.lead)
    with pytest.raises(KeptApart, match="was asked to be business owner"):
        actions.offer(place(scene, "technical_owner"), "technical_owner", person, by=scene.lead)


def test_the_refusal_over_the_api(scene: Scene) -> None:
    name_holder(place(scene, "business_owner"), "business_owner", scene.people["business_owner"], by=scene.lead)
    status, refused = Caller(scene.lead).post(
        "ownerships/",
        {
            "subject_type": "use_case",
            "subject_id": str(scene.use_case.pk),
            "responsibility": "governance_owner",
            "holder": str(scene.people["business_owner"].pk),
        },
    )
    assert (status, refused["code"]) == (409, "responsibilities_kept_apart")
    assert refused["kept_apart"] == ["business_owner", "governance_owner"]
    _status, rows = Caller(scene.lead).get("responsibilities/")
    table = {row["key"]: row for row in rows}
    assert table["model_owner"]["required_on"] == ["model"]
    assert table["annotation_owner"]["apart_from"][0]["responsibility"] == "review_lead"


def test_the_page_shows_both_tables(scene: Scene) -> None:
    client = Client()
    client.force_login(scene.lead)
    page = client.get("/owners/responsibilities/").content.decode()
    for row in RESPONSIBILITIES.values():
        assert str(row.decides) in page
    for pair in SEPARATIONS:
        assert str(pair.reason) in page


def test_accounts_of_one_person_are_found_in_bulk() -> None:
    one, two, three = make_user(), make_user(), make_user()
    EmailAddress.objects.create(user=two, email=one.email.upper(), verified=True)
    EmailAddress.objects.create(user=three, email=one.email.title(), verified=False)
    assert accounts_of(one, [two.pk, three.pk]) == {two.pk}
    found = persons([one.pk, two.pk, three.pk])
    assert found[one.pk] == found[two.pk] != found[three.pk]
