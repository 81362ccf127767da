"""Talk about single requirements, and requests for changes that begin it."""

import pytest
from django.test import Client

from apps.core.errors import InvalidInput, NotPermitted
from apps.gates import actions as gates
from apps.gates.errors import CommentRequired, NotYourThread, ThreadResolved
from apps.gates.models import GateState, Thread
from tests.api.client import Caller
from tests.gates.scenery import sign
from tests.people.factories import PASSWORD, make_user, member
from tests.scenery import Scene, make_gate, make_scene

pytestmark = pytest.mark.django_db


@pytest.fixture
def scene() -> Scene:
    return make_scene()


def test_a_request_for_changes_opens_a_thread_at_its_requirement(scene: Scene) -> None:
    gate = make_gate(scene)
    with pytest.raises(InvalidInput):
        sign(scene, gate, "compliance_reviewer", requirement="duplicates")
    sign(scene, gate, "business_owner", "request_changes", comment="Say which duplicates", requirement="duplicates")
    thread = Thread.objects.get()
    assert (thread.requirement, thread.sign_off_id) == ("duplicates", gate.sign_offs.get().pk)
    browser = Client()
    browser.force_login(scene.engineer)
    page = browser.get(f"/gates/{gate.pk}/").content.decode()
    assert "1 open thread" in page
    assert "asked for changes" in page
    with pytest.raises(InvalidInput):
        sign(scene, gate, "compliance_reviewer", "request_changes", comment="c", requirement="nothing")
    assert gate.state == GateState.OPEN


def test_who_has_a_part_talks_and_who_opened_or_signs_closes(scene: Scene) -> None:
    gate = make_gate(scene)
    for by in (scene.people["data_steward"], scene.people["sponsor"]):
        thread = gates.open_thread(gate, by=by, requirement="leakage", text="Which rows?")
    for by in (member(scene.team, "auditor", name="Auditor"), make_user(name="Stranger")):
        with pytest.raises(NotPermitted):
            gates.open_thread(gate, by=by, requirement="leakage", text="Which rows?")
        with pytest.raises(NotPermitted):
            gates.comment(thread, by=by, text="Well")
    with pytest.raises(CommentRequired):
        gates.comment(thread, by=scene.engineer, text="  ")
    with pytest.raises(InvalidInput):
        gates.open_thread(gate, by=scene.engineer, requirement="nothing", text="Which rows?")
    gates.comment(thread, by=scene.engineer, text="None is left")
    with pytest.raises(NotYourThread):
        gates.resolve_thread(thread, by=scene.engineer)
    gates.resolve_thread(thread, by=scene.people["compliance_reviewer"])
    with pytest.raises(ThreadResolved):
        gates.comment(thread, by=scene.engineer, text="More")
    with pytest.raises(ThreadResolved):
        gates.resolve_thread(thread, by=scene.people["sponsor"])
    gates.resolve_thread(Thread.objects.earliest("id"), by=scene.people["data_steward"])


def test_a_thread_changes_nothing_that_was_signed(scene: Scene) -> None:
    gate = make_gate(scene)
    scene.approve(gate)
    gates.open_thread(gate, by=scene.engineer, requirement="leakage", text="For the record")
    gates.refresh_all()
    gate.refresh_from_db()
    assert gate.state == GateState.APPROVED


def test_threads_on_page_and_api(scene: Scene) -> None:
    gate = make_gate(scene)
    caller = Caller(scene.engineer)
    status, made = caller.post(f"gates/{gate.pk}/threads/", {"requirement": "leakage", "text": "Which rows?"})
    assert status == 201
    status, answered = caller.post(f"gate-threads/{made['id']}/comments/", {"text": "These"})
    assert (status, len(answered["comments"])) == (201, 2)
    browser = Client()
    browser.force_login(scene.people["business_owner"])
    page = f"/gates/{gate.pk}/comment/?requirement=leakage"
    assert browser.post(page, {"text": "Another"}).status_code == 302
    assert browser.post(f"/gates/threads/{made['id']}/comment/", {"text": "Good"}).status_code == 302
    assert browser.post(f"/gates/threads/{made['id']}/resolve/").status_code == 302
    rows = caller.get(f"gates/{gate.pk}/threads/")[1]
    assert [(row["is_resolved"], len(row["comments"])) for row in rows] == [(True, 3), (False, 1)]
    status, _closed = caller.post(f"gate-threads/{rows[1]['id']}/resolutions/")
    assert status == 403
    form = {
        "dossier_digest": gate.dossier_digest, "responsibility": "business_owner", "verdict": "request_changes",
        "comment": "Say it", "requirement": "splits", "password": PASSWORD,
    }  # fmt: skip
    assert browser.post(f"/gates/{gate.pk}/", form).status_code == 302
    assert Thread.objects.latest("id").requirement == "splits"
