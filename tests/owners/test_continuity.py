"""The drill says what really happens: it is run, then the person really leaves, and both are compared."""

import datetime as dt
import itertools
import json
import xml.etree.ElementTree as ET
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.template.loader import render_to_string
from django.test import Client
from django.test.utils import CaptureQueriesContext

from apps.core.canonical import canonical_json, sha256_digest
from apps.core.clock import now, today
from apps.core.errors import InvalidInput, NotPermitted
from apps.core.identifiers import new_id
from apps.core.subjects import SubjectRef
from apps.datasets.refs import dataset_ref
from apps.gates import actions as gates
from apps.gates.actions.gates import newest_policy
from apps.gates.judgement import judge
from apps.gates.models import LIVE_STATES, Gate, GateState
from apps.ledger.models import Entry
from apps.owners import actions, continuity, drawing, holders
from apps.owners.continuity import Drill, Mode, scenario
from apps.owners.models import ContinuityDrill, Ownership, OwnershipOffer
from apps.people import actions as people
from apps.people.models import Absence, Membership, User
from tests.api.client import Caller
from tests.people.factories import make_user, member
from tests.scenery import Scene, hand_over, make_gate, make_scene, make_version, name_holder

pytestmark = pytest.mark.django_db
Shape = Callable[[Scene], list[User]]


def held(scene: Scene, responsibility: str) -> Ownership:
    return Ownership.objects.active().get(team=scene.team, responsibility=responsibility)


def nothing(scene: Scene, name: str = "Deputy") -> User:
    return member(scene.team, "business_owner", name=name)


def holder_without_a_deputy(scene: Scene) -> list[User]:
    return [scene.people["business_owner"]]


def holder_with_a_deputy(scene: Scene) -> list[User]:
    actions.appoint_deputy(held(scene, "business_owner"), nothing(scene), by=scene.lead)
    return [scene.people["business_owner"]]


def deputy_only(scene: Scene) -> list[User]:
    deputy = nothing(scene)
    actions.appoint_deputy(held(scene, "business_owner"), deputy, by=scene.lead)
    return [deputy]


def deputy_who_signed_for_the_holder(scene: Scene) -> list[User]:
    deputy, holder = nothing(scene), scene.people["business_owner"]
    actions.appoint_deputy(held(scene, "business_owner"), deputy, by=scene.lead)
    absence = people.record_absence(holder, today(), today(), by=holder)
    gate = make_gate(scene)
    scene.sign(gate, "business_owner", by=deputy)
    scene.sign(gate, "compliance_reviewer")
    people.cancel_absence(absence, by=holder)
    return [deputy]


def deputy_of_an_absent_holder(scene: Scene) -> list[User]:
    deputy, holder = nothing(scene), scene.people["business_owner"]
    actions.appoint_deputy(held(scene, "business_owner"), deputy, by=scene.lead)
    people.record_absence(holder, today(), today(), by=holder)
    make_gate(scene)
    return [deputy]


def signer_of_an_approved_gate(scene: Scene) -> list[User]:
    scene.approve(make_gate(scene))
    return [scene.people["compliance_reviewer"]]


def named_in_an_approved_gate_without_signing_it(scene: Scene) -> list[User]:
    scene.approve(make_gate(scene))
    return [scene.people["review_lead"]]


def named_in_an_open_gate(scene: Scene) -> list[User]:
    make_gate(scene)
    return [scene.people["data_steward"]]


def holder_of_two_things(scene: Scene) -> list[User]:
    hand_over(held(scene, "source_owner"), scene.people["data_steward"], by=scene.lead)
    make_gate(scene)
    return [scene.people["data_steward"]]


def half_signed_gate(scene: Scene) -> list[User]:
    gate = make_gate(scene)
    scene.sign(gate, "business_owner")
    return [scene.people["business_owner"]]


def the_reviewer_of_a_half_signed_gate(scene: Scene) -> list[User]:
    gate = make_gate(scene)
    scene.sign(gate, "business_owner")
    return [scene.people["compliance_reviewer"]]


