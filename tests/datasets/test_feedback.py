"""Production feedback enters a version only with its origin, and is accepted by the data steward before the gate."""

from typing import Any

import pytest
from django.db import connection, transaction
from django.db.utils import IntegrityError
from django.test import Client
from django.urls import reverse

from apps.agenda import due
from apps.core import jobs
from apps.core.clock import today
from apps.core.errors import NotPermitted
from apps.datasets import actions
from apps.datasets.errors import ColumnUnknown, DecisionStands, NoFeedback, OriginMissing, OwnFeedback, ReasonNeeded
from apps.datasets.models import DatasetVersion, Derivation, FeedbackDecision
from apps.datasets.refs import dataset_ref, version_ref
from apps.evidence import facts
from apps.evidence.errors import NotTheHolder
from apps.gates.reading import read as read_gate
from apps.ledger.models import Entry
from apps.owners import actions as owners
from apps.owners.models import Ownership
from apps.people import actions as people
from tests.api.client import Caller
from tests.datasets.sensitive_scenery import count, decide, put_sensitive
from tests.people.factories import member
from tests.scenery import FEEDBACK, Scene, make_gate, make_proposed, make_scene, make_version, upload

pytestmark = pytest.mark.django_db


@pytest.fixture
def scene() -> Scene:
    scene = make_scene()
    scene.version = make_proposed(scene)
    return scene


def fact(version: DatasetVersion) -> facts.Fact:
    return facts.read(version_ref(version), version, ["dataset.feedback"])["dataset.feedback"]


def say(scene: Scene, decision: str = "accepted", reason: str = "", by: Any = None) -> FeedbackDecision:
    return actions.decide_feedback(scene.version, decision, by=by or scene.people["data_steward"], reason=reason)


def required(scene: Scene, gate: Any) -> str:
    """Return what became of the gate's requirement on production feedback."""
    gate.refresh_from_db()
    outcomes = [line.outcome for line in read_gate(gate, scene.lead).lines]
    return next(str(row["status"]) for row in outcomes if row["id"] == "production_feedback")


def waiting(user: Any) -> list[str]:
    return [entry.item.reason for entry in due.for_user(user) if entry.item.kind == "feedback_proposed"]  # type: ignore[misc]


def test_declared_rows_make_a_proposed_version(scene: Scene) -> None:
    found = fact(scene.version)
    assert dict(found.figures) == {"feedback_rows": 2, "feedback_files": 1, "accepted": False}
    assert found.sentence.startswith("2 rows come from production feedback; proposed")
    file = scene.version.files.get(name="feedback.csv")
    assert (file.origin, file.origin_column) == ("production_feedback", "ticket")
    entry = Entry.objects.filter(action="dataset_version.registered").latest("id")
    assert [row.get("production_feedback") for row in entry.payload["files"]] == [None, "ticket"]


def test_a_version_without_feedback_has_nothing_to_accept() -> None:
    scene = make_scene()
    found = fact(scene.version)
    assert dict(found.figures) == {"feedback_rows": 0, "feedback_files": 0}
    with pytest.raises(NoFeedback):
        say(scene)
    assert required(scene, make_gate(scene)) == "met"


@pytest.mark.parametrize("kind", ["csv", "jsonl"])
def test_every_row_says_where_it_comes_from(kind: str) -> None:
    scene = make_scene(complete=False)
    if kind == "csv":
        text = FEEDBACK + "".join(f"Text {number},pay,{'T' if number % 2 else ' '}\n" for number in range(20))
        rows = [4, 6, 8, 10, 12]
    else:
        text = "".join(f'{{"text": "Text {number}", "category": "a", "ticket": null}}\n' for number in range(10))
        rows = [1, 2, 3, 4, 5]
    offer = upload(scene.dataset, f"feedback.{kind}", text, scene.engineer)
    body = {"upload": str(offer.upload), "origin": "production_feedback", "origin_column": "ticket"}
    caller, path = Caller(scene.engineer), f"datasets/{scene.dataset.pk}/versions/"
    status, problem = caller.post(path, {"splits": {"train": [body]}})
    assert (status, problem["code"], problem["rows_missing"], problem["rows"]) == (422, "origin_missing", 10, rows)
    status, problem = caller.post(path, {"splits": {"train": [body | {"origin_column": "tickets"}]}})
    assert (status, problem["code"]) == (422, "column_unknown")
    status, problem = caller.post(path, {"splits": {"train": [body | {"origin_column": ""}]}})
    assert (status, problem["code"]) == (422, "invalid_input")
    assert scene.dataset.versions.count() == 1


