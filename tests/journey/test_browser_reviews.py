"""A review goes overdue: its deputy is told, the lead reassigns it, somebody else performs it; the trail tells."""

import datetime as dt
from typing import Any

import pytest

from apps.agenda.reminding import remind
from apps.core import clock
from apps.operations.models import Review
from apps.owners import actions as owners
from apps.owners.models import Ownership
from tests.journey.test_browser_journey import posted, sign_in
from tests.operations.scenery import make_calendar, make_operating, newest, plan
from tests.people.factories import PASSWORD, member

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.browser]


def test_an_overdue_review_is_reassigned_and_performed(page: Any, live_server: Any) -> None:
    scene, yesterday = make_operating(), clock.now() - dt.timedelta(days=1)
    deputy = member(scene.team, "technical_owner", name="Deputy")
    heir = member(scene.team, "technical_owner", name="Heir")
    held = Ownership.objects.active().get(responsibility="technical_owner", subject_id=scene.use_case.pk)
    with clock.replay(yesterday):
        owners.appoint_deputy(held, deputy, by=scene.lead)
        make_calendar(scene)
        review = newest(plan(scene))
    assert review.due_at < clock.now()
    with clock.replay(clock.now() + dt.timedelta(days=4)):
        remind()

    sign_in(page, live_server.url, deputy)
    page.get_by_role("link", name="1 unread notification").click()
    page.get_by_text("Technical Owner has not done it yet, and you are their deputy as technical owner").wait_for()
    page.get_by_role("link", name=str(review)).wait_for()

    sign_in(page, live_server.url, scene.lead)
    page.get_by_role("link", name="What is due").click()
    row = page.locator(".work", has_text=str(review))
    row.get_by_text("1 day").wait_for()
    row.get_by_role("button", name="Nudge").click()
    page.get_by_text("Told: 1.").wait_for()
    page.locator(".work", has_text=str(review)).get_by_role("link", name="Hand over").click()
    page.select_option("[name=to]", str(heir.pk))
    page.locator("main form button[type=submit]").click()

    sign_in(page, live_server.url, heir)
    page.get_by_role("link", name="Read and answer").first.click()
    with posted(page):
        page.get_by_role("button", name="Accept").click()
    page.goto(live_server.url + "/")
    page.locator(".work", has_text=str(review)).get_by_role("link", name="Perform it").click()
    for answer in page.locator("[name^=answer_][value=ok]").all():
        answer.check()
    page.check("[name=outcome][value=fine]")
    page.fill("[name=password]", PASSWORD)
    page.locator("main form button[type=submit]").click()
    page.wait_for_url(f"**/reviews/{review.pk}/")
    performed = Review.objects.get(pk=review.pk)
    assert (performed.state, performed.performed_by) == ("performed", heir)

    sign_in(page, live_server.url, scene.lead)
    page.goto(f"{live_server.url}/trail/?search=")
    told = page.locator("main").inner_text()
    for act in ("reminded of", "nudged those who answer for", "performed"):
        assert act in told, act
