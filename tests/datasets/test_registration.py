"""From files to a version: what is refused leaves nothing behind."""

import hashlib
import io
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from apps.core import jobs
from apps.core.models import Job
from apps.datasets import actions, storage
from apps.datasets.actions import FileOffer
from apps.datasets.errors import (
    ColumnsDiffer,
    ColumnUnknown,
    DigestDiffers,
    FileUnreadable,
    InspectionRuns,
    NothingToRegister,
    OffsetDiffers,
    SameContent,
    SourceOfAnotherTeam,
    StorageKeyRefused,
    UploadNotReady,
    UploadTooLarge,
)
from apps.datasets.models import DatasetVersion, Inspection, Upload
from tests.api.client import Caller
from tests.scenery import TEST, TRAIN, Scene, make_scene, make_version, upload

pytestmark = pytest.mark.django_db


@pytest.fixture
def scene() -> Scene:
    return make_scene(complete=False)


def register(scene: Scene, splits: dict[str, Any], **values: Any) -> DatasetVersion:
    return actions.register_version(scene.dataset, splits, by=scene.engineer, **values)


def test_the_same_bytes_under_another_name_are_the_same_version(scene: Scene) -> None:
    files = {
        "train": [upload(scene.dataset, "renamed.csv", TRAIN, scene.engineer)],
        "test": [upload(scene.dataset, "also-renamed.csv", TEST, scene.engineer)],
    }
    with pytest.raises(SameContent, match="Version 1"):
        register(scene, files)
    assert DatasetVersion.objects.count() == 1


def test_the_same_files_in_other_splits_are_another_version(scene: Scene) -> None:
    files = {
        "test": [upload(scene.dataset, "train.csv", TRAIN, scene.engineer)],
        "train": [upload(scene.dataset, "test.csv", TEST, scene.engineer)],
    }
    assert register(scene, files).digest != scene.version.digest


def test_a_version_needs_a_training_file(scene: Scene) -> None:
    with pytest.raises(NothingToRegister):
        register(scene, {})
    with pytest.raises(NothingToRegister):
        register(scene, {"test": [upload(scene.dataset, "t.csv", TEST, scene.engineer)]})


def test_files_with_other_columns_are_named(scene: Scene) -> None:
    files = {
        "train": [upload(scene.dataset, "a.csv", TRAIN, scene.engineer)],
        "test": [upload(scene.dataset, "b.csv", "text,label\na,x\n", scene.engineer)],
    }
    with pytest.raises(ColumnsDiffer, match=r"b\.csv has the columns"):
        register(scene, files)


def test_a_column_that_is_not_there_is_named_with_those_that_are(scene: Scene) -> None:
    files = {"train": [upload(scene.dataset, "a.csv", TRAIN + "x,y\n", scene.engineer)]}
    with pytest.raises(ColumnUnknown, match="text, category"):
        register(scene, files, input_column="question")
    assert Upload.objects.filter(state="ready").count() == 1, "the upload can be used again"


def test_an_unreadable_file_is_refused_and_forgotten(scene: Scene) -> None:
    before = Upload.objects.count()
    with pytest.raises(FileUnreadable, match=r"bad\.csv: Row 3"):
        upload(scene.dataset, "bad.csv", "text,category\na,x\nb\n", scene.engineer)
    with pytest.raises(FileUnreadable, match="must end in"):
        upload(scene.dataset, "data.xlsx", "x", scene.engineer)
    assert Upload.objects.count() == before


@pytest.mark.parametrize("name", ["../../etc/passwd.csv", "C:\\temp\\a.csv", "a\x00\n.csv", "…/ünïcode ＡΩ.csv"])
def test_a_name_with_path_parts_is_only_a_name(scene: Scene, name: str) -> None:
    offer = upload(scene.dataset, "x.csv", TRAIN, scene.engineer)
    found = actions.start_upload(scene.dataset, name, 10, by=scene.engineer)
    assert "/" not in found.name
    assert "\\" not in found.name
    assert found.name.isprintable()
    assert offer.upload


def test_a_declared_digest_that_differs_is_refused(scene: Scene) -> None:
    file = SimpleUploadedFile("a.csv", TRAIN.encode())
    with pytest.raises(DigestDiffers):
        actions.take_file(scene.dataset, file, by=scene.engineer, digest="sha256:" + "0" * 64)


def test_an_upload_that_breaks_off_goes_on_where_it_stopped(scene: Scene) -> None:
    data = TRAIN.encode()
    digest = "sha256:" + hashlib.sha256(data).hexdigest()
    found = actions.start_upload(scene.dataset, "a.csv", len(data), by=scene.engineer, digest=digest)
    found = actions.append_upload(found, 0, io.BytesIO(data[:10]), by=scene.engineer)
    with pytest.raises(OffsetDiffers, match="10 bytes are here"):
        actions.append_upload(found, 0, io.BytesIO(data), by=scene.engineer)
    with pytest.raises(UploadNotReady):
        register(scene, {"train": [FileOffer(upload=found.pk)]})
    with storage.staged(found.pk).open("ab") as file:
        file.write(b"bytes that were never acknowledged")
    found = actions.append_upload(found, 10, io.BytesIO(data[10:]), by=scene.engineer)
    assert (found.state, found.rows, found.digest) == ("ready", 3, digest)
    with pytest.raises(UploadNotReady):
        actions.append_upload(found, len(data), io.BytesIO(b"x"), by=scene.engineer)


