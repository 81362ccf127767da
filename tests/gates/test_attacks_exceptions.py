"""Attacks on exceptions: waivers, conditions, threads and team policies, in every way that leads to them."""

from typing import Any

import pytest
from allauth.account.models import EmailAddress

from apps.core.clock import now, replay, today
from apps.datasets.refs import version_ref
from apps.gates import actions as gates
from apps.gates.composing import policy_of
from apps.gates.errors import ConditionClosed, NotTheHolder, OwnWork, StaleDossier
from apps.gates.models import Condition, Fulfilment, Gate, GateState, Waiver, WaiverRevocation
from apps.owners import actions as owners
from apps.owners.models import Ownership
from apps.people import actions as people
from apps.people.errors import ConfirmationUsed
from apps.people.models import User
from tests.api.client import Caller
from tests.gates.policies import publish, second_lead, text
from tests.gates.scenery import (
    DAY,
    approve,
    browser,
    copied,
    fresh,
    on_page,
    opened,
    over_api,
    proof,
    refused_by_sql,
    refused_everywhere,
    sign,
    terms,
    waive,
    with_exceptions,
)
from tests.people.factories import PASSWORD, member
from tests.scenery import Scene, make_gate, make_scene

pytestmark = pytest.mark.django_db
TABLES = [
    "gates_waiver", "gates_waiverrevocation", "gates_condition", "gates_fulfilment", "gates_fulfilmentanswer",
    "gates_thread", "gates_comment", "gates_threadresolution", "gates_signoff", "gates_dossiersnapshot",
]  # fmt: skip


@pytest.fixture
def scene() -> Scene:
    found = make_scene()
    publish(found, text("document: other", more="longest_waiver_days: 30"))
    return found


def held(scene: Scene, responsibility: str) -> Ownership:
    return Ownership.objects.active().get(subject_id=scene.use_case.pk, responsibility=responsibility)


def waiver_refused_everywhere(by: User, gate: Gate, code: str, **values: Any) -> None:
    """Try to waive over the API and on the page; neither leaves a waiver."""
    gate.refresh_from_db()
    caller, before = Caller(by, "read", "sign"), Waiver.objects.count()
    body = {"reason": "Soon", "until": str(today() + DAY), "dossier_digest": gate.dossier_digest, **values}
    asked = {**body, "requirement": "r0", "confirmation": proof(caller)}
    status, answer = caller.post(f"gates/{gate.pk}/waivers/", asked)
    assert answer["code"] == code
    page = browser(by).post(f"/gates/{gate.pk}/waive/?requirement=r0", {**body, "password": PASSWORD})
    assert page.status_code == status
    assert Waiver.objects.count() == before


def one_of_each(scene: Scene) -> None:
    gate = make_gate(scene)
    waiver, thread, condition = with_exceptions(scene, gate)
    gates.revoke_waiver(waiver, by=scene.lead, reason="No longer")
    gates.resolve_thread(thread, by=scene.engineer)
    gates.fulfil_condition(condition, by=scene.engineer, note="Done")
    reviewer = scene.people["compliance_reviewer"]
    gates.answer_fulfilment(condition, by=reviewer, is_accepted=True, confirmation_id=fresh(reviewer))


def test_attack_34_what_is_said_of_a_gate_is_only_added_to(scene: Scene) -> None:
    one_of_each(scene)
    for table in TABLES:
        names = copied(table).partition(" SELECT ")[0]
        refused_by_sql(f"UPDATE {table} SET created_at = created_at + interval '1 day'")
        refused_by_sql(f"DELETE FROM {table}")
        refused_by_sql(f"TRUNCATE {table} CASCADE")
        refused_by_sql(f"{names} SELECT * FROM {table} ON CONFLICT (id) DO UPDATE SET created_at = now()")
        refused_by_sql(f"MERGE INTO {table} t USING (SELECT 1) x ON true WHEN MATCHED THEN DELETE")
        refused_by_sql(f"MERGE INTO {table} t USING (SELECT 1) x ON true WHEN MATCHED THEN UPDATE SET id = t.id")
        refused_by_sql(f"SET LOCAL session_replication_role = replica; DELETE FROM {table}")


def test_attack_48_the_author_waives_through_a_second_account(scene: Scene) -> None:
    gate = opened(scene)
    EmailAddress.objects.create(user=scene.lead, email=scene.engineer.email.upper(), verified=True)
    with pytest.raises(OwnWork):
        waive(scene, gate)
    waiver_refused_everywhere(scene.lead, gate, "own_work")


