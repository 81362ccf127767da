"""Every copy has an owner and a day; what is gone is proven; the files of Fourgate really go."""

import datetime as dt
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.utils import timezone

from apps.agenda import due
from apps.core import jobs
from apps.core.clock import today
from apps.core.errors import InvalidInput, NotPermitted
from apps.core.subjects import SubjectRef
from apps.datasets import actions, samples, storage
from apps.datasets.actions import FileOffer, inspecting
from apps.datasets.actions.forgetting import erased
from apps.datasets.errors import (
    BeyondTheTerms,
    CopyIsDeleted,
    DateNotPossible,
    ErasureNotConfirmed,
    FilesByReference,
    FilesErased,
    FilesStillStored,
    NotErased,
    OwnerOutsideTeam,
    ProofMissing,
    ReasonNeeded,
    UploadNotReady,
)
from apps.datasets.models import Copy, CopyDeletion, CopyExtension, Inspection, InspectionResult, Upload
from apps.datasets.refs import version_ref
from apps.evidence import actions as evidence
from apps.evidence import facts
from apps.gates.models import GateState
from apps.ledger.models import Entry
from tests.api.client import Caller
from tests.people.factories import make_user, member
from tests.scenery import (
    ANNOTATIONS,
    LEAKING,
    TEST,
    TRAIN,
    Scene,
    add_annotations,
    make_copy,
    make_gate,
    make_scene,
    make_version,
    upload,
)

pytestmark = pytest.mark.django_db
DAY = dt.timedelta(days=1)


@pytest.fixture
def scene() -> Scene:
    return make_scene(complete=False)


def read(copy: Copy) -> Copy:
    found: Copy = Copy.objects.with_terms().get(pk=copy.pk)
    return found


def retention(scene: Scene) -> dict[str, Any]:
    return dict(facts.read(version_ref(scene.version), names=["dataset.retention"])["dataset.retention"].figures)


def keep_source(scene: Scene, days: int | None) -> None:
    source = scene.dataset.sources.first()
    if source is None:
        source = actions.create_source(scene.team, by=scene.engineer, name="Help desk 2", kind="application")
        actions.set_sources(scene.dataset, [source], by=scene.engineer)
    actions.edit_source(source.pk, by=scene.engineer, revision=None, retention_days=days)


def own(scene: Scene) -> Copy:
    found: Copy = Copy.objects.get(version=scene.version, kind="registered")
    return found


def test_a_version_comes_with_the_copy_that_fourgate_keeps(scene: Scene) -> None:
    copy = read(own(scene))
    assert (copy.owner, copy.state, copy.delete_by) == (scene.engineer, "standing", None)
    assert retention(scene) == {"copies": 1, "without_delete_by": 1, "overdue": 0, "deleted": 0}


def test_a_copy_goes_on_the_earliest_of_its_day_the_policy_and_the_terms(scene: Scene) -> None:
    copy = make_copy(scene, keep_days=90)
    assert read(copy).delete_by == today() + 90 * DAY
    actions.edit_dataset(scene.dataset.pk, by=scene.engineer, revision=None, retention_days=60)
    assert read(copy).delete_by == today() + 60 * DAY
    keep_source(scene, 30)
    assert read(copy).delete_by == read(copy).source_until == today() + 30 * DAY
    assert read(own(scene)).delete_by == today() + 30 * DAY, "the files of Fourgate too"
    keep_source(scene, None)
    assert read(copy).delete_by == today() + 60 * DAY, "nothing was stored that would have to be set back"


def test_a_copy_past_its_date_is_overdue(scene: Scene) -> None:
    old = make_copy(scene, made_on=today() - 40 * DAY, keep_days=None, keep_until=today() - DAY)
    last = make_copy(scene, "On its last day", made_on=today() - 40 * DAY, keep_days=40)
    assert (read(old).state, read(last).state) == ("overdue", "standing")
    assert retention(scene)["overdue"] == 1
    assert retention(scene)["next_delete_by"] == today().isoformat()


