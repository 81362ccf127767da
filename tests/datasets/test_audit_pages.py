"""Audits over pages and API: with buttons alone, masked, and without swaying anybody."""

from typing import Any

import pytest
from django.test import Client

from apps.core import jobs
from apps.datasets import actions, auditing
from apps.datasets.models import Judgement, SampleAudit
from apps.people.models import User
from tests.api.client import Caller
from tests.datasets.audits import closed, draw, judge_all
from tests.scenery import TRAIN, Scene, make_scene

pytestmark = pytest.mark.django_db
PERSONAL = TRAIN + "Write to ann.lee@example.org please,pay\n"


@pytest.fixture
def scene() -> Scene:
    return make_scene(train=PERSONAL)


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def rows_of(scene: Scene) -> dict[str, Any]:
    return {"version": str(scene.version.pk), "reviewers": [str(scene.people["data_steward"].pk)]}


def test_the_review_lead_draws_from_the_form(scene: Scene) -> None:
    client = signed_in(scene.people["review_lead"])
    url = f"/datasets/versions/{scene.version.pk}/audits/draw/"
    assert "Draw the sample" in client.get(url).content.decode()
    form = {"confidence_percent": "95", "margin_percent": "5", "reviewers_per_row": "1"}
    refused = client.post(url, {**form, "reviewers": [str(scene.engineer.pk)]})
    assert refused.status_code == 422
    assert "made this version" in refused.content.decode()
    assert client.post(url, form).status_code == 422
    response = client.post(url, {**form, "reviewers": [str(scene.people["data_steward"].pk)]})
    assert response.status_code == 302
    assert "Drawing the sample" in client.get(response.url).content.decode()
    jobs.run_waiting()
    assert "rows drawn" in client.get(response.url).content.decode()
    assert signed_in(scene.engineer).get(url).status_code == 403


def test_rows_are_judged_with_buttons_one_after_the_other(scene: Scene) -> None:
    audit = draw(scene)
    client = signed_in(scene.people["data_steward"])
    url = f"/datasets/audits/{audit.pk}/review/"
    page = client.get(url).content.decode()
    assert "Row 1 of 5" in page
    assert "0 judged, 5 left" in page
    assert client.post(url, {"row": "1", "choice": "good"}).url == url
    page = client.get(url).content.decode()
    assert "Row 2 of 5" in page
    assert 'href="?row=1"' in page
    again = client.get(f"{url}?row=1").content.decode()
    assert "So far you say:" in again
    client.post(url, {"row": "1", "choice": "wrong_label", "note": "It is another intent"})
    judgement = Judgement.objects.get()
    assert (judgement.verdict, judgement.defect, judgement.note) == ("defective", "wrong_label", "It is another intent")


def test_a_refused_judgement_keeps_what_was_typed(scene: Scene) -> None:
    audit, steward = draw(scene), scene.people["data_steward"]
    client = signed_in(steward)
    url = f"/datasets/audits/{audit.pk}/review/"
    response = client.post(url, {"row": "2", "choice": "other", "note": " "})
    page = response.content.decode()
    assert response.status_code == 422
    assert "Row 2 of 5" in page
    assert "Say in a note what is wrong" in page
    assert client.post(url, {"row": "2", "choice": "nonsense"}).status_code == 422
    assert client.post(url, {"row": "x", "choice": "good"}).status_code == 422
    assert client.get(f"{url}?row=77").status_code == 404
    judge_all(audit, steward)
    assert "No row waits for you" in client.get(url).content.decode()


def test_who_is_not_invited_judges_nothing(scene: Scene) -> None:
    audit = draw(scene)
    client = signed_in(scene.people["sponsor"])
    url = f"/datasets/audits/{audit.pk}/review/"
    assert client.get(url).status_code == 403
    assert client.post(url, {"row": "1", "choice": "good"}).status_code == 403


def test_reviewers_start_at_different_rows(scene: Scene) -> None:
    audit = draw(scene, "data_steward", "sponsor")
    first, second = (signed_in(scene.people[key]) for key in ("data_steward", "sponsor"))
    url = f"/datasets/audits/{audit.pk}/review/"
    found = {page.content.decode().split("Row ")[1].split(" of")[0] for page in (first.get(url), second.get(url))}
    assert found == {"1", "3"}


