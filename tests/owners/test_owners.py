"""Responsibilities: named, handed over, vacated; one holder each, whoever tries at once."""

import pytest
from django.db import IntegrityError, transaction

from apps.core.errors import NotPermitted
from apps.core.subjects import SubjectRef
from apps.datasets.refs import dataset_ref
from apps.ledger.models import Entry
from apps.owners import actions, holders
from apps.owners.errors import AlreadyHeld, NotEligible, OwnershipEnded, UnknownResponsibility
from apps.owners.models import Ownership
from tests.people.factories import make_user, member
from tests.scenery import Scene, hand_over, make_scene, name_holder

pytestmark = pytest.mark.django_db


@pytest.fixture
def scene() -> Scene:
    return make_scene(complete=False)


def ref(scene: Scene) -> SubjectRef:
    return SubjectRef("use_case", scene.use_case.pk)


def test_one_active_holder_each(scene: Scene) -> None:
    row = name_holder(ref(scene), "sponsor", scene.people["sponsor"], by=scene.lead)
    with pytest.raises(AlreadyHeld, match="Sponsor holds it"):
        name_holder(ref(scene), "sponsor", scene.lead, by=scene.lead)
    with pytest.raises(IntegrityError), transaction.atomic():
        Ownership.objects.create(
            team=scene.team,
            subject_type="use_case",
            subject_id=scene.use_case.pk,
            responsibility="sponsor",
            holder=scene.lead,
        )
    assert holders.holders(ref(scene))["sponsor"] == row


def test_a_handover_keeps_the_history(scene: Scene) -> None:
    first = name_holder(ref(scene), "sponsor", scene.people["sponsor"], by=scene.lead)
    second = hand_over(first, scene.lead, by=scene.people["sponsor"], note="New job")
    assert list(Ownership.objects.order_by("id").values_list("ending", flat=True)) == ["handed_over", ""]
    with pytest.raises(OwnershipEnded):
        actions.vacate(first, by=scene.lead)
    with pytest.raises(NotEligible, match="holds it already"):
        hand_over(second, scene.lead, by=scene.lead)
    actions.vacate(second, by=scene.lead, note="Nobody yet")
    assert "sponsor" not in holders.holders(ref(scene))


def test_only_an_active_person_of_the_team_holds(scene: Scene) -> None:
    outsider, sleeper = make_user(), member(scene.team, is_active=False)
    robot = member(scene.team, kind="service")
    for person in (outsider, sleeper, robot):
        with pytest.raises(NotEligible):
            name_holder(ref(scene), "sponsor", person, by=scene.lead)
    with pytest.raises(UnknownResponsibility):
        name_holder(ref(scene), "data_steward", scene.lead, by=scene.lead)
    with pytest.raises(NotPermitted):
        name_holder(ref(scene), "sponsor", scene.lead, by=scene.engineer)


def test_the_nearest_ownership_counts(scene: Scene) -> None:
    name_holder(ref(scene), "business_owner", scene.people["business_owner"], by=scene.lead)
    version = SubjectRef("dataset_version", scene.version.pk)
    assert holders.holders(version)["business_owner"].holder == scene.people["business_owner"]
    nearer = member(scene.team, "business_owner", name="Nearer")
    name_holder(dataset_ref(scene.dataset), "business_owner", nearer, by=scene.lead)
    assert holders.holders(version)["business_owner"].holder == nearer


def test_a_holder_gives_away_what_is_theirs_and_nobody_elses(scene: Scene) -> None:
    row = name_holder(ref(scene), "sponsor", scene.people["sponsor"], by=scene.lead)
    with pytest.raises(NotPermitted):
        actions.appoint_deputy(row, scene.engineer, by=scene.engineer)
    assert actions.appoint_deputy(row, scene.engineer, by=scene.people["sponsor"]).deputy == scene.engineer
    assert actions.appoint_deputy(row, None, by=scene.lead).deputy is None


def test_the_ledger_tells_of_two_deputies_of_one_name_which(scene: Scene) -> None:
    row = name_holder(ref(scene), "sponsor", scene.people["sponsor"], by=scene.lead)
    first, second = member(scene.team, name="Sam Lee"), member(scene.team, name="Sam Lee")
    for deputy in (first, second, None):
        actions.appoint_deputy(row, deputy, by=scene.lead)
        entry = Entry.objects.filter(action__startswith="ownership.deputy").latest("id")
        assert entry.payload["deputy"] == ({"id": str(deputy.pk), "name": "Sam Lee"} if deputy else None)
