"""Pieces of files on their way: what breaks off, arrives changed, or is too large to be read at once."""

import base64
import hashlib
import io
from typing import Any

import pytest

from apps.core import jobs
from apps.datasets import actions, storage
from apps.datasets.actions import FileOffer, uploads
from apps.datasets.errors import DigestDiffers, OffsetDiffers, UploadNotReady
from apps.datasets.models import Upload
from tests.api.client import Caller
from tests.scenery import TRAIN, Scene, make_scene

pytestmark = pytest.mark.django_db
DATA = TRAIN.encode()
PIECE = {"content_type": "application/offset+octet-stream"}


@pytest.fixture
def scene() -> Scene:
    return make_scene(complete=False)


def start(scene: Scene, data: bytes = DATA, digest: str = "") -> Upload:
    return actions.start_upload(scene.dataset, "a.csv", len(data), by=scene.engineer, digest=digest)


def test_a_piece_that_arrives_changed_is_refused_and_sent_again(scene: Scene) -> None:
    caller = Caller(scene.engineer, "write")
    found = start(scene)
    good = base64.b64encode(hashlib.sha256(DATA).digest()).decode()
    headers = {**PIECE, "Upload_Offset": "0", "Content_Digest": f"sha-256=:{good}:"}
    status, problem = caller.call("PATCH", f"uploads/{found.pk}/", DATA[:-1] + b"!", **headers)
    assert (status, problem["code"], problem["offset"]) == (422, "digest_differs", 0)
    status, upload = caller.call("PATCH", f"uploads/{found.pk}/", DATA, **headers)
    assert (status, upload["state"]) == (200, "ready")


def test_a_file_whose_last_answer_was_lost_is_finished_by_an_empty_piece(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = start(scene)
    with monkeypatch.context() as dying:
        dying.setattr(uploads, "_check_soon", lambda *_args: None)
        actions.append_upload(found, 0, io.BytesIO(DATA), by=scene.engineer)
    found = actions.append_upload(found, len(DATA), io.BytesIO(b""), by=scene.engineer)
    assert found.state == "ready"


def test_two_writers_of_one_upload_do_not_mix(scene: Scene) -> None:
    found = start(scene)
    with storage.receiving(found.pk), pytest.raises(OffsetDiffers, match="arriving"):
        actions.append_upload(found, 0, io.BytesIO(DATA), by=scene.engineer)


def test_a_large_file_is_read_by_a_job(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploads, "CHECKED_AT_ONCE", 10)
    found = actions.append_upload(start(scene), 0, io.BytesIO(DATA), by=scene.engineer)
    assert found.state == "checking"
    with pytest.raises(UploadNotReady):
        actions.register_version(scene.dataset, {"train": [FileOffer(upload=found.pk)]}, by=scene.engineer)
    jobs.run_waiting()
    found.refresh_from_db()
    assert (found.state, found.rows) == ("ready", 3)
    assert not storage.staged(found.pk).exists()


def test_a_large_file_that_cannot_be_used_says_why(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploads, "CHECKED_AT_ONCE", 10)
    data = DATA + b"one,two,three\n"
    found = actions.append_upload(start(scene, data), 0, io.BytesIO(data), by=scene.engineer)
    jobs.run_waiting()
    _status, upload = Caller(scene.engineer, "read").get(f"uploads/{found.pk}/")
    assert (upload["state"], upload["error"]) == (
        "refused",
        "a.csv: Row 5: The row has 3 fields, the header 2. Quote fields that hold a comma or a line break.",
    )
    assert not storage.staged(found.pk).exists()


def test_bytes_lost_on_the_way_are_told_before_what_they_broke(scene: Scene) -> None:
    broken = DATA[:-6]
    digest = "sha256:" + hashlib.sha256(DATA + b"more").hexdigest()
    found = start(scene, broken + b'"', digest)
    with pytest.raises(DigestDiffers, match="was declared as"):
        actions.append_upload(found, 0, io.BytesIO(broken + b'"'), by=scene.engineer)
    assert not Upload.objects.filter(pk=found.pk).exists()


def test_an_upload_whose_bytes_are_gone_is_started_again(scene: Scene) -> None:
    found = start(scene)
    storage.staged(found.pk).unlink()
    with pytest.raises(UploadNotReady, match="Start it again"):
        actions.append_upload(found, 0, io.BytesIO(DATA), by=scene.engineer)


def test_a_digest_header_that_cannot_be_read_is_refused(scene: Scene) -> None:
    found: Any = start(scene)
    headers = {**PIECE, "Upload_Offset": "0", "Content_Digest": "sha-256=:not base64:"}
    status, problem = Caller(scene.engineer, "write").call("PATCH", f"uploads/{found.pk}/", DATA, **headers)
    assert (status, problem["code"]) == (422, "invalid_input")
