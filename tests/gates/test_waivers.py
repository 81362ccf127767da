"""Waivers: the governance owner's, for a time, on one requirement, part of what is signed."""

import datetime as dt

import pytest
from django.test import Client

from apps.core.clock import replay, today
from apps.core.errors import InvalidInput
from apps.datasets.refs import version_ref
from apps.evidence import actions as evidence
from apps.gates import actions as gates
from apps.gates.errors import (
    AlreadyRevoked,
    CommentRequired,
    GateNotInReview,
    NothingToWaive,
    NotTheHolder,
    NotWaivable,
    OwnWork,
    ServiceAccountCannotSign,
    StaleDossier,
)
from apps.gates.models import Gate, GateState, Waiver
from apps.ledger.models import Entry
from apps.owners import actions as owners
from apps.owners.models import Ownership
from apps.people import actions as people
from apps.people.errors import ConfirmationRequired
from tests.api.client import Caller
from tests.gates.policies import publish, text
from tests.gates.scenery import DAY, approve, opened, sign, waive
from tests.people.factories import PASSWORD, make_user, member
from tests.scenery import Scene, make_scene

pytestmark = pytest.mark.django_db


@pytest.fixture
def scene() -> Scene:
    found = make_scene()
    publish(found, text("document: other", "owners: [sponsor], waivable: false", more="longest_waiver_days: 30"))
    return found


def test_a_waived_requirement_blocks_nothing_until_its_last_day_has_passed(scene: Scene) -> None:
    gate = opened(scene)
    waiver = waive(scene, gate)
    assert (gate.state, gate.unmet, gate.waived) == (GateState.IN_REVIEW, 0, 1)
    assert approve(scene, gate).state == GateState.APPROVED
    last = dt.datetime(waiver.until.year, waiver.until.month, waiver.until.day, tzinfo=dt.UTC)
    assert gate.turns_at == last + DAY
    with replay(last + DAY - dt.timedelta(seconds=1)):
        assert gates.refresh_expired() == 0
    with replay(last + DAY):
        assert gates.refresh_expired() == 1
    gate.refresh_from_db()
    assert (gate.state, gate.waived) == (GateState.LAPSED, 0)


def test_a_waiver_voids_what_was_signed_and_its_revocation_too(scene: Scene) -> None:
    gate = opened(scene)
    shown = gate.dossier_digest
    waiver = waive(scene, gate)
    assert gate.dossier_digest != shown
    approve(scene, gate)
    gates.revoke_waiver(waiver, by=scene.lead, reason="The study will not come")
    gate.refresh_from_db()
    assert (gate.state, gate.blocked_by[:8]) == (GateState.LAPSED, "Anything")
    with pytest.raises(AlreadyRevoked):
        gates.revoke_waiver(waiver, by=scene.lead, reason="Again")
    with pytest.raises(NotTheHolder):
        gates.revoke_waiver(waiver, by=scene.people["business_owner"], reason="Again")


def test_a_waiver_is_forgotten_once_the_requirement_is_met(scene: Scene) -> None:
    gate = opened(scene)
    waive(scene, gate)
    evidence.add_document(gate.subject, "other", "Study", by=scene.engineer, link="https://wiki.example/study")
    gate.refresh_from_db()
    assert (gate.state, gate.waived) == (GateState.IN_REVIEW, 0)


def test_who_may_waive_and_what(scene: Scene) -> None:
    gate = opened(scene)
    with pytest.raises(NotTheHolder):
        waive(scene, gate, by=scene.people["business_owner"])
    with pytest.raises(NotTheHolder):
        waive(scene, gate, by=member(scene.team, "governance_lead", name="Another Lead"))
    with pytest.raises(InvalidInput, match="a signature is never waived"):
        waive(scene, gate, "business_owner")
    waiver = waive(scene, gate, days=1)
    with pytest.raises(NothingToWaive):
        waive(scene, gate, days=1)
    gates.revoke_waiver(waiver, by=scene.lead, reason="Too short")
    for days in (0, 31):
        with pytest.raises(InvalidInput, match="the policy allows 30 days"):
            waive(scene, gate, days=days)
    with pytest.raises(CommentRequired):
        waive(scene, gate, reason=" ")
    with pytest.raises(StaleDossier):
        waive(scene, gate, dossier_digest="sha256:" + "0" * 64)
    with pytest.raises(ConfirmationRequired):
        gates.waive(
            gate, by=scene.lead, requirement="r0", reason="r", until=today() + DAY, confirmation_id=None,
            dossier_digest=Gate.objects.get(pk=gate.pk).dossier_digest,
        )  # fmt: skip
    robot = people.create_service_account(scene.team, "Robot", by=member(scene.team, "administrator", name="Admin"))
    with pytest.raises(ServiceAccountCannotSign):
        gates.waive(
            gate, by=robot, requirement="r0", reason="r", until=today() + DAY, confirmation_id=None, dossier_digest=""
        )
    sign(scene, gate, "business_owner", "reject", comment="No")
    with pytest.raises(GateNotInReview):
        waive(scene, gate)


