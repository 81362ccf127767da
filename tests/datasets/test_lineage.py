"""Lineage: what may be recorded, what is traced, what lies downstream, and who sees it."""

import csv
import io
import re
import uuid
from itertools import pairwise
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from apps.core.errors import NameTaken, NotFound, NotPermitted
from apps.core.subjects import SubjectRef
from apps.datasets import actions
from apps.datasets.errors import LineageCircle, LineageImpossible, LineageStands, LineageWithdrawn
from apps.datasets.lineage import registry
from apps.datasets.lineage.picture import picture
from apps.datasets.lineage.registry import EdgeProvider, Link
from apps.datasets.lineage.surroundings import surroundings
from apps.datasets.models import LineageEdge, LineageNode
from apps.datasets.refs import node_ref, source_ref, version_ref
from apps.evidence import facts
from apps.gates import actions as gates
from apps.gates.models import Gate
from apps.ledger.models import Entry
from tests.api.client import Caller
from tests.datasets.scenery import join, make_lineage, run_event
from tests.datasets.test_layout import outside, overlaps
from tests.people.factories import member
from tests.scenery import TEST, Scene, make_gate, make_scene, make_version

pytestmark = pytest.mark.django_db


@pytest.fixture
def scene() -> Scene:
    return make_scene()


def node(scene: Scene, name: str, kind: str = "extract", **values: Any) -> LineageNode:
    return actions.record_node(scene.team, kind, name, by=scene.engineer, **values)


def fact(version: Any) -> facts.Fact:
    return facts.read(version_ref(version), version, ["dataset.lineage"])["dataset.lineage"]


def source_of(scene: Scene) -> SubjectRef:
    return source_ref(scene.dataset.sources.get())


def test_a_version_of_which_nothing_is_recorded_is_not_traced(scene: Scene) -> None:
    found = fact(scene.version)
    assert found.figures == {
        "source_count": 0,
        "traced": False,
        "open_ends": 1,
        "depth": 0,
        "untraced_splits": 2,
        "ineligible_sources": 0,
    }
    assert "Nothing is recorded" in found.sentence


def test_a_version_is_traced_when_every_split_leads_back_to_a_source(scene: Scene) -> None:
    lineage = make_lineage(scene)
    found = fact(scene.version)
    assert found.figures == {
        "source_count": 1,
        "traced": True,
        "open_ends": 0,
        "depth": 2,
        "untraced_splits": 0,
        "ineligible_sources": 0,
    }
    assert lineage.source.name in found.sentence


def test_a_split_of_unknown_origin_is_named(scene: Scene) -> None:
    actions.record_edge(source_of(scene), version_ref(scene.version), by=scene.engineer, split="train")
    found = fact(scene.version)
    assert (found.figures["traced"], found.figures["untraced_splits"]) == (False, 1)
    assert "test" in found.sentence
    actions.record_edge(source_of(scene), version_ref(scene.version), by=scene.engineer, split="test")
    assert fact(scene.version).figures["traced"] is True


def test_a_source_upstream_that_nobody_may_train_on_is_named_though_no_dataset_declares_it(scene: Scene) -> None:
    lineage = make_lineage(scene)
    bad = actions.create_source(scene.team, by=scene.engineer, name="Invoices", kind="documents")
    actions.record_edge(source_ref(bad), node_ref(lineage.extract), by=scene.engineer)
    assert fact(scene.version).figures["ineligible_sources"] == 0
    before = fact(scene.version).computed_from
    values = {"eligibility": "ineligible", "eligibility_reason": "Contract"}
    actions.edit_source(bad.pk, by=scene.engineer, revision=None, **values)
    found = fact(scene.version)
    assert found.figures["ineligible_sources"] == 1
    assert "Not eligible for training: Invoices" in found.sentence
    assert found.computed_from != before


def test_an_extract_of_unknown_origin_is_an_open_end(scene: Scene) -> None:
    lineage = make_lineage(scene)
    actions.record_edge(node_ref(node(scene, "Found on a share")), version_ref(scene.version), by=scene.engineer)
    found = fact(scene.version)
    assert (found.figures["traced"], found.figures["open_ends"]) == (True, 1)
    assert "Found on a share" in found.sentence
    assert lineage.extract.name not in found.sentence


def test_nothing_is_traced_through_a_run_that_failed(scene: Scene) -> None:
    lineage = make_lineage(scene)
    actions.withdraw_edge(lineage.edge, by=scene.engineer, reason="It was the run")
    values = {"inputs": [lineage.named(lineage.extract)], "outputs": [lineage.named(scene.version)]}
    lineage.tell(**values)
    assert fact(scene.version).figures["traced"] is True
    lineage.tell(event_type="FAIL", **values)
    assert fact(scene.version).figures["traced"] is False


