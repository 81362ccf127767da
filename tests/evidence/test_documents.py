"""Documents and attestations: what is kept, what is refused."""

import datetime as dt
import io
from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from apps.datasets.refs import version_ref
from apps.evidence import actions
from apps.evidence.errors import (
    AlreadyWithdrawn,
    FileGone,
    FileOrLink,
    FileTooLarge,
    LinkNotAllowed,
    NotTheHolder,
    UnknownEvidenceKind,
)
from tests.scenery import Scene, make_scene

pytestmark = pytest.mark.django_db


@pytest.fixture
def scene() -> Scene:
    return make_scene()


def add(scene: Scene, **values: Any) -> Any:
    values.setdefault("kind", "exclusions")
    return actions.add_document(version_ref(scene.version), values.pop("kind"), "Title", by=scene.engineer, **values)


def test_a_document_is_a_file_or_a_link_of_a_known_kind(scene: Scene) -> None:
    file = SimpleUploadedFile("a.txt", b"text")
    for values in ({}, {"file": file, "link": "https://example.org/a"}, {"file": SimpleUploadedFile("e.txt", b"")}):
        with pytest.raises(FileOrLink):
            add(scene, **values)
    with pytest.raises(UnknownEvidenceKind):
        add(scene, kind="poem", file=file)


@pytest.mark.parametrize(
    "link", ["http://example.org", "javascript:alert(1)", "https://user@example.org", "https://", "file:///etc/passwd"]
)
def test_only_https_links_to_a_named_host_are_kept(scene: Scene, link: str) -> None:
    with pytest.raises(LinkNotAllowed):
        add(scene, link=link)


def test_a_document_too_large_is_refused_and_leaves_nothing(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(actions, "LARGEST_DOCUMENT", 10)
    file = SimpleUploadedFile("a.txt", b"")
    file.file = io.BytesIO(b"x" * 11)
    before = default_storage.listdir("")
    with pytest.raises(FileTooLarge):
        add(scene, file=file)
    assert default_storage.listdir("") == before


def test_the_same_bytes_are_stored_once_under_their_digest(scene: Scene) -> None:
    one, two = (add(scene, file=SimpleUploadedFile(name, b"same")) for name in ("../../a.txt", "b.txt"))
    assert one.file == two.file
    assert one.digest == two.digest
    assert (one.file_name, two.file_name) == ("a.txt", "b.txt")


def test_a_file_gone_from_storage_is_said_on_the_page(scene: Scene) -> None:
    document = add(scene, file=SimpleUploadedFile("a.txt", b"to be lost"))
    default_storage.delete(document.file)
    client = Client()
    client.force_login(scene.engineer)
    answer = client.get(f"/evidence/documents/{document.pk}/download/")
    assert answer.status_code == FileGone.status
    assert b"not in the storage any more" in answer.content


def test_what_was_taken_back_is_not_taken_back_again(scene: Scene) -> None:
    document = add(scene, link="https://example.org/a", valid_until=dt.date(2030, 1, 1))
    actions.withdraw_document(document, by=scene.engineer, reason="Wrong list")
    with pytest.raises(AlreadyWithdrawn):
        actions.withdraw_document(document, by=scene.engineer, reason="Twice")


def test_only_the_holder_attests_and_what_was_attested_is_withdrawn_once(scene: Scene) -> None:
    kind, known = next(iter(actions.ATTESTATIONS.items()))
    holder = scene.people[known.responsibility]
    ref = version_ref(scene.version)
    with pytest.raises(UnknownEvidenceKind):
        actions.attest(ref, "hearsay", by=holder)
    if scene.people["technical_owner"] != holder:
        with pytest.raises(NotTheHolder):
            actions.attest(ref, kind, by=scene.people["technical_owner"])
    attestation = actions.attest(ref, kind, by=holder)
    actions.withdraw_attestation(attestation, by=holder, reason="I was wrong")
    with pytest.raises(AlreadyWithdrawn):
        actions.withdraw_attestation(attestation, by=holder, reason="Again")
