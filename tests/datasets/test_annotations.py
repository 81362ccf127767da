"""Annotations beside a version: read by row, compared by a job, and never changed afterwards."""

import gzip
import io
import json
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.urls import reverse
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.core import jobs
from apps.core.models import Job
from apps.datasets import actions
from apps.datasets.actions import annotations as acts
from apps.datasets.errors import (
    AnnotationsStand,
    AnnotationsTooMany,
    ColumnUnknown,
    GuidelineUnknown,
    LabelOrderUnclear,
    UploadNotReady,
)
from apps.datasets.inspection import FileProblem
from apps.datasets.inspection.annotation_table import Columns, guess_columns, read_annotations
from apps.datasets.models import AnnotationResult, AnnotationTable, SampleView
from apps.datasets.refs import version_ref
from apps.evidence import facts
from apps.gates import actions as gates
from apps.gates.models import PolicyVersion
from apps.ledger.models import Entry
from tests.api.client import Caller
from tests.people.factories import member
from tests.scenery import ANNOTATIONS, Scene, add_annotations, make_gate, make_scene, publish_guideline, upload

pytestmark = pytest.mark.django_db
COLUMNS = Columns("item", "annotator", "label", "time", "guideline")


@pytest.fixture
def scene() -> Scene:
    return make_scene()


def fact_of(scene: Scene) -> Any:
    return facts.read(version_ref(scene.version))["dataset.annotation_agreement"]


def test_annotations_become_a_fact(scene: Scene) -> None:
    assert fact_of(scene).status == "unknown"
    publish_guideline(scene)
    add_annotations(scene, guideline=1)
    fact = fact_of(scene)
    assert fact.status == "known"
    assert fact.figures == {
        "annotations": 6,
        "annotators": 2,
        "items": 3,
        "agreement_percent": 66.67,
        "alpha": pytest.approx(0.444, abs=5e-4),
        "lowest_pair_kappa": pytest.approx(0.4, abs=5e-4),
        "items_to_adjudicate": 1,
        "drifting_annotators": 0,
        "under_current_guideline_percent": 100.0,
    }
    assert fact.sentence == (
        "2 annotators gave the same label in 67 of 100 comparisons, which is too low to rely on; "
        "most often “card” stands against “pay”; 1 item waits for a decision."
    )


def test_a_new_guideline_leaves_older_annotations_behind(scene: Scene) -> None:
    publish_guideline(scene)
    add_annotations(scene, "item,annotator,label,guideline\n1,Ann,a,1\n1,Bea,a,\n2,Ann,b,v1\n2,Bea,b,Version 1\n")
    assert fact_of(scene).figures["under_current_guideline_percent"] == 75.0
    publish_guideline(scene, "Another rule.")
    assert fact_of(scene).figures["under_current_guideline_percent"] == 0.0


def test_what_has_no_coefficient_leaves_the_figure_out(scene: Scene) -> None:
    add_annotations(scene, "item,annotator,label\n1,Ann,a\n2,Bea,b\n")
    assert not {"alpha", "lowest_pair_kappa", "agreement_percent"} & set(fact_of(scene).figures)
    assert fact_of(scene).sentence.startswith("Nobody labelled what somebody else labelled too")


@pytest.mark.parametrize(
    ("rows", "row", "says"),
    [
        ("1,Ann,a,,\n,Ann,a,,\n", 3, "“item” is empty"),
        ("1,,a,,\n", 2, "“annotator” is empty"),
        ("1,Ann,a,yesterday,\n", 2, "“yesterday” is no time"),
        ("1,Ann,a,,7\n", 2, "“7” is no published version of the guideline (published: none)"),
        ("1,Ann,a,,draft\n", 2, "no published version"),
        (f"{'x' * 2001},Ann,a,,\n", 2, "Name it by an identifier"),
        (f"1,{'x' * 201},a,,\n", 2, "Shorten it"),
        ("1,Ann,,,\n", None, "No row carries a label"),
    ],
)
def test_what_cannot_be_used_is_named_by_its_row(scene: Scene, rows: str, row: int | None, says: str) -> None:
    table = add_annotations(scene, "item,annotator,label,time,guideline\n" + rows)
    result = AnnotationResult.objects.get(table=table)
    assert (result.state, result.row) == ("failed", row)
    assert says in result.error
    assert fact_of(scene).status == "failed"