def test_a_day_is_the_same_for_every_reader(scene: Scene) -> None:
    actions.edit_dataset(scene.dataset.pk, by=scene.engineer, revision=None, retention_days=60)
    copy = make_copy(scene, made_on=today() - DAY, keep_days=None, keep_until=today())
    seen = set()
    for zone in ("UTC", "Pacific/Kiritimati", "Pacific/Pago_Pago"):
        with timezone.override(zone):
            seen.add((read(copy).state, read(copy).policy_until))
    assert seen == {("standing", scene.version.created_at.date() + 60 * DAY)}


def test_the_owner_is_an_active_person_of_the_team(scene: Scene) -> None:
    robot = member(scene.team, "data_steward", name="Robot", kind="service")
    gone = member(scene.team, "member", name="Gone", is_active=False)
    for owner in (make_user("Stranger"), robot, gone):
        with pytest.raises(OwnerOutsideTeam, match=owner.name):
            make_copy(scene, owner=owner)
    assert Copy.objects.count() == 1


@pytest.mark.parametrize(
    "values",
    [
        {"keep_days": None, "keep_until": dt.date(2020, 1, 1)},
        {"keep_days": 5, "keep_until": dt.date(2100, 1, 1)},
        {"made_on": dt.date(2100, 1, 1)},
        {"keep_days": None, "keep_until": dt.date(2500, 1, 1)},
    ],
)
def test_a_day_that_cannot_be_is_refused(scene: Scene, values: dict[str, Any]) -> None:
    with pytest.raises(DateNotPossible):
        make_copy(scene, **values)


def test_nobody_declares_fourgates_own_files_or_deletion(scene: Scene) -> None:
    with pytest.raises(InvalidInput):
        make_copy(scene, kind="registered")
    with pytest.raises(InvalidInput):
        actions.record_deletion(make_copy(scene), "fourgate", by=scene.engineer, proof="Trust me")


def test_a_deletion_is_recorded_once_with_its_proof(scene: Scene) -> None:
    copy = make_copy(scene)
    with pytest.raises(ProofMissing):
        actions.record_deletion(copy, "removed", by=scene.engineer, proof="  ")
    deletion = actions.record_deletion(copy, "removed", by=scene.engineer, proof="aws s3 rm: 2 objects")
    assert deletion.proof_digest.startswith("sha256:")
    assert read(copy).state == "deleted"
    with pytest.raises(CopyIsDeleted):
        actions.record_deletion(copy, "removed", by=scene.engineer, proof="Again")
    with pytest.raises(CopyIsDeleted):
        actions.extend_copy(copy, today() + 200 * DAY, by=scene.lead, reason="Too late")
    entry = Entry.objects.get(action="dataset_copy.deleted")
    assert entry.subject_id == scene.version.pk
    assert entry.payload["proof_digest"] == deletion.proof_digest


def test_a_document_proves_a_deletion_when_it_stands_on_the_version(scene: Scene) -> None:
    copy = make_copy(scene)
    link = "https://vendor.example.org/certificate"
    elsewhere = evidence.add_document(
        SubjectRef("dataset", scene.dataset.pk), "other", "Elsewhere", by=scene.engineer, link=link
    )
    with pytest.raises(ProofMissing):
        actions.record_deletion(copy, "device_destroyed", by=scene.engineer, document=elsewhere)
    here = evidence.add_document(version_ref(scene.version), "other", "Certificate", by=scene.engineer, link=link)
    deletion = actions.record_deletion(copy, "device_destroyed", by=scene.engineer, document=here)
    assert deletion.proof_digest == here.digest


def test_an_owner_without_the_permission_records_the_deletion_of_what_is_theirs(scene: Scene) -> None:
    plain = member(scene.team, "member", name="Plain")
    mine, other = make_copy(scene, owner=plain), make_copy(scene, "Elsewhere")
    with pytest.raises(NotPermitted):
        actions.record_deletion(other, "removed", by=plain, proof="x")
    actions.record_deletion(mine, "removed", by=plain, proof="x")
    assert read(mine).state == "deleted"


