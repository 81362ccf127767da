"""Labelling guidelines: drafted by many, published by one, never changed afterwards."""

import datetime as dt
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.urls import reverse

from apps.core.clock import today
from apps.core.errors import NotPermitted, StaleEdit
from apps.datasets import actions
from apps.datasets.actions.guidelines import MOST_RULES
from apps.datasets.changes import changes
from apps.datasets.errors import (
    GuidelineDraftStands,
    GuidelineIncomplete,
    GuidelinePublished,
    SameGuideline,
)
from apps.datasets.models import Guideline
from apps.datasets.refs import version_ref
from apps.evidence import facts
from apps.evidence.errors import NotTheHolder
from apps.ledger.models import Entry
from apps.owners import actions as owners
from apps.owners.models import Ownership
from apps.people import actions as people
from tests.api.client import Caller
from tests.commits import settle
from tests.scenery import Scene, make_gate, make_scene, publish_guideline

pytestmark = pytest.mark.django_db
EXAMPLE = {"text": "Where is my money?", "label": "pay", "why": "Money, not a card."}


@pytest.fixture
def scene() -> Scene:
    return make_scene()


def draft(scene: Scene, **values: Any) -> Guideline:
    return actions.draft_guideline(scene.dataset, by=scene.engineer, **{"rules": ["One thing."], **values})


def test_only_the_annotation_owner_publishes(scene: Scene) -> None:
    found = draft(scene)
    for responsibility in ("technical_owner", "governance_owner", "data_steward", "sponsor"):
        with pytest.raises(NotTheHolder):
            actions.publish_guideline(found.pk, by=scene.people[responsibility], revision=1)
    owner = scene.people["annotation_owner"]
    done = actions.publish_guideline(found.pk, by=owner, revision=1)
    assert (done.state, done.published_by) == ("published", owner)
    assert done.digest.startswith("sha256:")


def test_the_deputy_publishes_while_the_owner_is_away(scene: Scene) -> None:
    owner, deputy = scene.people["annotation_owner"], scene.people["data_steward"]
    ownership = Ownership.objects.active().get(responsibility="annotation_owner", subject_id=scene.dataset.pk)
    owners.appoint_deputy(ownership, deputy, by=scene.lead)
    found = draft(scene)
    with pytest.raises(NotTheHolder):
        actions.publish_guideline(found.pk, by=deputy, revision=1)
    people.record_absence(owner, today(), today() + dt.timedelta(days=2), by=owner)
    assert actions.publish_guideline(found.pk, by=deputy, revision=1).is_published


def test_what_was_not_read_is_not_published(scene: Scene) -> None:
    found = draft(scene)
    actions.edit_guideline(found.pk, by=scene.engineer, revision=1, rules=["Another thing."])
    with pytest.raises(StaleEdit):
        actions.publish_guideline(found.pk, by=scene.people["annotation_owner"], revision=1)


def test_a_published_guideline_does_not_change(scene: Scene) -> None:
    found = publish_guideline(scene)
    with pytest.raises(GuidelinePublished):
        actions.edit_guideline(found.pk, by=scene.engineer, revision=None, rules=["x"])
    with pytest.raises(GuidelinePublished):
        actions.publish_guideline(found.pk, by=scene.people["annotation_owner"], revision=None)


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE datasets_guideline SET rules = '[\"other\"]' WHERE state = 'published'",
        "UPDATE datasets_guideline SET state = 'draft' WHERE state = 'published'",
        "DELETE FROM datasets_guideline WHERE state = 'published'",
        "TRUNCATE datasets_guideline CASCADE",
        "SET LOCAL session_replication_role = replica; DELETE FROM datasets_guideline WHERE state = 'published'",
    ],
)
def test_the_database_keeps_a_published_guideline(scene: Scene, sql: str) -> None:
    publish_guideline(scene)
    settle()
    with pytest.raises(DatabaseError, match="only added"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql)
    assert Guideline.objects.published().count() == 1


def test_there_is_one_draft_at_a_time(scene: Scene) -> None:
    found = draft(scene)
    with pytest.raises(GuidelineDraftStands, match="Version 1"):
        draft(scene)
    actions.publish_guideline(found.pk, by=scene.people["annotation_owner"], revision=1)
    following = actions.draft_guideline(scene.dataset, by=scene.engineer)
    assert (following.number, following.rules) == (2, ["One thing."])


def test_the_same_words_are_not_published_twice(scene: Scene) -> None:
    publish_guideline(scene)
    again = actions.draft_guideline(scene.dataset, by=scene.engineer, note="Nothing new")
    with pytest.raises(SameGuideline, match="Version 1"):
        actions.publish_guideline(again.pk, by=scene.people["annotation_owner"], revision=1)


