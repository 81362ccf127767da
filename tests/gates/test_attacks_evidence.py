"""Attacks on a decision by its evidence, its policy, by time and from below."""

import datetime as dt

import pytest
import time_machine
from allauth.account.models import EmailAddress
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import DatabaseError, IntegrityError, connection, transaction

from apps.core import clock
from apps.datasets import actions as datasets
from apps.datasets.models import DatasetVersion, SplitFile
from apps.datasets.refs import dataset_ref, version_ref
from apps.evidence import actions as evidence
from apps.evidence.models import Document
from apps.gates import actions as gates
from apps.gates.errors import GateStands, PolicyInvalid, PolicyUnsatisfiable, StaleDossier
from apps.gates.models import DossierSnapshot, Gate, GateState, PolicyVersion, SignOff
from apps.ledger.models import Entry
from apps.people.actions import create_team
from apps.people.errors import ConfirmationRequired, ConfirmationStale, ConfirmationUsed, SecondPersonNeeded
from apps.people.models import Confirmation, Team
from tests.api.client import Caller
from tests.gates.scenery import browser, copied, on_page, proof, refused_by_sql, refused_everywhere
from tests.people.factories import PASSWORD, confirmation_for, make_user, member
from tests.scenery import Scene, make_gate, make_scene, make_version

pytestmark = pytest.mark.django_db


def attach(scene: Scene, kind: str = "exclusions", text: str = "Another list") -> Document:
    file = SimpleUploadedFile("list.txt", text.encode())
    return evidence.add_document(version_ref(scene.version), kind, "List", by=scene.engineer, file=file)


def test_attack_12_evidence_changed_after_approval_voids_in_the_same_transaction() -> None:
    scene = make_scene()
    gate = scene.approve(make_gate(scene))
    with transaction.atomic():
        attach(scene)
        gate.refresh_from_db()
        assert gate.state == GateState.LAPSED
    assert Caller(scene.lead, "read").get(f"gates/{gate.pk}/")[1]["state"] == "lapsed"
    assert "Lapsed" in browser(scene.lead).get(f"/gates/{gate.pk}/").content.decode()
    refused_by_sql("UPDATE gates_gate SET state = 'approved' WHERE id = %s", gate.pk)


def test_attack_13_a_change_there_and_back_does_not_revive_the_approval() -> None:
    scene = make_scene()
    gate = scene.approve(make_gate(scene))
    source = scene.dataset.sources.get()
    before = gate.content_digest
    datasets.edit_source(source.pk, by=scene.engineer, revision=None, is_authoritative=False)
    datasets.edit_source(source.pk, by=scene.engineer, revision=None, is_authoritative=True)
    gate.refresh_from_db()
    assert gate.content_digest == before
    assert gate.state == GateState.LAPSED
    signed = gate.sign_offs.values_list("dossier_digest", flat=True)[0]
    for more in ("", ", state = 'approved'", ", revision = revision + 1, state = 'approved'"):
        refused_by_sql(f"UPDATE gates_gate SET dossier_digest = %s{more} WHERE id = %s", signed, gate.pk)
    signer = scene.people["business_owner"]
    refused_everywhere(signer, gate, "business_owner", "stale_dossier", dossier_digest=signed)
    assert scene.approve(gate).state == GateState.APPROVED, "it can be approved again"


def test_attack_14_a_save_that_changes_nothing_voids_nothing() -> None:
    scene = make_scene()
    gate = scene.approve(make_gate(scene))
    source = scene.dataset.sources.get()
    datasets.edit_source(source.pk, by=scene.engineer, revision=None, name=source.name)
    datasets.edit_dataset(scene.dataset.pk, by=scene.engineer, revision=None, description="Other words")
    gates.refresh_all()
    gate.refresh_from_db()
    assert (gate.state, gate.revision) == (GateState.APPROVED, 1)


