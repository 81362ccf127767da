"""The files of versions in a bucket: a server that speaks S3 over HTTP stands behind the storage."""

import io
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from django.conf import settings
from django.core.files.storage import default_storage
from django.test import override_settings
from moto.server import ThreadedMotoServer

from apps.core import jobs
from apps.datasets import actions, storage
from apps.datasets.actions import FileOffer
from apps.datasets.errors import StorageKeyRefused
from apps.datasets.models import Inspection
from apps.datasets.refs import version_ref
from apps.evidence import facts
from config.storage import MEMORY, in_bucket
from tests.scenery import LEAKING, TRAIN, Scene, make_scene

pytestmark = pytest.mark.django_db
BUCKET = "training-data"


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    running = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    running.start()
    host, port = running.get_host_and_port()
    yield f"http://{host}:{port}"
    running.stop()


@pytest.fixture
def bucket(server: str) -> Iterator[Any]:
    client = boto3.client(
        "s3", endpoint_url=server, region_name="us-east-1", aws_access_key_id="id", aws_secret_access_key="secret"
    )
    client.create_bucket(Bucket=BUCKET)
    kept = in_bucket(BUCKET, endpoint_url=server, region="us-east-1", key_id="id", secret="secret")
    with override_settings(STORAGES={**settings.STORAGES, "default": kept}):
        yield client
    for row in client.list_objects_v2(Bucket=BUCKET).get("Contents", ()):
        client.delete_object(Bucket=BUCKET, Key=row["Key"])
    client.delete_bucket(Bucket=BUCKET)


def keys(bucket: Any) -> set[str]:
    return {row["Key"] for row in bucket.list_objects_v2(Bucket=BUCKET).get("Contents", ())}


@pytest.fixture
def scene(bucket: Any) -> Scene:
    return make_scene(test=LEAKING, complete=False)


def test_a_version_is_kept_under_its_digest_and_inspected(scene: Scene, bucket: Any) -> None:
    names = {file.storage_name for file in scene.version.files.all()}
    assert names == keys(bucket)
    assert all(name.startswith(storage.OWN_FOLDER) for name in names)
    assert Inspection.objects.get(version=scene.version).state == "done"
    found = facts.read(version_ref(scene.version), names=["dataset.split_leakage", "dataset.files"])
    assert found["dataset.split_leakage"].figures["normalised_rows"] == 1
    assert found["dataset.files"].figures["missing_files"] == 0


def test_a_file_in_the_bucket_is_taken_by_reference(scene: Scene, bucket: Any) -> None:
    bucket.put_object(Bucket=BUCKET, Key="incoming/week.csv", Body=TRAIN.encode())
    offer = {"train": [FileOffer(storage_key="incoming/week.csv")]}
    version = actions.register_version(scene.dataset, offer, by=scene.engineer, fewer_splits_reason="One")
    jobs.run_waiting()
    assert version.files.get().storage_name == "incoming/week.csv"
    assert Inspection.objects.get(version=version).state == "done"
    with pytest.raises(StorageKeyRefused):
        actions.register_version(
            scene.dataset, {"train": [FileOffer(storage_key="incoming/none.csv")]}, by=scene.engineer
        )


def test_a_file_that_is_gone_from_the_bucket_is_missed(scene: Scene, bucket: Any) -> None:
    bucket.delete_object(Bucket=BUCKET, Key=scene.version.files.first().storage_name)
    found = facts.read(version_ref(scene.version), names=["dataset.files"])
    assert found["dataset.files"].figures["missing_files"] == 1


def test_a_large_object_is_read_past_memory(bucket: Any) -> None:
    bucket.put_object(Bucket=BUCKET, Key="large.csv", Body=b"text\n" + b"word\n" * (MEMORY // 4))
    with default_storage.open("large.csv") as file:
        assert file.read(4) == b"text"
        assert file.file._rolled
    assert storage.checked(io.BytesIO(b"text\nword\n"), "a.csv")[2].rows == 1
