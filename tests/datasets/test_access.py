"""Who looks at rows is in the ledger before the rows are on the screen."""

from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client

from apps.core import clock, jobs
from apps.core.errors import NotFound, NotPermitted
from apps.datasets import actions
from apps.datasets.errors import NoSamples, ReasonNeeded
from apps.ledger.models import Entry
from tests.api.client import Caller
from tests.commits import settle
from tests.datasets.audits import closed, draw
from tests.people.factories import make_user, member
from tests.scenery import Scene, make_export, make_scene, make_version

pytestmark = pytest.mark.django_db
TRAIN = "text,category\nWrite to ann@example.org,pay\nWhere is my card?,card\n"
TEST = "text,category\nwrite to ANN@example.org,pay\n"


@pytest.fixture
def scene() -> Scene:
    return make_scene(complete=False, train=TRAIN, test=TEST)


def page(user: Any) -> Client:
    client = Client()
    client.force_login(user)
    return client


def seen(action: str) -> list[Entry]:
    return list(Entry.objects.filter(action=f"dataset_version.{action}").order_by("id"))


def test_looking_at_samples_is_recorded_once_a_person_version_and_hour(scene: Scene) -> None:
    path = f"/datasets/versions/{scene.version.pk}/"
    moment = clock.now().replace(minute=10)
    with clock.replay(moment):
        for _look in range(3):
            assert page(scene.engineer).get(path).status_code == 200
        Caller(scene.engineer, "read").get(f"dataset-versions/{scene.version.pk}/samples/")
        assert len(seen("samples_viewed")) == 1
        page(scene.lead).get(path)
        assert len(seen("samples_viewed")) == 2
    with clock.replay(moment.replace(hour=(moment.hour + 1) % 24)):
        page(scene.engineer).get(path)
    assert [row.actor_name for row in seen("samples_viewed")] == [
        "Technical Owner",
        "Governance Owner",
        "Technical Owner",
    ]


def whats(version: Any) -> list[tuple[str, str]]:
    """Return who looked at rows of the version, and where the rows stood."""
    rows = Entry.objects.filter(action="dataset_version.samples_viewed", subject_id=version.pk).order_by("id")
    return [(row.actor_name, row.payload.get("what", "")) for row in rows]


def test_looking_at_the_rows_of_an_audit_is_recorded_for_each_audit() -> None:
    scene = make_scene(train=TRAIN, test=TEST)
    first = closed(scene)
    second = draw(scene)
    steward, lead = scene.people["data_steward"], scene.people["review_lead"]
    page(steward).get(f"/datasets/audits/{second.pk}/")
    assert whats(scene.version) == [], "the page of the audit shows figures alone"
    judging = f"/datasets/audits/{second.pk}/review/"
    for _look in range(2):
        assert page(steward).get(judging).context["row_text"]
        assert "Where is my card?" in str(Caller(steward, "read").get(f"sample-audits/{second.pk}/rows/"))
    assert whats(scene.version) == [("Data Steward", "Audit 2")]
    page(steward).get(f"/datasets/audits/{first.pk}/rows/")
    page(lead).get(f"/datasets/audits/{first.pk}/rows/?page_size=1")
    row = second.rows.order_by("position").first()
    actions.judge(second, row.position, by=steward, verdict="unsure")
    page(lead).get(f"/datasets/audits/{second.pk}/adjudicate/")
    Caller(scene.engineer, "read").get(f"sample-audits/{first.pk}/rows/")
    assert whats(scene.version)[1:] == [
        ("Data Steward", "Audit 1"),
        ("Review Lead", "Audit 1"),
        ("Review Lead", "Audit 2"),
        ("Technical Owner", "Audit 1"),
    ]
    settle()
    shown = page(scene.lead).get(f"/datasets/versions/{scene.version.pk}/access/").content.decode()
    assert "Audit 2" in shown


def test_an_audit_whose_texts_are_erased_is_looked_at_without_an_entry() -> None:
    scene = make_scene(train=TRAIN, test=TEST)
    audit = closed(scene)
    actions.erase_texts(audit, by=scene.people["review_lead"], reason="Retention")
    page(scene.engineer).get(f"/datasets/audits/{audit.pk}/rows/")
    Caller(scene.engineer, "read").get(f"sample-audits/{audit.pk}/rows/")
    assert whats(scene.version) == []


def test_looking_at_a_comparison_is_recorded_for_both_versions(scene: Scene) -> None:
    newer = make_version(scene, TRAIN + "A new one,pay\n", "text,category\nanother,pay\n")
    here = f"/datasets/versions/{newer.pk}/compare/?against={scene.version.pk}"
    page(scene.engineer).get(here)
    actions.compare_versions(newer, scene.version, by=scene.engineer)
    page(scene.engineer).get(here)
    assert whats(newer) == whats(scene.version) == [], "nothing is shown before the comparison is done"
    jobs.run_waiting()
    for _look in range(2):
        assert "A new one" in page(scene.engineer).get(here).content.decode()
    Caller(scene.engineer, "read").get(f"dataset-versions/{newer.pk}/differences/")
    _status, data = Caller(scene.lead, "read", "write").post(
        f"dataset-versions/{newer.pk}/differences/", {"against": str(scene.version.pk)}
    )
    assert data["state"] == "done"
    assert whats(newer) == [(name, "Comparison with Questions v1") for name in ("Technical Owner", "Governance Owner")]
    assert whats(scene.version) == [
        (name, "Comparison with Questions v2") for name in ("Technical Owner", "Governance Owner")
    ]


