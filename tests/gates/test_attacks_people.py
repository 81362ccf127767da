"""Attacks on a decision by people: who must not be able to sign, and what ends with whom."""

import datetime as dt

import pytest
from allauth.account.models import EmailAddress
from allauth.socialaccount.models import SocialAccount

from apps.core import clock
from apps.core.subjects import SubjectRef
from apps.datasets import actions as datasets
from apps.datasets.refs import dataset_ref, version_ref
from apps.gates import actions as gates
from apps.gates.errors import GateNotInReview, NotTheHolder, OwnWork, SecondResponsibility, ServiceAccountCannotSign
from apps.gates.models import GateState, SignOff
from apps.owners import actions as owners
from apps.owners.errors import DeputyIsHolder, KeptApart, NotEligible
from apps.owners.models import Ownership
from apps.people import actions as people
from apps.people.identity import same_person
from apps.people.models import Membership, User
from tests.api.client import Caller
from tests.gates.scenery import browser, copied, proof, refused_by_sql, refused_everywhere
from tests.people.factories import PASSWORD, confirmation_for, make_user, member
from tests.scenery import Scene, hand_over, make_gate, make_scene, make_version, name_holder

pytestmark = pytest.mark.django_db


def use_case_ref(scene: Scene) -> SubjectRef:
    return SubjectRef("use_case", scene.use_case.pk)


def held(scene: Scene, responsibility: str) -> Ownership:
    return Ownership.objects.active().get(subject_id=scene.use_case.pk, responsibility=responsibility)


def test_attack_02_one_person_under_two_responsibilities_signs_once() -> None:
    scene = make_scene()
    with pytest.raises(KeptApart):
        hand_over(held(scene, "compliance_reviewer"), scene.people["business_owner"], by=scene.lead)
    row = owners.vacate(held(scene, "compliance_reviewer"), by=scene.lead)
    Ownership.objects.create(
        team=row.team,
        subject_type=row.subject_type,
        subject_id=row.subject_id,
        responsibility=row.responsibility,
        holder=scene.people["business_owner"],
        since=clock.now(),
    )
    gate = make_gate(scene)
    scene.sign(gate, "business_owner")
    with pytest.raises(SecondResponsibility):
        scene.sign(gate, "compliance_reviewer", by=scene.people["business_owner"])
    refused_everywhere(scene.people["business_owner"], gate, "compliance_reviewer", "second_responsibility")
    refused_by_sql(copied("gates_signoff", responsibility="'compliance_reviewer'"), SignOff.objects.get().pk)
    refused_by_sql("UPDATE gates_gate SET state = 'approved' WHERE id = %s", gate.pk)
    gate.refresh_from_db()
    assert gate.state == GateState.IN_REVIEW


def test_attack_03_the_author_cannot_approve_even_after_taking_the_responsibility() -> None:
    scene = make_scene()
    Membership.objects.create(team=scene.team, user=scene.engineer, role="business_owner")
    admin = member(scene.team, "governance_lead", name="Successor")
    owners.vacate(held(scene, "technical_owner"), by=scene.lead)
    name_holder(use_case_ref(scene), "technical_owner", admin, by=scene.lead)
    hand_over(held(scene, "business_owner"), scene.engineer, by=scene.lead)
    gate = make_gate(scene)
    with pytest.raises(OwnWork):
        scene.sign(gate, "business_owner", by=scene.engineer)
    refused_everywhere(scene.engineer, gate, "business_owner", "own_work")


def test_attack_03_whoever_uploaded_a_file_is_an_author_too() -> None:
    scene = make_scene()
    steward = scene.people["data_steward"]
    scene.version = make_version(scene, train="text,category\nOther words?,pay\nSome more,card\n", by=steward)
    hand_over(held(scene, "business_owner"), steward, by=scene.lead)
    gate = gates.open_gate("start", version_ref(scene.version), by=scene.engineer)
    with pytest.raises(OwnWork):
        scene.sign(gate, "business_owner", "request_changes", comment="Mine", by=steward)
    asked = {"verdict": "request_changes", "comment": "Mine"}
    refused_everywhere(steward, gate, "business_owner", "own_work", **asked)


def test_attack_04_a_token_alone_never_signs() -> None:
    scene = make_scene()
    gate = make_gate(scene)
    body = {"responsibility": "business_owner", "verdict": "approve", "dossier_digest": gate.dossier_digest}
    path = f"gates/{gate.pk}/sign-offs/"
    writer = Caller(scene.people["business_owner"], "read", "write")
    assert writer.post(path, body)[1]["code"] == "scope_missing"
    signer = Caller(scene.people["business_owner"], "read", "sign")
    assert signer.post(path, body)[1]["code"] == "confirmation_required"
    other = Caller(scene.people["business_owner"], "sign")
    _status, confirmation = other.post("me/confirmations/", {"password": PASSWORD})
    status, refused = signer.post(path, {**body, "confirmation": confirmation["id"]})
    assert (status, refused["code"]) == (403, "confirmation_required"), "a confirmation belongs to its token"
    author = Caller(scene.engineer, "read", "sign")
    status, refused = author.post(path, {**body, "confirmation": proof(author)})
    assert (status, refused["code"]) == (403, "not_the_signer")