def test_an_origin_without_a_column_or_with_another_is_refused() -> None:
    scene = make_scene(complete=False)
    with pytest.raises(OriginMissing):
        make_proposed(scene, origin_column=" ")
    with pytest.raises(ColumnUnknown):
        make_proposed(scene, origin_column="url")


def test_what_was_once_declared_stays_feedback_in_later_versions(scene: Scene) -> None:
    again = upload(scene.dataset, "renamed.csv", FEEDBACK, scene.engineer)
    later = actions.register_version(scene.dataset, {"train": [again]}, by=scene.engineer, fewer_splits_reason="One")
    assert fact(later).figures["feedback_rows"] == 2


def test_a_derived_version_keeps_the_origin_of_its_rows(scene: Scene) -> None:
    jobs.run_waiting()
    put_sensitive(scene.version, email=count(1, 1, train=1))
    decide(scene, "email", "masked")
    scene.version = make_proposed(scene, FEEDBACK.replace("swallowed", "swallowed: ann@example.com"))
    decide(scene, "email", "masked")
    actions.derive_version(scene.version, by=scene.engineer)
    jobs.run_waiting()
    derived = Derivation.objects.get(parent=scene.version).version
    assert dict(fact(derived).figures) == {"feedback_rows": 2, "feedback_files": 1, "accepted": False}


def test_the_start_gate_waits_for_the_data_steward(scene: Scene) -> None:
    gate = make_gate(scene)

    assert required(scene, gate) == "failing"
    say(scene)
    assert required(scene, gate) == "met"
    say(scene, "declined", "Half of it is spam")
    assert required(scene, gate) == "failing"


def test_the_steward_accepts_and_later_declines(scene: Scene) -> None:
    first = say(scene)
    assert fact(scene.version).figures["accepted"] is True
    assert fact(scene.version).sentence == "2 rows come from production feedback; accepted by Data Steward."
    with pytest.raises(DecisionStands):
        say(scene)
    with pytest.raises(ReasonNeeded):
        say(scene, "declined", "  ")
    second = say(scene, "declined", "The tickets were closed as spam")
    assert second.supersedes == first
    assert fact(scene.version).sentence.endswith("declined by Data Steward: The tickets were closed as spam")
    entry = Entry.objects.filter(action="dataset_version.feedback_decided").latest("id")
    assert (entry.payload["decision"], entry.payload["before"], entry.payload["rows"]) == ("declined", "accepted", 2)


def test_only_the_data_steward_decides_and_never_on_their_own_version(scene: Scene) -> None:
    with pytest.raises(NotPermitted):
        say(scene, by=scene.people["business_owner"])
    with pytest.raises(NotTheHolder):
        say(scene, by=scene.people["review_lead"])
    steward = scene.people["data_steward"]
    scene.version = make_proposed(scene, FEEDBACK.replace("T-1", "T-7"), by=steward)
    with pytest.raises(OwnFeedback):
        say(scene)
    assert waiting(steward) == ["2 rows of production feedback are proposed"], "the other version"
    deputy = member(scene.team, "data_steward", name="Deputy")
    held = Ownership.objects.get(responsibility="data_steward", subject_id=scene.dataset.pk)
    owners.appoint_deputy(held, deputy, by=scene.lead)
    assert len(waiting(deputy)) == 1
    assert say(scene, by=deputy).decided_by == deputy


def test_the_deputy_of_an_absent_steward_decides(scene: Scene) -> None:
    deputy = member(scene.team, "data_steward", name="Deputy")
    held = Ownership.objects.get(responsibility="data_steward", subject_id=scene.dataset.pk)
    owners.appoint_deputy(held, deputy, by=scene.lead)
    assert waiting(deputy) == []
    with pytest.raises(NotTheHolder):
        say(scene, by=deputy)
    steward = scene.people["data_steward"]
    people.record_absence(steward, today(), today(), by=steward)
    assert waiting(deputy)
    assert say(scene, by=deputy)