def nearer_holder_on_the_dataset(scene: Scene) -> list[User]:
    nearer = nothing(scene, "Nearer")
    name_holder(dataset_ref(scene.dataset), "business_owner", nearer, by=scene.lead)
    gate = make_gate(scene)
    scene.sign(gate, "business_owner", by=nearer)
    scene.sign(gate, "compliance_reviewer")
    return [nearer]


def overruled_holder_on_the_use_case(scene: Scene) -> list[User]:
    nearer_holder_on_the_dataset(scene)
    return [scene.people["business_owner"]]


def deputy_that_a_gate_asks_for(scene: Scene) -> list[User]:
    for row in Ownership.objects.active():
        actions.appoint_deputy(row, nothing(scene, f"Deputy {row.responsibility}"), by=scene.lead)
    asks = (
        "requirements:\n  - id: continuity\n    title: Two people behind each\n    fact: usecase.bus_factor\n"
        "    figure: bus_factor\n    at_least: 2\n"
    )
    source = newest_policy("start").source.replace("requirements:\n", asks, 1)
    second = member(scene.team, "governance_lead", name="Second")
    gates.publish_policy(gates.propose_policy(source, by=scene.lead, note="n"), by=second)
    scene.approve(make_gate(scene))
    return [User.objects.get(name="Deputy data_steward")]


def several_at_once(scene: Scene) -> list[User]:
    deputy = nothing(scene)
    actions.appoint_deputy(held(scene, "business_owner"), deputy, by=scene.lead)
    scene.approve(make_gate(scene))
    return [scene.people["business_owner"], deputy, scene.people["sponsor"]]


def one_who_was_asked(scene: Scene) -> list[User]:
    heir = nothing(scene, "Heir")
    actions.hand_over(held(scene, "sponsor"), heir, by=scene.lead)
    return [heir]


def nobody_special(scene: Scene) -> list[User]:
    make_gate(scene)
    return [nothing(scene, "Idle")]


def author_of_the_version(scene: Scene) -> list[User]:
    scene.approve(make_gate(scene))
    return [scene.engineer]


SHAPES: list[Shape] = [
    holder_without_a_deputy, holder_with_a_deputy, deputy_only, deputy_who_signed_for_the_holder,
    deputy_of_an_absent_holder, signer_of_an_approved_gate, named_in_an_approved_gate_without_signing_it,
    named_in_an_open_gate, holder_of_two_things, half_signed_gate, the_reviewer_of_a_half_signed_gate,
    nearer_holder_on_the_dataset, overruled_holder_on_the_use_case, several_at_once, one_who_was_asked,
    nobody_special, author_of_the_version, deputy_that_a_gate_asks_for,
]  # fmt: skip