def test_what_reviewers_read_is_masked(scene: Scene) -> None:
    audit, steward = draw(scene), scene.people["data_steward"]
    row = next(row for row in audit.rows.select_related("content") if "ann.lee" in row.content.text)
    client = signed_in(steward)
    for url in (f"/datasets/audits/{audit.pk}/review/?row={row.position}", f"/datasets/audits/{audit.pk}/rows/"):
        page = client.get(url).content.decode()
        assert "Write to [e-mail] please" in page
        assert "ann.lee" not in page
    _status, data = Caller(steward).get(f"sample-audits/{audit.pk}/rows/")
    assert "ann.lee" not in str(data)
    assert "Write to [e-mail] please" in str(data)


def test_nobody_is_swayed_by_what_others_said(scene: Scene) -> None:
    audit = draw(scene, "data_steward", "sponsor", reviewers_per_row=2)
    actions.judge(audit, 1, by=scene.people["data_steward"], verdict="defective", defect="duplicate", note="Twice")
    rows = f"/datasets/audits/{audit.pk}/rows/"
    for key, sees in (("sponsor", False), ("review_lead", True)):
        assert ("Twice" in signed_in(scene.people[key]).get(rows).content.decode()) is sees
        _status, data = Caller(scene.people[key]).get(f"sample-audits/{audit.pk}/rows/")
        assert (data["results"][0]["judgements"] != []) is sees
        assert (data["results"][0]["outcome"] != "") is sees
    judge_all(audit, scene.people["sponsor"])
    lead = signed_in(scene.people["review_lead"])
    assert "Disputed" in lead.get(f"{rows}?outcome=disputed").content.decode()
    exported = {
        key: b"".join(signed_in(scene.people[key]).get(f"{rows}?format=csv").streaming_content).decode()  # type: ignore[attr-defined]
        for key in ("review_lead", "sponsor")
    }
    assert "disputed" in exported["review_lead"]
    assert "disputed" not in exported["sponsor"]


def test_a_draw_is_stopped_on_the_page_and_over_the_api(scene: Scene) -> None:
    lead = scene.people["review_lead"]
    audit = actions.draw_sample(scene.version, by=lead, reviewers=[scene.people["data_steward"]])
    client = Client()
    client.force_login(lead)
    here = f"/datasets/audits/{audit.pk}/"
    assert "Stop the drawing" in client.get(here).content.decode()
    assert client.post(f"{here}draw/stop/").url == here
    page = client.get(here).content.decode()
    assert "Stopped by Review Lead." in page
    assert "Draw again" in page
    assert client.post(f"{here}draw/stop/").status_code == 409
    status, problem = Caller(lead).post(f"sample-audits/{audit.pk}/draw-stops/", {})
    assert (status, problem["code"]) == (409, "nothing_runs")
    client.post(f"{here}draw/")
    status, data = Caller(lead).post(f"sample-audits/{audit.pk}/draw-stops/", {})
    assert (status, data["state"]) == (201, "cancelled")


def test_the_review_lead_decides_closes_and_erases_from_pages(scene: Scene) -> None:
    audit = draw(scene, "data_steward", "sponsor", reviewers_per_row=2)
    judge_all(audit, scene.people["data_steward"])
    judge_all(audit, scene.people["sponsor"])
    actions.judge(audit, 2, by=scene.people["sponsor"], verdict="unsure")
    client = signed_in(scene.people["review_lead"])
    here = f"/datasets/audits/{audit.pk}/"
    assert "Decide 1 disputed row" in client.get(here).content.decode()
    page = client.get(f"{here}adjudicate/").content.decode()
    assert "Sponsor:" in page
    assert client.post(f"{here}adjudicate/", {"row": "2", "choice": "wrong_text"}).status_code == 422
    response = client.post(f"{here}adjudicate/", {"row": "2", "choice": "wrong_text", "note": "Cut off"})
    assert response.status_code == 302
    assert "Nothing is disputed" in client.get(f"{here}adjudicate/").content.decode()
    assert client.post(f"{here}close/", {"conclusion": ""}).status_code == 422
    assert client.post(f"{here}close/", {"conclusion": "Mend it"}).url == here
    page = client.get(here).content.decode()
    assert "1 of 5 audited rows is defective (20 %)" in page
    assert "Mend it" in page
    assert client.post(f"{here}erase/", {"reason": "Retention"}).url == here
    assert "erased" in client.get(f"{here}rows/").content.decode()
    tab = client.get(f"/datasets/versions/{scene.version.pk}/audits/").content.decode()
    assert "Audit 1" in tab