def test_a_guideline_without_a_rule_is_not_published(scene: Scene) -> None:
    found = draft(scene, rules=[])
    with pytest.raises(GuidelineIncomplete, match="at least one rule"):
        actions.publish_guideline(found.pk, by=scene.people["annotation_owner"], revision=1)


@pytest.mark.parametrize(
    ("values", "pointer"),
    [
        ({"rules": ["x", " "]}, "/rules/1"),
        ({"rules": ["x" * 2001]}, "/rules/0"),
        ({"rules": ["x"] * (MOST_RULES + 1)}, "/rules"),
        ({"examples": [{**EXAMPLE, "why": ""}]}, "/examples/0/why"),
        ({"examples": [{**EXAMPLE, "label": "x" * 201}]}, "/examples/0/label"),
    ],
)
def test_what_lacks_words_is_named_by_its_place(scene: Scene, values: Any, pointer: str) -> None:
    with pytest.raises(GuidelineIncomplete) as caught:
        draft(scene, **values)
    assert list(caught.value.errors) == [pointer]


def test_a_member_writes_no_guideline(scene: Scene) -> None:
    with pytest.raises(NotPermitted):
        actions.draft_guideline(scene.dataset, by=scene.people["sponsor"], rules=["x"])


def test_the_guideline_is_a_fact_and_an_act(scene: Scene) -> None:
    gate = make_gate(scene)
    fact = facts.read(version_ref(scene.version))["dataset.guideline"]
    assert (fact.figures["published"], fact.sentence) == (False, "No labelling guideline is published.")
    publish_guideline(scene)
    fact = facts.read(version_ref(scene.version))["dataset.guideline"]
    figures = {"published": True, "version": 1, "rules": 1, "examples": 1, "published_on": today().isoformat()}
    assert fact.figures == figures
    settle()
    acts = Entry.objects.filter(subject_id=scene.dataset.pk, action__startswith="guideline").order_by("seq")
    assert list(acts.values_list("action", flat=True)) == ["guideline.drafted", "guideline.published"]
    gate.refresh_from_db()


def told(old: Any, new: Any) -> list[tuple[str, str]]:
    before, after = (SimpleNamespace(rules=row[0], examples=row[1]) for row in (old, new))
    return [(row.kind, str(row.sentence)) for row in changes(before, after)]


def test_what_changed_is_said_in_words() -> None:
    old = (["Label the wish.", "Prefer the card.", "Skip greetings."], [EXAMPLE])
    new = (
        ["Prefer the card.", "Label the main wish.", "Ask when in doubt, always."],
        [{**EXAMPLE, "label": "refund"}, {"text": "Hello", "label": "none", "why": "A greeting."}],
    )
    assert told(old, new) == [
        ("reworded", "Rule 1 was reworded and is now rule 2."),
        ("added", "Rule 3 is new."),
        ("removed", "Rule 3 was taken away."),
        ("relabelled", "“Where is my money?” is now labelled “refund”, no longer “pay”."),
        ("added", "A new example for “none”."),
    ]
    assert told((["a", "b", "c"], []), (["c", "a", "b"], [])) == [("moved", "Rule 3 is now rule 1.")]
    assert told(old, old) == []
    assert told(old, (old[0], [])) == [("removed", "An example for “pay” was taken away.")]
    assert told(old, (old[0], [{**EXAMPLE, "why": "Money."}]))[0][0] == "reworded"


def test_a_reworded_rule_shows_which_words_are_new() -> None:
    before, after = (SimpleNamespace(rules=[text], examples=[]) for text in ("Label the wish", "Label the main wish"))
    (row,) = changes(before, after)
    assert [(piece.kind, piece.text) for piece in row.pieces] == [
        ("same", "Label the"),
        ("new", "main"),
        ("same", "wish"),
    ]


def editor(**fields: str) -> dict[str, str]:
    management = {f"{part}-{name}": "2" for part in ("rules", "examples") for name in ("TOTAL_FORMS", "INITIAL_FORMS")}
    return {**management, "rules-INITIAL_FORMS": "0", "examples-INITIAL_FORMS": "0", "note": "", **fields}


@pytest.fixture
def client_of(scene: Scene) -> Client:
    client = Client()
    client.force_login(scene.engineer)
    return client