def nobody_could_approve(scene: Scene) -> set[str]:
    """Return the live, unapproved gates that lack a name or a signer: asked of the real records, one by one."""
    found = set()
    everybody = [User.objects.get(pk=pk) for pk in User.objects.filter(is_active=True).values_list("pk", flat=True)]
    for gate in Gate.objects.filter(state__in=LIVE_STATES).exclude(state=GateState.APPROVED):
        dossier = judge(gate, now()).dossier
        named = [name for row in dossier.policy.requirements for name in row.owners]
        signed = {
            row.responsibility
            for row in gate.sign_offs.filter(dossier_digest=gate.dossier_digest, verdict="approve", by__is_active=True)
        }
        lacking = [name for name in named if name not in dossier.holders]
        for signature in dossier.policy.sign_offs:
            ownership = dossier.holders.get(signature.responsibility)
            able = ownership and [
                user
                for user in everybody
                if holders.may_sign(ownership, user) and not (signature.not_author and user.pk in dossier.authors)
            ]
            away = ownership and holders.absent([ownership.holder_id])
            able = [user for user in able or [] if user.pk not in (away or ())]
            if signature.responsibility not in signed and not able:
                lacking.append(signature.responsibility)
        if lacking:
            found.add(str(gate.pk))
    return found


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.__name__)
def test_what_the_drill_lists_is_what_happens(shape: Shape) -> None:
    scene = make_scene()
    leavers = shape(scene)
    admin = make_user(organisation_role="administrator")
    approved = {str(gate.pk) for gate in Gate.objects.filter(state=GateState.APPROVED)}
    stuck_before = nobody_could_approve(scene)
    rows_before = list(Ownership.objects.order_by("id").values())

    drill = continuity.run(scenario(leavers, [], today()), scene.lead)

    assert list(Ownership.objects.order_by("id").values()) == rows_before, "a drill changes nothing"
    active = {(str(row.ref), row.responsibility) for row in Ownership.objects.active()}
    deputies = {(str(row.ref), row.responsibility) for row in Ownership.objects.active() if row.deputy_id}
    pending = {(str(row.ref), row.responsibility) for row in OwnershipOffer.objects.pending()}
    for leaver in leavers:
        people.deactivate(leaver, by=admin)

    def listed(kind: str) -> set[tuple[str, str]]:
        return {(str(effect.ref), effect.responsibility) for effect in drill.of(kind)}

    now = {(str(row.ref), row.responsibility): row for row in Ownership.objects.active()}
    assert listed("vacant") == active - set(now)
    assert listed("deputy_lost") == {key for key in deputies & set(now) if now[key].deputy_id is None}
    assert listed("offer_lost") == pending - {
        (str(row.ref), row.responsibility) for row in OwnershipOffer.objects.pending()
    }
    lapsed = {str(gate.pk) for gate in Gate.objects.filter(pk__in=approved) if gate.state == GateState.LAPSED}
    assert {str(effect.ref.id) for effect in drill.of("lapses")} == lapsed
    stuck = nobody_could_approve(scene) - stuck_before - approved
    assert {str(effect.ref.id) for effect in drill.of("unsignable")} == stuck
    has_vacancy = any(row.ref.type in ("use_case", "dataset") for row in holders.vacancies(scene.lead))
    assert bool(drill.of("depends")) == (
        has_vacancy and any(not effect.stand_in and effect.required for effect in drill.of("vacant"))
    )


def test_who_is_at_hand_and_who_has_nobody() -> None:
    scene = make_scene()
    with_deputy = holder_with_a_deputy(scene)[0]
    drill = continuity.run(scenario([with_deputy, scene.people["sponsor"]], [], None), scene.lead)
    found = {effect.responsibility: effect for effect in drill.of("vacant")}
    assert found["business_owner"].stand_in is not None
    assert found["business_owner"].stand_in.name == "Deputy"
    assert found["sponsor"].stand_in is None
    assert [effect.label for effect in drill.of("depends")] == ["Support assistant"]
    assert "Sponsor alone for: Sponsor (Support assistant)" in drill.of("depends")[0].sentence


def test_a_deputy_stands_in_on_a_day_of_absence_and_the_gate_stays_signable() -> None:
    scene = make_scene()
    leaver = holder_with_a_deputy(scene)[0]
    gate = make_gate(scene)
    day = today() + dt.timedelta(days=3)
    away = continuity.run(scenario([leaver], [], day, Mode.IS_AWAY), scene.lead)
    assert [(effect.kind, effect.stand_in and effect.stand_in.name) for effect in away.effects] == [
        ("covered", "Deputy")
    ]
    deputy = User.objects.get(name="Deputy")
    both = continuity.run(scenario([leaver, deputy], [], day, Mode.IS_AWAY), scene.lead)
    assert {effect.kind for effect in both.effects} == {"depends", "nobody", "unsignable"}
    assert [effect.ref.id for effect in both.of("unsignable")] == [gate.pk]
    Absence.objects.create(user=deputy, starts_on=day, ends_on=day)
    recorded = continuity.run(scenario([leaver], [], day, Mode.IS_AWAY), scene.lead)
    assert {effect.kind for effect in recorded.effects} == {"depends", "nobody", "unsignable"}
    other_day = continuity.run(scenario([leaver], [], day + dt.timedelta(days=1), Mode.IS_AWAY), scene.lead)
    assert {effect.kind for effect in other_day.effects} == {"covered"}


