"""A team's policy on top of the organisation's: tighter in anything, looser in nothing."""

import json
import uuid

import pytest
from django.db import DatabaseError, transaction
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from apps.core.errors import NotPermitted
from apps.core.lined import Condition
from apps.datasets.refs import version_ref
from apps.gates import actions as gates
from apps.gates.composing import implies, policy_of
from apps.gates.errors import PolicyInvalid
from apps.gates.models import DossierSnapshot, Gate, GateState, PolicyVersion
from apps.people.models import Team
from tests.api.client import Caller
from tests.gates.policies import publish, second_lead, text
from tests.gates.scenery import opened
from tests.scenery import Scene, make_scene

pytestmark = pytest.mark.django_db
BASE = text(
    "fact: dataset.duplicates, figure: normalised_percent, at_most: 5",
    "document: other, max_age_days: 100, waivable: false",
    "waiting_days: 2, since: change",
    "owners: [sponsor, technical_owner]",
    more="valid_days: 100\nlongest_waiver_days: 30",
)


def extending(*rows: str, tier: str = "", more: str = "", signed: str = "[]") -> str:
    lines = "".join(f"  - {{{row}}}\n" for row in rows)
    return (
        f"kind: build\nextends: organisation\n{f'tier: {tier}' if tier else ''}\n"
        "title: Ours\nsubject: dataset_version\n"
        f"{more}\nrequirements:\n{lines or '  []'}\nsign_offs: {signed}\n"
    )


def tighten(scene: Scene, source: str, team: Team | None = None) -> PolicyVersion:
    proposed = gates.propose_policy(source, by=scene.lead, team=team or scene.team)
    return gates.publish_policy(proposed, by=second_lead(scene))


@pytest.fixture
def scene() -> Scene:
    found = make_scene()
    publish(found, BASE)
    return found


DUPLICATES = "id: r0, title: Few, fact: dataset.duplicates, figure: normalised_percent"


@pytest.mark.parametrize(
    ("source", "says", "line"),
    [
        (extending(f"{DUPLICATES}, at_most: 6"), "looser than the organisation", 8),
        (extending(f"{DUPLICATES}, at_least: 1"), "looser than the organisation", 8),
        (extending("id: r1, title: D, document: other, max_age_days: 101"), "max_age_days: 101", 8),
        (extending("id: r1, title: D, document: other, waivable: true"), "waivable: true", 8),
        (extending("id: r1, title: D, document: exclusions"), "another id", 8),
        (extending("id: r2, title: W, waiting_days: 1, since: change"), "waiting_days: 1", 8),
        (extending("id: r2, title: W, waiting_days: 9, since: opened"), "since: opened", 8),
        (extending("id: r3, title: O, owners: [sponsor]"), "technical_owner", 8),
        (extending(more="valid_days: 101"), "valid_days: 101", 6),
        (extending(more="longest_waiver_days: 31"), "longest_waiver_days: 31", 6),
        (extending(signed="[{responsibility: business_owner, not_author: false}]"), "other than the author", 9),
    ],
)
def test_attack_24_what_is_looser_than_the_organisations_is_refused_with_its_line(
    scene: Scene, source: str, says: str, line: int
) -> None:
    with pytest.raises(PolicyInvalid, match=says) as refused:
        gates.propose_policy(source, by=scene.lead, team=scene.team)
    assert [row["line"] for row in refused.value.extra["messages"]] == [line]


def test_a_gate_asks_for_the_stricter_of_both_and_keeps_both_versions(scene: Scene) -> None:
    tighten(
        scene,
        extending(
            f"{DUPLICATES}, at_most: 1",
            "id: more, title: More, owners: [data_steward]",
            more="valid_days: 50",
            signed="[{responsibility: sponsor}]",
        ),
    )
    gate = opened(scene)
    policy = policy_of(gate)
    limits = {row.id: row.conditions[0].limit for row in policy.requirements if row.conditions}
    assert (limits, policy.valid_days, policy.longest_waiver_days) == ({"r0": 1}, 50, 30)
    assert [row.id for row in policy.requirements] == ["r0", "r1", "r2", "r3", "more"]
    assert [row.responsibility for row in policy.sign_offs] == ["business_owner", "compliance_reviewer", "sponsor"]
    assert not policy.requirements[1].waivable
    body = json.loads(DossierSnapshot.objects.get(gate=gate, digest=gate.dossier_digest).body)
    assert gate.base_version is not None
    assert body["policy"]["extends"]["number"] == gate.base_version.number
    assert body["policy"]["effective"].startswith("sha256:")
    publish(scene, BASE.replace("at_most: 5", "at_most: 0.1"))
    gates.refresh_all()
    assert policy_of(Gate.objects.get(pk=gate.pk)) == policy, "attack 19: it keeps what it was opened with"
    gates.withdraw(gate, by=scene.engineer, reason="Under the new one")
    again = policy_of(opened(scene))
    assert again.requirements[0].conditions[0].limit == 0.1
    other = make_scene(name="Others")
    assert policy_of(opened(other)).requirements[0].conditions[0].limit == 0.1