def test_a_record_judges_the_gates_of_what_lies_downstream_anew(scene: Scene) -> None:
    gate = make_gate(scene)
    policy = Gate.objects.get(pk=gate.pk).policy_version.source
    assert "dataset.lineage" not in policy
    source = policy.replace(
        "requirements:\n",
        "requirements:\n  - {id: traced, title: Traced, fact: dataset.lineage, figure: traced, equals: true}\n",
    )
    gates.withdraw(gate, by=scene.engineer, reason="Another policy")
    proposed = gates.propose_policy(source, by=scene.lead)
    second = member(scene.team, "governance_lead", name="Second lead")
    gates.publish_policy(proposed, by=second)
    gate = make_gate(scene)
    before = gate.dossier_digest
    lineage = make_lineage(scene)
    gate.refresh_from_db()
    assert gate.dossier_digest != before
    between = gate.dossier_digest
    actions.withdraw_edge(lineage.edge, by=scene.engineer, reason="Wrong")
    gate.refresh_from_db()
    assert gate.dossier_digest != between


def test_a_circle_is_refused(scene: Scene) -> None:
    first, second, third = (node_ref(node(scene, name)) for name in "abc")
    join(scene, first, second, third)
    with pytest.raises(LineageCircle):
        actions.record_edge(third, first, by=scene.engineer)
    with pytest.raises(LineageCircle):
        actions.record_edge(first, first, by=scene.engineer)


def test_data_begins_at_a_source(scene: Scene) -> None:
    with pytest.raises(LineageImpossible, match="data begins there"):
        actions.record_edge(node_ref(node(scene, "a")), source_of(scene), by=scene.engineer)


def test_a_split_that_is_not_there_takes_nothing(scene: Scene) -> None:
    with pytest.raises(LineageImpossible, match="no split"):
        actions.record_edge(source_of(scene), version_ref(scene.version), by=scene.engineer, split="validation")


def test_no_lineage_is_kept_of_a_use_case(scene: Scene) -> None:
    with pytest.raises(LineageImpossible, match="No lineage is kept"):
        actions.record_edge(SubjectRef("use_case", scene.use_case.pk), version_ref(scene.version), by=scene.engineer)


def test_the_same_record_is_made_once_and_after_it_was_taken_back_again(scene: Scene) -> None:
    lineage = make_lineage(scene)
    with pytest.raises(LineageStands) as refused:
        actions.record_edge(node_ref(lineage.extract), version_ref(scene.version), by=scene.engineer)
    assert refused.value.extra["edge"] == str(lineage.edge.pk)
    actions.withdraw_edge(lineage.edge, by=scene.engineer, reason="Wrong one")
    with pytest.raises(LineageWithdrawn):
        actions.withdraw_edge(lineage.edge, by=scene.engineer, reason="Again")
    assert fact(scene.version).figures["traced"] is False
    actions.record_edge(node_ref(lineage.extract), version_ref(scene.version), by=scene.engineer)
    assert fact(scene.version).figures["traced"] is True


def test_a_name_stands_once(scene: Scene) -> None:
    first = node(scene, "tickets", "external", namespace="snowflake://acme")
    with pytest.raises(NameTaken) as refused:
        node(scene, " tickets ", "external", namespace="snowflake://acme")
    assert refused.value.extra["node"] == str(first.pk)
    node(scene, "tickets", "external", namespace="snowflake://other")


def test_who_may_not_record_is_refused_and_who_may_not_see_finds_nothing(scene: Scene) -> None:
    other = make_scene(name="Other", complete=False)
    lineage = make_lineage(scene)
    with pytest.raises(NotFound):
        actions.record_edge(source_ref(lineage.source), version_ref(other.version), by=other.engineer)
    with pytest.raises(NotPermitted):
        actions.record_edge(source_ref(lineage.source), version_ref(scene.version), by=scene.people["sponsor"])


def test_a_record_cannot_be_altered_by_sql(scene: Scene) -> None:
    lineage = make_lineage(scene)
    actions.withdraw_edge(lineage.edge, by=scene.engineer, reason="Wrong")
    lineage.tell(inputs=[lineage.named(lineage.extract)])
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    for table in ("datasets_lineageedge", "datasets_edgewithdrawal", "datasets_runevent"):
        for statement in (
            f"UPDATE {table} SET created_at = now()",
            f"DELETE FROM {table}",
            f"TRUNCATE {table} CASCADE",
        ):
            with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(statement)
    one = LineageEdge.objects.get(pk=lineage.edge.pk)
    one.pk, one.input_type, one.input_id = uuid.uuid4(), one.output_type, one.output_id
    with pytest.raises(IntegrityError), transaction.atomic():
        one.save(force_insert=True)


