"""Approvals that depend on something, and approvals that run out."""

import datetime as dt

import pytest
from django.test import Client

from apps.core.clock import now, replay
from apps.gates import actions as gates
from apps.gates.errors import CommentRequired, ConditionClosed, ConditionNotAllowed, NotTheHolder, OwnWork
from apps.gates.models import Condition, Gate, GateState
from apps.ledger.models import Entry
from apps.owners.models import Ownership
from apps.people import actions as people
from tests.api.client import Caller
from tests.gates.policies import publish, text
from tests.gates.scenery import DAY, approve, fresh, opened, sign, terms
from tests.people.factories import PASSWORD
from tests.scenery import Scene, hand_over, make_scene, make_version

pytestmark = pytest.mark.django_db


@pytest.fixture
def scene() -> Scene:
    found = make_scene()
    publish(found, text("owners: [sponsor]"))
    return found


def conditional(scene: Scene) -> tuple[Gate, Condition]:
    gate = opened(scene)
    sign(scene, gate, "business_owner", condition=terms())
    sign(scene, gate, "compliance_reviewer")
    return gate, Condition.objects.get()


def answer(scene: Scene, condition: Condition, accepted: bool = True, comment: str = "") -> None:
    by = scene.people["business_owner"]
    gates.answer_fulfilment(condition, by=by, is_accepted=accepted, comment=comment, confirmation_id=fresh(by))


def after(condition: Condition) -> dt.datetime:
    day = condition.due_on
    return dt.datetime(day.year, day.month, day.day, tzinfo=dt.UTC) + DAY


def test_a_conditional_approval_stands_until_its_condition_is_missed(scene: Scene) -> None:
    gate, condition = conditional(scene)
    assert (gate.state, gate.turns_at) == (GateState.APPROVED, after(condition))
    with replay(after(condition) - dt.timedelta(seconds=1)):
        assert gates.refresh_expired() == 0
    with replay(after(condition)):
        assert gates.refresh_expired() == 1
        gate.refresh_from_db()
        assert (gate.state, gate.turns_at) == (GateState.LAPSED, None)
        assert "was not fulfilled by" in gate.blocked_by
        with pytest.raises(ConditionClosed):
            gates.fulfil_condition(condition, by=scene.engineer, note="Late")
        assert approve(scene, gate).state == GateState.APPROVED, "it can be signed anew"


def test_a_missed_condition_is_not_hidden_by_a_stored_state(scene: Scene) -> None:
    gate, condition = conditional(scene)
    with replay(after(condition)):
        assert Gate.objects.get(pk=gate.pk).state == GateState.APPROVED, "nobody has looked since"
        with pytest.raises(ConditionClosed, match="no longer stands"):
            gates.fulfil_condition(condition, by=scene.engineer, note="Late")


def test_what_was_done_counts_once_the_signers_responsibility_accepts_it(scene: Scene) -> None:
    gate, condition = conditional(scene)
    with pytest.raises(NotTheHolder):
        gates.fulfil_condition(condition, by=scene.people["sponsor"], note="Done")
    with pytest.raises(CommentRequired):
        gates.fulfil_condition(condition, by=scene.engineer, note=" ")
    with pytest.raises(ConditionClosed):
        answer(scene, condition)
    gates.fulfil_condition(condition, by=scene.engineer, note="It is on the wiki")
    with pytest.raises(ConditionClosed):
        gates.fulfil_condition(condition, by=scene.engineer, note="Twice")
    with pytest.raises(NotTheHolder):
        gates.answer_fulfilment(condition, by=scene.engineer, is_accepted=True, confirmation_id=fresh(scene.engineer))
    with pytest.raises(CommentRequired):
        answer(scene, condition, accepted=False)
    answer(scene, condition, accepted=False, comment="The figures lack")
    gates.fulfil_condition(condition, by=scene.engineer, note="With figures")
    answer(scene, condition)
    gate.refresh_from_db()
    assert (gate.state, gate.turns_at) == (GateState.APPROVED, None)
    with replay(after(condition)):
        gates.refresh_all()
    gate.refresh_from_db()
    assert gate.state == GateState.APPROVED


def test_nobody_accepts_what_they_did_themselves(scene: Scene) -> None:
    gate, condition = conditional(scene)
    gates.fulfil_condition(condition, by=scene.engineer, note="Done")
    held = Ownership.objects.active().get(responsibility="business_owner")
    Ownership.objects.filter(pk=held.pk).update(deputy=scene.engineer)
    people.record_absence(held.holder, now().date(), now().date(), by=held.holder)
    with pytest.raises(OwnWork):
        gates.answer_fulfilment(condition, by=scene.engineer, is_accepted=True, confirmation_id=fresh(scene.engineer))
    assert gate.state == GateState.APPROVED