def test_a_risk_tier_has_its_own_policy_and_the_team_extends_it(scene: Scene) -> None:
    publish(scene, BASE.replace("kind: build", "kind: build\ntier: medium").replace("at_most: 5", "at_most: 2"))
    gate = opened(scene)
    assert (gate.policy_version.tier, policy_of(gate).requirements[0].conditions[0].limit) == ("medium", 2)
    assert "medium risk" in str(gate.policy_version)
    with pytest.raises(PolicyInvalid, match="looser"):
        gates.propose_policy(extending(f"{DUPLICATES}, at_most: 3", tier="medium"), by=scene.lead, team=scene.team)
    tighten(scene, extending(f"{DUPLICATES}, at_most: 4"))
    gates.withdraw(gate, by=scene.engineer, reason="Again")
    assert policy_of(opened(scene)).requirements[0].conditions[0].limit == 2, "the stricter of both"


def test_a_team_policy_is_proposed_and_published_by_two_of_the_team_and_seen_by_no_other(scene: Scene) -> None:
    other = make_scene(name="Others", complete=False)
    with pytest.raises(NotPermitted):
        gates.propose_policy(extending(), by=other.lead, team=scene.team)
    with pytest.raises(PolicyInvalid, match="extends: organisation"):
        gates.propose_policy(extending(), by=scene.lead)
    with pytest.raises(PolicyInvalid, match="extends: organisation"):
        gates.propose_policy(BASE, by=scene.lead, team=scene.team)
    with pytest.raises(PolicyInvalid, match="to extend"):
        gates.propose_policy(extending().replace("kind: build", "kind: retirement"), by=scene.lead, team=scene.team)
    proposed = gates.propose_policy(extending(more="valid_days: 9"), by=scene.lead, team=scene.team)
    with pytest.raises(NotPermitted):
        gates.publish_policy(proposed, by=other.lead)
    path = f"policies/{proposed.pk}/"
    assert Caller(other.lead, "read").get(path)[0] == 404
    assert Caller(scene.lead, "read").get(path)[1]["team"] == str(scene.team.pk)
    browser = Client()
    browser.force_login(other.lead)
    assert browser.get(f"/gates/policies/{proposed.pk}/").status_code == 404
    body = {"source": extending(more="valid_days: 8"), "team": str(scene.team.pk)}
    assert Caller(other.lead).post("policies/", body)[0] == 404
    assert Caller(scene.lead).post("policies/", body)[0] == 201
    browser.force_login(scene.lead)
    page = browser.get(f"/gates/policies/propose/build/?team={scene.team.pk}")
    assert "valid_days: 8" in page.context["form"]["source"].value()
    form = {"source": extending(more="valid_days: 7"), "team": str(scene.team.pk), "note": "Shorter"}
    assert browser.post("/gates/policies/propose/build/", form).status_code == 302
    assert PolicyVersion.objects.filter(team=scene.team).count() == 3


def test_attack_34_the_scope_of_a_policy_and_what_a_gate_extends_never_change(scene: Scene) -> None:
    version = tighten(scene, extending(more="valid_days: 9"))
    gate = gates.open_gate("build", version_ref(scene.version), by=scene.engineer)
    assert gate.state == GateState.OPEN
    for rows, values in (
        (PolicyVersion.objects.filter(pk=version.pk), {"team": None}),
        (PolicyVersion.objects.filter(pk=version.pk), {"tier": "low"}),
        (Gate.objects.filter(pk=gate.pk), {"base_version": None}),
        (Gate.objects.filter(pk=gate.pk), {"base_version": uuid.UUID(int=1)}),
    ):
        with pytest.raises(DatabaseError), transaction.atomic():
            rows.update(**values)


conditions = st.builds(
    Condition,
    figure=st.sampled_from(["a", "b"]),
    comparison=st.sampled_from(["at_most", "at_least", "equals"]),
    limit=st.integers(0, 4),
)


@given(st.lists(conditions, min_size=1, max_size=3), st.lists(conditions, min_size=1, max_size=3))
def test_what_is_not_looser_is_never_met_where_the_organisations_is_not(
    own: list[Condition], base: list[Condition]
) -> None:
    if not implies(own, base):
        return
    for one in range(6):
        for two in range(6):
            values = {"a": one, "b": two}
            if any(row.holds(values[row.figure]) for row in own):
                assert any(row.holds(values[row.figure]) for row in base)