def test_every_act_stands_in_the_trail(scene: Scene) -> None:
    lineage = make_lineage(scene)
    lineage.tell(inputs=[lineage.named(lineage.extract)])
    actions.withdraw_edge(lineage.edge, by=scene.engineer, reason="Wrong")
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    told = set(Entry.objects.values_list("action", flat=True))
    assert {"lineage.node_recorded", "lineage.recorded", "lineage.withdrawn", "lineage.run_reported"} <= told


def test_what_is_downstream_of_a_source_is_one_click_away(scene: Scene) -> None:
    lineage = make_lineage(scene)
    client = Client()
    client.force_login(scene.lead)
    page = client.get(reverse("datasets:source_detail", args=[lineage.source.pk])).content.decode()
    url = reverse("datasets:lineage_downstream", args=["source", lineage.source.pk])
    assert url in page
    body = client.get(url).content.decode()
    assert lineage.extract.name in body
    assert str(scene.version) in body
    assert "<svg" in body
    answer: Any = client.get(url + "?format=csv")
    rows = list(csv.DictReader(io.StringIO(b"".join(answer.streaming_content).decode("utf-8-sig"))))
    assert {row["Name"] for row in rows} == {lineage.extract.name, str(scene.version)}


def test_what_another_team_made_of_it_is_not_there_for_who_may_not_see_it(scene: Scene) -> None:
    lineage = make_lineage(scene)
    other = make_scene(name="Other", complete=False)
    both = member(other.team, "technical_owner", name="Both")
    scene.team.memberships.create(user=both, role="technical_owner")
    hidden = actions.record_node(other.team, "extract", "Hidden copy", by=both)
    actions.record_edge(node_ref(lineage.extract), node_ref(hidden), by=both)
    actions.record_edge(node_ref(hidden), version_ref(other.version), by=both)

    def seen(user: Any) -> set[Any]:
        return {row.ref.id for row in surroundings(source_ref(lineage.source), user, up=False).things}

    assert {hidden.pk, other.version.pk} <= seen(both)
    assert not {hidden.pk, other.version.pk} & seen(scene.engineer)
    status, answer = Caller(scene.engineer, "read").get(f"sources/{lineage.source.pk}/downstream/")
    assert status == 200
    assert "Hidden copy" not in str(answer)


def test_an_app_above_adds_its_edges_by_a_provider(scene: Scene) -> None:
    derived = make_version(scene, "text,category\nonly one,pay\n", TEST)
    link = Link(version_ref(scene.version), version_ref(derived), "derived", job="mask e-mail")
    provider = EdgeProvider(
        "tests.derived",
        into=lambda refs: [link] if link.output in refs else [],
        out_of=lambda refs: [link] if link.input in refs else [],
    )
    registry.offer(provider)
    try:
        make_lineage(scene)
        found = fact(derived)
        assert (found.figures["traced"], found.figures["depth"]) == (True, 3)
        below = surroundings(source_of(scene), scene.engineer, up=False)
        assert str(derived) in {row.label for row in below.things}
    finally:
        registry.withdraw("tests.derived")
    assert fact(derived).figures["traced"] is False


def big(scene: Scene, count: int, layers: int) -> None:
    """Record ``count`` nodes in so many layers between a source and the version."""
    nodes = LineageNode.objects.bulk_create(
        LineageNode(team=scene.team, kind="extract", name=f"Part {number}", recorded_by=scene.engineer)
        for number in range(count)
    )
    by_layer = [nodes[at::layers] for at in range(layers)]
    pairs = [(source_of(scene), node_ref(row)) for row in by_layer[0]]
    for above, below in pairwise(by_layer):
        pairs += [(node_ref(above[at % len(above)]), node_ref(row)) for at, row in enumerate(below)]
        pairs += [(node_ref(above[(at * 7) % len(above)]), node_ref(row)) for at, row in enumerate(below) if at % 3]
    pairs += [(node_ref(row), version_ref(scene.version)) for row in by_layer[-1]]
    LineageEdge.objects.bulk_create(
        LineageEdge(
            team=scene.team, input_type=a.type, input_id=a.id, output_type=b.type, output_id=b.id,
            how="api", recorded_by=scene.engineer,
        )
        for a, b in dict.fromkeys(pairs)
    )  # fmt: skip


