"""Many at once: one holder at any moment, no gap, no overlap, no pair that needs two people."""

import itertools
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apps.core.errors import Refusal
from apps.core.subjects import SubjectRef
from apps.owners import actions
from apps.owners.models import Ownership, OwnershipOffer
from apps.owners.separation import between
from apps.people import actions as people
from apps.people.models import User
from tests.people.factories import make_team, make_user, member
from tests.races import at_once
from tests.scenery import Scene, make_people, make_scene, make_use_case, name_holder

REFUSED = {
    "done", "offer_stands", "offer_decided", "ownership_ended", "holder_not_eligible", "responsibility_already_held",
    "responsibilities_kept_apart", "not_your_offer", "handover_impossible", "not_permitted",
}  # fmt: skip


def refs(scene: Scene) -> SubjectRef:
    return SubjectRef("use_case", scene.use_case.pk)


def history_is_sound(responsibility: str, *, whole: bool = False) -> None:
    """Assert that the rows follow each other; ``whole``: without a moment of vacancy since the first."""
    rows = list(Ownership.objects.filter(responsibility=responsibility).order_by("since", "id"))
    for before, after in itertools.pairwise(rows):
        assert before.ended_at is not None
        assert before.ended_at <= after.since, "no overlap"
        if whole:
            assert before.ended_at == after.since, "no gap"
    if whole:
        assert sum(row.ended_at is None for row in rows) == 1


@pytest.mark.django_db(transaction=True)
def test_handovers_at_once_leave_a_history_without_gap_or_overlap() -> None:
    scene = make_scene(complete=False)
    crowd = [member(scene.team, "governance_lead", name=f"Heir {number}") for number in range(6)]
    name_holder(refs(scene), "sponsor", scene.people["sponsor"], by=scene.lead)

    def take(person: User) -> None:
        for _turn in range(3):
            held = Ownership.objects.active().get(responsibility="sponsor")
            if held.holder_id != person.pk:
                actions.hand_over(held, person, by=person)

    for _round in range(4):
        ended = at_once([lambda person=person: take(person) for person in crowd])  # type: ignore[misc]
        assert set(ended) <= REFUSED, ended
    history_is_sound("sponsor", whole=True)
    assert Ownership.objects.filter(responsibility="sponsor").count() > 4


@pytest.mark.django_db(transaction=True)
def test_one_offer_is_decided_once_by_whoever_comes_first() -> None:
    scene = make_scene(complete=False)
    for number in range(6):
        heir = member(scene.team, name=f"Heir {number}")
        held = Ownership.objects.active().filter(responsibility="sponsor").first()
        offer = (
            actions.hand_over(held, heir, by=scene.lead)
            if held
            else actions.offer(refs(scene), "sponsor", heir, by=scene.lead)
        )
        ended = at_once(
            [
                lambda offer=offer, heir=heir: actions.accept(offer, by=heir),
                lambda offer=offer, heir=heir: actions.accept(offer, by=heir),
                lambda offer=offer, heir=heir: actions.decline(offer, by=heir, reason="No"),
                lambda offer=offer: actions.withdraw_offer(offer, by=scene.lead),
            ]
        )
        assert ended["done"] == 1, ended
        assert set(ended) <= {"done", "offer_decided"}, ended
    history_is_sound("sponsor", whole=OwnershipOffer.objects.filter(state="accepted").exists())


@pytest.mark.django_db(transaction=True)
def test_two_assignments_at_once_never_join_what_two_people_must_hold() -> None:
    for number in range(8):
        scene = make_scene(complete=False, name=f"Pair {number}")
        person = member(scene.team, "governance_lead", name="Greedy")
        ended = at_once(
            [
                lambda scene=scene, person=person: actions.offer(refs(scene), "business_owner", person, by=person),
                lambda scene=scene, person=person: actions.offer(refs(scene), "governance_owner", person, by=person),
            ]
        )
        assert ended == {"done": 1, "responsibilities_kept_apart": 1}, ended


@pytest.mark.django_db(transaction=True)
def test_sixteen_offers_of_one_responsibility_are_one() -> None:
    scene = make_scene(complete=False)
    heirs = [member(scene.team, name=f"Heir {number}") for number in range(8)]
    ended = at_once(
        [lambda heir=heir: actions.offer(refs(scene), "sponsor", heir, by=scene.lead) for heir in heirs]  # type: ignore[misc]
    )
    assert (ended["done"], OwnershipOffer.objects.count()) == (1, 1), ended
    assert set(ended) == {"done", "offer_stands"}