@pytest.mark.parametrize(
    ("verdict", "days", "responsibility", "pointer"),
    [
        ("request_changes", 5, "technical_owner", "/verdict"),
        ("approve", 0, "technical_owner", "/condition/due_on"),
        ("approve", 500, "technical_owner", "/condition/due_on"),
        ("approve", 5, "business_owner", "/condition/responsibility"),
        ("approve", 5, "model_owner", "/condition/responsibility"),
    ],
)
def test_a_condition_that_cannot_be_kept_is_refused(
    scene: Scene, verdict: str, days: int, responsibility: str, pointer: str
) -> None:
    gate = opened(scene)
    with pytest.raises(ConditionNotAllowed) as refused:
        sign(scene, gate, "business_owner", verdict, comment="c", condition=terms(days, responsibility))
    assert list(refused.value.errors) == [pointer]


def test_a_condition_on_page_and_api(scene: Scene) -> None:
    gate = opened(scene)
    browser, signer = Client(), scene.people["business_owner"]
    browser.force_login(signer)
    due = str((now() + 5 * DAY).date())
    form = {
        "dossier_digest": gate.dossier_digest, "responsibility": "business_owner", "verdict": "approve",
        "condition_text": "Publish it", "password": PASSWORD,
    }  # fmt: skip
    half = browser.post(f"/gates/{gate.pk}/", form)
    assert half.status_code == 422
    assert "needs all three" in half.content.decode()
    whole = {**form, "condition_due_on": due, "condition_responsibility": "technical_owner"}
    assert browser.post(f"/gates/{gate.pk}/", whole).status_code == 302
    condition = Condition.objects.get()
    assert "Publish it" in browser.get(f"/gates/{gate.pk}/").content.decode()
    engineer = Client()
    engineer.force_login(scene.engineer)
    done = engineer.post(f"/gates/conditions/{condition.pk}/fulfil/", {"note": "On the wiki"})
    assert done.status_code == 302
    caller = Caller(signer, "read", "sign")
    assert caller.get(f"gate-conditions/{condition.pk}/")[1]["standing"] == "offered"
    answered = browser.post(f"/gates/conditions/{condition.pk}/answer/", {"answer": "accepted", "password": PASSWORD})
    assert answered.status_code == 302
    assert caller.get(f"gates/{gate.pk}/sign-offs/")[1][0]["condition"]["standing"] == "fulfilled"


def test_an_approval_runs_out_to_the_second_and_is_signed_anew(scene: Scene) -> None:
    publish(scene, text("owners: [sponsor]", more="valid_days: 7"))
    gate = approve(scene, opened(scene))
    last = max(gate.sign_offs.values_list("signed_at", flat=True))
    assert gate.turns_at == last + 7 * DAY
    with replay(last + 7 * DAY - dt.timedelta(microseconds=1)):
        assert gates.refresh_expired() == 0
    with replay(last + 7 * DAY):
        assert gates.refresh_expired() == 1
        gate.refresh_from_db()
        assert gate.state == GateState.LAPSED
        assert "ran out" in gate.blocked_by
        gates.refresh_all()
        gate.refresh_from_db()
        assert "ran out" in gate.blocked_by, "a second look says the same"
        assert approve(scene, gate).state == GateState.APPROVED


def test_an_approval_of_a_later_version_supersedes_and_says_so(scene: Scene) -> None:
    first = approve(scene, opened(scene))
    scene.version = make_version(scene, test="text,category\nCan I pay tomorrow?,pay\n")
    second = approve(scene, opened(scene))
    rows = dict(Gate.objects.with_successor().values_list("pk", "superseded_by"))
    assert rows == {first.pk: second.pk, second.pk: None}
    first.refresh_from_db()
    assert first.state == GateState.APPROVED
    caller = Caller(scene.lead, "read")
    assert caller.get(f"gates/{first.pk}/")[1]["superseded_by"] == str(second.pk)
    entry = Entry.objects.get(subject_id=second.pk, action="gate.approved")
    assert entry.payload["supersedes"] == [str(first.pk)]
    hand_over(Ownership.objects.active().get(responsibility="sponsor"), scene.people["data_steward"], by=scene.lead)
    assert set(Gate.objects.with_successor().values_list("superseded_by", flat=True)) == {None}