def test_two_hundred_nodes_cost_no_more_queries_than_ten_and_stay_readable(scene: Scene) -> None:
    other = make_scene(name="Small")
    big(other, 10, 5)
    big(scene, 220, 5)
    asked = []
    for where in (other, scene):
        with CaptureQueriesContext(connection) as queries:
            assert fact(where.version).figures["traced"] is True
        with CaptureQueriesContext(connection) as more:
            found = surroundings(version_ref(where.version), where.engineer)
        asked.append((len(queries), len(more)))
    assert asked[0] == asked[1]
    assert len(found.things) == 222
    for drawn in (picture(found), picture(found, whole=True)):
        boxes = {row.key: row.box for row in drawn.nodes}
        layout = type("Drawn", (), {"boxes": boxes, "width": drawn.width, "height": drawn.height})()
        assert not overlaps(layout)
        assert not outside(layout)
    assert len(picture(found).nodes) <= 80
    assert len(picture(found, whole=True).nodes) == 222


def test_the_page_folds_what_is_alike_and_opens_it_again(scene: Scene) -> None:
    big(scene, 30, 1)
    client = Client()
    client.force_login(scene.lead)
    url = reverse("datasets:version_lineage", args=[scene.version.pk])
    body = client.get(url).content.decode()
    assert "30 × Extract" in body
    drawing = body[body.index('<svg class="lineage"') : body.index("passages")]
    assert drawing.count("<rect") == 4
    opener = re.search(r'href="(\?open=[0-9a-f]+)#picture"', drawing)
    assert opener
    opened = client.get(url + opener.group(1)).content.decode()
    assert "30 × Extract" not in opened
    one = LineageNode.objects.first()
    focused = client.get(f"{url}?focus=lineage_node:{one.pk}").content.decode()
    assert f"Around {one.name}" in focused


def test_a_focus_on_what_one_may_not_see_is_not_found(scene: Scene) -> None:
    other = make_scene(name="Other", complete=False)
    client = Client()
    client.force_login(scene.lead)
    url = reverse("datasets:version_lineage", args=[scene.version.pk])
    assert client.get(f"{url}?focus=dataset_version:{other.version.pk}").status_code == 404
    assert client.get(f"{url}?focus=nonsense").status_code == 404


def test_by_hand_on_a_page(scene: Scene) -> None:
    client = Client()
    client.force_login(scene.engineer)
    made = client.post(
        reverse("datasets:lineage_node_create"),
        {"team": scene.team.pk, "kind": "external", "name": "HELP.TICKETS", "namespace": "snowflake://acme"},
    )
    assert made.status_code == 302
    new = LineageNode.objects.get(name="HELP.TICKETS")
    url = reverse("datasets:lineage_record", args=["dataset_version", scene.version.pk])
    refused = client.post(url, {"input": "", "other": "", "job": ""})
    assert refused.status_code == 422
    assert "Choose one thing" in refused.content.decode()
    values = {"input": f"lineage_node:{new.pk}", "split": "train", "job": "select", "happened_at": "2026-03-03T09:12"}
    assert client.post(url, values).status_code == 302
    edge = LineageEdge.objects.get()
    assert (edge.how, edge.split, edge.job) == ("hand", "train", "select")
    again = client.post(url, values)
    assert again.status_code == 409
    assert "recorded already" in again.content.decode()
    taken_back = reverse("datasets:lineage_edge_withdraw", args=[edge.pk])
    assert "HELP.TICKETS" in client.get(taken_back).content.decode()
    assert client.post(taken_back, {"reason": "Typed wrongly"}).status_code == 302
    assert not LineageEdge.objects.standing().exists()


def test_by_the_api(scene: Scene) -> None:
    caller = Caller(scene.engineer)
    status, made = caller.post("lineage/nodes/", {"team": str(scene.team.pk), "kind": "extract", "name": "Export"})
    assert status == 201
    body = {
        "input": {"type": "lineage_node", "id": made["id"]},
        "output": {"type": "dataset_version", "id": str(scene.version.pk)},
        "job": "export",
    }
    status, edge = caller.post("lineage/edges/", body)
    assert (status, edge["how"], edge["is_withdrawn"]) == (201, "api", False)
    status, found = caller.get(f"dataset-versions/{scene.version.pk}/lineage/")
    assert status == 200
    assert {row["label"] for row in found["nodes"]} == {"Export", "Help desk", str(scene.version)}
    assert [row["how"] for row in found["edges"]] == ["api", "declared"]
    assert caller.post("lineage/edges/", body | {"input": {"type": "nonsense", "id": made["id"]}})[0] == 404
    status, _answer = caller.post(f"lineage/edges/{edge['id']}/withdrawals/", {"reason": "Wrong"})
    assert status == 201
    assert caller.get(f"lineage/edges/{edge['id']}/")[1]["is_withdrawn"] is True


def test_a_token_that_only_reads_records_nothing(scene: Scene) -> None:
    status, problem = Caller(scene.engineer, "read").post("lineage/openlineage/", run_event())
    assert (status, problem["code"]) == (403, "scope_missing")
