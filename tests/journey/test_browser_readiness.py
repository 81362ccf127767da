"""One assessment from its start to the signed verdict, by two people at once, in a real browser, on Banking77."""

from typing import Any

import pytest

from apps.assessments.models import Assessment
from config.demo import material
from tests.journey.test_browser_journey import sign_in
from tests.people.factories import PASSWORD
from tests.scenery import make_scene

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.browser]


def choose(page: Any, question: str, level: str) -> None:
    """Open a question's line, have its form come, and choose a level."""
    line = page.locator(f"#{question}")
    if line.get_attribute("open") is None:
        line.locator("summary").click()
    line.get_by_role("link", name="Answer").click()
    line.locator("form").get_by_label(level, exact=True).check()


def send(page: Any, question: str) -> None:
    page.locator(f"#{question} form").get_by_role("button", name="Answer").click()


def test_two_people_assess_and_a_claim_is_contradicted_by_the_data(chromium: Any, live_server: Any) -> None:
    published = {name: material.published(f"{name}.csv").decode() for name in ("train", "test")}
    scene = make_scene(**published)
    contexts = [chromium.new_context(reduced_motion="reduce") for _person in range(2)]
    engineer, owner = (context.new_page() for context in contexts)
    for page in (engineer, owner):
        page.set_default_timeout(15_000)
    sign_in(engineer, live_server.url, scene.engineer)
    sign_in(owner, live_server.url, scene.people["business_owner"])

    engineer.goto(f"{live_server.url}/use-cases/{scene.use_case.pk}/")
    engineer.get_by_role("link", name="Assessments").click()
    engineer.get_by_role("button", name="Start an assessment").click()
    engineer.get_by_role("heading", name="Support assistant, assessment 1").wait_for()
    owner.goto(engineer.url)

    choose(engineer, "splits_identified", "Yes")
    choose(owner, "scope_narrow", "Yes")
    send(owner, "scope_narrow")
    owner.locator("#scope_narrow").get_by_text("Claimed, and nothing says otherwise").wait_for()
    send(engineer, "splits_identified")
    engineer.locator("#splits_identified").get_by_text("Contradicted").wait_for()
    engineer.locator("#splits_identified summary").get_by_text("the facts say “Partly”, and that counts").wait_for()
    if engineer.locator("#splits_identified").get_attribute("open") is None:
        engineer.locator("#splits_identified summary").click()
    engineer.locator("#splits_identified").get_by_text("7 test or validation rows also in training").wait_for()
    engineer.locator("#scope_narrow").get_by_text("Claimed, and nothing says otherwise").wait_for()

    choose(engineer, "task_stable", "No")
    choose(owner, "task_stable", "Yes")
    owner.locator("#task_stable form").get_by_label("Comment").fill("It has not changed since 2020")
    send(engineer, "task_stable")
    engineer.locator("#task_stable").get_by_text("Answered with no").wait_for()
    send(owner, "task_stable")
    owner.get_by_text("answered “No” while you were writing").wait_for()
    assert owner.get_by_label("Comment").input_value() == "It has not changed since 2020"
    owner.locator("#answer").get_by_role("button", name="Answer").click()
    owner.locator("#task_stable").get_by_text("Claimed, and nothing says otherwise").wait_for()

    engineer.goto(f"{live_server.url}/")
    engineer.get_by_text("The facts contradict 1 answer of yours").wait_for()
    engineer.get_by_role("link", name="Answer").first.click()
    engineer.get_by_role("button", name="Submit").click()
    engineer.get_by_text("The governance owner signs it").wait_for()

    sign_in(owner, live_server.url, scene.lead)
    owner.get_by_role("link", name="Read and sign").click()
    owner.fill("[name=password]", PASSWORD)
    owner.get_by_role("button", name="Sign", exact=True).click()
    owner.get_by_text("As governance owner I confirm").wait_for()
    owner.goto(f"{live_server.url}/readiness/")
    owner.locator("td").get_by_role("link", name="Not ready").wait_for()
    assert Assessment.objects.get().state == "signed"
    for context in contexts:
        context.close()