def test_a_refused_table_leaves_the_one_before_it_in_force(scene: Scene) -> None:
    add_annotations(scene)
    add_annotations(scene, "item,annotator,label\n,Ann,a\n")
    assert fact_of(scene).figures["annotations"] == 6
    client = Client()
    client.force_login(scene.engineer)
    page = client.get(reverse("datasets:annotation", args=[scene.version.pk])).content.decode()
    assert "“item” is empty" in page
    assert "Add them again" in client.get("/").content.decode()


def test_jsonl_gzip_and_other_names_of_columns_are_read(scene: Scene) -> None:
    lines = [json.dumps({"task": str(at // 2), "worker": "AB"[at % 2], "rating": at % 3}) for at in range(12)]
    data = gzip.compress("\n".join(lines).encode())
    offer = upload(scene.dataset, "ratings.jsonl.gz", data, scene.engineer)
    table = actions.add_annotations(scene.version, offer.upload, by=scene.engineer, scale="interval")
    jobs.run_waiting()
    assert table.columns["annotator"] == "worker"
    result = AnnotationResult.objects.get(table=table)
    assert result.figures["scale"] == "interval"
    assert result.figures["pairs"][0]["quadratic"]["value"] is not None


def test_ordered_labels_need_their_order(scene: Scene) -> None:
    text = "item,annotator,label\n1,Ann,low\n1,Bea,high\n2,Ann,low\n2,Bea,low\n"
    table = add_annotations(scene, text, scale="ordinal")
    assert "not a number" in AnnotationResult.objects.get(table=table).error
    table = add_annotations(scene, text, scale="ordinal", label_order=["low", "high"])
    assert AnnotationResult.objects.get(table=table).figures["labels"] == ["low", "high"]
    with pytest.raises(LabelOrderUnclear):
        add_annotations(scene, text, scale="ordinal", label_order=["low", "low"])


def test_the_same_annotations_are_added_once(scene: Scene) -> None:
    add_annotations(scene)
    with pytest.raises(AnnotationsStand, match="Table 1"):
        add_annotations(scene)
    publish_guideline(scene)
    assert add_annotations(scene, guideline=1).number == 2


def test_columns_that_are_not_there_are_named(scene: Scene) -> None:
    with pytest.raises(ColumnUnknown) as caught:
        add_annotations(scene, columns={"item": "row", "annotator": "annotator"})
    assert list(caught.value.errors) == ["/item_column"]
    with pytest.raises(ColumnUnknown, match="Say which column"):
        add_annotations(scene, "a,b,c\n1,2,3\n")


def test_a_guideline_that_is_not_published_is_refused(scene: Scene) -> None:
    actions.draft_guideline(scene.dataset, by=scene.engineer, rules=["x"])
    with pytest.raises(GuidelineUnknown):
        add_annotations(scene, guideline=1)


def test_more_annotations_than_fit_are_refused(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(acts, "MOST_ROWS", 5)
    with pytest.raises(AnnotationsTooMany, match="at most 5"):
        add_annotations(scene)


def test_a_file_that_is_not_there_is_asked_for(scene: Scene) -> None:
    with pytest.raises(UploadNotReady):
        actions.add_annotations(scene.version, None, by=scene.engineer)


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE datasets_annotationtable SET rows = 1",
        "DELETE FROM datasets_contesteditem",
        "UPDATE datasets_annotationresult SET figures = '{}' WHERE state = 'done'",
        "DELETE FROM datasets_annotationresult",
        "TRUNCATE datasets_annotationresult",
    ],
)
def test_the_database_keeps_annotations_and_their_results(scene: Scene, sql: str) -> None:
    add_annotations(scene)
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    with pytest.raises(DatabaseError, match="only added"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql)


def test_a_job_that_runs_twice_writes_once(scene: Scene) -> None:
    table = add_annotations(scene)
    job = Job.objects.get(kind="compare_annotations")
    Job.objects.filter(pk=job.pk).update(state="queued")
    jobs.run_waiting()
    assert table.contested.count() == 1
    job.refresh_from_db()
    assert job.state == "done"


def test_a_gate_that_does_not_ask_for_agreement_is_left_alone(scene: Scene) -> None:
    gate = make_gate(scene)
    before = gate.dossier_digest
    publish_guideline(scene)
    add_annotations(scene)
    gate.refresh_from_db()
    assert gate.dossier_digest == before


AGREEMENT = """  - id: agreement
    title: Annotators agree
    fact: dataset.annotation_agreement
    figure: alpha
    at_least: 0.8
sign_offs:"""


def test_a_gate_that_asks_for_agreement_is_judged_anew_when_annotations_come(scene: Scene) -> None:
    source = PolicyVersion.objects.get(kind="start", tier="", number=1).source
    proposed = gates.propose_policy(source.replace("sign_offs:", AGREEMENT), by=scene.lead, note="Agreement")
    gates.publish_policy(proposed, by=member(scene.team, "governance_lead", name="Second Lead"))
    gate = make_gate(scene)
    assert gate.blocked_by.startswith("No annotations were added")
    add_annotations(scene)
    gate.refresh_from_db()
    assert "too low to rely on" in gate.blocked_by
    add_annotations(scene, ANNOTATIONS.replace("2,Bea,pay", "2,Bea,card"))
    gate.refresh_from_db()
    assert (gate.state, gate.blocked_by) == ("in_review", "")


def test_the_page_says_it_in_one_sentence_and_shows_the_rest(scene: Scene) -> None:
    publish_guideline(scene)
    add_annotations(scene, guideline=1)
    client = Client()
    client.force_login(scene.people["business_owner"])
    page = client.get(reverse("datasets:annotation", args=[scene.version.pk])).content.decode()
    assert "2 annotators gave the same label in 67 of 100 comparisons" in page
    assert 'class="heatmap"' in page
    assert "Items to decide" in page
    assert "needs three annotators" in page or "has no times" in page
    assert "Add annotations" not in page, "a business owner adds none"


def test_items_to_decide_are_filtered_sorted_and_exported(scene: Scene) -> None:
    add_annotations(scene, "item,annotator,label\n=1+1,Ann,a\n=1+1,Bea,b\nme a@b.org,Ann,a\nme a@b.org,Bea,c\n")
    client = Client()
    client.force_login(scene.engineer)
    url = reverse("datasets:contested_list", args=[scene.version.pk])
    assert "a@b.org" not in client.get(url).content.decode()
    assert "=1+1" not in client.get(url + "?label=c").content.decode()
    assert "Nothing matches" in client.get(url + "?annotator=Nobody").content.decode()
    response: Any = client.get(url + "?format=csv&ordering=item")
    exported = b"".join(response.streaming_content).decode()
    assert "'=1+1" in exported
    assert "a@b.org" not in exported


def test_who_sees_items_to_decide_is_recorded_once_an_hour(scene: Scene) -> None:
    add_annotations(scene, "item,annotator,label\nHelp,Ann,a\nHelp,Bea,b\n")
    table = AnnotationTable.objects.get()
    client = Client()
    for person, address in ((scene.engineer, "annotation"), (scene.lead, "contested_list")):
        client.force_login(person)
        client.get(reverse(f"datasets:{address}", args=[scene.version.pk]))
        Caller(person).get(f"annotations/{table.pk}/items/")
    seen = SampleView.objects.filter(what="Items to decide").order_by("id")
    assert [row.user for row in seen] == [scene.engineer, scene.lead]
    entries = Entry.objects.filter(action="dataset_version.samples_viewed", body__contains="Items to decide")
    assert entries.count() == 2


def test_a_refused_form_keeps_the_file(scene: Scene) -> None:
    client = Client()
    client.force_login(scene.engineer)
    url = reverse("datasets:annotation_add", args=[scene.version.pk])
    fields = {"scale": "ordinal", "label_order": "x\nx", "note": "First round"}
    file = SimpleUploadedFile("a.csv", ANNOTATIONS.encode())
    response: Any = client.post(url, {**fields, "file": file})
    page = response.content.decode()
    assert response.status_code == 422
    assert "Your file is kept" in page
    assert "First round" in page
    kept = str(response.context["form"].data["upload"])
    response = client.post(url, {"scale": "nominal", "upload": kept})
    assert response.status_code == 302
    assert AnnotationTable.objects.get().name == "a.csv"


def test_the_next_table_begins_with_how_the_last_was_read(scene: Scene) -> None:
    add_annotations(scene, "row_no,annotator,label\n1,Ann,2\n1,Bea,3\n", columns={"item": "row_no"}, scale="interval")
    client = Client()
    client.force_login(scene.engineer)
    page = client.get(reverse("datasets:annotation_add", args=[scene.version.pk])).content.decode()
    assert 'value="row_no"' in page
    assert '<option value="interval" selected>' in page


def test_the_api_adds_and_reads_annotations(scene: Scene) -> None:
    caller = Caller(scene.engineer)
    offer = upload(scene.dataset, "annotations.csv", ANNOTATIONS, scene.engineer)
    path = f"dataset-versions/{scene.version.pk}/annotations/"
    status, made = caller.post(path, {"upload": str(offer.upload)})
    assert (status, made["state"], made["number"]) == (201, "pending", 1)
    jobs.run_waiting()
    assert caller.get(path)[1]["results"][0]["state"] == "done"
    assert "figures" not in caller.get(path)[1]["results"][0]
    status, found = caller.get(f"annotations/{made['id']}/")
    assert (status, found["figures"]["to_adjudicate"]) == (200, 1)
    status, items = caller.get(f"annotations/{made['id']}/items/?label=card")
    assert [row["item"] for row in items["results"]] == ["2"]
    assert items["results"][0]["labels"][0] == {"annotator": "Ann", "label": "card", "guideline": ""}
    status, refused = caller.post(path, {"upload": str(offer.upload), "guideline": 3})
    assert (status, refused["code"]) == (422, "guideline_unknown")
    names = [row["name"] for row in caller.get(f"dataset-versions/{scene.version.pk}/facts/")[1]]
    assert {"dataset.guideline", "dataset.annotation_agreement", "dataset.shape"} <= set(names)


cells = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=12)


@given(st.lists(st.tuples(cells, cells, cells, cells, cells), max_size=8))
@settings(max_examples=80, deadline=None)
def test_no_table_crashes_the_reading(rows: Any) -> None:
    lines = [json.dumps(dict(zip(COLUMNS.as_dict(), row, strict=True))) for row in rows]
    try:
        table, unlabelled = read_annotations(io.BytesIO("\n".join(lines).encode()), "jsonl", False, COLUMNS)
    except FileProblem as problem:
        place = problem.row
        assert place is None or 1 <= place <= len(rows)
    else:
        assert len(table) + unlabelled == len(rows)


def test_columns_are_guessed_by_their_names() -> None:
    assert guess_columns(["Text", "rater", "category", "timestamp"]) == Columns(
        "Text", "rater", "category", "timestamp"
    )
    assert guess_columns(["a", "b"]) == Columns("", "", "")
