"""A leaver hands over everything in one step: all of it or none, refused line by line."""

import pytest
from django.test import Client

from apps.core.errors import InvalidInput, NotPermitted
from apps.ledger.models import Entry
from apps.owners import actions
from apps.owners.actions.handovers import Handover
from apps.owners.errors import HandoverImpossible
from apps.owners.models import Ownership, OwnershipOffer
from apps.people.models import Membership
from tests.api.client import Caller
from tests.people.factories import member
from tests.scenery import Scene, hand_over, make_scene

pytestmark = pytest.mark.django_db


@pytest.fixture
def scene() -> Scene:
    """Return a scene in which one person is source owner, data steward and sponsor."""
    scene = make_scene()
    for responsibility in ("source_owner", "sponsor"):
        hand_over(held(responsibility), scene.people["data_steward"], by=scene.lead)
    return scene


def held(responsibility: str) -> Ownership:
    return Ownership.objects.active().get(responsibility=responsibility)


def test_one_offer_for_each_ownership_in_one_transaction(scene: Scene) -> None:
    leaver, heir = scene.people["data_steward"], member(scene.team, name="Heir")
    rows = Ownership.objects.active().filter(holder=leaver)
    made = actions.hand_over_many([Handover(row, heir) for row in rows], by=leaver, note="I leave in June")
    assert {row.responsibility for row in made} == {"source_owner", "data_steward", "sponsor"}
    assert all(row.is_pending and row.note == "I leave in June" for row in made)
    assert rows.all().count() == 3, "the leaver holds everything until it is accepted"
    for offer in made:
        actions.accept(offer, by=heir)
    assert not rows.all().exists()


def test_all_or_nothing_with_every_reason_by_its_line(scene: Scene) -> None:
    reviewer, outsider = scene.people["compliance_reviewer"], member(scene.team, name="Fine")
    before = OwnershipOffer.objects.count(), Entry.objects.count()
    items = [
        Handover(held("source_owner"), outsider),
        Handover(held("data_steward"), reviewer),
        Handover(held("sponsor"), scene.people["data_steward"]),
    ]
    with pytest.raises(HandoverImpossible, match="2 of 3") as refused:
        actions.hand_over_many(items, by=scene.lead)
    assert set(refused.value.errors) == {"/items/1", "/items/2"}
    assert "compliance reviewer" in refused.value.errors["/items/1"][0]
    assert "holds it already" in refused.value.errors["/items/2"][0]
    assert (OwnershipOffer.objects.count(), Entry.objects.count()) == before
    with pytest.raises(InvalidInput, match="nothing to hand over"):
        actions.hand_over_many([], by=scene.lead)
    with pytest.raises(NotPermitted):
        actions.hand_over_many(items, by=scene.engineer)


def test_over_the_api_from_one_person_to_another(scene: Scene) -> None:
    leaver, heir = scene.people["data_steward"], member(scene.team, name="Heir")
    caller = Caller(scene.lead)
    status, made = caller.post("handovers/", {"from": str(leaver.pk), "to": str(heir.pk), "note": "n"})
    assert (status, len(made), {row["state"] for row in made}) == (201, 3, {"pending"})
    status, refused = caller.post("handovers/", {"from": str(leaver.pk), "to": str(scene.engineer.pk)})
    assert (status, refused["code"]) == (422, "handover_impossible")
    assert set(refused["errors"]) == {"/items/0", "/items/1", "/items/2"}
    assert len(refused["items"]) == 3
    for body in ({}, {"from": str(leaver.pk)}, {"from": str(leaver.pk), "to": str(heir.pk), "items": []}):
        assert caller.post("handovers/", body)[0] == 422


def test_over_the_api_each_to_its_own_person(scene: Scene) -> None:
    heir = member(scene.team, name="Heir")
    items = [
        {"ownership": str(held("sponsor").pk), "to": str(heir.pk)},
        {"ownership": str(held("data_steward").pk), "to": str(scene.people["compliance_reviewer"].pk)},
    ]
    status, refused = Caller(scene.lead).post("handovers/", {"items": items})
    assert (status, set(refused["errors"])) == (422, {"/items/1"})
    status, made = Caller(scene.lead).post("handovers/", {"items": items[:1]})
    assert (status, made[0]["to"]["name"]) == (201, "Heir")
    stranger = make_scene(name="Theirs", complete=False).lead
    assert Caller(stranger).post("handovers/", {"items": items})[1]["errors"].keys() == {
        "/items/0/ownership",
        "/items/1/ownership",
    }


def test_from_the_persons_page(scene: Scene) -> None:
    leaver, heir = scene.people["data_steward"], member(scene.team, name="Heir")
    client = Client()
    client.force_login(scene.lead)
    url = f"/owners/people/{leaver.pk}/hand-over/"
    assert url in client.get(f"/settings/people/{leaver.pk}/").content.decode()
    assert "Sponsor · Support assistant" in client.get(url).content.decode()
    assert client.post(url, {"note": "n"}).status_code == 422, "nobody was chosen"
    one = f"to_{held('data_steward').pk}"
    refused = client.post(url, {"to": str(heir.pk), one: str(scene.people["compliance_reviewer"].pk)})
    assert refused.status_code == 422
    assert "can&#x27;t be data steward" in refused.content.decode()
    assert not OwnershipOffer.objects.pending().exists()
    done = client.post(url, {"to": str(heir.pk), one: str(scene.people["source_owner"].pk), "note": "n"})
    assert done.status_code == 302
    assert sorted(OwnershipOffer.objects.pending().values_list("to__name", flat=True)) == [
        "Heir",
        "Heir",
        "Source Owner",
    ]


def test_one_who_holds_nothing_has_nothing_to_hand_over(scene: Scene) -> None:
    person = member(scene.team, name="Idle")
    client = Client()
    client.force_login(scene.lead)
    page = client.get(f"/owners/people/{person.pk}/hand-over/").content.decode()
    assert "Nothing to hand over" in page
    assert "/owners/people/" not in client.get(f"/settings/people/{person.pk}/").content.decode()
    status, refused = Caller(scene.lead).post("handovers/", {"from": str(person.pk), "to": str(scene.engineer.pk)})
    assert (status, refused["code"]) == (422, "invalid_input")


def test_a_holder_without_a_role_hands_over_their_own(scene: Scene) -> None:
    leaver = scene.people["data_steward"]
    Membership.objects.filter(user=leaver).update(role="member")
    client = Client()
    client.force_login(leaver)
    heir = member(scene.team, name="Heir")
    assert client.post(f"/owners/people/{leaver.pk}/hand-over/", {"to": str(heir.pk)}).status_code == 302
    assert OwnershipOffer.objects.pending().count() == 3