def test_an_extension_needs_a_reason_a_later_day_and_the_terms(scene: Scene) -> None:
    copy = make_copy(scene, keep_days=10)
    reviewer = scene.people["compliance_reviewer"]
    with pytest.raises(NotPermitted):
        actions.extend_copy(copy, today() + 20 * DAY, by=scene.engineer, reason="I would like to")
    with pytest.raises(ReasonNeeded):
        actions.extend_copy(copy, today() + 20 * DAY, by=reviewer, reason=" ")
    with pytest.raises(DateNotPossible):
        actions.extend_copy(copy, today() + 10 * DAY, by=reviewer, reason="The same day")
    actions.extend_copy(copy, today() + 20 * DAY, by=reviewer, reason="The run was repeated")
    assert read(copy).delete_by == today() + 20 * DAY
    keep_source(scene, 25)
    with pytest.raises(BeyondTheTerms):
        actions.extend_copy(copy, today() + 26 * DAY, by=reviewer, reason="More")
    keep_source(scene, 15)
    assert read(copy).delete_by == today() + 15 * DAY, "stricter terms end an extension"


def test_an_extension_goes_past_the_policy_of_the_dataset(scene: Scene) -> None:
    actions.edit_dataset(scene.dataset.pk, by=scene.engineer, revision=None, retention_days=10)
    copy = make_copy(scene, keep_days=90)
    actions.extend_copy(copy, today() + 30 * DAY, by=scene.lead, reason="A complaint is open")
    assert read(copy).delete_by == today() + 30 * DAY


def test_a_copy_is_handed_over_and_reminds_its_new_owner(scene: Scene) -> None:
    copy = make_copy(scene, keep_days=5)
    steward = scene.people["data_steward"]
    kinds = {row.item.kind for row in due.for_user(scene.engineer)}
    assert "copy_due_soon" in kinds
    actions.hand_over_copy(copy, steward, by=scene.engineer)
    assert "copy_due_soon" not in {row.item.kind for row in due.for_user(scene.engineer)}
    assert "copy_due_soon" in {row.item.kind for row in due.for_user(steward)}
    with pytest.raises(OwnerOutsideTeam):
        actions.hand_over_copy(copy, make_user("Outside"), by=steward)


@pytest.mark.parametrize(
    ("days", "kind", "overdue"),
    [(15, None, False), (14, "copy_due_soon", False), (0, "copy_due_today", False), (-1, "copy_overdue", True)],
)
def test_a_copy_is_due_before_on_and_after_its_day(scene: Scene, days: int, kind: str | None, overdue: bool) -> None:
    made = today() - 100 * DAY
    make_copy(scene, made_on=made, keep_days=None, keep_until=today() + days * DAY)
    found = [row for row in due.for_user(scene.engineer) if row.item.kind.startswith("copy_")]
    assert [(row.item.kind, row.overdue) for row in found] == ([(kind, overdue)] if kind else [])


def test_what_a_leaver_answered_for_waits_for_the_lead(scene: Scene) -> None:
    make_copy(scene, keep_days=3)
    assert not [row for row in due.for_user(scene.lead) if row.item.kind.startswith("copy_")]
    scene.engineer.is_active = False
    scene.engineer.save()
    found = [row.item for row in due.for_user(scene.lead) if row.item.kind == "copy_due_soon"]
    assert len(found) == 1
    assert "is gone" in str(found[0].reason)


def test_every_copy_of_what_came_from_a_source_is_one_list(scene: Scene) -> None:
    keep_source(scene, 400)
    source = scene.dataset.sources.get()
    make_copy(scene)
    apart = actions.create_dataset(scene.use_case, by=scene.engineer, name="Apart")
    other = actions.register_version(
        apart, {"train": [upload(apart, "t.csv", "text,category\nq,a\n", scene.engineer)]}, by=scene.engineer
    )
    caller = Caller(scene.lead, "read")
    _status, data = caller.get(f"sources/{source.pk}/copies/")
    assert {row["version"] for row in data["results"]} == {str(scene.version.pk)}
    assert {row["kind"] for row in data["results"]} == {"registered", "training"}
    assert str(other.pk) not in str(data)
    _status, data = caller.get(f"sources/{source.pk}/copies/?kind=training&state=standing")
    assert len(data["results"]) == 1
    assert caller.get(f"sources/{source.pk}/copies/?state=nowhere")[0] == 422
    client = Client()
    client.force_login(scene.lead)
    answer: Any = client.get(f"/datasets/sources/{source.pk}/copies/?format=csv")
    lines = b"".join(answer.streaming_content).decode().splitlines()
    assert len(lines) == 3
    assert "s3://training/questions" in lines[1]


