"""Vacancies in red wherever a subject shows, and lists that cost the same for one row and for many."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from apps.core.subjects import SubjectRef
from apps.datasets import actions as datasets
from apps.datasets.refs import dataset_ref
from apps.owners import actions
from apps.owners.continuity import scenario
from apps.owners.models import Ownership
from apps.usecases import actions as usecases
from tests.people.factories import member
from tests.scenery import Scene, make_scene, name_holder

pytestmark = pytest.mark.django_db
PAGES = (
    "/", "/owners/", "/owners/?as_of=2026-03-03T09:12", "/owners/offers/", "/owners/continuity/", "/use-cases/",
    "/datasets/", "/owners/responsibilities/",
)  # fmt: skip


def grow(scene: Scene, number: int) -> None:
    """Add a use case with vacancies, a dataset, an offer to the lead, one by the lead, and a drill."""
    use_case = usecases.create_use_case(
        scene.team, by=scene.lead, name=f"Case {number}", summary="s", task="t", risk_tier="low"
    )
    ref = SubjectRef("use_case", use_case.pk)
    dataset = datasets.create_dataset(use_case, by=scene.engineer, name=f"Data {number}", sources=[])
    name_holder(ref, "technical_owner", scene.engineer, by=scene.lead)
    other = member(scene.team, "governance_lead", name=f"Other {number}")
    actions.offer(ref, "governance_owner", scene.lead, by=other)
    actions.offer(dataset_ref(dataset), "data_steward", scene.people["data_steward"], by=scene.lead)
    actions.record_drill(scenario([scene.engineer], [], None), by=scene.lead)


def cost(client: Client, path: str) -> int:
    with CaptureQueriesContext(connection) as found:
        response = client.get(path)
    assert response.status_code == 200, path
    return len(found)


def test_every_list_costs_the_same_for_few_and_for_many() -> None:
    scene = make_scene()
    grow(scene, 0)
    client = Client()
    client.force_login(scene.lead)
    client.get("/")
    few = {path: cost(client, path) for path in PAGES}
    for number in range(1, 7):
        grow(scene, number)
    assert {path: cost(client, path) for path in PAGES} == few


def rows_of(page: str) -> str:
    return page.split("<tbody>")[1]


def test_a_list_says_in_red_how_many_are_vacant() -> None:
    scene = make_scene()
    client = Client()
    client.force_login(scene.lead)
    for path in ("/use-cases/", "/datasets/", f"/use-cases/{scene.use_case.pk}/"):
        assert "pill danger" not in client.get(path).content.decode().split("<main")[1], path
    for responsibility in ("sponsor", "review_lead"):
        row = _held(scene, responsibility)
        actions.vacate(row, by=scene.lead, note="n")
    for path, title in (("/use-cases/", "Sponsor"), ("/datasets/", "Review lead")):
        page = rows_of(client.get(path).content.decode())
        assert "1 vacant" in " ".join(page.split())
        assert f'class="pill danger" title="{title}"' in page
    assert 'title="Review lead"' in client.get(f"/use-cases/{scene.use_case.pk}/").content.decode()


def test_a_vacancy_with_an_offer_says_who_was_asked() -> None:
    scene = make_scene()
    row = actions.vacate(_held(scene, "sponsor"), by=scene.lead, note="n")
    actions.offer(row.ref, "sponsor", member(scene.team, name="Heir"), by=scene.lead)
    client = Client()
    client.force_login(scene.lead)
    for path in ("/owners/", f"/use-cases/{scene.use_case.pk}/", "/"):
        assert "asked: Heir" in client.get(path).content.decode(), path


def _held(scene: Scene, responsibility: str) -> Ownership:
    return Ownership.objects.active().get(team=scene.team, responsibility=responsibility)