def test_attack_15_other_bytes_under_the_same_file_name_are_another_version() -> None:
    scene = make_scene()
    other = make_version(scene, test="text,category\nCan I pay tomorrow?,pay\n")
    assert other.digest != scene.version.digest
    names = [list(v.files.values_list("name", flat=True)) for v in (scene.version, other)]
    assert names[0] == names[1]


def test_attack_16_an_approval_of_one_version_is_none_of_another() -> None:
    scene = make_scene()
    gate = scene.approve(make_gate(scene))
    scene.version = make_version(scene, test="text,category\nCan I pay tomorrow?,pay\n")
    other = make_gate(scene)
    with pytest.raises(StaleDossier):
        scene.sign(other, "business_owner", digest=gate.dossier_digest)
    signer = scene.people["business_owner"]
    refused_everywhere(signer, other, "business_owner", "stale_dossier", dossier_digest=gate.dossier_digest)
    for row in SignOff.objects.filter(gate=gate):
        refused_by_sql(copied("gates_signoff", gate_id=f"'{other.pk}'"), row.pk)
        refused_by_sql("UPDATE gates_signoff SET gate_id = %s WHERE id = %s", other.pk, row.pk)


@pytest.mark.parametrize("digest", ["sha256:" + "0" * 64, "", "null", "sha256:"])
def test_attack_17_a_digest_that_was_never_shown_is_refused(digest: str) -> None:
    scene = make_scene()
    gate = make_gate(scene)
    with pytest.raises(StaleDossier):
        scene.sign(gate, "business_owner", digest=digest)
    code = "stale_dossier" if digest else "invalid_input"
    refused_everywhere(scene.people["business_owner"], gate, "business_owner", code, dossier_digest=digest)


def test_attack_18_a_file_gone_from_storage_blocks() -> None:
    scene = make_scene()
    gate = scene.approve(make_gate(scene))
    file = SplitFile.objects.filter(version=scene.version).first()
    assert file is not None
    default_storage.delete(file.storage_name)
    asked = {"responsibility": "business_owner", "code": "stale_dossier"}
    refused_everywhere(scene.people["business_owner"], gate, **asked)
    gates.refresh_all()
    gate.refresh_from_db()
    assert gate.state == GateState.LAPSED
    assert "Gone from the storage" in gate.blocked_by


def second_policy(scene: Scene, change: tuple[str, str] = ("at_most: 0.5", "at_most: 90")) -> PolicyVersion:
    other = member(scene.team, "governance_lead", name="Second Lead")
    source = PolicyVersion.objects.get(kind="start", tier="", number=1).source
    proposed = gates.propose_policy(source.replace(*change), by=scene.lead, note="Looser")
    return gates.publish_policy(proposed, by=other)


def test_attack_19_a_gate_keeps_the_policy_it_was_opened_with() -> None:
    scene = make_scene(test="text,category\nhow do i PAY?,pay\n")
    gate = make_gate(scene)
    second_policy(scene, ("figure: normalised_rows\n    at_most: 0", "figure: normalised_rows\n    at_most: 7"))
    gates.refresh_all()
    gate.refresh_from_db()
    assert (gate.state, gate.policy_version.number) == (GateState.OPEN, 1)
    newest = PolicyVersion.objects.filter(kind="start").order_by("-number")[0]
    refused_by_sql("UPDATE gates_gate SET policy_version_id = %s WHERE id = %s", newest.pk, gate.pk)
    refused_everywhere(scene.people["business_owner"], gate, "business_owner", "gate_not_in_review")
    gates.withdraw(gate, by=scene.engineer, reason="Under the new policy")
    assert make_gate(scene).state == GateState.IN_REVIEW


@pytest.mark.parametrize("table", ["gates_policyversion", "gates_gate", "people_team"])
def test_attack_20_policies_gates_and_teams_with_gates_are_not_deleted(table: str) -> None:
    make_gate(make_scene())
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"DELETE FROM {table}; SET CONSTRAINTS ALL IMMEDIATE")
    path = {"gates_policyversion": "policies", "gates_gate": "gates", "people_team": "teams"}[table]
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT id FROM {table} LIMIT 1")
        (pk,) = cursor.fetchone()
    admin = Caller(make_user(organisation_role="administrator"), "read", "write")
    assert admin.call("DELETE", f"{path}/{pk}/")[0] in (404, 405)


