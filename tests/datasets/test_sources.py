"""Sources grown whole: eligibility with its reason, cut-off, owner of the team, what is excluded and why."""

import datetime as dt

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse

from apps.datasets import actions
from apps.datasets.errors import DateNotPossible, OwnerOutsideTeam, ReasonNeeded
from apps.datasets.models import Source
from apps.datasets.period import EPOCH, declared_period
from apps.datasets.refs import version_ref
from apps.evidence import facts
from tests.api.client import Caller
from tests.people.factories import make_user
from tests.scenery import Scene, make_gate, make_scene

pytestmark = pytest.mark.django_db


@pytest.fixture
def scene() -> Scene:
    return make_scene()


def figures(scene: Scene) -> dict[str, object]:
    return dict(facts.read(version_ref(scene.version), scene.version, ["dataset.sources"])["dataset.sources"].figures)


def test_the_fact_counts_sources_by_their_eligibility(scene: Scene) -> None:
    assert figures(scene) == {
        "sources": 1,
        "authoritative_percent": 100.0,
        "eligible_sources": 0,
        "restricted_sources": 0,
        "ineligible_sources": 0,
        "undecided_sources": 1,
    }
    source = scene.dataset.sources.get()
    actions.edit_source(source.pk, by=scene.engineer, revision=None, eligibility="ineligible", eligibility_reason="No")
    found = facts.read(version_ref(scene.version), scene.version, ["dataset.sources"])["dataset.sources"]
    assert (found.figures["ineligible_sources"], found.figures["undecided_sources"]) == (1, 0)
    assert "Not eligible for training: Help desk" in found.sentence


def test_a_change_of_eligibility_changes_what_is_signed(scene: Scene) -> None:
    gate = make_gate(scene)
    before = gate.dossier_digest
    source = scene.dataset.sources.get()
    actions.edit_source(source.pk, by=scene.engineer, revision=None, eligibility="eligible")
    gate.refresh_from_db()
    assert gate.dossier_digest != before


@pytest.mark.parametrize("verdict", ["restricted", "ineligible"])
def test_a_verdict_needs_its_reason(scene: Scene, verdict: str) -> None:
    source = scene.dataset.sources.get()
    with pytest.raises(ReasonNeeded):
        actions.edit_source(source.pk, by=scene.engineer, revision=None, eligibility=verdict)
    with pytest.raises(ReasonNeeded):
        actions.create_source(scene.team, by=scene.engineer, name="N", kind="other", eligibility=verdict)
    values = {"eligibility": verdict, "eligibility_reason": "Contract of 2024"}
    actions.edit_source(source.pk, by=scene.engineer, revision=None, **values)
    with pytest.raises(ReasonNeeded):
        actions.edit_source(source.pk, by=scene.engineer, revision=None, eligibility_reason=" ")


def test_the_owner_is_of_the_team(scene: Scene) -> None:
    source = scene.dataset.sources.get()
    with pytest.raises(OwnerOutsideTeam):
        actions.edit_source(source.pk, by=scene.engineer, revision=None, owner=make_user("Elsewhere"))
    edited = actions.edit_source(source.pk, by=scene.engineer, revision=None, owner=scene.lead)
    assert edited.owner == scene.lead


