"""Run events: what is refused and why, what they add up to, what their datasets are taken for."""

import html
import json
import uuid
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from apps.core.errors import NotFound, NotPermitted
from apps.datasets import actions
from apps.datasets.errors import RunEventUnreadable, RunOfAnotherJob, TeamUnclear
from apps.datasets.lineage.openlineage import events_of, read_event
from apps.datasets.models import LineageEdge, LineageNode, RunEvent
from apps.datasets.refs import version_ref
from apps.evidence import facts
from tests.api.client import Caller
from tests.datasets.scenery import make_lineage, run_event
from tests.people.factories import member, token_for
from tests.scenery import Scene, make_scene

pytestmark = pytest.mark.django_db
ORDERS = {"namespace": "snowflake://acme", "name": "SUPPORT.TICKETS"}


@pytest.fixture
def scene() -> Scene:
    return make_scene()


def report(scene: Scene, **values: Any) -> LineageNode:
    return actions.report_run(scene.team, run_event(**values), by=scene.engineer)


def test_an_event_becomes_a_run_with_what_went_in_and_what_came_out(scene: Scene) -> None:
    version = {
        "namespace": "s3://datasets",
        "name": "questions.csv",
        "facets": {"version": {"datasetVersion": scene.version.digest}},
    }
    status, answer = Caller(scene.engineer).post("lineage/openlineage/", run_event(inputs=[ORDERS], outputs=[version]))
    assert status == 201
    run = LineageNode.objects.get(pk=answer["id"])
    assert (run.kind, run.state, run.name) == ("run", "complete", "support.clean_questions")
    outside = LineageNode.objects.get(kind="external")
    assert (outside.namespace, outside.name) == ("snowflake://acme", "SUPPORT.TICKETS")
    edges = {(row.input_id, row.output_id) for row in LineageEdge.objects.all()}
    assert edges == {(outside.pk, run.pk), (run.pk, scene.version.pk)}
    found = facts.read(version_ref(scene.version), scene.version, ["dataset.lineage"])["dataset.lineage"]
    assert (found.figures["depth"], found.figures["open_ends"], found.figures["traced"]) == (2, 1, False)


def test_the_same_event_again_changes_nothing(scene: Scene) -> None:
    caller, event = Caller(scene.engineer), run_event(inputs=[ORDERS])
    first = caller.post("lineage/openlineage/", event)
    assert caller.post("lineage/openlineage/", event) == first
    assert first[0] == 201
    assert (RunEvent.objects.count(), LineageEdge.objects.count()) == (1, 1)


def test_a_standard_client_sends_its_token_as_bearer(scene: Scene) -> None:
    secret = token_for(scene.engineer, "write").removeprefix("Token ")
    answer = Client().post(
        "/api/v1/lineage/openlineage/",
        json.dumps(run_event()),
        content_type="application/json",
        headers={"Authorization": f"Bearer {secret}"},
    )
    assert answer.status_code == 201
    wrong = Client().post(
        "/api/v1/lineage/openlineage/",
        json.dumps(run_event()),
        content_type="application/json",
        headers={"Authorization": f"Bearer {secret}x"},
    )
    assert wrong.status_code == 401


def test_events_of_one_run_add_up_in_whatever_order_they_come(scene: Scene) -> None:
    run = uuid.uuid4()
    report(scene, run_id=run, event_type="COMPLETE", eventTime="2026-03-03T09:20:00Z", outputs=[ORDERS])
    node = report(scene, run_id=run, event_type="START", eventTime="2026-03-03T09:10:00Z", inputs=[ORDERS])
    assert node.state == "complete"
    assert (node.started_at.isoformat(), node.ended_at.isoformat()) == (
        "2026-03-03T09:10:00+00:00",
        "2026-03-03T09:20:00+00:00",
    )
    assert LineageNode.objects.count() == 2
    assert LineageEdge.objects.count() == 2


