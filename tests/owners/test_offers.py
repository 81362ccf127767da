"""Offers: asked, accepted, declined, withdrawn; nobody holds what they did not take on."""

import pytest
from allauth.account.models import EmailAddress
from django.test import Client

from apps.agenda import due
from apps.core.errors import InvalidInput, NotPermitted
from apps.core.subjects import SubjectRef
from apps.gates.models import GateState
from apps.ledger.models import Entry
from apps.owners import actions, holders
from apps.owners.errors import (
    AlreadyHeld,
    DeputyIsHolder,
    KeptApart,
    NotEligible,
    NotYourOffer,
    OfferDecided,
    OfferStands,
    OwnershipEnded,
)
from apps.owners.models import Ownership, OwnershipOffer
from apps.people import actions as people
from apps.people.models import Membership
from tests.api.client import Caller
from tests.people.factories import make_user, member
from tests.scenery import Scene, hand_over, make_gate, make_scene, name_holder

pytestmark = pytest.mark.django_db


@pytest.fixture
def scene() -> Scene:
    return make_scene(complete=False)


def ref(scene: Scene) -> SubjectRef:
    return SubjectRef("use_case", scene.use_case.pk)


def ask(scene: Scene, responsibility: str = "sponsor", **values: object) -> OwnershipOffer:
    return actions.offer(ref(scene), responsibility, scene.people[responsibility], by=scene.lead, **values)  # type: ignore[arg-type]


def test_who_was_asked_holds_nothing_until_they_accept(scene: Scene) -> None:
    offer = ask(scene, note="You know the budget")
    assert "sponsor" not in holders.holders(ref(scene))
    seat = next(seat for seat in holders.seats(ref(scene)) if seat.responsibility.key == "sponsor")
    assert (seat.is_vacant, seat.offer) == (True, offer)
    row = actions.accept(offer, by=scene.people["sponsor"])
    assert holders.holders(ref(scene))["sponsor"] == row
    offer.refresh_from_db()
    assert (offer.state, offer.ownership, offer.decided_at) == ("accepted", row, row.since)
    assert list(
        Entry.objects.filter(action__startswith="ownership.").order_by("id").values_list("action", flat=True)
    ) == [
        "ownership.offered",
        "ownership.assigned",
    ]


def test_what_one_takes_on_oneself_takes_effect_at_once(scene: Scene) -> None:
    offer = actions.offer(ref(scene), "governance_owner", scene.lead, by=scene.lead)
    assert offer.state == "accepted"
    assert holders.holders(ref(scene))["governance_owner"].holder == scene.lead


def test_only_the_asked_person_answers(scene: Scene) -> None:
    offer = ask(scene)
    for act in (actions.accept, lambda row, by: actions.decline(row, by=by, reason="No")):
        with pytest.raises(NotYourOffer, match="Only Sponsor"):
            act(offer, by=scene.lead)
    assert OwnershipOffer.objects.get().is_pending


def test_declining_needs_a_reason_and_leaves_everything_as_it_was(scene: Scene) -> None:
    held = name_holder(ref(scene), "sponsor", scene.people["sponsor"], by=scene.lead)
    heir = member(scene.team, name="Heir")
    offer = actions.hand_over(held, heir, by=scene.people["sponsor"])
    with pytest.raises(InvalidInput, match="Say why"):
        actions.decline(offer, by=heir, reason=" ")
    actions.decline(offer, by=heir, reason="No budget")
    assert holders.holders(ref(scene))["sponsor"] == held
    with pytest.raises(OfferDecided, match="declined"):
        actions.accept(offer, by=heir)
    assert actions.hand_over(held, heir, by=scene.lead).is_pending, "after a no, one may ask again"


def test_one_offer_waits_at_a_time(scene: Scene) -> None:
    ask(scene)
    with pytest.raises(OfferStands, match="Sponsor was asked"):
        actions.offer(ref(scene), "sponsor", scene.engineer, by=scene.lead)
    with pytest.raises(OfferStands):
        actions.offer(ref(scene), "sponsor", scene.lead, by=scene.lead)