def test_a_deputy_who_is_away_matters_when_the_holder_is_too() -> None:
    scene = make_scene()
    deputy = deputy_only(scene)[0]
    drill = continuity.run(scenario([deputy], [], None, Mode.IS_AWAY), scene.lead)
    assert {effect.kind for effect in drill.effects} == {"deputy_lost"}
    holder = scene.people["business_owner"]
    people.record_absence(holder, today(), today(), by=holder)
    drill = continuity.run(scenario([deputy], [], None, Mode.IS_AWAY), scene.lead)
    assert "nobody" in {effect.kind for effect in drill.effects}


def test_an_absence_lapses_no_approval() -> None:
    scene = make_scene()
    scene.approve(make_gate(scene))
    drill = continuity.run(scenario([scene.people["business_owner"]], [], None, Mode.IS_AWAY), scene.lead)
    assert not drill.of("lapses")


def test_a_person_is_named_by_what_they_hold() -> None:
    scene = make_scene()
    drill = continuity.run(scenario([], [held(scene, "sponsor")], None), scene.lead)
    assert [person.name for person in drill.people] == ["Sponsor"]


def test_a_drill_needs_somebody_who_is_there() -> None:
    scene = make_scene(complete=False)
    with pytest.raises(InvalidInput, match="Choose between"):
        continuity.run(scenario([], [], None), scene.lead)
    gone = member(scene.team, name="Gone", is_active=False)
    with pytest.raises(InvalidInput, match="nothing rests on them"):
        continuity.run(scenario([gone], [], None), scene.lead)


def test_what_one_may_not_see_is_not_in_ones_drill() -> None:
    ours, theirs = make_scene(name="Ours"), make_scene(name="Theirs")
    shared = ours.people["sponsor"]
    Membership.objects.create(team=theirs.team, user=shared, role="member")
    hand_over(held(theirs, "sponsor"), shared, by=theirs.lead)
    drill = continuity.run(scenario([shared], [], None), ours.lead)
    assert drill.teams == [ours.team.pk]
    auditor = make_user(organisation_role="auditor")
    assert len(continuity.run(scenario([shared], [], None), auditor).teams) == 2


def test_a_recorded_drill_is_evidence(notary: Any) -> None:
    scene = make_scene()
    leaver = scene.people["business_owner"]
    row = actions.record_drill(scenario([leaver], [], None), by=scene.lead, note="Quarterly")
    assert sha256_digest(row.result.encode()) == row.digest
    assert canonical_json(json.loads(row.result)).decode() == row.result
    assert Drill.parse(row.content) == continuity.run(scenario([leaver], [], row.day), scene.lead)
    notary()
    entry = Entry.objects.get(action="continuity_drill.recorded")
    assert (entry.content["payload"]["result"], entry.team_id) == (row.digest, scene.team.pk)
    people.deactivate(leaver, by=make_user(organisation_role="administrator"))
    row.refresh_from_db()
    assert row.content["people"][0]["name"] == "Business Owner", "it stays what was found then"
    with pytest.raises(NotPermitted):
        actions.record_drill(scenario([scene.people["sponsor"]], [], None), by=scene.engineer)


def test_recorded_drills_are_seen_by_those_who_see_every_team_in_them() -> None:
    ours, theirs = make_scene(name="Ours"), make_scene(name="Theirs")
    row = actions.record_drill(scenario([ours.people["sponsor"]], [], None), by=ours.lead)
    empty = actions.record_drill(scenario([member(ours.team, name="Idle")], [], None), by=ours.lead)
    visible = ContinuityDrill.objects.visible_to
    assert set(visible(ours.engineer)) == {row}
    assert set(visible(ours.lead)) == {row, empty}
    assert set(visible(theirs.lead)) == set()
    assert set(visible(make_user(organisation_role="auditor"))) == {row, empty}
    assert set(visible(make_user(is_active=False))) == set()