def test_more_bytes_than_announced_are_refused(scene: Scene, settings: Any) -> None:
    found = actions.start_upload(scene.dataset, "a.csv", 5, by=scene.engineer)
    with pytest.raises(UploadTooLarge):
        actions.append_upload(found, 0, io.BytesIO(b"123456"), by=scene.engineer)
    settings.UPLOAD_LIMIT_BYTES = 4
    with pytest.raises(UploadTooLarge):
        actions.start_upload(scene.dataset, "a.csv", 5, by=scene.engineer)


def test_a_file_is_taken_by_reference_and_tricks_are_refused(scene: Scene) -> None:
    key = default_storage.save("incoming/batch/train.csv", ContentFile((TRAIN + "new,pay\n").encode()))
    version = register(scene, {"train": [FileOffer(storage_key=key)]}, fewer_splits_reason="One file")
    assert version.rows == 4
    for trick in (
        "../secret.csv",
        "/etc/passwd",
        "incoming/../x.csv",
        "incoming//x.csv",
        "exports/x.csv",
        "incoming/no.csv",
    ):
        with pytest.raises(StorageKeyRefused):
            register(scene, {"train": [FileOffer(storage_key=trick)]})


def test_a_source_of_another_team_is_refused(scene: Scene) -> None:
    theirs = make_scene(name="Theirs", complete=False)
    source = actions.create_source(theirs.team, by=theirs.engineer, name="Theirs", kind="other")
    with pytest.raises(SourceOfAnotherTeam):
        actions.set_sources(scene.dataset, [source], by=scene.engineer)


def test_a_job_that_lost_its_claim_writes_nothing(scene: Scene) -> None:
    version = scene.version
    Inspection.objects.filter(version=version).update(state="pending", attempt=2, result=None)
    job = jobs.enqueue("inspect_version", key="again", payload={"version": str(version.pk), "attempt": 2})
    mine = jobs.claim(job.pk)
    assert mine is not None
    Job.objects.filter(pk=job.pk).update(lease_until="2020-01-01T00:00:00Z")
    theirs = jobs.claim(job.pk)
    assert theirs is not None
    from apps.datasets.actions.inspecting import inspect_job

    with pytest.raises(jobs.LostClaim):
        inspect_job(mine, lambda done, total=None, message="": None)
    assert Inspection.objects.get(version=version).state == "pending"
    inspect_job(theirs, lambda done, total=None, message="": None)
    assert Inspection.objects.get(version=version).state == "done"


def test_an_inspection_is_asked_for_again_only_when_none_runs(scene: Scene) -> None:
    found = actions.inspect_again(scene.version, by=scene.engineer)
    assert found.attempt == 2
    with pytest.raises(InspectionRuns):
        actions.inspect_again(scene.version, by=scene.engineer)


def test_a_file_that_is_gone_fails_the_inspection_with_a_sentence(scene: Scene) -> None:
    for file in scene.version.files.all():
        default_storage.delete(file.storage_name)
    actions.inspect_again(scene.version, by=scene.engineer)
    jobs.run_waiting()
    found = Inspection.objects.get(version=scene.version)
    assert (found.state, found.error) == ("failed", "A file of this version is not in the storage any more.")
    _status, work = Caller(scene.engineer).get("me/work/")
    assert "inspection_failed" in {row["kind"] for row in work}


def test_the_form_keeps_what_was_typed_when_a_file_is_refused(scene: Scene) -> None:
    client = Client()
    client.force_login(scene.engineer)
    bad = SimpleUploadedFile("train.csv", b"text,category\na\n")
    answer = client.post(
        f"/datasets/{scene.dataset.pk}/register/", {"train": bad, "note": "My note", "fewer_splits_reason": "Because"}
    )
    text = answer.content.decode()
    assert answer.status_code == 422
    assert "train.csv: Row 2" in text
    assert "My note" in text
    assert "Because" in text


def test_a_version_without_a_script_is_registered_by_the_form(scene: Scene) -> None:
    client = Client()
    client.force_login(scene.engineer)
    good = SimpleUploadedFile("train.csv", (TRAIN + "zz,pay\n").encode())
    answer = client.post(f"/datasets/{scene.dataset.pk}/register/", {"train": good})
    assert answer.status_code == 302
    assert DatasetVersion.objects.count() == 2


def test_reading_facts_costs_the_same_for_one_version_and_for_many(
    scene: Scene, django_assert_max_num_queries: Any
) -> None:
    from apps.datasets.facts import versions as facts

    for number in range(3):
        make_version(scene, train=TRAIN + f"more {number},pay\n")
    version = DatasetVersion.objects.select_related("dataset").get(pk=scene.version.pk)
    with django_assert_max_num_queries(3):
        facts.read(version)