def test_attack_49_a_waiver_past_its_day_and_one_for_longer(scene: Scene) -> None:
    gate = opened(scene)
    waiver_refused_everywhere(scene.lead, gate, "invalid_input", until=str(today() + 31 * DAY))
    waiver_refused_everywhere(scene.lead, gate, "invalid_input", until=str(today()))
    waiver = waive(scene, gate, days=3)
    approve(scene, gate)
    assert gate.state == GateState.APPROVED
    refused_by_sql("UPDATE gates_waiver SET until = until + 100 WHERE id = %s", waiver.pk)
    refused_by_sql(copied("gates_waiver", until="until + 100"), waiver.pk)
    with replay(now() + 4 * DAY):
        assert Gate.objects.get(pk=gate.pk).state == GateState.APPROVED, "nobody has looked since"
        signed = {"dossier_digest": gate.dossier_digest}
        refused_everywhere(scene.people["business_owner"], gate, "business_owner", "stale_dossier", **signed)
        gates.refresh_expired()
        gate.refresh_from_db()
        assert gate.state == GateState.LAPSED
        refused_by_sql("UPDATE gates_gate SET state = 'approved', unmet = 0 WHERE id = %s", gate.pk)


def test_attack_50_a_revoked_waiver_comes_back(scene: Scene) -> None:
    gate = opened(scene)
    waiver = waive(scene, gate)
    approve(scene, gate)
    gates.revoke_waiver(waiver, by=scene.lead, reason="The study will not come")
    refused_by_sql("DELETE FROM gates_waiverrevocation")
    refused_by_sql("UPDATE gates_waiverrevocation SET waiver_id = gen_random_uuid()")
    again = Caller(scene.lead, "read", "write").post(f"waivers/{waiver.pk}/revocations/", {"reason": "Twice"})
    assert again[1]["code"] == "waiver_revoked"
    assert WaiverRevocation.objects.count() == 1
    gate.refresh_from_db()
    assert gate.state == GateState.LAPSED


def test_attack_51_one_confirmation_for_a_waiver_and_a_signature(scene: Scene) -> None:
    gate = opened(scene)
    confirmation = fresh(scene.lead)
    gates.waive(
        gate, by=scene.lead, requirement="r0", reason="Soon", until=today() + DAY,
        dossier_digest=gate.dossier_digest, confirmation_id=confirmation,
    )  # fmt: skip
    start = make_gate(scene)
    caller = Caller(scene.people["business_owner"], "read", "sign")
    used = proof(caller)
    start.refresh_from_db()
    body = {
        "responsibility": "business_owner", "verdict": "request_changes", "comment": "More",
        "dossier_digest": start.dossier_digest, "confirmation": used,
    }  # fmt: skip
    assert caller.post(f"gates/{start.pk}/sign-offs/", body)[0] == 201
    gate.refresh_from_db()
    body |= {"dossier_digest": gate.dossier_digest}
    assert caller.post(f"gates/{gate.pk}/sign-offs/", body)[1]["code"] == "confirmation_used"
    body |= {"confirmation": str(confirmation)}
    assert caller.post(f"gates/{gate.pk}/sign-offs/", body)[1]["code"] == "confirmation_required"
    gates.revoke_waiver(Waiver.objects.get(), by=scene.lead, reason="Too short")
    gate.refresh_from_db()
    again = {"requirement": "r0", "reason": "Soon", "until": today() + DAY, "dossier_digest": gate.dossier_digest}
    with pytest.raises(ConfirmationUsed):
        gates.waive(gate, by=scene.lead, confirmation_id=confirmation, **again)


def test_attack_52_who_set_a_condition_or_fulfilled_it_accepts_nothing_of_their_own(scene: Scene) -> None:
    gate = opened(scene)
    waive(scene, gate)
    sign(scene, gate, "business_owner", condition=terms())
    condition = Condition.objects.get()
    signer = scene.people["business_owner"]
    with pytest.raises(NotTheHolder):
        gates.fulfil_condition(condition, by=signer, note="Done by me")
    status, answer = Caller(signer).post(f"gate-conditions/{condition.pk}/fulfilments/", {"note": "By me"})
    assert (status, answer["code"]) == (403, "not_the_signer")
    assert browser(signer).post(f"/gates/conditions/{condition.pk}/fulfil/", {"note": "x"}).status_code == 403
    assert not Fulfilment.objects.exists()
    gates.fulfil_condition(condition, by=scene.engineer, note="Done")
    EmailAddress.objects.create(user=signer, email=scene.engineer.email.upper(), verified=True)
    with pytest.raises(OwnWork):
        gates.answer_fulfilment(condition, by=signer, is_accepted=True, confirmation_id=fresh(signer))
    caller = Caller(signer, "read", "sign")
    body = {"is_accepted": True, "confirmation": proof(caller)}
    assert caller.post(f"gate-conditions/{condition.pk}/answers/", body)[1]["code"] == "own_work"
    form = {"answer": "accepted", "password": PASSWORD}
    assert browser(signer).post(f"/gates/conditions/{condition.pk}/answer/", form).status_code == 403


def test_attack_53_a_condition_of_an_approval_that_fell_saves_nothing(scene: Scene) -> None:
    gate = opened(scene)
    waiver = waive(scene, gate)
    sign(scene, gate, "business_owner", condition=terms())
    sign(scene, gate, "compliance_reviewer")
    condition = Condition.objects.get()
    gates.revoke_waiver(waiver, by=scene.lead, reason="No study")
    with pytest.raises(ConditionClosed):
        gates.fulfil_condition(condition, by=scene.engineer, note="Done")
    status, answer = Caller(scene.engineer).post(f"gate-conditions/{condition.pk}/fulfilments/", {"note": "Done"})
    assert (status, answer["code"]) == (409, "condition_closed")