def test_a_version_without_samples_is_looked_at_without_an_entry() -> None:
    plain = make_scene(complete=False)
    page(plain.engineer).get(f"/datasets/versions/{plain.version.pk}/")
    assert not seen("samples_viewed")
    with pytest.raises(NoSamples):
        actions.unmask_samples(plain.version, by=plain.engineer, reason="To see")


def test_samples_are_masked_for_everybody_until_somebody_says_why(scene: Scene) -> None:
    path = f"/datasets/versions/{scene.version.pk}/"
    assert "ann@example.org" not in page(scene.engineer).get(path).content.decode()
    _status, shown = Caller(scene.engineer, "read").get(f"dataset-versions/{scene.version.pk}/samples/")
    assert "ann@example.org" not in str(shown)
    reviewer = page(scene.people["compliance_reviewer"])
    answer = reviewer.post(path + "unmask/", {"reason": "Is this a customer's address?"})
    assert "ann@example.org" in answer.content.decode()
    assert answer["Cache-Control"] == "no-store"
    assert "ann@example.org" not in reviewer.get(path + "unmask/").content.decode(), "no address shows them again"
    (entry,) = seen("samples_unmasked")
    assert entry.payload["reason"] == "Is this a customer's address?"
    assert "ann@example.org" not in entry.body


def test_unmasking_needs_the_permission_and_a_reason(scene: Scene) -> None:
    for role in ("business_owner", "governance_owner", "sponsor"):
        with pytest.raises(NotPermitted):
            actions.unmask_samples(scene.version, by=scene.people[role], reason="Curious")
    with pytest.raises(ReasonNeeded):
        actions.unmask_samples(scene.version, by=scene.engineer, reason="  ")
    caller = Caller(scene.engineer, "read", "write")
    status, found = caller.post(f"dataset-versions/{scene.version.pk}/unmaskings/", {"reason": "A check"})
    assert status == 201
    assert "ann@example.org" in str(found)
    assert len(seen("samples_unmasked")) == 1


def test_rows_that_could_not_be_recorded_are_not_shown(scene: Scene, monkeypatch: Any) -> None:
    def broken(*args: Any, **kwargs: Any) -> None:
        raise RuntimeError("The ledger is away")

    monkeypatch.setattr("apps.datasets.actions.access.record_on", broken)
    with pytest.raises(RuntimeError):
        actions.unmask_samples(scene.version, by=scene.engineer, reason="A check")
    with pytest.raises(RuntimeError):
        actions.view_samples(scene.version, by=scene.lead)


def test_another_team_sees_no_samples(scene: Scene) -> None:
    stranger = make_user("Stranger")
    with pytest.raises(NotFound):
        actions.view_samples(scene.version, by=stranger)
    for path in ("unmask/", "access/", "copies/", "exports/"):
        assert page(stranger).get(f"/datasets/versions/{scene.version.pk}/{path}").status_code == 404


def test_the_access_page_says_who_did_what_and_why(scene: Scene) -> None:
    actions.view_samples(scene.version, by=scene.lead)
    actions.unmask_samples(scene.version, by=scene.engineer, reason="A check of addresses")
    export = make_export(scene, is_for_anyone=True)
    actions.download_export(export, by=None)
    settle()
    path = f"/datasets/versions/{scene.version.pk}/access/"
    rows = page(scene.lead).get(path).context["rows"]
    assert [(row.who, row.kind) for row in rows] == [
        ("Somebody with the link", "downloaded"),
        ("Technical Owner", "exported"),
        ("Technical Owner", "samples_unmasked"),
        ("Governance Owner", "samples_viewed"),
    ]
    only = page(scene.lead).get(path + "?kind=samples_unmasked&actor=technical").context["rows"]
    assert [row.reason for row in only] == ["A check of addresses"]
    answer: Any = page(scene.lead).get(path + "?format=csv&kind=exported")
    lines = b"".join(answer.streaming_content).decode().splitlines()
    assert len(lines) == 2
    assert "To look at it offline" in lines[1]
    _status, data = Caller(scene.lead, "read").get(f"dataset-versions/{scene.version.pk}/access/?kind=downloaded")
    assert [row["who"] for row in data["results"]] == ["Somebody with the link"]


def test_who_may_not_read_the_trail_sees_only_their_own_accesses(scene: Scene) -> None:
    plain = member(scene.team, "member", name="Plain")
    actions.view_samples(scene.version, by=scene.lead)
    actions.view_samples(scene.version, by=plain)
    settle()
    answer = page(plain).get(f"/datasets/versions/{scene.version.pk}/access/")
    assert [row.who for row in answer.context["rows"]] == ["Plain"]
    assert "you see what you did yourself" in answer.content.decode()


def test_the_database_keeps_who_looked(scene: Scene) -> None:
    actions.view_samples(scene.version, by=scene.lead)
    for sql in ("DELETE FROM datasets_sampleview", "UPDATE datasets_sampleview SET hour = now()"):
        with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(sql)