def test_an_offer_is_withdrawn_by_whoever_made_it_or_assigns(scene: Scene) -> None:
    offer = ask(scene)
    with pytest.raises(NotPermitted):
        actions.withdraw_offer(offer, by=scene.engineer)
    actions.withdraw_offer(offer, by=scene.lead, reason="Somebody else")
    with pytest.raises(OfferDecided):
        actions.withdraw_offer(offer, by=scene.lead)
    held = name_holder(ref(scene), "sponsor", scene.people["sponsor"], by=scene.lead)
    second = actions.hand_over(held, scene.engineer, by=scene.lead)
    assert actions.withdraw_offer(second, by=scene.people["sponsor"]).state == "withdrawn", "the holder keeps it"


def test_a_handover_has_neither_gap_nor_overlap(scene: Scene) -> None:
    first = name_holder(ref(scene), "sponsor", scene.people["sponsor"], by=scene.lead)
    offer = actions.hand_over(first, scene.engineer, by=scene.people["sponsor"])
    assert holders.holders(ref(scene))["sponsor"] == first, "the holder stays until the successor accepts"
    second = actions.accept(offer, by=scene.engineer)
    first.refresh_from_db()
    assert (first.ended_at, first.ending) == (second.since, "handed_over")


def test_an_offer_dies_with_the_account_or_with_what_it_replaces(scene: Scene) -> None:
    admin = make_user(organisation_role="administrator")
    to_leaver = ask(scene)
    people.deactivate(scene.people["sponsor"], by=admin)
    to_leaver.refresh_from_db()
    assert (to_leaver.state, to_leaver.why) == ("withdrawn", "An account was deactivated")
    held = name_holder(ref(scene), "sponsor", scene.engineer, by=scene.lead)
    heir = member(scene.team, name="Heir")
    offer = actions.hand_over(held, heir, by=scene.lead)
    actions.vacate(held, by=scene.lead, note="Gone")
    offer.refresh_from_db()
    assert (offer.state, offer.why) == ("withdrawn", "The ownership ended otherwise")
    with pytest.raises(OwnershipEnded):
        actions.hand_over(held, heir, by=scene.lead)
    again = name_holder(ref(scene), "sponsor", heir, by=scene.lead)
    third = actions.hand_over(again, scene.engineer, by=scene.lead)
    people.deactivate(heir, by=admin)
    third.refresh_from_db()
    assert third.state == "withdrawn"
    deputy = member(scene.team, name="Deputy")
    fourth = actions.offer(ref(scene), "sponsor", scene.engineer, by=scene.lead, deputy=deputy)
    people.deactivate(deputy, by=admin)
    fourth.refresh_from_db()
    assert fourth.state == "withdrawn"


def test_acceptance_asks_everything_again(scene: Scene) -> None:
    offer = ask(scene)
    Membership.objects.filter(user=scene.people["sponsor"]).delete()
    with pytest.raises(NotEligible, match="not a member"):
        actions.accept(offer, by=scene.people["sponsor"])
    Membership.objects.create(team=scene.team, user=scene.people["sponsor"], role="member")
    name_holder(ref(scene), "compliance_reviewer", scene.people["compliance_reviewer"], by=scene.lead)
    EmailAddress.objects.create(
        user=scene.people["compliance_reviewer"], email=scene.people["sponsor"].email.upper(), verified=True
    )
    with pytest.raises(KeptApart):
        actions.accept(offer, by=scene.people["sponsor"])
    assert OwnershipOffer.objects.get(pk=offer.pk).is_pending


def test_an_offer_checks_holder_and_deputy(scene: Scene) -> None:
    with pytest.raises(DeputyIsHolder):
        ask(scene, deputy=scene.people["sponsor"])
    with pytest.raises(NotEligible):
        ask(scene, deputy=make_user())
    name_holder(ref(scene), "sponsor", scene.people["sponsor"], by=scene.lead)
    with pytest.raises(AlreadyHeld):
        ask(scene)


def test_an_offer_voids_no_signature_and_its_acceptance_does() -> None:
    scene = make_scene()
    gate = scene.approve(make_gate(scene))
    held = Ownership.objects.get(responsibility="business_owner")
    offer = actions.hand_over(held, member(scene.team, "business_owner", name="Heir"), by=scene.lead)
    gate.refresh_from_db()
    assert gate.state == GateState.APPROVED
    actions.accept(offer, by=offer.to)
    gate.refresh_from_db()
    assert gate.state == GateState.LAPSED


