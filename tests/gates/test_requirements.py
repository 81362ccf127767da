"""The kinds of requirement: by age, by a statement in the policy's words, by another gate, by waiting."""

import dataclasses
import datetime as dt
from typing import Any

import pytest
from django.test import Client

from apps.core import subjects
from apps.core.clock import now, replay, today
from apps.core.errors import InvalidInput
from apps.core.subjects import SubjectRef
from apps.datasets import actions as datasets
from apps.datasets.refs import version_ref
from apps.evidence import actions as evidence
from apps.evidence.errors import NotTheHolder
from apps.evidence.models import Attestation
from apps.gates import actions as gates
from apps.gates.errors import GateNotInReview, PolicyInvalid, PolicyUnsatisfiable
from apps.gates.models import Gate, GateState
from apps.owners.models import Ownership
from apps.people import confirmations
from tests.api.client import Caller
from tests.gates.policies import publish, text
from tests.people.factories import PASSWORD, member
from tests.scenery import DOCUMENTS, Scene, hand_over, make_gate, make_scene, make_version

pytestmark = pytest.mark.django_db
DAY = dt.timedelta(days=1)
WORDS = "I have checked the legal basis for every record."
STATED = f"attestation: stated, by: compliance_reviewer, statement: {WORDS}"


@pytest.fixture
def scene() -> Scene:
    return make_scene()


def opened(scene: Scene, kind: str = "build", ref: SubjectRef | None = None) -> Gate:
    gate = gates.open_gate(kind, ref or version_ref(scene.version), by=scene.engineer)
    gate.refresh_from_db()
    return gate


def approve(scene: Scene, gate: Gate) -> Gate:
    for responsibility in ("business_owner", "compliance_reviewer"):
        by = scene.people[responsibility]
        scene.sign(gate, responsibility, confirmation=confirmations.confirm(by, password=PASSWORD).pk)
    gate.refresh_from_db()
    return gate


def attach(scene: Scene, **values: Any) -> Any:
    return evidence.add_document(
        version_ref(scene.version), "other", "Study", by=scene.engineer, link="https://wiki.example/study", **values
    )


def test_a_document_counts_until_it_is_too_old_and_turns_by_time_alone(scene: Scene) -> None:
    publish(scene, text("document: other, max_age_days: 30"))
    attach(scene, dated_on=today() - 31 * DAY)
    gate = opened(scene)
    assert "older than 30 days" in gate.blocked_by
    attach(scene, dated_on=today() - 29 * DAY)
    assert approve(scene, gate).state == GateState.APPROVED
    last_day = now() + DAY
    with replay(last_day):
        assert gates.refresh_expired() == 0
    with replay(last_day + DAY):
        assert gates.refresh_expired() == 1
    gate.refresh_from_db()
    assert gate.state == GateState.LAPSED


def test_a_document_without_a_date_is_as_old_as_its_row_and_none_is_dated_ahead(scene: Scene) -> None:
    publish(scene, text("document: other, max_age_days: 30"))
    attach(scene)
    assert opened(scene).state == GateState.IN_REVIEW
    with pytest.raises(InvalidInput, match="dated ahead"):
        attach(scene, dated_on=today() + DAY)