def test_attack_21_a_second_team_or_policy_of_the_same_name_is_refused() -> None:
    scene = make_scene(name="Lenders")
    with pytest.raises(Exception, match="already"):
        create_team("LENDERS", by=make_user(organisation_role="administrator"))
    with pytest.raises(IntegrityError), transaction.atomic():
        Team.objects.create(name="lenders")
    first = PolicyVersion.objects.get(kind="start", tier="", number=1)
    with pytest.raises(IntegrityError, match="one_policy_version_per_number"), transaction.atomic():
        PolicyVersion.objects.create(
            kind="start", number=1, title="x", source=first.source, digest=first.digest, proposed_by=scene.lead
        )
    with pytest.raises(PolicyInvalid, match="word for word"):
        gates.propose_policy(first.source, by=scene.lead)
    assert Caller(scene.lead).post("policies/", {"source": first.source})[1]["code"] == "policy_invalid"
    page = browser(scene.lead).post("/gates/policies/propose/start/", {"source": first.source, "note": "The same"})
    assert (page.status_code, page.context["refusal"].code) == (422, "policy_invalid")
    admin = Caller(make_user(organisation_role="administrator"))
    assert admin.post("teams/", {"name": "lenders"})[1]["code"] == "name_taken"


def test_attack_22_one_person_alone_publishes_no_policy() -> None:
    scene = make_scene()
    source = PolicyVersion.objects.get(kind="start", tier="", number=1).source
    proposed = gates.propose_policy(source.replace("at_most: 0.5", "at_most: 90"), by=scene.lead)
    twin = member(scene.team, "governance_lead", name="Twin")
    EmailAddress.objects.create(user=twin, email=scene.lead.email.upper(), verified=True)
    for by in (scene.lead, twin):
        with pytest.raises(SecondPersonNeeded):
            gates.publish_policy(proposed, by=by)
        answer = Caller(by).post(f"policies/{proposed.pk}/publications/")
        assert (answer[0], answer[1]["code"]) == (403, "second_person_needed")
        page = browser(by).post(f"/gates/policies/{proposed.pk}/publish/")
        assert (page.status_code, page.context["refusal"].code) == (403, "second_person_needed")
    with pytest.raises(DatabaseError), transaction.atomic():
        PolicyVersion.objects.filter(pk=proposed.pk).update(state="published", published_by=scene.lead)
    refused_by_sql("UPDATE gates_policyversion SET state = 'published' WHERE id = %s", proposed.pk)
    proposed.refresh_from_db()
    assert proposed.state == "proposed"


@pytest.mark.parametrize(
    "change",
    [
        ("  - responsibility: compliance_reviewer", "  - responsibility: business_owner"),
        ("    at_least: 100", "    at_most: -1"),
    ],
)
def test_attack_23_a_policy_that_nobody_can_meet_is_refused(change: tuple[str, str]) -> None:
    scene = make_scene(complete=False)
    source = PolicyVersion.objects.get(kind="start", tier="", number=1).source
    with pytest.raises(PolicyUnsatisfiable):
        gates.propose_policy(source.replace(*change), by=scene.lead)
    body = {"source": source.replace(*change), "note": "Stricter"}
    assert Caller(scene.lead).post("policies/", body)[1]["code"] == "policy_unsatisfiable"
    page = browser(scene.lead).post("/gates/policies/propose/start/", body)
    assert (page.status_code, page.context["refusal"].code) == (422, "policy_unsatisfiable")
    assert not PolicyVersion.objects.filter(state="proposed").exists()