def test_reviewers_are_invited_and_dismissed_from_pages(scene: Scene) -> None:
    audit = draw(scene)
    client = signed_in(scene.people["review_lead"])
    here = f"/datasets/audits/{audit.pk}/"
    sponsor = scene.people["sponsor"]
    assert client.post(f"{here}reviewers/", {"reviewers": [str(sponsor.pk)]}).url == here
    assert client.post(f"{here}reviewers/{scene.people['data_steward'].pk}/").url == here
    assert client.post(f"{here}reviewers/{sponsor.pk}/").status_code == 422
    assert client.post(f"{here}withdraw/", {"reason": "Nobody has time"}).url == here
    assert client.post(f"{here}draw/").status_code == 409
    audit.refresh_from_db()
    assert (audit.state, audit.conclusion) == ("withdrawn", "Nobody has time")


def test_the_api_goes_the_whole_way(scene: Scene) -> None:
    lead, steward = Caller(scene.people["review_lead"]), Caller(scene.people["data_steward"])
    status, data = lead.post("sample-audits/", {**rows_of(scene), "margin_percent": 4})
    assert (status, data["state"], data["wanted_rows"]) == (202, "drawing", 5)
    path = f"sample-audits/{data['id']}/"
    jobs.run_waiting()
    status, problem = lead.post("sample-audits/", rows_of(scene))
    assert (status, problem["code"]) == (409, "audit_unfinished")
    sponsor = str(scene.people["sponsor"].pk)
    assert lead.post(f"{path}reviewers/", {"reviewers": [sponsor]})[0] == 201
    assert lead.post(f"{path}dismissals/", {"reviewer": sponsor})[0] == 201
    status, problem = lead.post(f"{path}closures/", {"conclusion": "Early"})
    assert (status, problem["code"], problem["open_rows"]) == (409, "audit_unfinished", 5)
    for number in range(1, 6):
        body = {"row": number, "verdict": "good"}
        if number == 3:
            body = {"row": 3, "verdict": "defective", "defect": "sensitive"}
        if number == 4:
            body = {"row": 4, "verdict": "unsure"}
        assert steward.post(f"{path}judgements/", body)[0] == 201
    decision = {"row": 4, "verdict": "good", "note": "Clear enough"}
    assert lead.post(f"{path}adjudications/", decision)[0] == 201
    status, data = lead.post(f"{path}closures/", {"conclusion": "One address slipped through"})
    assert (status, data["state"]) == (201, "closed")
    assert data["result"]["overall"]["defects"] == 1
    assert data["progress"] == {"rows": 5, "open": 0, "disputed": 0, "decided": 5}
    _status, rows = steward.get(f"{path}rows/?outcome=defective")
    assert [row["position"] for row in rows["results"]] == [3]
    assert rows["results"][0]["judgements"][0]["defect"] == "sensitive"
    assert lead.post(f"{path}erasures/", {"reason": "Retention"})[0] == 201
    assert lead.post(f"{path}draws/")[0] == 409
    assert lead.post(f"{path}withdrawals/", {"reason": "Late"})[1]["code"] == "audit_ended"
    names = {row["name"]: row for row in steward.get(f"dataset-versions/{scene.version.pk}/facts/")[1]}
    assert names["dataset.sample_audit"]["figures"]["defects"] == 1


def test_the_list_of_audits_is_filtered_by_state(scene: Scene) -> None:
    closed(scene)
    caller = Caller(scene.engineer)
    assert len(caller.get("sample-audits/?state=closed")[1]["results"]) == 1
    assert caller.get("sample-audits/?state=reviewing")[1]["results"] == []
    assert SampleAudit.objects.count() == 1
    assert auditing.progress(SampleAudit.objects.get()).is_decided