def test_a_statement_in_the_policys_words_is_its_holders_alone(scene: Scene) -> None:
    publish(scene, text(STATED))
    gate, ref = opened(scene), version_ref(scene.version)
    assert gate.state == GateState.OPEN
    asked = {"statement": WORDS, "responsibility": "compliance_reviewer"}
    with pytest.raises(NotTheHolder):
        evidence.attest(ref, "stated", by=scene.people["business_owner"], **asked)
    with pytest.raises(InvalidInput):
        evidence.attest(ref, "stated", by=scene.people["compliance_reviewer"], statement=WORDS)
    with pytest.raises(InvalidInput):
        evidence.attest(ref, "sample_audited", by=scene.people["review_lead"], statement=WORDS)
    evidence.attest(ref, "stated", by=scene.people["business_owner"], statement=WORDS, responsibility="business_owner")
    evidence.attest(
        ref, "stated", by=scene.people["compliance_reviewer"], statement="Other", responsibility="compliance_reviewer"
    )
    gate.refresh_from_db()
    assert gate.state == GateState.OPEN, "other words, and another responsibility's, do not count"
    status, _made = Caller(scene.people["compliance_reviewer"]).post(
        "attestations/", {"subject_type": ref.type, "subject_id": str(ref.id), "kind": "stated", **asked}
    )
    gate.refresh_from_db()
    assert (status, gate.state) == (201, GateState.IN_REVIEW)


def test_a_statement_counts_on_after_its_holder_handed_over_but_not_from_elsewhere(scene: Scene) -> None:
    publish(scene, text(STATED))
    gate = opened(scene)
    browser = Client()
    browser.force_login(scene.people["compliance_reviewer"])
    page = f"/gates/{gate.pk}/state/"
    assert WORDS in browser.get(page, {"requirement": "r0"}).content.decode()
    assert browser.get(page, {"requirement": "other"}).status_code == 404
    assert browser.post(f"{page}?requirement=r0", {"comment": ""}).status_code == 302
    held = Ownership.objects.active().get(responsibility="compliance_reviewer")
    hand_over(held, member(scene.team, "compliance_reviewer", name="Heir"), by=scene.lead)
    gate.refresh_from_db()
    assert gate.state == GateState.IN_REVIEW
    elsewhere = make_scene(name="Elsewhere")
    made = Attestation.objects.get(kind="stated")
    foreign = Ownership.objects.active().get(responsibility="compliance_reviewer", team=elsewhere.team)
    values = {
        field.attname: getattr(made, field.attname)
        for field in Attestation._meta.concrete_fields
        if field.name not in ("id", "created_at", "ownership")
    }
    evidence.withdraw_attestation(made, by=made.added_by, reason="Stated anew")
    Attestation.objects.create(**values, ownership=foreign)
    gates.refresh_all()
    gate.refresh_from_db()
    assert gate.state == GateState.OPEN


def test_attack_25_a_gate_rests_on_another_and_falls_with_it_in_the_same_transaction(scene: Scene) -> None:
    publish(scene, text("gate: start"))
    build = opened(scene)
    assert (build.state, build.blocked_by) == (GateState.OPEN, f"“{scene.version}” has no such gate.")
    start = make_gate(scene)
    build.refresh_from_db()
    assert "is in review" in build.blocked_by
    with pytest.raises(GateNotInReview):
        scene.sign(build, "business_owner")
    approve(scene, start)
    assert approve(scene, build).state == GateState.APPROVED
    source = scene.dataset.sources.get()
    datasets.edit_source(source.pk, by=scene.engineer, revision=None, is_authoritative=False)
    build.refresh_from_db()
    assert build.state == GateState.LAPSED
    assert "is lapsed" in build.blocked_by


def test_a_gate_upstream_is_judged_anew_and_not_by_what_was_stored(scene: Scene) -> None:
    publish(scene, text("gate: start"))
    old = evidence.add_document(
        version_ref(scene.version), "exclusions", "Until today", by=scene.engineer, link="https://wiki.example/x",
        valid_until=today(),
    )  # fmt: skip
    for document in type(old).objects.filter(kind="exclusions").exclude(pk=old.pk):
        evidence.withdraw_document(document, by=scene.engineer, reason="A dated one follows")
    start, build = approve(scene, make_gate(scene)), opened(scene)
    scene.sign(build, "business_owner")
    with replay(now() + DAY):
        assert Gate.objects.get(pk=start.pk).state == GateState.APPROVED, "nobody has looked since"
        by = scene.people["compliance_reviewer"]
        with pytest.raises(Exception, match="evidence changed"):
            scene.sign(build, "compliance_reviewer", confirmation=confirmations.confirm(by, password=PASSWORD).pk)
        gates.refresh_expired()
    build.refresh_from_db()
    assert build.state == GateState.OPEN