def test_attack_30_a_stale_form_is_refused_with_what_changed() -> None:
    scene = make_scene()
    gate = make_gate(scene)
    shown = gate.dossier_digest
    attach(scene, text="Newer")
    with pytest.raises(StaleDossier) as refused:
        scene.sign(gate, "business_owner", digest=shown)
    assert [row["what"] for row in refused.value.extra["changed"]] == ["What was left out is written down"]
    signer = scene.people["business_owner"]
    refused_everywhere(signer, gate, "business_owner", "stale_dossier", dossier_digest=shown, comment="Kept")
    form = {"responsibility": "business_owner", "verdict": "approve", "dossier_digest": shown, "comment": "Kept"}
    page = browser(signer).post(f"/gates/{gate.pk}/", {**form, "password": PASSWORD})
    assert page.context["form"]["comment"].value() == "Kept", "nothing that was typed is lost"


def test_attack_31_a_retried_request_gets_the_same_answer() -> None:
    scene = make_scene()
    caller = Caller(scene.lead)
    body = {"team": str(scene.team.pk), "name": "Again", "summary": "s", "task": "t", "risk_tier": "low"}
    first = caller.post("use-cases/", body, Idempotency_Key="k1")
    again = caller.post("use-cases/", body, Idempotency_Key="k1")
    assert first == again
    assert first[0] == 201
    assert caller.last.headers["Idempotency-Replayed"] == "true"
    status, refused = caller.post("use-cases/", {**body, "name": "Other"}, Idempotency_Key="k1")
    assert (status, refused["code"]) == (422, "idempotency_key_reused")
    other = Caller(member(scene.team, "governance_lead", name="Somebody"))
    assert other.post("use-cases/", {**body, "name": "Theirs"}, Idempotency_Key="k1")[0] == 201


def test_attack_32_only_the_databases_clock_counts() -> None:
    scene = make_scene()
    gate = make_gate(scene)
    with time_machine.travel(dt.datetime(2031, 3, 30, 1, 59, tzinfo=dt.UTC)):
        row = scene.sign(gate, "business_owner", confirmation=_fresh(scene).pk)
    assert abs(row.signed_at - clock.now()) < dt.timedelta(minutes=1)


def _fresh(scene: Scene) -> Confirmation:
    person = scene.people["business_owner"]
    confirmation = confirmation_for(person)
    Confirmation.objects.filter(pk=confirmation.pk).update(expires_at=clock.now() + dt.timedelta(minutes=10))
    return confirmation


def test_attack_33_a_replayed_or_stale_confirmation_is_refused() -> None:
    scene = make_scene()
    gate, person = make_gate(scene), scene.people["business_owner"]
    used = confirmation_for(person)
    scene.sign(gate, "business_owner", "request_changes", confirmation=used.pk, comment="More words")
    attach(scene, text="More")
    with pytest.raises(ConfirmationUsed):
        scene.sign(gate, "business_owner", confirmation=used.pk)
    old = confirmation_for(person)
    Confirmation.objects.filter(pk=old.pk).update(expires_at=clock.now() - dt.timedelta(seconds=1))
    with pytest.raises(ConfirmationStale):
        scene.sign(gate, "business_owner", confirmation=old.pk)
    with pytest.raises(ConfirmationRequired):
        scene.sign(gate, "business_owner", confirmation=confirmation_for(scene.lead).pk)
    caller = Caller(person, "read", "sign")
    once = proof(caller)
    asked = {"confirmation": once, "verdict": "request_changes", "comment": "More", "responsibility": "business_owner"}
    gate.refresh_from_db()
    path = f"gates/{gate.pk}/sign-offs/"
    assert caller.post(path, {**asked, "dossier_digest": gate.dossier_digest})[0] == 201
    attach(scene, text="More again")
    gate.refresh_from_db()
    again = caller.post(path, {**asked, "dossier_digest": gate.dossier_digest})
    assert (again[0], again[1]["code"]) == (403, "confirmation_used")
    assert on_page(person, gate, "business_owner", password="guessed")[0] == 403