def test_a_later_failure_is_the_runs_state(scene: Scene) -> None:
    run = uuid.uuid4()
    report(scene, run_id=run, event_type="COMPLETE", eventTime="2026-03-03T09:20:00Z")
    node = report(scene, run_id=run, event_type="FAIL", eventTime="2026-03-03T09:21:00Z")
    assert node.state == "failed"
    node = report(scene, run_id=run, event_type="RUNNING", eventTime="2026-03-03T09:15:00Z")
    assert node.state == "failed"


def test_a_dataset_is_matched_to_a_source_by_its_place(scene: Scene) -> None:
    source = actions.create_source(
        scene.team, by=scene.engineer, name="Tickets", kind="warehouse", location="snowflake://acme/SUPPORT.TICKETS"
    )
    report(scene, inputs=[ORDERS])
    assert LineageEdge.objects.get().input_id == source.pk


def test_a_dataset_is_matched_to_a_thing_by_its_name_here(scene: Scene) -> None:
    lineage = make_lineage(scene)
    run = lineage.tell(inputs=[lineage.named(lineage.source)], outputs=[lineage.named(scene.version)])
    pairs = {(row.input_id, row.output_id) for row in LineageEdge.objects.filter(how="openlineage")}
    assert pairs == {(lineage.source.pk, run.pk), (run.pk, scene.version.pk)}


def test_a_thing_of_another_team_is_not_found_and_nothing_is_kept(scene: Scene) -> None:
    other = make_scene(name="Other", complete=False)
    named = {"namespace": "fourgate", "name": f"dataset_version:{other.version.pk}"}
    with pytest.raises(NotFound, match="/inputs/0"):
        report(scene, inputs=[named])
    assert not LineageNode.objects.exists()


def test_a_run_does_not_write_into_what_one_may_only_see(scene: Scene) -> None:
    other = make_scene(name="Other", complete=False)
    other.team.memberships.create(user=scene.engineer, role="member")
    named = {"namespace": "fourgate", "name": f"dataset_version:{other.version.pk}"}
    report(scene, inputs=[named])
    with pytest.raises(NotPermitted):
        report(scene, outputs=[named])


def test_a_run_belongs_to_one_job(scene: Scene) -> None:
    run = uuid.uuid4()
    report(scene, run_id=run)
    with pytest.raises(RunOfAnotherJob):
        report(scene, run_id=run, job={"namespace": "airflow", "name": "another"})


def test_facets_tell_of_code_engine_error_columns_and_rows(scene: Scene) -> None:
    node = report(
        scene,
        run={
            "runId": str(uuid.uuid4()),
            "facets": {
                "processing_engine": {"name": "spark", "version": "4.1"},
                "errorMessage": {"message": "out of memory"},
                "parent": {"run": {"runId": "a1"}, "job": {}},
            },
        },
        job={
            "namespace": "airflow",
            "name": "j",
            "facets": {
                "sourceCodeLocation": {"url": "https://git.example/j.py"},
                "documentation": {"description": "d"},
            },
        },
        outputs=[
            ORDERS
            | {
                "facets": {"schema": {"fields": [{"name": "text"}, {"name": "label"}]}},
                "outputFacets": {"outputStatistics": {"rowCount": 12}},
            }
        ],
    )
    assert node.details == {
        "code": "https://git.example/j.py",
        "engine": "spark",
        "engine_version": "4.1",
        "error": "out of memory",
        "parent_run": "a1",
    }
    assert node.description == "d"
    assert LineageNode.objects.get(kind="external").details == {"columns": ["text", "label"], "rows": 12}


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"run": {}}, "/run/runId"),
        ({"run": {"runId": "7"}}, "/run/runId"),
        ({"run": None}, "/run"),
        ({"job": {"name": "x"}}, "/job/namespace"),
        ({"job": []}, "/job"),
        ({"eventTime": "yesterday"}, "/eventTime"),
        ({"eventTime": "2026-03-03T09:12:00"}, "/eventTime"),
        ({"eventTime": "2026-13-03T09:12:00Z"}, "/eventTime"),
        ({"eventType": "DONE"}, "/eventType"),
        ({"eventType": ["COMPLETE"]}, "/eventType"),
        ({"inputs": {}}, "/inputs"),
        ({"inputs": [{"namespace": "x"}]}, "/inputs/0/name"),
        ({"outputs": [{"namespace": "x", "name": "y" * 301}]}, "/outputs/0/name"),
        ({"outputs": ["x"]}, "/outputs/0"),
        ({"producer": 7}, "/producer"),
    ],
)
def test_what_is_wrong_is_named_by_its_place(scene: Scene, change: dict[str, Any], pointer: str) -> None:
    status, problem = Caller(scene.engineer).post("lineage/openlineage/", run_event() | change)
    assert (status, problem["code"]) == (422, "run_event_unreadable")
    assert pointer in problem["errors"]