def test_a_pipeline_registers_and_ends_a_copy(scene: Scene) -> None:
    robot = member(scene.team, "technical_owner", name="Trainer", kind="service")
    caller = Caller(robot, "read", "write")
    body = {
        "version": str(scene.version.pk),
        "kind": "training",
        "place": "gpu-3:/scratch/run-18",
        "owner": str(scene.engineer.pk),
        "purpose": "Run 18",
        "keep_days": 7,
    }
    status, copy = caller.post("dataset-copies/", body)
    assert (status, copy["state"], copy["delete_by"]) == (201, "standing", (today() + 7 * DAY).isoformat())
    status, copy = caller.post(f"dataset-copies/{copy['id']}/deletions/", {"method": "removed", "proof": "exit 0"})
    assert (status, copy["state"], copy["deletion"]["method"]) == (201, "deleted", "removed")
    status, problem = caller.post("dataset-copies/", {**body, "owner": str(robot.pk)})
    assert (status, problem["code"]) == (422, "owner_outside_team")


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE datasets_copy SET place = 'elsewhere'",
        "UPDATE datasets_copy SET keep_until = '2100-01-01'",
        "DELETE FROM datasets_copy",
        "TRUNCATE datasets_copy CASCADE",
        "UPDATE datasets_copydeletion SET proof = 'other'",
        "DELETE FROM datasets_copydeletion",
        "UPDATE datasets_copyextension SET keep_until = '2100-01-01'",
        "DELETE FROM datasets_copyextension",
    ],
)
def test_the_database_keeps_copies_as_they_were_written(scene: Scene, sql: str) -> None:
    copy = make_copy(scene)
    actions.extend_copy(copy, today() + 100 * DAY, by=scene.lead, reason="r")
    actions.record_deletion(copy, "removed", by=scene.engineer, proof="p")
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        with pytest.raises(IntegrityError), transaction.atomic():
            cursor.execute(sql)
    assert CopyDeletion.objects.count() == CopyExtension.objects.count() == 1


def erase(scene: Scene, **values: Any) -> CopyDeletion:
    steward = scene.people["data_steward"]
    return actions.erase_files(scene.version, **{"by": steward, "confirm": str(scene.version)} | values)


def test_the_files_really_go_and_facts_and_digests_stay() -> None:
    scene = make_scene(test=LEAKING)
    names = [file.storage_name for file in scene.version.files.all()]
    before = facts.read(version_ref(scene.version))
    deletion = erase(scene, reason="The source asked for it")
    assert not any(default_storage.exists(name) for name in names)
    after = facts.read(version_ref(scene.version))
    assert after["dataset.files"].figures["missing_files"] == 2
    assert after["dataset.split_leakage"].figures == before["dataset.split_leakage"].figures
    assert scene.version.files.count() == 2
    assert "sha256:" in deletion.proof
    assert "The source asked for it" in deletion.proof
    assert "how do i PAY" not in str(Inspection.objects.get(version=scene.version).findings), "no row is left behind"
    with pytest.raises(FilesErased):
        actions.inspect_again(scene.version, by=scene.engineer)
    with pytest.raises(CopyIsDeleted):
        erase(scene)


def test_an_approval_does_not_survive_the_deletion_of_what_was_approved() -> None:
    scene = make_scene(complete=True)
    gate = scene.approve(make_gate(scene))
    assert gate.state == GateState.APPROVED
    erase(scene)
    gate.refresh_from_db()
    assert gate.state == GateState.LAPSED