def test_attack_05_a_second_account_of_the_author_cannot_sign() -> None:
    scene = make_scene()
    second = scene.people["business_owner"]
    EmailAddress.objects.filter(user=second).update(primary=False)
    EmailAddress.objects.create(user=second, email=scene.engineer.email.upper(), verified=True)
    gate = make_gate(scene)
    with pytest.raises(OwnWork):
        scene.sign(gate, "business_owner")
    refused_everywhere(second, gate, "business_owner", "own_work")


def test_attack_05_two_accounts_of_one_person_sign_once() -> None:
    scene = make_scene()
    gate = make_gate(scene)
    scene.sign(gate, "business_owner")
    first, second = scene.people["business_owner"], scene.people["compliance_reviewer"]
    EmailAddress.objects.create(user=second, email=first.email.upper(), verified=True)
    with pytest.raises(SecondResponsibility):
        scene.sign(gate, "compliance_reviewer")
    refused_everywhere(second, gate, "compliance_reviewer", "second_responsibility")


def test_attack_05_one_subject_at_an_identity_provider_is_one_person() -> None:
    scene = make_scene()
    author, second = scene.engineer, scene.people["business_owner"]
    SocialAccount.objects.create(user=author, provider="oidc", uid="subject-1")
    gate = make_gate(scene)
    SocialAccount.objects.filter(uid="subject-1").update(user=second)
    SocialAccount.objects.create(user=second, provider="oidc", uid="subject-2")
    assert scene.sign(gate, "business_owner").verdict == "approve"
    assert not same_person(author, second)
    SocialAccount.objects.filter(uid="subject-2").update(provider="other")
    SocialAccount.objects.create(user=author, provider="oidc", uid="subject-2")
    assert not same_person(author, second), "two providers may use the same subject for two people"


def test_attack_06_nobody_is_their_own_deputy() -> None:
    scene = make_scene()
    ownership = held(scene, "business_owner")
    with pytest.raises(DeputyIsHolder):
        owners.appoint_deputy(ownership, scene.people["business_owner"], by=scene.lead)
    twin = member(scene.team, "business_owner", name="Twin")
    EmailAddress.objects.create(user=twin, email=scene.people["business_owner"].email.upper(), verified=True)
    with pytest.raises(DeputyIsHolder):
        owners.appoint_deputy(ownership, twin, by=scene.lead)
    service = make_user(kind="service")
    Membership.objects.create(team=scene.team, user=service, role="data_steward")
    with pytest.raises(NotEligible):
        owners.appoint_deputy(ownership, service, by=scene.lead)


def test_attack_06_a_deputy_acts_only_while_the_holder_is_away_and_never_on_their_own_work() -> None:
    scene = make_scene()
    deputy = member(scene.team, "business_owner", name="Deputy")
    owners.appoint_deputy(held(scene, "business_owner"), deputy, by=scene.lead)
    with pytest.raises(KeptApart):
        owners.appoint_deputy(held(scene, "compliance_reviewer"), scene.engineer, by=scene.lead)
    owners.vacate(held(scene, "technical_owner"), by=scene.lead)
    name_holder(use_case_ref(scene), "technical_owner", member(scene.team, name="Successor"), by=scene.lead)
    owners.appoint_deputy(held(scene, "compliance_reviewer"), scene.engineer, by=scene.lead)
    gate = make_gate(scene)
    with pytest.raises(NotTheHolder):
        scene.sign(gate, "business_owner", by=deputy)
    refused_everywhere(deputy, gate, "business_owner", "not_the_signer")
    today = dt.datetime.now(dt.UTC).date()
    for responsibility in ("business_owner", "compliance_reviewer"):
        person = scene.people[responsibility]
        people.record_absence(person, today, today, by=person)
    with pytest.raises(OwnWork):
        scene.sign(gate, "compliance_reviewer", by=scene.engineer)
    refused_everywhere(scene.engineer, gate, "compliance_reviewer", "own_work")
    signed = scene.sign(gate, "business_owner", by=deputy)
    assert signed.stands_in_for == "Business Owner"


def test_attack_07_holder_and_deputy_both_sign_and_one_counts() -> None:
    scene = make_scene()
    deputy = member(scene.team, "business_owner", name="Deputy")
    owners.appoint_deputy(held(scene, "business_owner"), deputy, by=scene.lead)
    holder, today = scene.people["business_owner"], dt.datetime.now(dt.UTC).date()
    people.record_absence(holder, today, today, by=holder)
    gate = make_gate(scene)
    scene.sign(gate, "business_owner", by=deputy)
    with pytest.raises(Exception, match="was given"):
        scene.sign(gate, "business_owner", by=holder)
    refused_everywhere(holder, gate, "business_owner", "responsibility_already_signed")
    refused_by_sql(copied("gates_signoff", by_id=f"'{holder.pk}'"), SignOff.objects.get().pk)
    assert SignOff.objects.filter(gate=gate).count() == 1