@pytest.mark.django_db(transaction=True)
def test_nobody_who_leaves_holds_anything_afterwards() -> None:
    admin = make_user(organisation_role="administrator")
    for number in range(6):
        scene = make_scene(complete=False, name=f"Leaver {number}")
        leaver, heir = scene.people["sponsor"], member(scene.team, name="Heir")
        held = name_holder(refs(scene), "sponsor", leaver, by=scene.lead)
        to_leaver = actions.offer(refs(scene), "business_owner", leaver, by=scene.lead)
        from_leaver = actions.hand_over(held, heir, by=scene.lead)
        ended = at_once(
            [
                lambda leaver=leaver: people.deactivate(leaver, by=admin),
                lambda offer=to_leaver, leaver=leaver: actions.accept(offer, by=leaver),
                lambda offer=from_leaver, heir=heir: actions.accept(offer, by=heir),
            ]
        )
        assert set(ended) <= REFUSED, ended
        assert not Ownership.objects.active().filter(holder=leaver).exists()
        assert not OwnershipOffer.objects.pending().filter(to=leaver).exists()
        now = Ownership.objects.active().filter(subject_id=scene.use_case.pk, responsibility="sponsor").first()
        from_leaver.refresh_from_db()
        assert (now is not None) == (from_leaver.state == "accepted"), "handed over, or vacant: nothing between"


def small_team() -> tuple[Scene, list[User]]:
    scene = Scene(make_team())
    scene.people = make_people(scene.team)
    scene.use_case = make_use_case(scene)
    return scene, [scene.lead, scene.engineer, scene.people["sponsor"], scene.people["business_owner"]]


KINDS = ("sponsor", "business_owner", "governance_owner", "technical_owner", "compliance_reviewer", "model_owner")
STEPS = st.lists(
    st.tuples(
        st.sampled_from(["offer", "hand_over", "accept", "decline", "withdraw", "vacate", "deputy"]),
        st.sampled_from(KINDS),
        st.integers(0, 3),
        st.integers(0, 3),
    ),
    max_size=25,
)


@pytest.mark.django_db
@given(steps=STEPS)
@settings(max_examples=40, deadline=None, database=None, suppress_health_check=list(HealthCheck))
def test_any_sequence_of_acts_keeps_the_rules(steps: list[tuple[str, str, int, int]]) -> None:
    scene, crowd = small_team()
    for act, responsibility, one, other in steps:
        with suppress(Refusal):
            step(scene, act, responsibility, crowd[one], crowd[other])
        bound: dict[Any, set[str]] = {}
        for row in Ownership.objects.active().filter(team=scene.team):
            for person in filter(None, (row.holder_id, row.deputy_id)):
                bound.setdefault(person, set()).add(row.responsibility)
        for keys in bound.values():
            assert not any(between(first, second) for first in keys for second in keys)
    for responsibility in KINDS:
        rows = list(Ownership.objects.filter(team=scene.team, responsibility=responsibility).order_by("since", "id"))
        assert sum(row.ended_at is None for row in rows) <= 1
        for before, after in itertools.pairwise(rows):
            assert before.ended_at is not None
            assert before.ended_at <= after.since
            if before.ending == "handed_over":
                assert before.ended_at == after.since
    assert all(offer.ownership_id for offer in OwnershipOffer.objects.filter(team=scene.team, state="accepted"))


def step(scene: Scene, act: str, responsibility: str, one: User, other: User) -> None:
    held = Ownership.objects.active().filter(team=scene.team, responsibility=responsibility).first()
    offer = OwnershipOffer.objects.pending().filter(team=scene.team, responsibility=responsibility).first()
    if act == "offer":
        actions.offer(refs(scene), responsibility, one, by=scene.lead, deputy=other if other != one else None)
    elif act == "hand_over" and held:
        actions.hand_over(held, one, by=scene.lead)
    elif act == "accept" and offer:
        actions.accept(offer, by=offer.to)
    elif act == "decline" and offer:
        actions.decline(offer, by=offer.to, reason="No")
    elif act == "withdraw" and offer:
        actions.withdraw_offer(offer, by=scene.lead)
    elif act == "vacate" and held:
        actions.vacate(held, by=scene.lead, note="n")
    elif act == "deputy" and held:
        actions.appoint_deputy(held, one, by=scene.lead)
