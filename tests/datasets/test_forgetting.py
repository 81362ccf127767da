"""The deletion of a version's files reaches every text of its rows that the database keeps."""

from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client

from apps.core import jobs
from apps.datasets import actions, comparing, samples
from apps.datasets.actions import comparing as comparisons
from apps.datasets.due.audits import major_changes
from apps.datasets.errors import FilesErased
from apps.datasets.models import CopyDeletion, DatasetVersion, SampleAudit, SampledText, VersionDifference
from apps.ledger.models import Entry
from tests.api.client import Caller
from tests.datasets.audits import closed, draw
from tests.scenery import TEST, Scene, add_annotations, make_scene, make_version, upload

pytestmark = pytest.mark.django_db
MARK = "zebra"
ROWS = "text,category\nThe zebra bit me,pay\nthe ZEBRA bit me,card\nWhere is the zebra now?,lost\n"
OTHER = "text,category\nHow do I pay?,pay\nWhere is my card?,card\n"
ITEMS = "item,annotator,label\nThe zebra bit me,Ann,pay\nThe zebra bit me,Bea,card\n"


@pytest.fixture
def scene() -> Scene:
    return make_scene(train=ROWS)


def erase(scene: Scene, version: DatasetVersion | None = None) -> CopyDeletion:
    version = version or scene.version
    return actions.erase_files(version, by=scene.people["data_steward"], confirm=str(version))


def compared(scene: Scene, newer: DatasetVersion) -> VersionDifference:
    found = actions.compare_versions(newer, scene.version, by=scene.engineer)
    jobs.run_waiting()
    found.refresh_from_db()
    assert found.state == "done"
    return found