def test_attack_08_a_signer_who_leaves_takes_the_approval_along() -> None:
    scene = make_scene()
    gate = scene.approve(make_gate(scene))
    assert gate.state == GateState.APPROVED
    admin = make_user(organisation_role="administrator")
    people.deactivate(scene.people["business_owner"], by=admin)
    gate.refresh_from_db()
    assert gate.state == GateState.LAPSED
    assert "Business owner" in gate.blocked_by
    caller = Caller(scene.lead, "read")
    assert caller.get(f"gates/{gate.pk}/")[1]["state"] == "lapsed"
    assert "Lapsed" in browser(scene.lead).get(f"/gates/{gate.pk}/").content.decode()
    refused_by_sql("UPDATE gates_gate SET state = 'approved', unmet = 0 WHERE id = %s", gate.pk)


def test_attack_09_the_record_keeps_the_name_of_who_left() -> None:
    scene = make_scene()
    gate = scene.approve(make_gate(scene))
    admin = make_user(organisation_role="administrator")
    people.deactivate(scene.people["business_owner"], by=admin)
    row = SignOff.objects.get(gate=gate, responsibility="business_owner")
    assert (row.by_name, row.verdict) == ("Business Owner", "approve")
    rows = Caller(scene.lead, "read").get(f"gates/{gate.pk}/sign-offs/")[1]
    assert "Business Owner" in {row["by_name"] for row in rows}
    assert "Business Owner" in browser(scene.lead).get(f"/gates/{gate.pk}/").content.decode()
    refused_by_sql("UPDATE gates_signoff SET by_name = 'Nobody'")


def test_attack_10_a_responsibility_lost_between_page_and_click() -> None:
    scene = make_scene()
    gate = make_gate(scene)
    shown = gate.dossier_digest
    heir = member(scene.team, "business_owner", name="Heir")
    hand_over(held(scene, "business_owner"), heir, by=scene.lead)
    with pytest.raises(Exception, match="evidence changed"):
        scene.sign(gate, "business_owner", digest=shown)
    loser = scene.people["business_owner"]
    refused_everywhere(loser, gate, "business_owner", "stale_dossier", dossier_digest=shown)
    refused_everywhere(loser, gate, "business_owner", "not_the_signer")
    with pytest.raises(NotTheHolder):
        scene.sign(gate, "business_owner")


def test_attack_10_a_holder_who_left_the_team_cannot_sign() -> None:
    scene = make_scene()
    gate = make_gate(scene)
    holder = scene.people["business_owner"]
    Membership.objects.filter(user=holder).delete()
    fresh = User.objects.get(pk=holder.pk)
    fresh.credential = "test"
    with pytest.raises(NotTheHolder):
        scene.sign(gate, "business_owner", by=fresh)
    refused_everywhere(fresh, gate, "business_owner", "not_found")


def test_attack_11_a_deactivated_persons_sessions_tokens_and_requests_stop() -> None:
    scene = make_scene()
    gate = make_gate(scene)
    person = scene.people["business_owner"]
    page, caller = browser(person), Caller(person, "read", "sign")
    assert page.get("/").status_code == 200
    assert caller.get("gates/")[0] == 200
    confirmation = confirmation_for(person)
    people.deactivate(person, by=make_user(organisation_role="administrator"))
    assert page.get("/").status_code == 302
    assert page.post(f"/gates/{gate.pk}/", {"verdict": "approve"}).status_code == 302
    assert caller.get("gates/")[0] == 401
    with pytest.raises(Exception, match="deactivated"):
        scene.sign(gate, "business_owner", by=person, confirmation=confirmation.pk)


def test_a_service_account_never_signs() -> None:
    scene = make_scene()
    gate = make_gate(scene)
    robot = people.create_service_account(scene.team, "Pipeline", by=member(scene.team, "administrator", name="Admin"))
    robot.credential = "token:x"
    with pytest.raises(ServiceAccountCannotSign):
        scene.sign(gate, "business_owner", by=robot)
    with pytest.raises(Exception, match="never signs"):
        people.create_token(robot, "t", ["sign"], by=member(scene.team, "administrator", name="Other"))


def test_nobody_approves_what_is_not_complete() -> None:
    scene = make_scene(complete=False)
    for responsibility in ("business_owner", "compliance_reviewer"):
        name_holder(use_case_ref(scene), responsibility, scene.people[responsibility], by=scene.lead)
    gate = gates.open_gate("start", version_ref(scene.version), by=scene.engineer)
    with pytest.raises(GateNotInReview, match="requirements are not met"):
        scene.sign(gate, "business_owner")


def test_a_change_of_sources_is_a_change_of_the_dossier() -> None:
    scene = make_scene()
    gate = scene.approve(make_gate(scene))
    source = scene.dataset.sources.get()
    datasets.edit_source(source.pk, by=scene.engineer, revision=None, is_authoritative=False)
    gate.refresh_from_db()
    assert gate.state == GateState.LAPSED
    assert dataset_ref(scene.dataset).type == "dataset"