def test_the_editor_loses_nothing_on_an_error(scene: Scene, client_of: Client) -> None:
    url = reverse("datasets:guideline_draft", args=[scene.dataset.pk])
    fields = editor(**{"rules-0-text": "A rule that was typed", "examples-0-text": "An example that was begun"})
    response = client_of.post(url, fields)
    page = response.content.decode()
    assert response.status_code == 422
    assert "A rule that was typed" in page
    assert "An example that was begun" in page
    assert page.count("Fill this in, or empty the whole example.") == 2
    assert not Guideline.objects.exists()


def test_more_rows_come_without_a_script_and_keep_what_was_typed(scene: Scene, client_of: Client) -> None:
    url = reverse("datasets:guideline_draft", args=[scene.dataset.pk])
    response = client_of.post(url, editor(**{"rules-1-text": "Typed", "examples-0-why": "Because", "more": "1"}))
    page = response.content.decode()
    assert response.status_code == 200
    assert page.count('name="rules-') > 10
    assert "Typed" in page
    assert "Because" in page
    assert "Fill this in" not in page


def test_the_editor_orders_rules_by_their_numbers_and_drops_empty_ones(scene: Scene, client_of: Client) -> None:
    url = reverse("datasets:guideline_draft", args=[scene.dataset.pk])
    rules = {
        "rules-TOTAL_FORMS": "4",
        "rules-0-place": "3",
        "rules-0-text": "Last",
        "rules-1-text": "",
        "rules-2-place": "1",
    }
    assert client_of.post(url, editor(**rules, **{"rules-2-text": "First"})).status_code == 302
    assert Guideline.objects.get().rules == ["First", "Last"]


def test_a_concurrent_edit_is_not_overwritten(scene: Scene, client_of: Client) -> None:
    found = draft(scene)
    actions.edit_guideline(found.pk, by=scene.lead, revision=1, note="Meanwhile")
    url = reverse("datasets:guideline_edit", args=[found.pk])
    response = client_of.post(url, editor(revision="1", **{"rules-0-text": "Mine"}))
    assert response.status_code == 412
    assert "Mine" in response.content.decode()
    found.refresh_from_db()
    assert (found.note, found.rules) == ("Meanwhile", ["One thing."])


def test_the_owner_publishes_on_the_page_what_it_showed(scene: Scene) -> None:
    found = draft(scene)
    client = Client()
    client.force_login(scene.people["annotation_owner"])
    page = reverse("datasets:guideline_detail", args=[found.pk])
    assert "Publish" in client.get(page).content.decode()
    url = reverse("datasets:guideline_publish", args=[found.pk])
    assert client.post(url, {"revision": "7"}).status_code == 412
    assert client.post(url, {"revision": "1"}).status_code == 302
    assert "Publish" not in client.get(page).content.decode().split("<aside")[0]
    found.refresh_from_db()
    assert found.is_published


def test_the_api_drafts_edits_compares_and_publishes(scene: Scene) -> None:
    engineer, owner = Caller(scene.engineer), Caller(scene.people["annotation_owner"])
    body = {"dataset": str(scene.dataset.pk), "rules": ["One thing."], "examples": [EXAMPLE]}
    status, made = engineer.post("guidelines/", body)
    assert (status, made["number"], made["state"]) == (201, 1, "draft")
    path = f"guidelines/{made['id']}/"
    assert engineer.call("PATCH", path, {"rules": ["x"]})[0] == 428
    status, edited = engineer.call("PATCH", path, {"rules": ["Label the wish"]}, **{"If-Match": '"1"'})
    assert (status, edited["revision"]) == (200, 2)
    assert engineer.call("PATCH", path, {"rules": ["y"]}, **{"If-Match": '"1"'})[0] == 412
    status, refused = engineer.post(path + "publications/", {"revision": 2})
    assert (status, refused["code"]) == (403, "not_the_holder")
    status, done = owner.post(path + "publications/", {"revision": 2})
    assert (status, done["state"]) == (201, "published")
    status, following = engineer.post(
        "guidelines/", {"dataset": str(scene.dataset.pk), "rules": ["Label the main wish"]}
    )
    assert status == 201
    status, found = engineer.get(f"guidelines/{following['id']}/changes/?since=1")
    assert (status, [row["kind"] for row in found]) == (200, ["reworded"])
    assert engineer.get(f"guidelines/{following['id']}/changes/?since=9")[0] == 404
    assert len(engineer.get(f"guidelines/?dataset={scene.dataset.pk}&state=published")[1]["results"]) == 1


def test_guidelines_of_another_team_do_not_exist(scene: Scene) -> None:
    found = publish_guideline(scene)
    other = Caller(make_scene(name="Other", complete=False).engineer)
    assert other.get(f"guidelines/{found.pk}/")[0] == 404
    assert other.post("guidelines/", {"dataset": str(scene.dataset.pk)})[0] == 422