def test_the_asked_person_finds_it_in_their_work_and_the_lead_sees_who_was_asked(scene: Scene) -> None:
    offer = ask(scene)
    mine = due.for_user(scene.people["sponsor"])
    assert [(entry.item.kind, entry.item.action_label) for entry in mine] == [("offer.sponsor", "Read and answer")]
    assert "Governance Owner asks you to be sponsor" in str(mine[0].item.reason)
    reasons = " ".join(str(entry.item.reason) for entry in due.for_user(scene.lead))
    assert "Sponsor (asked: Sponsor)" in reasons
    _status, rows = Caller(scene.lead).get("vacancies/")
    asked = next(row for row in rows if row["responsibility"] == "sponsor")
    assert asked["asked"]["id"] == str(offer.to_id), "and it is still a vacancy"


def test_the_page_says_what_is_decided_and_the_answers_work_from_it(scene: Scene) -> None:
    held = name_holder(ref(scene), "sponsor", scene.people["sponsor"], by=scene.lead)
    heir = member(scene.team, name="Heir")
    offer = actions.hand_over(held, heir, by=scene.lead, note="The budget moved")
    client = Client()
    client.force_login(heir)
    page = client.get(f"/owners/offers/{offer.pk}/").content.decode()
    for text in ("worth its budget", "The budget moved", "Takes over from", "Sponsor", "Accept", "Decline instead"):
        assert text in page
    refused = client.post(f"/owners/offers/{offer.pk}/decline/", {"reason": ""})
    assert refused.status_code == 422
    assert client.post(f"/owners/offers/{offer.pk}/accept/").status_code == 302
    assert holders.holders(ref(scene))["sponsor"].holder == heir
    assert client.post(f"/owners/offers/{offer.pk}/accept/").status_code == 409


def test_a_handover_over_the_api(scene: Scene) -> None:
    held = name_holder(ref(scene), "sponsor", scene.people["sponsor"], by=scene.lead)
    lead, heir = Caller(scene.lead), member(scene.team, name="Heir")
    status, offer = lead.post(f"ownerships/{held.pk}/handovers/", {"to": str(heir.pk), "note": "n"})
    assert (status, offer["state"], offer["replaces"]) == (201, "pending", str(held.pk))
    status, refused = lead.post(f"handovers/{offer['id']}/acceptances/")
    assert (status, refused["code"]) == (403, "not_your_offer")
    status, refused = lead.post(f"ownerships/{held.pk}/handovers/", {"to": str(scene.engineer.pk)})
    assert (status, refused["code"], refused["errors"]) == (
        409,
        "offer_stands",
        {"/to": ["Heir was asked already."]},
    )
    status, row = Caller(heir).post(f"handovers/{offer['id']}/acceptances/")
    assert (status, row["holder"]["name"]) == (201, "Heir")
    assert Caller(heir).post(f"handovers/{offer['id']}/acceptances/")[1]["code"] == "offer_decided"
    _status, found = lead.get("handovers/?state=accepted&responsibility=sponsor")
    assert [found["results"][0]["ownership"], len(found["results"])] == [row["id"], 2]


def test_declining_and_withdrawing_over_the_api(scene: Scene) -> None:
    body = {
        "subject_type": "use_case",
        "subject_id": str(scene.use_case.pk),
        "responsibility": "sponsor",
        "holder": str(scene.people["sponsor"].pk),
    }
    lead = Caller(scene.lead)
    _status, first = lead.post("ownerships/", body)
    status, declined = Caller(scene.people["sponsor"]).post(f"handovers/{first['id']}/refusals/", {"reason": "No"})
    assert (status, declined["state"], declined["reason"]) == (201, "declined", "No")
    _status, second = lead.post("ownerships/", body)
    assert lead.post(f"handovers/{second['id']}/withdrawals/", {})[1]["state"] == "withdrawn"


def test_a_handover_of_what_was_handed_over_meanwhile(scene: Scene) -> None:
    held = name_holder(ref(scene), "sponsor", scene.people["sponsor"], by=scene.lead)
    hand_over(held, scene.lead, by=scene.people["sponsor"])
    with pytest.raises(OwnershipEnded):
        actions.hand_over(held, scene.engineer, by=scene.lead)