def test_every_subject_that_is_named_upstream_needs_its_gate(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    other = make_version(scene, test="text,category\nCan I pay tomorrow?,pay\n")
    named = [version_ref(scene.version), version_ref(other)]
    kind = dataclasses.replace(subjects.kind("dataset"), upstream=lambda dataset: named)
    monkeypatch.setitem(subjects._kinds, "dataset", kind)
    publish(scene, text("gate: start", subject="dataset"))
    build = opened(scene, ref=SubjectRef("dataset", scene.dataset.pk))
    approve(scene, make_gate(scene))
    build.refresh_from_db()
    assert build.state == GateState.OPEN
    assert str(other) in build.blocked_by
    for document in DOCUMENTS:
        evidence.add_document(named[1], document, "Paper", by=scene.engineer, link="https://wiki.example/paper")
    later = gates.open_gate("start", named[1], by=scene.engineer)
    approve(scene, later)
    build.refresh_from_db()
    assert build.state == GateState.IN_REVIEW
    gates.withdraw(later, by=scene.engineer, reason="No")
    build.refresh_from_db()
    assert build.state == GateState.OPEN


def test_attack_23_gates_that_wait_for_each_other_or_for_nothing_are_refused(scene: Scene) -> None:
    publish(scene, text("gate: start"))
    for source in (
        text("gate: build"),
        text("gate: build", kind="start"),
        text("gate: start", subject="use_case"),
    ):
        with pytest.raises(PolicyUnsatisfiable, match="gate"):
            gates.propose_policy(source, by=scene.lead)


def test_a_waiting_period_is_met_by_time_alone(scene: Scene) -> None:
    publish(scene, text("waiting_days: 2"))
    gate = opened(scene)
    end = gate.created_at + 2 * DAY
    assert (gate.state, gate.turns_at) == (GateState.OPEN, end)
    with replay(end - dt.timedelta(seconds=1)):
        assert gates.refresh_expired() == 0
    with replay(end):
        assert gates.refresh_expired() == 1
        gate.refresh_from_db()
        assert (gate.state, gate.turns_at) == (GateState.IN_REVIEW, None)
        assert approve(scene, gate).state == GateState.APPROVED


def test_a_waiting_period_begins_again_with_every_change_of_the_dossier(scene: Scene) -> None:
    publish(scene, text("document: other", "waiting_days: 2, since: change"))
    attach(scene)
    gate = opened(scene)
    first = gate.turns_at
    with replay(now() + DAY):
        gates.refresh_all()
        gate.refresh_from_db()
        assert gate.turns_at == first, "a look is no change"
        attach(scene)
        gate.refresh_from_db()
        assert gate.turns_at is not None
        assert first is not None
        assert gate.turns_at > first
    with replay(first):
        assert gates.refresh_expired() == 0
    with replay(gate.turns_at):
        assert gates.refresh_expired() == 1


@pytest.mark.parametrize(
    ("row", "says"),
    [
        ("document: other, max_age_days: 0", "whole number"),
        ("attestation: stated", "“by” needs a text"),
        ("attestation: sources_eligible, by: sponsor", "only “stated” takes it"),
        ("waiting_days: true", "whole number"),
        ("waiting_days: 2, since: yesterday", "is not known"),
        ("gate: start, document: other", "exactly one of"),
    ],
)
def test_what_a_policy_says_wrongly_is_named_with_its_line(scene: Scene, row: str, says: str) -> None:
    with pytest.raises(PolicyInvalid, match=says) as refused:
        gates.propose_policy(text("owners: [sponsor]", row), by=scene.lead)
    assert refused.value.extra["messages"][0]["line"] == 7
