"""The journey in a real browser, on Banking77: from sign-in to the verified export."""

import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

from apps.core import jobs
from apps.evidence import actions as evidence
from apps.gates.models import Gate
from apps.ledger import keys
from config.demo import material
from tests.journey.test_api_journey import leaking_test_rows_removed
from tests.people.factories import PASSWORD, make_user
from tests.scenery import Scene, make_scene

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.browser]


def sign_in(page: Any, url: str, user: Any) -> None:
    page.context.clear_cookies()
    page.goto(url + "/accounts/login/")
    page.fill("[name=login]", user.email)
    page.fill("[name=password]", PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.get_by_role("heading", name="My work").wait_for()


def posted(page: Any) -> Any:
    """Wait for the server's answer to the form that is sent in this context: what it does is done then."""
    return page.expect_response(lambda response: response.request.method == "POST")


def register(page: Any, url: str, scene: Scene, files: dict[str, Path]) -> None:
    page.goto(f"{url}/datasets/{scene.dataset.pk}/")
    page.get_by_role("link", name="Register a version").first.click()
    for split, path in files.items():
        page.set_input_files(f"input[name={split}]", str(path))
    page.fill("[name=fewer_splits_reason]", "The publisher made two splits")
    page.get_by_role("button", name="Register the version").click()
    page.wait_for_url("**/datasets/versions/**")
    jobs.run_waiting()
    page.locator("progress").first.wait_for(state="detached")


def attach(page: Any, scene: Scene, kinds: tuple[str, ...], scratch: Path) -> None:
    for kind in kinds:
        path = scratch / f"{kind}.txt"
        path.write_text(f"About {kind}")
        page.locator("#evidence").get_by_role("link", name="Attach").click()
        page.select_option("[name=kind]", kind)
        page.fill("[name=title]", kind)
        page.set_input_files("[name=file]", str(path))
        page.get_by_role("button", name="Attach").click()
        page.wait_for_url("**/datasets/versions/**")


def sign(page: Any, url: str, user: Any) -> None:
    sign_in(page, url, user)
    page.get_by_role("link", name="Read and decide").click()
    page.fill("[name=password]", PASSWORD)
    page.get_by_role("button", name="Sign", exact=True).click()
    page.get_by_text("on exactly the evidence of this dossier").first.wait_for()


def test_from_sign_in_to_the_verified_export(page: Any, live_server: Any, scratch: Path) -> None:
    url = live_server.url
    scene = make_scene()
    train, test, clean = scratch / "train.csv", scratch / "test.csv", scratch / "clean" / "test.csv"
    clean.parent.mkdir()
    train.write_bytes(material.published("train.csv"))
    test.write_bytes(material.published("test.csv"))
    clean.write_bytes(leaking_test_rows_removed())
    kinds = ("exclusions", "retention_statement", "sensitive_data_statement", "labelling_guideline")

    sign_in(page, url, scene.engineer)
    register(page, url, scene, {"train": train, "test": test})
    assert "7 test rows also stand in train" in page.locator("h1 + p").inner_text()
    attach(page, scene, kinds, scratch)
    page.get_by_role("link", name="Open the start gate").click()
    page.get_by_role("button", name="Open the gate").click()
    page.locator("#blocked").get_by_text("7 test rows also stand in train").wait_for()
    assert page.locator("#sign-off").count() == 0

    register(page, url, scene, {"train": train, "test": clean})
    attach(page, scene, kinds, scratch)
    page.get_by_role("link", name="Open the start gate").click()
    page.get_by_role("button", name="Open the gate").click()
    page.get_by_text("17 of 17 met").wait_for()

    sign(page, url, scene.people["business_owner"])
    sign(page, url, scene.people["compliance_reviewer"])
    assert Gate.objects.filter(state="approved").count() == 1

    call_command("notary", "--once")
    sign_in(page, url, make_user(organisation_role="auditor", name="Audrey Quill"))
    page.goto(url + "/trail/?action=gate.approved")
    page.get_by_role("cell").get_by_role("link").first.click()
    page.get_by_text("stands in the signed tree").wait_for()
    page.goto(url + "/trail/seals/")
    with posted(page):
        page.get_by_role("button", name="Verify the whole ledger").click()
    jobs.run_waiting()
    page.get_by_text("as signed up to").wait_for()
    with posted(page):
        page.get_by_role("button", name="Export everything").click()
    jobs.run_waiting()
    with page.expect_download() as download:
        page.locator("#exports").get_by_role("link").first.click()
    archive = scratch / "export.zip"
    download.value.save_as(archive)
    zipfile.ZipFile(archive).extractall(scratch / "export")
    command = [sys.executable, str(scratch / "export" / "verify.py"), "--key", str(keys.verifier())]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_a_change_between_page_and_click_is_refused_and_shown(page: Any, live_server: Any) -> None:
    scene = make_scene()
    from apps.core.subjects import SubjectRef
    from apps.datasets.refs import version_ref
    from apps.gates import actions as gates

    gate = gates.open_gate("start", version_ref(scene.version), by=scene.engineer)
    sign_in(page, live_server.url, scene.people["business_owner"])
    page.goto(f"{live_server.url}/gates/{gate.pk}/")
    page.fill("[name=comment]", "Looks right to me")
    page.fill("[name=password]", PASSWORD)
    evidence.add_document(
        SubjectRef("dataset_version", scene.version.pk),
        "exclusions",
        "A newer exclusion list",
        by=scene.engineer,
        link="https://wiki.example/newer",
    )
    with page.expect_response(lambda response: response.request.method == "POST") as answer:
        page.get_by_role("button", name="Sign", exact=True).click()
    assert answer.value.status == 409
    refusal = page.locator("#refusal").inner_text()
    assert "The evidence changed" in refusal
    assert "A newer exclusion list" in refusal
    assert page.input_value("[name=comment]") == "Looks right to me"
    assert gate.sign_offs.count() == 0