def test_bytes_that_another_version_needs_stay_for_that_one(scene: Scene) -> None:
    first, shared = scene.version, scene.version.files.get(split="test").storage_name
    second = make_version(scene, train=TRAIN + "More,pay\n")
    assert second.files.get(split="test").storage_name == shared
    deletion = erase(scene)
    assert "kept, for something else needs them" in deletion.proof
    assert default_storage.exists(shared)
    assert facts.read(version_ref(first))["dataset.files"].figures["missing_files"] == 2
    assert facts.read(version_ref(second))["dataset.files"].figures["missing_files"] == 0
    scene.version = second
    erase(scene)
    assert not default_storage.exists(shared), "the last one who needed them is gone"


def test_a_deletion_is_confirmed_with_the_versions_name(scene: Scene) -> None:
    with pytest.raises(ErasureNotConfirmed):
        erase(scene, confirm="yes")
    with pytest.raises(NotPermitted):
        erase(scene, by=scene.engineer)
    client = Client()
    client.force_login(scene.people["data_steward"])
    path = f"/datasets/versions/{scene.version.pk}/erase/"
    answer = client.post(path, {"confirm": "Questions", "reason": "Because"})
    assert answer.status_code == 422
    assert "Because" in answer.content.decode()
    assert erased(scene.version) is None
    assert client.post(path, {"confirm": "Questions v1"}).status_code == 302
    assert erased(scene.version) is not None


def test_a_storage_that_keeps_the_files_leaves_nothing_recorded(scene: Scene, monkeypatch: Any) -> None:
    monkeypatch.setattr(default_storage, "delete", lambda name: None)
    with pytest.raises(NotErased):
        erase(scene)
    assert erased(scene.version) is None
    assert read(own(scene)).state == "standing"


def test_files_taken_by_reference_are_deleted_where_they_lie_and_looked_for(scene: Scene) -> None:
    key = default_storage.save("incoming/train.csv", ContentFile((TRAIN + "other,pay\n").encode()))
    scene.version = actions.register_version(
        scene.dataset, {"train": [FileOffer(storage_key=key)]}, by=scene.engineer, fewer_splits_reason="One"
    )
    steward = scene.people["data_steward"]
    with pytest.raises(FilesByReference):
        erase(scene)
    with pytest.raises(FilesStillStored):
        actions.record_deletion(own(scene), "removed", by=steward, proof="I did")
    default_storage.delete(key)
    actions.record_deletion(own(scene), "removed", by=steward, proof="rm incoming/train.csv")
    assert read(own(scene)).state == "deleted"


def test_an_upload_whose_bytes_were_deleted_is_sent_again(scene: Scene) -> None:
    waiting = upload(scene.dataset, "again.csv", TRAIN, scene.engineer)
    erase(scene)
    with pytest.raises(UploadNotReady):
        actions.register_version(scene.dataset, {"train": [waiting]}, by=scene.engineer)
    used = Upload.objects.filter(state="used").first()
    assert used is not None
    with pytest.raises(UploadNotReady, match="deleted in the meantime"):
        actions.register_version(scene.dataset, {"train": [FileOffer(upload=used.pk)]}, by=scene.engineer)


def test_an_upload_that_nobody_used_leaves_no_bytes(scene: Scene) -> None:
    offer = upload(scene.dataset, "unused.csv", TRAIN + "unused,pay\n", scene.engineer)
    twin = upload(scene.dataset, "known.csv", TEST, scene.engineer)
    names = {row.pk: row.storage_name for row in Upload.objects.all()}
    Upload.objects.filter(state="ready").update(created_at=dt.datetime(2020, 1, 1, tzinfo=dt.UTC))
    assert actions.forget_uploads() == 2
    assert not default_storage.exists(names[offer.upload])
    assert default_storage.exists(names[twin.upload]), "a version holds equal bytes"
    assert not storage.is_own("incoming/train.csv")