def test_on_the_page(scene: Scene) -> None:
    client = Client()
    client.force_login(scene.engineer)
    source = scene.dataset.sources.get()
    url = reverse("datasets:source_edit", args=[source.pk])
    values = {
        "revision": source.revision,
        "name": source.name,
        "kind": source.kind,
        "is_authoritative": "on",
        "owner": str(scene.lead.pk),
        "licence": "Own data",
        "cut_off": "2026-02-28",
        "eligibility": "restricted",
        "eligibility_reason": "",
        "excluded_what": ["Minors", "", "Legal hold"],
        "excluded_why": ["No consent", "", ""],
    }
    refused = client.post(url, values)
    assert refused.status_code == 422
    body = refused.content.decode()
    assert "Say why, and on which terms." in body
    assert 'value="Minors"' in body
    odd = client.post(url, values | {"excluded_what": ["", ""], "excluded_why": ["Because", ""]})
    assert "Say what is excluded" in odd.content.decode()
    assert client.post(url, values | {"eligibility_reason": "For routing only"}).status_code == 302
    source.refresh_from_db()
    assert source.excluded == [{"what": "Minors", "why": "No consent"}, {"what": "Legal hold", "why": ""}]
    assert (source.cut_off, source.owner) == (dt.date(2026, 2, 28), scene.lead)
    page = client.get(reverse("datasets:source_detail", args=[source.pk])).content.decode()
    for text in ("28 Feb 2026", "Restricted, with terms", "For routing only", "Minors", "No consent", scene.lead.name):
        assert text in page


def test_a_period_ends_after_it_begins(scene: Scene) -> None:
    source = scene.dataset.sources.get()
    days = {"covers_from": dt.date(2026, 3, 1), "cut_off": dt.date(2026, 2, 28)}
    with pytest.raises(DateNotPossible, match="lies after its last one"):
        actions.edit_source(source.pk, by=scene.engineer, revision=None, **days)
    caller = Caller(scene.engineer)
    body = {"team": str(scene.team.pk), "name": "Crawl", "kind": "published", "covers_from": "2020-01-02"}
    status, problem = caller.post("sources/", body | {"cut_off": "2020-01-01"})
    assert (status, problem["code"], list(problem["errors"])) == (422, "date_not_possible", ["/covers_from"])
    assert caller.post("sources/", body | {"cut_off": "2020-01-02"})[1]["covers_from"] == "2020-01-02"
    with pytest.raises(IntegrityError, match="source_begins_before_its_cut_off"), transaction.atomic():
        Source.objects.update(**days)


def test_the_period_of_several_sources_is_open_where_one_leaves_it_open(scene: Scene) -> None:
    def period(*days: tuple[int | None, int | None]) -> tuple[int | None, int | None]:
        def day(number: int | None) -> dt.date | None:
            return EPOCH + dt.timedelta(days=number) if number is not None else None

        sources = [Source(covers_from=day(first), cut_off=day(last)) for first, last in days]
        found = declared_period(sources)
        return found["covers_from"], found["covers_to"]

    assert period() == (None, None)
    assert period((10, 20)) == (10, 20)
    assert period((10, 20), (5, 15)) == (5, 20)
    assert period((10, None), (None, 15)) == (None, None)


def test_by_the_api_and_its_filters(scene: Scene) -> None:
    caller = Caller(scene.engineer)
    body = {
        "team": str(scene.team.pk),
        "name": "Crawl",
        "kind": "published",
        "eligibility": "ineligible",
        "eligibility_reason": "No licence",
        "cut_off": "2019-12-31",
        "owner": str(scene.lead.pk),
        "excluded": [{"what": "Adult pages", "why": "House rule"}],
    }
    status, made = caller.post("sources/", body)
    assert status == 201
    assert (made["eligibility"], made["excluded"], made["owner"]) == (
        "ineligible",
        [{"what": "Adult pages", "why": "House rule"}],
        str(scene.lead.pk),
    )
    for query in ("eligibility=ineligible", "cut_off_before=2020-01-01", "kind=published"):
        assert [row["name"] for row in caller.get(f"sources/?{query}")[1]["results"]] == ["Crawl"], query
    status, problem = caller.post("sources/", body | {"name": "Other", "eligibility_reason": ""})
    assert (status, problem["code"]) == (422, "reason_needed")
    status, problem = caller.post("sources/", body | {"name": "Other", "excluded": [{"why": "x"}]})
    assert (status, "/excluded/0/what" in problem["errors"]) == (422, True)
    assert Source.objects.count() == 2
