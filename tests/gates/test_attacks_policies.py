"""Attacks by a policy: a team's that is looser than the organisation's, and one that is brought in from below."""

import pytest

from apps.core.canonical import sha256_digest
from apps.gates import actions as gates
from apps.gates.models import PolicyVersion
from apps.people.models import User
from tests.api.client import Caller
from tests.gates.policies import publish, second_lead, text
from tests.gates.scenery import browser, copied, refused_by_sql
from tests.scenery import Scene, make_scene

pytestmark = pytest.mark.django_db
BASE = text("fact: dataset.duplicates, figure: normalised_percent, at_most: 5", more="valid_days: 100")
OURS = """\
kind: build
extends: organisation
title: Ours
subject: dataset_version
valid_days: {days}
requirements:
  - {{id: r0, title: Few, fact: dataset.duplicates, figure: normalised_percent, at_most: {percent}}}
sign_offs: []
"""


@pytest.fixture
def scene() -> Scene:
    found = make_scene()
    publish(found, BASE)
    return found


def ours(percent: int = 5, days: int = 100) -> str:
    return OURS.format(percent=percent, days=days)


@pytest.mark.parametrize(("source", "line"), [(ours(percent=6), 7), (ours(days=101), 5)])
def test_attack_24_a_looser_policy_of_a_team_is_proposed(scene: Scene, source: str, line: int) -> None:
    before = PolicyVersion.objects.count()
    body = {"source": source, "team": str(scene.team.pk), "note": "Looser"}
    status, answer = Caller(scene.lead).post("policies/", body)
    assert (status, answer["code"]) == (422, "policy_invalid")
    (told,) = answer["messages"]
    assert (told["line"], "looser than the organisation" in told["text"]) == (line, True)
    page = browser(scene.lead).post("/gates/policies/propose/build/", body)
    assert (page.status_code, page.context["refusal"].code) == (422, "policy_invalid")
    assert f"Line {line}" in page.content.decode()
    assert page.context["form"]["source"].value() == source, "nothing that was typed is lost"
    assert PolicyVersion.objects.count() == before


def test_attack_24_a_policy_of_a_team_that_became_looser_is_published(scene: Scene) -> None:
    proposed = gates.propose_policy(ours(percent=4), by=scene.lead, team=scene.team)
    publish(scene, BASE.replace("at_most: 5", "at_most: 3"))
    status, answer = Caller(second_lead(scene)).post(f"policies/{proposed.pk}/publications/")
    assert (status, answer["code"]) == (422, "policy_invalid")
    assert [row["line"] for row in answer["messages"]] == [7]
    page = browser(second_lead(scene)).post(f"/gates/policies/{proposed.pk}/publish/")
    assert (page.status_code, page.context["refusal"].code) == (422, "policy_invalid")
    assert "Line 7" in page.content.decode()
    proposed.refresh_from_db()
    assert proposed.state == PolicyVersion.State.PROPOSED


BEGINS = "A policy begins as"


def quoted(by: User) -> str:
    return f"'{by.pk}'"


def test_attack_22_a_policy_is_not_born_published(scene: Scene) -> None:
    one, two = quoted(scene.lead), quoted(second_lead(scene))
    shipped = PolicyVersion.objects.get(kind="start", tier="", number=1)
    published = PolicyVersion.objects.get(kind="build", number=2)
    elsewhere = (
        {"number": "number + 7"},
        {"number": "1", "tier": "'medium'"},
        {"number": "1", "kind": "'other'"},
        {"number": "1", "team_id": f"'{scene.team.pk}'"},
    )
    for by in (
        {},
        {"published_by_id": one},
        {"proposed_by_id": one},
        {"proposed_by_id": one, "published_by_id": one},
        {"proposed_by_id": one, "published_by_id": two},
    ):
        for where in elsewhere:
            for version in (shipped, published):
                refused_by_sql(copied("gates_policyversion", **where, **by), version.pk, says=BEGINS)
    refused_by_sql(copied("gates_policyversion", number="9", state="'withdrawn'"), published.pk, says=BEGINS)


def test_attack_22_what_fourgate_comes_with_is_not_forged(scene: Scene) -> None:
    shipped = PolicyVersion.objects.get(kind="start", tier="", number=1)
    looser = shipped.source.replace("at_most: 0.5", "at_most: 90")
    assert looser != shipped.source
    for digest, says in ((sha256_digest(looser.encode()), BEGINS), (shipped.digest, "that of its text")):
        born = {"tier": "'medium'", "source": "%s", "digest": f"'{digest}'"}
        refused_by_sql(copied("gates_policyversion", **born), looser, shipped.pk, says=says)
    assert gates.import_default_policies() == [], "each of them is there once"


def test_attack_22_one_person_alone_publishes_no_policy_from_below(scene: Scene) -> None:
    proposed = gates.propose_policy(BASE.replace("at_most: 5", "at_most: 90"), by=scene.lead)
    one, two = quoted(scene.lead), quoted(second_lead(scene))
    for person, says in (("NULL", "named second person"), (one, "second_person"), (two, "without its entry")):
        refused_by_sql(
            "UPDATE gates_policyversion SET state = 'published', published_at = now(),"
            f" published_by_id = {person} WHERE id = %s",
            proposed.pk,
            says=says,
        )
    withdrawal = "UPDATE gates_policyversion SET state = 'withdrawn' WHERE id = %s"
    refused_by_sql(withdrawal, proposed.pk, says="without its entry")
    nobodys = copied("gates_policyversion", number="9", proposed_by_id="NULL")
    refused_by_sql(nobodys, proposed.pk, says=BEGINS)
    assert gates.publish_policy(proposed, by=second_lead(scene)).state == PolicyVersion.State.PUBLISHED


def test_attack_36_a_policy_without_its_entry_is_not_proposed(scene: Scene) -> None:
    proposed = gates.propose_policy(ours(percent=4), by=scene.lead, team=scene.team)
    for by in (scene.lead, second_lead(scene)):
        again = copied("gates_policyversion", number="9", proposed_by_id=quoted(by))
        refused_by_sql(again, proposed.pk, says="without its entry")
    assert PolicyVersion.objects.filter(team=scene.team).count() == 1
