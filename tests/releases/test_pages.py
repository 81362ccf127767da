"""What people see and do on the pages of releases."""

import re
from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from apps.core import clock
from apps.evidence import actions as evidence
from apps.gates import actions as gates
from apps.people.models import User
from apps.releases import actions
from apps.releases.models import Environment, Rehearsal, Release, Rollback
from apps.releases.refs import release_ref
from tests.releases.scenery import (
    approve,
    first_version,
    make_environment,
    make_live,
    make_stage,
    next_version,
    propose,
    two_live,
)
from tests.scenery import Scene

pytestmark = pytest.mark.django_db


@pytest.fixture
def scene() -> Scene:
    return make_stage()


def as_(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def page(client: Client, name: str, *args: Any) -> str:
    response = client.get(reverse(f"releases:{name}", args=args))
    assert response.status_code == 200, (name, response.status_code)
    return re.sub(r"\s+", " ", response.content.decode())


def send(client: Client, name: str, pk: Any, **data: Any) -> Any:
    return client.post(reverse(f"releases:{name}", args=[pk]), data)


def test_from_an_environment_to_live(scene: Scene) -> None:
    client = as_(scene.engineer)
    assert "No environments yet" in page(client, "environment_list")
    made = client.post(
        reverse("releases:environment_create"), {"team": scene.team.pk, "name": "Desk", "kind": "production"}
    )
    assert made.status_code == 302
    environment = Environment.objects.get()
    version = first_version(scene)
    assert send(client, "version_propose", version.pk, environment=environment.pk, notes="First").status_code == 302
    release = Release.objects.get()
    text = page(client, "release_detail", release.pk)
    assert "Nothing was live before." in text
    assert "Ask for the gate: Release gate" in text
    assert "Bring it live" not in text
    refused = send(client, "release_go_live", release.pk)
    assert refused.status_code == 409
    assert "has no release gate" in refused.content.decode()
    evidence.add_document(
        release_ref(release), "sensitive_data_statement", "What", by=scene.engineer, link="https://example.org/w"
    )
    approve(scene, release)
    assert "Bring it live" in page(client, "release_detail", release.pk)
    assert send(client, "release_go_live", release.pk).status_code == 302
    for text in (
        page(client, "environment_list"),
        page(client, "environment_detail", environment.pk),
        client.get(reverse("registry:version_detail", args=[version.pk])).content.decode(),
        client.get(reverse("usecases:usecase_detail", args=[scene.use_case.pk])).content.decode(),
    ):
        assert reverse("releases:release_detail", args=[release.pk]) in text
    attested = client.get(reverse("releases:release_attestation", args=[release.pk]))
    assert attested.json()["payloadType"] == "application/vnd.in-toto+json"


def test_a_rollback_is_two_clicks_and_a_reason(scene: Scene) -> None:
    first, second = two_live(scene)
    client = as_(scene.engineer)
    way = reverse("releases:release_roll_back", args=[second.pk])
    assert way in page(client, "release_detail", second.pk)
    assert "is live again at once" in page(client, "release_roll_back", second.pk)
    empty = send(client, "release_roll_back", second.pk, reason="")
    assert empty.status_code == 422
    answer = send(client, "release_roll_back", second.pk, reason="It answers in French")
    rollback = Rollback.objects.get()
    assert answer.url == reverse("releases:release_detail", args=[rollback.restored_id])
    assert "It answers in French" in page(client, "release_detail", second.pk)
    lead = as_(scene.lead)
    assert way not in page(lead, "release_detail", second.pk)
    assert lead.get(way).status_code == 403
    assert reverse("releases:rollback_review", args=[rollback.pk]) in page(lead, "rollback_detail", rollback.pk)
    assert "rolled back" in lead.get("/").content.decode()
    seen = send(lead, "rollback_review", rollback.pk, verdict="justified", comment="Seen in the logs")
    assert seen.status_code == 302
    assert "Seen in the logs" in page(client, "rollback_detail", rollback.pk)
    assert first.version_id == rollback.restored.version_id


def test_a_lapsed_approval_of_what_is_live_is_shown(scene: Scene) -> None:
    release = make_live(scene, make_environment(scene))
    client = as_(scene.engineer)
    assert "is not approved any more" not in page(client, "release_detail", release.pk)
    default_storage.delete(release.version.place.removeprefix("file:///"))
    gates.refresh_all()
    assert "This release is live, and its release gate is not approved any more." in page(
        client, "release_detail", release.pk
    )
    assert "Lapsed" in page(client, "environment_list")


def test_a_rehearsal_is_recorded_with_its_file(scene: Scene) -> None:
    environment = make_environment(scene)
    make_live(scene, environment)
    release = propose(scene, environment, next_version(scene))
    client = as_(scene.engineer)
    page(client, "release_rehearse", release.pk)
    answer = send(
        client,
        "release_rehearse",
        release.pk,
        rehearsed_by=scene.engineer.pk,
        rehearsed_at=clock.now().strftime("%Y-%m-%dT%H:%M"),
        duration_seconds=80,
        outcome="passed",
        file=SimpleUploadedFile("log.txt", b"switched back, smoke test green"),
    )
    assert answer.status_code == 302
    assert Rehearsal.objects.get().document.file_name == "log.txt"


def test_a_proposal_is_compared_anew_and_withdrawn(scene: Scene) -> None:
    first, second = two_live(scene)
    release = propose(scene, second.environment, next_version(scene, "3.0.0", seed=5))
    client = as_(scene.engineer)
    assert "learning_rate" not in page(client, "release_detail", release.pk)
    actions.roll_back(second, by=scene.engineer, reason="Slow")
    assert "Compare it anew" in page(client, "release_detail", release.pk)
    assert send(client, "release_compare", release.pk).status_code == 302
    assert "learning_rate" in page(client, "release_detail", release.pk)
    assert send(client, "release_withdraw", release.pk, reason="Not needed").status_code == 302
    release.refresh_from_db()
    assert release.ending == "withdrawn"
    assert first.ending == "superseded"


def test_lists_are_filtered_and_exported(scene: Scene) -> None:
    _first, second = two_live(scene)
    actions.roll_back(second, by=scene.engineer, reason="Slow")
    client = as_(scene.lead)
    assert "2.0.0" in page(client, "release_list")
    ended = client.get(reverse("releases:release_list"), {"ending": "rolled_back"}).content.decode()
    assert "2.0.0" in ended
    assert "1.0.0" not in re.sub(r"<option.*?</option>", "", ended)
    for name in ("environment_list", "release_list", "rollback_list", "rehearsal_list"):
        answer = client.get(reverse(f"releases:{name}"), {"format": "csv"})
        lines = b"".join(answer.streaming_content).decode().splitlines()  # type: ignore[attr-defined]
        assert len(lines) >= 2, name


def test_an_environment_is_edited(scene: Scene) -> None:
    environment = make_environment(scene)
    client = as_(scene.engineer)
    page(client, "environment_edit", environment.pk)
    url = reverse("releases:environment_edit", args=[environment.pk])
    client.post(url, {"name": "Desk", "description": "The desk", "revision": 1})
    environment.refresh_from_db()
    assert environment.name == "Desk"
    assert (
        as_(scene.people["sponsor"]).get(reverse("releases:environment_edit", args=[environment.pk])).status_code == 403
    )