def test_what_a_policy_does_not_let_be_waived_is_not(scene: Scene) -> None:
    gate = opened(scene)
    owners.vacate(Ownership.objects.active().get(responsibility="sponsor"), by=scene.lead)
    with pytest.raises(NotWaivable):
        waive(scene, gate, "r1")


def test_attack_03_who_made_the_version_or_asked_for_the_gate_waives_nothing(scene: Scene) -> None:
    gate = gates.open_gate("build", version_ref(scene.version), by=scene.lead)
    with pytest.raises(OwnWork):
        waive(scene, gate)


def test_a_deputy_waives_only_while_the_governance_owner_is_away(scene: Scene) -> None:
    deputy = member(scene.team, "governance_lead", name="Deputy")
    owners.appoint_deputy(Ownership.objects.active().get(responsibility="governance_owner"), deputy, by=scene.lead)
    gate = opened(scene)
    with pytest.raises(NotTheHolder):
        waive(scene, gate, by=deputy)
    people.record_absence(scene.lead, today(), today(), by=scene.lead)
    assert waive(scene, gate, by=deputy).stands_in_for == scene.lead.name


def test_a_waiver_is_the_same_on_page_api_list_and_in_the_trail(scene: Scene) -> None:
    gate = opened(scene)
    lead, caller = scene.lead, Caller(scene.lead, "read", "sign")
    _status, confirmation = caller.post("me/confirmations/", {"password": PASSWORD})
    body = {
        "requirement": "r0", "reason": "The study comes", "until": str(today() + DAY),
        "dossier_digest": gate.dossier_digest, "confirmation": confirmation["id"],
    }  # fmt: skip
    assert Caller(lead, "read", "write").post(f"gates/{gate.pk}/waivers/", body)[1]["code"] == "scope_missing"
    status, made = caller.post(f"gates/{gate.pk}/waivers/", body)
    assert (status, made["reason"]) == (201, "The study comes")
    assert caller.get("gates/?waived=true")[1]["results"][0]["waived"] == 1
    assert caller.get("gates/?waived=false")[1]["results"] == []
    row = caller.get(f"gates/{gate.pk}/dossier/")[1]["dossier"]["requirements"][0]
    assert (row["status"], row["proof"]["waiver"]["instead_of"]["status"]) == ("waived", "missing")
    browser = Client()
    browser.force_login(lead)
    page = browser.get(f"/gates/{gate.pk}/").content.decode()
    assert page.count("The study comes") >= 2
    assert "1 waiver" in browser.get("/gates/?waived=true").content.decode()
    assert Entry.objects.get(action="gate.waived").payload["reason"] == "The study comes"
    revoke = browser.post(f"/gates/waivers/{made['id']}/revoke/", {"reason": "No longer"})
    assert revoke.status_code == 302
    assert caller.get(f"waivers/?gate={gate.pk}")[1]["results"][0]["is_revoked"]
    gate.refresh_from_db()
    again = {"reason": "Once more", "until": str(today() + DAY), "dossier_digest": gate.dossier_digest}
    wrong = browser.post(f"/gates/{gate.pk}/waive/?requirement=r0", {**again, "password": "wrong"})
    assert (wrong.status_code, wrong.context["form"]["reason"].value()) == (403, "Once more")
    assert browser.post(f"/gates/{gate.pk}/waive/?requirement=r0", {**again, "password": PASSWORD}).status_code == 302


def test_a_waiver_outlives_the_account_of_who_granted_it(scene: Scene) -> None:
    gate = opened(scene)
    waive(scene, gate)
    people.deactivate(scene.lead, by=make_user(organisation_role="administrator"))
    gate.refresh_from_db()
    assert (gate.waived, Waiver.objects.get().by_name) == (1, scene.lead.name)


def test_a_waiver_is_counted_in_the_portfolio_until_it_ends(scene: Scene) -> None:
    gate = opened(scene)
    waiver = waive(scene, gate)
    other = make_scene(name="Another team")
    client, caller = Client(), Caller(scene.lead, "read")
    client.force_login(scene.lead)

    def told() -> tuple[int, int, str]:
        page = client.get("/readiness/")
        (row,) = caller.get("portfolio/")[1]["results"]
        filtered = caller.get(f"gates/?use_case={scene.use_case.pk}&waived=true")[1]["results"]
        return page.context["waived"], row["waived"], ", ".join(found["id"] for found in filtered)

    assert told() == (1, 1, str(gate.pk))
    assert "1 requirement waived" in client.get("/readiness/").content.decode()
    client.force_login(other.lead)
    assert client.get("/readiness/").context["waived"] == 0
    client.force_login(scene.lead)
    gates.revoke_waiver(waiver, by=scene.lead, reason="It came")
    assert told() == (0, 0, "")