@pytest.mark.parametrize("body", [[], "x", 7, None, {"job": {}}, {"dataset": {}}])
def test_what_is_no_run_event_is_refused(body: Any) -> None:
    with pytest.raises(RunEventUnreadable):
        read_event(body)


def test_odd_facets_are_left_alone(scene: Scene) -> None:
    odd: list[Any] = [None, [], "x", 7, {"schema": [], "version": {"datasetVersion": 3}, "documentation": "d"}]
    for facets in odd:
        report(scene, inputs=[ORDERS | {"facets": facets}], job={"namespace": "n", "name": "j", "facets": facets})


def test_who_records_in_several_teams_names_one(scene: Scene) -> None:
    other = make_scene(name="Other", complete=False)
    both = member(other.team, "technical_owner", name="Both")
    scene.team.memberships.create(user=both, role="technical_owner")
    caller = Caller(both)
    status, problem = caller.post("lineage/openlineage/", run_event())
    assert (status, problem["code"]) == (422, TeamUnclear.code)
    status, made = caller.post(f"lineage/openlineage/?team={scene.team.pk}", run_event())
    assert (status, made["team"]) == (201, str(scene.team.pk))
    assert caller.post(f"lineage/openlineage/?team={uuid.uuid4()}", run_event())[0] == 404
    assert caller.post("lineage/openlineage/?team=x", run_event())[0] == 404


def lines(*events: Any) -> SimpleUploadedFile:
    return SimpleUploadedFile("events.jsonl", "\n".join(json.dumps(event) for event in events).encode())


def test_a_file_of_events_is_read_on_a_page_whole_or_not_at_all(scene: Scene) -> None:
    client = Client()
    client.force_login(scene.engineer)
    url, run = reverse("datasets:lineage_events"), uuid.uuid4()
    good = [
        run_event(run, "START", eventTime="2026-03-03T09:00:00Z", inputs=[ORDERS]),
        run_event(run, "COMPLETE", eventTime="2026-03-03T09:05:00Z", outputs=[ORDERS | {"name": "CLEAN"}]),
    ]
    refused = client.post(url, {"team": scene.team.pk, "file": lines(good[0], run_event() | {"run": {}})})
    assert refused.status_code == 422
    assert "Send the run" in html.unescape(refused.content.decode())
    assert not LineageNode.objects.exists()
    sent = client.post(url, {"team": scene.team.pk, "file": lines(*good)})
    node = LineageNode.objects.get(run_id=run)
    assert sent.url == reverse("datasets:lineage_node", args=[node.pk])
    assert "SUPPORT.TICKETS" in client.get(sent.url).content.decode()
    pretty = SimpleUploadedFile("event.json", json.dumps(good[0], indent=2).encode())
    assert client.post(url, {"team": scene.team.pk, "file": pretty}).status_code == 302
    assert RunEvent.objects.count() == 2


@pytest.mark.parametrize("data", [b"", b"{", b"{}\n[1,", b"\xff", b"{}\n" * 501, b" " * (5 * 1024 * 1024 + 1)])
def test_a_file_that_holds_no_events_says_why(data: bytes) -> None:
    with pytest.raises(RunEventUnreadable):
        events_of(data)
