"""Judging by keys alone, in a real browser; axe finds nothing on the pages of the review lead and the reviewers."""

from typing import Any

import pytest

from apps.core import jobs
from apps.datasets import actions
from apps.datasets.models import Judgement
from tests.datasets.audits import draw
from tests.journey.test_accessible import problems
from tests.journey.test_browser_journey import sign_in
from tests.scenery import TRAIN, make_scene, make_version

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.browser]


def test_rows_are_judged_by_keys(page: Any, live_server: Any) -> None:
    scene = make_scene()
    audit, steward = draw(scene), scene.people["data_steward"]
    broken: list[str] = []
    page.on("console", lambda message: broken.append(message.text) if "Content Security" in message.text else None)
    sign_in(page, live_server.url, steward)
    page.get_by_role("link", name="Judge").click()
    page.wait_for_url("**/review/", wait_until="load")
    page.get_by_role("heading", name="Row 1 of 4").wait_for()
    page.keyboard.press("g")
    page.get_by_role("heading", name="Row 2 of 4").wait_for()
    page.keyboard.press("n")
    page.keyboard.type("gu1")
    page.keyboard.press("Escape")
    page.keyboard.press("1")
    page.get_by_role("heading", name="Row 3 of 4").wait_for()
    page.keyboard.press("6")
    page.get_by_text("Say in a note what is wrong").wait_for()
    page.keyboard.press("u")
    page.get_by_role("heading", name="Row 4 of 4").wait_for()
    page.keyboard.press("b")
    page.get_by_role("heading", name="Row 3 of 4").wait_for()
    page.get_by_text("So far you say:").wait_for()
    page.keyboard.press("g")
    page.get_by_role("heading", name="Row 4 of 4").wait_for()
    page.get_by_role("button", name="Good").click()
    page.get_by_role("heading", name="No row waits for you").wait_for()
    said = Judgement.objects.order_by("sampled_row__position").values_list("verdict", "defect", "note")
    assert list(said) == [
        ("good", "", ""),
        ("defective", "wrong_label", "gu1"),
        ("good", "", ""),
        ("good", "", ""),
    ]
    assert audit.rows.count() == 4
    assert not broken


@pytest.mark.slow
def test_axe_finds_nothing_on_the_pages_of_an_audit(page: Any, live_server: Any) -> None:
    scene = make_scene()
    lead, steward = scene.people["review_lead"], scene.people["data_steward"]
    version = make_version(scene, TRAIN.replace("I lost it,lost", "I lost it,card") + "Another one,new\n")
    actions.compare_versions(version, scene.version, by=scene.engineer)
    jobs.run_waiting()
    audit = draw(scene, "data_steward", "sponsor", version=version, reviewers_per_row=2)
    here, found = f"{live_server.url}/datasets/audits/{audit.pk}/", []
    sign_in(page, live_server.url, steward)
    found += problems(page, f"{here}review/")
    for row in audit.rows.all():
        actions.judge(audit, row.position, by=steward, verdict="defective", defect="duplicate")
        actions.judge(audit, row.position, by=scene.people["sponsor"], verdict="unsure")
    sign_in(page, live_server.url, lead)
    tab = f"{live_server.url}/datasets/versions/{scene.version.pk}/audits/draw/"
    for url in (tab, here, *(f"{here}{name}/" for name in ("adjudicate", "reviewers", "withdraw", "close", "rows"))):
        found += problems(page, url)
    for row in audit.rows.all():
        actions.adjudicate(audit, row.position, by=lead, verdict="defective", defect="duplicate", note="Twice")
    actions.close_audit(audit, by=lead, conclusion="Clean it")
    compare = f"{live_server.url}/datasets/versions/{version.pk}/compare/"
    for url in (here, f"{here}erase/", f"{here}rows/", compare):
        found += problems(page, url)
    assert not found, "\n".join(found)