def test_bytes_that_a_table_of_annotations_needs_stay(scene: Scene) -> None:
    table = add_annotations(scene)
    twin = upload(scene.dataset, "twin.csv", ANNOTATIONS, scene.engineer)
    Upload.objects.filter(pk=twin.upload).update(created_at=dt.datetime(2020, 1, 1, tzinfo=dt.UTC))
    assert actions.forget_uploads() == 1
    erase(scene)
    assert default_storage.exists(table.storage_name)


def test_an_inspection_that_ends_after_the_deletion_keeps_no_rows(scene: Scene, monkeypatch: Any) -> None:
    files = {
        "train": [upload(scene.dataset, "train.csv", TRAIN + "zz,pay\n", scene.engineer)],
        "test": [upload(scene.dataset, "test.csv", LEAKING, scene.engineer)],
    }
    scene.version = actions.register_version(scene.dataset, files, by=scene.engineer)
    found = inspecting.inspect

    def slow(*args: Any, **values: Any) -> dict[str, Any]:
        findings = found(*args, **values)
        assert "how do i PAY" in str(findings)
        erase(scene)
        return findings

    monkeypatch.setattr(inspecting, "inspect", slow)
    jobs.run_waiting()
    row = Inspection.objects.get(version=scene.version)
    assert row.state == "done"
    assert not InspectionResult.objects.filter(findings__icontains="how do i PAY").exists()


def test_the_sample_rows_of_equal_content_stay_for_the_version_that_stands() -> None:
    scene = make_scene(test=LEAKING, complete=False)
    twin = actions.create_dataset(scene.use_case, by=scene.engineer, name="Twin")
    second = actions.register_version(
        twin,
        {
            "train": [upload(twin, "train.csv", TRAIN, scene.engineer)],
            "test": [upload(twin, "test.csv", LEAKING, scene.engineer)],
        },
        by=scene.engineer,
    )
    jobs.run_waiting()
    ours, theirs = (Inspection.objects.get(version=row) for row in (scene.version, second))
    assert ours.result_id == theirs.result_id
    erase(scene)
    ours, theirs = (Inspection.objects.get(version=row) for row in (scene.version, second))
    assert "how do i PAY" not in str(ours.findings)
    assert "how do i PAY" in str(theirs.findings)
    assert ours.result is not None
    assert theirs.result is not None
    assert ours.result.digest == theirs.result.digest
    scene.version = second
    erase(scene)
    assert not InspectionResult.objects.filter(findings__icontains="how do i PAY").exists()


def test_of_a_result_the_database_lets_only_the_sample_rows_go() -> None:
    scene = make_scene(test=LEAKING, complete=False)
    result = Inspection.objects.get(version=scene.version).result
    assert result is not None
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for sql in (
            "UPDATE datasets_inspectionresult SET findings = '{}'",
            "UPDATE datasets_inspectionresult SET findings = datasets_without_rows(findings), digest = 'sha256:0'",
            "UPDATE datasets_inspectionresult SET engine = 'other'",
            "DELETE FROM datasets_inspectionresult",
        ):
            with pytest.raises(IntegrityError), transaction.atomic():
                cursor.execute(sql)
        cursor.execute("UPDATE datasets_inspectionresult SET findings = datasets_without_rows(findings)")
    expected = samples.without(result.findings)
    result.refresh_from_db()
    assert result.findings == expected, "the database forgets what the code forgets"


def test_the_copies_page_shows_time_and_table(scene: Scene) -> None:
    make_copy(scene)
    make_copy(scene, "Old tape", made_on=today() - 90 * DAY, keep_days=30)
    client = Client()
    client.force_login(scene.engineer)
    text = client.get(f"/datasets/versions/{scene.version.pk}/copies/").content.decode()
    assert '<svg class="span"' in text
    assert "Old tape" in text
    assert "Overdue" in text
    sorted_by_day = client.get(f"/datasets/versions/{scene.version.pk}/copies/?ordering=delete_by&page_size=1")
    assert sorted_by_day.context["rows"][0].place == "Old tape"
    following = client.get(sorted_by_day.context["next_url"])
    assert following.context["rows"][0].place == "s3://training/questions"