SQL = [
    "UPDATE gates_signoff SET verdict = 'reject'",
    "DELETE FROM gates_signoff",
    "TRUNCATE gates_signoff",
    "UPDATE gates_dossiersnapshot SET body = '{}'",
    "UPDATE gates_policyversion SET source = 'x'",
    "DELETE FROM gates_policyversion",
    "UPDATE gates_gate SET state = 'approved'",
    "UPDATE gates_gate SET revision = 0",
    "UPDATE gates_gate SET state = 'whatever'",
    "DELETE FROM gates_gate",
    "UPDATE datasets_datasetversion SET digest = 'x'",
    "DELETE FROM datasets_splitfile",
    "UPDATE datasets_splitfile SET storage_name = 'x'",
    "UPDATE evidence_document SET digest = 'x'",
    "UPDATE owners_ownership SET holder_id = deputy_id",
    "DELETE FROM owners_ownership",
    "MERGE INTO gates_signoff s USING (SELECT 1) x ON true WHEN MATCHED THEN DELETE",
    "SET LOCAL session_replication_role = replica; DELETE FROM gates_signoff",
    "INSERT INTO gates_signoff SELECT * FROM gates_signoff ON CONFLICT (id) DO UPDATE SET verdict = 'reject'",
]


@pytest.mark.parametrize("sql", SQL)
def test_attack_34_raw_sql_is_refused(sql: str) -> None:
    scene = make_scene()
    scene.sign(make_gate(scene), "business_owner")
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql)


def test_attack_35_a_bulk_update_from_a_shell_is_refused() -> None:
    scene = make_scene()
    gate = make_gate(scene)
    for rows, values in (
        (Gate.objects.filter(pk=gate.pk), {"state": GateState.APPROVED}),
        (DatasetVersion.objects.all(), {"rows": 1}),
        (DossierSnapshot.objects.all(), {"digest": "x"}),
        (SignOff.objects.all(), {"comment": "x"}),
    ):
        if rows.exists():
            with pytest.raises(DatabaseError), transaction.atomic():
                rows.update(**values)


def test_attack_35_an_administrator_signs_and_waives_nothing() -> None:
    scene = make_scene()
    gate = make_gate(scene)
    admin = member(scene.team, "administrator", name="Admin", organisation_role="administrator")
    for responsibility in ("business_owner", "compliance_reviewer"):
        refused_everywhere(admin, gate, responsibility, "not_the_signer")
        refused_everywhere(admin, gate, responsibility, "not_the_signer", verdict="reject", comment="No")


def test_attack_36_no_entry_no_change(monkeypatch: pytest.MonkeyPatch) -> None:
    scene = make_scene()
    gate = make_gate(scene)
    before = Entry.objects.count()

    def broken(*args: object, **kwargs: object) -> None:
        raise RuntimeError("the ledger is out of order")

    monkeypatch.setattr("apps.gates.actions.signing.record_on", broken)
    with pytest.raises(RuntimeError):
        scene.sign(gate, "business_owner")
    assert SignOff.objects.count() == 0
    assert Entry.objects.count() == before


def test_a_subject_has_one_live_gate_of_a_kind() -> None:
    scene = make_scene()
    gate = make_gate(scene)
    with pytest.raises(GateStands):
        make_gate(scene)
    scene.sign(gate, "business_owner", "reject", comment="No")
    assert make_gate(scene).state == GateState.IN_REVIEW


def test_a_document_that_expires_lets_the_gate_lapse() -> None:
    scene = make_scene(complete=True)
    today = clock.today()
    document = Document.objects.filter(kind="exclusions").get()
    evidence.withdraw_document(document, by=scene.engineer, reason="A dated one follows")
    evidence.add_document(
        version_ref(scene.version),
        "exclusions",
        "Until today",
        by=scene.engineer,
        link="https://wiki.example/list",
        valid_until=today,
    )
    gate = scene.approve(make_gate(scene))
    assert gates.refresh_expired() == 0
    with clock.replay(clock.now() + dt.timedelta(days=1)):
        assert gates.refresh_expired() == 1
        assert gates.refresh_expired() == 0
    gate.refresh_from_db()
    assert gate.state == GateState.LAPSED
    assert "valid until" in gate.blocked_by
    assert dataset_ref(scene.dataset)