def tables_with(text: str) -> set[str]:
    """Return every table of the database in which a row holds the text, whatever its column."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        found = set()
        for (name,) in cursor.fetchall():
            cursor.execute(
                f'SELECT EXISTS (SELECT 1 FROM "{name}" AS t WHERE to_jsonb(t)::text ILIKE %s)', [f"%{text}%"]
            )
            if cursor.fetchone()[0]:
                found.add(name)
    return found


def test_no_text_of_a_row_is_left_in_any_table(scene: Scene) -> None:
    closed(scene)
    under_way = draw(scene)
    add_annotations(scene, ITEMS)
    newer = make_version(scene, OTHER, TEST)
    difference = compared(scene, newer)
    actions.set_reading(scene.dataset.pk, by=scene.engineer, revision=None, mapping={}, policy={"near_words": 2})
    actions.inspect_again(scene.version, by=scene.engineer)
    jobs.run_waiting()
    assert tables_with(MARK) == {
        "datasets_inspectionresult",
        "datasets_sampledtext",
        "datasets_contesteditem",
        "datasets_versiondifference",
    }
    deletion = erase(scene)
    assert tables_with(MARK) == set()
    forgotten = Entry.objects.get(action="dataset_copy.deleted").payload["forgotten"]
    assert forgotten == {
        "inspection_samples": forgotten["inspection_samples"],
        "audits_withdrawn": 1,
        "audit_texts": 8,
        "annotation_items": 1,
        "difference_samples": samples.count_shown(difference.result),
    }
    assert forgotten["inspection_samples"] >= 4, "of both inspections"
    assert forgotten["difference_samples"] > 0
    assert "audits_withdrawn 1, audit_texts 8, annotation_items 1" in deletion.proof
    under_way.refresh_from_db()
    assert (under_way.state, under_way.conclusion) == ("withdrawn", "The files of Questions v1 were deleted.")
    assert under_way.rows.count() == 4
    before = difference.result["totals"]
    difference.refresh_from_db()
    assert difference.result["totals"] == before


def test_pages_say_that_the_rows_are_gone(scene: Scene) -> None:
    closed(scene)
    add_annotations(scene, ITEMS)
    newer = make_version(scene, OTHER.replace("card\n", "pay\n"), TEST)
    compared(scene, newer)
    erase(scene)
    client = Client()
    client.force_login(scene.engineer)
    page = client.get(f"/datasets/versions/{newer.pk}/compare/?against={scene.version.pk}").content.decode()
    assert "The files of version 1 were deleted, and with them the rows and labels that stood here." in page
    assert "added" in page
    for path in ("annotation/", "annotation/items/"):
        page = client.get(f"/datasets/versions/{scene.version.pk}/{path}").content.decode()
        assert '<span class="mut">erased</span>' in page, path


def test_what_is_erased_can_neither_be_drawn_nor_compared(scene: Scene) -> None:
    newer = make_version(scene, OTHER, TEST)
    erase(scene)
    with pytest.raises(FilesErased):
        draw(scene)
    with pytest.raises(FilesErased):
        actions.compare_versions(newer, scene.version, by=scene.engineer)
    status, problem = Caller(scene.engineer).post(
        f"dataset-versions/{newer.pk}/differences/", {"against": str(scene.version.pk)}
    )
    assert (status, problem["code"]) == (409, "files_erased")


def test_no_audit_is_due_for_what_is_erased(scene: Scene) -> None:
    assert scene.version in major_changes(DatasetVersion.objects.all())
    erase(scene)
    assert scene.version not in major_changes(DatasetVersion.objects.all())


def test_the_newest_version_is_registered_though_the_audited_one_is_erased(scene: Scene) -> None:
    closed(scene)
    erase(scene)
    make_version(scene, OTHER, TEST)
    assert not VersionDifference.objects.exists()


def test_jobs_that_end_after_the_deletion_keep_no_rows(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """The bytes stay for another version, so the jobs can read them to their end."""
    newer = make_version(scene, OTHER, TEST)
    make_version(scene, ROWS, OTHER)
    audit = draw(scene)
    actions.withdraw_audit(audit, by=scene.people["review_lead"], reason="Again")
    actions.draw_sample(scene.version, by=scene.people["review_lead"], reviewers=[scene.people["data_steward"]])
    actions.compare_versions(newer, scene.version, by=scene.engineer)
    offer = upload(scene.dataset, "annotations.csv", ITEMS, scene.engineer)
    actions.add_annotations(scene.version, offer.upload, by=scene.engineer)
    compare = comparisons.difference.compare

    def slow(*args: Any, **values: Any) -> dict[str, Any]:
        found = compare(*args, **values)
        erase(scene)
        return found

    monkeypatch.setattr(comparisons.difference, "compare", slow)
    jobs.run_waiting()
    assert VersionDifference.objects.get().state == "done"
    assert not SampledText.objects.exists()
    assert set(SampleAudit.objects.values_list("state", flat=True)) == {"withdrawn"}
    assert not {"datasets_contesteditem", "datasets_versiondifference", "datasets_sampledtext"} & tables_with(MARK)


def test_a_comparison_that_equal_content_needs_shows_its_rows_there_alone(scene: Scene) -> None:
    newer = make_version(scene, OTHER, TEST)
    difference = compared(scene, newer)
    twin = actions.create_dataset(scene.use_case, by=scene.engineer, name="Twin")
    second = actions.register_version(
        twin,
        {
            "train": [upload(twin, "train.csv", ROWS, scene.engineer)],
            "test": [upload(twin, "test.csv", TEST, scene.engineer)],
        },
        by=scene.engineer,
    )
    jobs.run_waiting()
    assert second.digest == scene.version.digest
    erase(scene)
    difference.refresh_from_db()
    assert MARK in str(difference.result)
    assert MARK in str(comparing.shown(difference.result, second, newer, str))
    _status, rows = Caller(scene.engineer).get(f"dataset-versions/{newer.pk}/differences/")
    assert MARK not in str(rows)
    client = Client()
    client.force_login(scene.engineer)
    page = client.get(f"/datasets/versions/{newer.pk}/compare/?against={scene.version.pk}").content.decode()
    assert MARK not in page
    erase(scene, second)
    assert tables_with(MARK) == set()


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE datasets_versiondifference SET result = '{}'",
        "UPDATE datasets_versiondifference SET changed_percent = 1, result = datasets_difference_without_rows(result)",
        "UPDATE datasets_contesteditem SET item = 'other'",
        "UPDATE datasets_contesteditem SET item = '', agreement = 1",
        "DELETE FROM datasets_contesteditem",
        "TRUNCATE datasets_contesteditem",
    ],
)
def test_the_database_lets_only_the_texts_go(scene: Scene, sql: str) -> None:
    add_annotations(scene, ITEMS)
    difference = compared(scene, make_version(scene, OTHER, TEST))
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        with pytest.raises(IntegrityError), transaction.atomic():
            cursor.execute(sql)
        cursor.execute("UPDATE datasets_versiondifference SET result = datasets_difference_without_rows(result)")
        cursor.execute("UPDATE datasets_contesteditem SET item = ''")
    expected = samples.without_shown(difference.result)
    difference.refresh_from_db()
    assert difference.result == expected, "the database forgets what the code forgets"