def test_over_the_api() -> None:
    scene = make_scene()
    person = scene.people["business_owner"]
    caller = Caller(scene.lead)
    status, shown = caller.get(f"continuity-drills/preview/?people={person.pk}&mode=leaves")
    assert (status, shown["people"][0]["name"]) == (200, "Business Owner")
    assert not ContinuityDrill.objects.exists()
    status, row = caller.post("continuity-drills/", {"ownerships": [str(held(scene, "business_owner").pk)]})
    assert (status, row["result"]) == (201, shown)
    assert caller.get(f"continuity-drills/{row['id']}/")[1] == row
    assert [found["id"] for found in caller.get("continuity-drills/?search=business")[1]["results"]] == [row["id"]]
    stranger = make_scene(name="Theirs", complete=False)
    status, refused = Caller(stranger.lead).post("continuity-drills/", {"people": [str(person.pk)]})
    assert (status, set(refused["errors"])) == (422, {"/people"})
    assert caller.get("continuity-drills/preview/?people=nonsense")[0] == 422
    assert caller.get(f"continuity-drills/preview/?people={person.pk}&day=later")[0] == 422


def test_on_the_page() -> None:
    scene = make_scene()
    scene.approve(make_gate(scene))
    person = scene.people["business_owner"]
    client = Client()
    client.force_login(scene.lead)
    page = client.get(f"/owners/continuity/run/?people={person.pk}").content.decode()
    for text in ("Becomes vacant", "Approvals that lapse", "Depends on them alone", '<svg class="drill"', "nobody"):
        assert text in page
    by_ownership = client.get(f"/owners/continuity/run/?ownership={held(scene, 'sponsor').pk}").content.decode()
    assert "If Sponsor left on" in by_ownership
    body = {"people": [str(person.pk)], "mode": "leaves", "day": today().isoformat(), "note": "Kept"}
    done = client.post("/owners/continuity/run/", body)
    assert done.status_code == 302
    assert "Kept" in client.get(done.url).content.decode()
    assert client.post("/owners/continuity/run/", {**body, "people": []}).status_code == 422
    for nonsense in ("ownership=nonsense", f"ownership={new_id()}", "people=nonsense", "people=&day=later"):
        assert client.get(f"/owners/continuity/run/?{nonsense}").status_code == 200, nonsense
    client.force_login(scene.engineer)
    assert client.post("/owners/continuity/run/", body).status_code == 403


def test_a_picture_of_thirty_subjects_fits_and_leaves_none_out() -> None:
    scene = make_scene()
    effects = [
        continuity.Effect(
            "vacant",
            SubjectRef("dataset", new_id()),
            f"Dataset {number} " * 8,
            scene.team.pk,
            "It becomes vacant.",
            (scene.lead.pk,),
            "data_steward",
        )
        for number in range(30)
    ]
    drill = Drill("leaves", today(), (continuity.Person(str(scene.lead.pk), "Lead"),), tuple(effects))
    drawn = drawing.picture(drill)
    assert (len(drawn.subjects), len(drawn.edges), drawn.left_out) == (30, 30, 0)
    tops = [node.y for node in drawn.subjects]
    assert all(after - before > drawn.row for before, after in itertools.pairwise(tops)), "no box overlaps"
    assert drawn.subjects[-1].y + drawn.row <= drawn.height
    ET.fromstring(render_to_string("owners/drill_picture.html", {"picture": drawn}))


def test_the_drill_costs_the_same_for_one_gate_and_for_many() -> None:
    scene = make_scene()
    make_gate(scene)
    person = scene.people["business_owner"]

    def cost() -> int:
        lead = User.objects.get(pk=scene.lead.pk)
        with CaptureQueriesContext(connection) as found:
            continuity.run(scenario([person], [], None), lead)
        return len(found)

    few = cost()
    for number in range(4):
        make_version(scene, train=f"text,category\nHow {number}?,pay\nWhere {number}?,card\nLost {number},lost\n")
        scene.version = scene.dataset.versions.latest("id")
        make_gate(scene)
    assert cost() == few