def test_attack_54_the_policy_of_another_team(scene: Scene) -> None:
    other = make_scene(name="Others")
    ours = (
        "kind: build\nextends: organisation\ntitle: Ours\nsubject: dataset_version\nvalid_days: 9\n"
        "requirements: []\nsign_offs: []\n"
    )
    proposed = gates.propose_policy(ours, by=scene.lead, team=scene.team)
    for caller in (Caller(other.lead), Caller(other.engineer)):
        assert caller.post(f"policies/{proposed.pk}/publications/")[0] == 404
        assert caller.post(f"policies/{proposed.pk}/withdrawals/")[0] == 404
    for act in ("publish", "withdraw"):
        assert browser(other.lead).post(f"/gates/policies/{proposed.pk}/{act}/").status_code == 404
    version = gates.publish_policy(proposed, by=second_lead(scene))
    theirs = gates.open_gate("build", version_ref(other.version), by=other.engineer)
    assert policy_of(theirs).valid_days is None
    refused_by_sql("UPDATE gates_gate SET policy_version_id = %s WHERE id = %s", version.pk, theirs.pk)
    born = {"state": "'open'", "revision": "0", "dossier_digest": "''", "content_digest": "''"}
    gates.withdraw(theirs, by=other.engineer, reason="Again")
    born |= {"withdrawn_by_id": "NULL", "policy_version_id": f"'{version.pk}'"}
    refused_by_sql(copied("gates_gate", **born), theirs.pk)


def test_attack_55_the_dossier_of_another_gate_and_of_another_team(scene: Scene) -> None:
    start, build = make_gate(scene), opened(scene)
    other = make_scene(name="Others")
    theirs = make_gate(other)
    signer = scene.people["business_owner"]
    for digest in (build.dossier_digest, theirs.dossier_digest):
        with pytest.raises(StaleDossier) as refused:
            scene.sign(start, "business_owner", digest=digest)
        assert refused.value.extra["changed"] == [], "nothing of the other is told"
        refused_everywhere(signer, start, "business_owner", "stale_dossier", dossier_digest=digest)
    assert over_api(signer, theirs, "business_owner") == (404, "not_found")
    assert on_page(signer, theirs, "business_owner")[0] == 404
    assert Caller(signer, "read").get(f"gates/{theirs.pk}/pdf/")[0] == 404


def test_attack_56_a_key_of_one_signer_signs_for_nobody_else(scene: Scene) -> None:
    gate = make_gate(scene)
    owner = Caller(scene.people["business_owner"], "read", "sign")
    reviewer = Caller(scene.people["compliance_reviewer"], "read", "sign")
    body = {"responsibility": "business_owner", "verdict": "approve", "dossier_digest": gate.dossier_digest}
    path = f"gates/{gate.pk}/sign-offs/"
    mine = {**body, "confirmation": proof(owner)}
    first = owner.post(path, mine, Idempotency_Key="k")
    assert first[0] == 201
    assert reviewer.post(path, mine, Idempotency_Key="k")[1]["code"] == "not_the_signer"
    assert owner.post(path, mine, Idempotency_Key="k") == first
    assert gate.sign_offs.count() == 1


def test_attack_57_whoever_has_no_part_says_nothing_and_closes_nothing(scene: Scene) -> None:
    gate = make_gate(scene)
    thread = gates.open_thread(gate, by=scene.engineer, requirement="leakage", text="Which rows?")
    stranger, sponsor = make_scene(name="Others").lead, scene.people["data_steward"]
    for path, body in (
        (f"gate-threads/{thread.pk}/comments/", {"text": "x"}),
        (f"gate-threads/{thread.pk}/resolutions/", {}),
    ):
        assert Caller(stranger).post(path, body)[0] == 404, path
    assert Caller(sponsor).post(f"gate-threads/{thread.pk}/resolutions/")[1]["code"] == "not_your_thread"
    assert browser(sponsor).post(f"/gates/threads/{thread.pk}/resolve/").status_code == 403
    assert browser(stranger).post(f"/gates/threads/{thread.pk}/resolve/").status_code == 404


def test_attack_58_a_deputy_waives_after_the_absence(scene: Scene) -> None:
    deputy = member(scene.team, "governance_lead", name="Deputy")
    owners.appoint_deputy(held(scene, "governance_owner"), deputy, by=scene.lead)
    absence = people.record_absence(scene.lead, today(), today(), by=scene.lead)
    people.cancel_absence(absence, by=scene.lead)
    gate = opened(scene)
    with pytest.raises(NotTheHolder):
        waive(scene, gate, by=deputy)
    waiver_refused_everywhere(deputy, gate, "not_the_signer")