def test_it_waits_for_the_steward_until_it_is_decided(scene: Scene) -> None:
    steward = scene.people["data_steward"]
    assert waiting(steward) == ["2 rows of production feedback are proposed"]
    assert waiting(scene.people["source_owner"]) == []
    say(scene, "declined", "Not now")
    assert waiting(steward) == []
    assert dataset_ref(scene.dataset)


def test_the_pages_say_it_and_take_the_decision(scene: Scene) -> None:
    client, steward = Client(), scene.people["data_steward"]
    client.force_login(steward)
    page = reverse("datasets:version_feedback", args=[scene.version.pk])
    shown = client.get(reverse("datasets:version_detail", args=[scene.version.pk])).content.decode()
    assert "2 rows come from production feedback; proposed" in shown
    assert page in shown
    assert "ticket says where each row came from" in client.get(page).content.decode()
    assert client.post(page, {"decision": "declined", "reason": ""}).status_code == 422
    assert client.post(page, {"decision": "accepted"}).status_code == 302
    assert "accepted by Data Steward" in client.get(page).content.decode()
    client.force_login(scene.engineer)
    assert "Another person decides" in client.get(page).content.decode()
    assert client.post(page, {"decision": "accepted"}).status_code == 403


def test_feedback_is_declared_on_the_page(scene: Scene) -> None:
    client = Client()
    client.force_login(scene.engineer)
    register = reverse("datasets:version_register", args=[scene.dataset.pk])
    offer = upload(scene.dataset, "more.csv", FEEDBACK.replace("T-1", "T-9"), scene.engineer)
    sent = {"feedback_uploads": str(offer.upload), "feedback_split": "train", "origin_column": ""}
    refused = client.post(register, sent)
    assert refused.status_code == 422
    assert "Production feedback needs it" in refused.content.decode()
    assert client.post(register, sent | {"origin_column": "ticket"}).status_code == 302
    assert fact(scene.dataset.versions.latest("number")).figures["feedback_files"] == 1


def test_decisions_over_the_api(scene: Scene) -> None:
    caller = Caller(scene.people["data_steward"])
    path = f"dataset-versions/{scene.version.pk}/feedback-decisions/"
    assert caller.post(path, {"decision": "perhaps"})[0] == 422
    status, row = caller.post(path, {"decision": "accepted"})
    assert (status, row["decision"]) == (201, "accepted")
    assert [found["id"] for found in caller.get(path)[1]] == [row["id"]]
    plain = make_version(scene, "text,category\nA,b\n")
    status, problem = caller.post(f"dataset-versions/{plain.pk}/feedback-decisions/", {"decision": "accepted"})
    assert (status, problem["code"]) == (409, "no_feedback")


@pytest.mark.parametrize(
    "attack",
    [
        "UPDATE datasets_feedbackdecision SET decision = 'accepted'",
        "DELETE FROM datasets_feedbackdecision",
        "TRUNCATE datasets_feedbackdecision CASCADE",
        "UPDATE datasets_splitfile SET origin = '', origin_column = ''",
        "UPDATE datasets_splitfile SET taken_from = '{}'",
        "INSERT INTO datasets_feedbackdecision (id, version_id, decision, reason, decided_by_id) "
        "SELECT gen_random_uuid(), version_id, 'accepted', '', decided_by_id FROM datasets_feedbackdecision",
        "INSERT INTO datasets_feedbackdecision (id, version_id, decision, reason, decided_by_id, supersedes_id) "
        "SELECT gen_random_uuid(), version_id, 'declined', '', decided_by_id, id FROM datasets_feedbackdecision",
    ],
)
def test_the_database_itself_keeps_origin_and_decisions(scene: Scene, attack: str) -> None:
    say(scene, "declined", "Spam")
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for role in ("DEFAULT", "replica"):
            cursor.execute(f"SET LOCAL session_replication_role = {role}")
            with pytest.raises(IntegrityError), transaction.atomic():
                cursor.execute(attack)
