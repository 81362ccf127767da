"""An inspection is asked for once, answered from what stands, followed, stopped; a dataset remembers how it is read."""

import datetime as dt
from typing import Any

import pytest
from django.db import connection
from django.db.utils import IntegrityError
from django.test import Client
from django.urls import reverse

from apps.core import jobs
from apps.core.errors import InvalidInput, NotPermitted, StaleEdit
from apps.datasets import actions
from apps.datasets.actions import inspecting, stopping
from apps.datasets.errors import NothingRuns
from apps.datasets.models import DatasetVersion, Inspection, InspectionResult
from apps.datasets.refs import version_ref
from apps.evidence import facts
from apps.evidence.facts import Fact
from tests.api.client import Caller
from tests.scenery import TEST, TRAIN, Scene, make_scene, make_version

pytestmark = pytest.mark.django_db


@pytest.fixture
def scene() -> Scene:
    return make_scene(complete=False)


def found(scene: Scene) -> Inspection:
    return Inspection.objects.select_related("result").get(version=scene.version)


def test_the_same_question_is_answered_by_the_result_that_stands(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    before = found(scene).result
    monkeypatch.setattr(inspecting, "inspect", lambda *_files, **_values: pytest.fail("The files were read again."))
    actions.inspect_again(scene.version, by=scene.engineer)
    jobs.run_waiting()
    assert (found(scene).state, found(scene).result) == ("done", before)


def test_another_policy_is_another_question(scene: Scene) -> None:
    before = found(scene).result
    reading = {"mapping": {}, "policy": {"near_words": 2, "stale_days": 30}}
    actions.set_reading(scene.dataset.pk, by=scene.engineer, revision=None, **reading)
    actions.inspect_again(scene.version, by=scene.engineer)
    jobs.run_waiting()
    after = found(scene).result
    assert after is not None
    assert after != before
    assert after.findings["parameters"]["near_words"] == 2
    assert after.findings["parameters"]["as_of"] > 20_000


DATED = "text,category,created_at\n" + "".join(
    f"{text},card,{day}\n" for text, day in (("a", "2019-12-31"), ("b", "2020-01-01"), ("c", "2026-01-31"))
)


@pytest.fixture
def dated(scene: Scene) -> DatasetVersion:
    """A version with dates, whose source declares from when until when its records are."""
    actions.set_sources(
        scene.dataset,
        [
            actions.create_source(
                scene.team,
                by=scene.engineer,
                name="Mail",
                kind="application",
                covers_from=dt.date(2020, 1, 1),
                cut_off=dt.date(2026, 1, 31),
            )
        ],
        by=scene.engineer,
    )
    return make_version(scene, DATED, "text,category,created_at\nd,card,2026-02-01\n", date_column="created_at")


def age(version: DatasetVersion) -> Fact:
    return facts.read(version_ref(version), version)["dataset.stale_records"]


def test_rows_outside_the_period_that_the_sources_declare_are_counted_and_told(
    scene: Scene, dated: DatasetVersion
) -> None:
    fact = age(dated)
    assert (fact.figures["before_period_rows"], fact.figures["after_period_rows"]) == (1, 1)
    client = Client()
    client.force_login(scene.engineer)
    page = client.get(reverse("datasets:version_detail", args=[dated.pk])).content.decode()
    for text in (
        "1 row older than 2020-01-01, the first day that the sources declare.",
        "1 row newer than 2026-01-31, the last day that the sources declare.",
        "rows older than the sources",
        "Stale rows, and rows outside the sources",
    ):
        assert text in page, text
    _status, body = Caller(scene.engineer).get(f"dataset-versions/{dated.pk}/findings/")
    assert body["findings"]["parameters"]["covers_from"] == 18_262
    assert body["findings"]["dates"]["before_period_rows"] == 1


def test_another_period_is_another_question(scene: Scene, dated: DatasetVersion) -> None:
    def result() -> InspectionResult:
        found = Inspection.objects.select_related("result").get(version=dated).result
        assert found is not None
        return found

    before, source = result(), scene.dataset.sources.get()
    actions.edit_source(source.pk, by=scene.engineer, revision=None, covers_from=dt.date(2020, 1, 2))
    fact = age(dated)
    assert "before_period_rows" not in fact.figures
    assert "The sources declare another period since." in fact.sentence
    assert fact.figures["dated_rows"] == 4
    actions.inspect_again(dated, by=scene.engineer)
    jobs.run_waiting()
    assert result() != before
    assert age(dated).figures["before_period_rows"] == 2
    actions.edit_source(source.pk, by=scene.engineer, revision=None, covers_from=dt.date(2020, 1, 1))
    actions.inspect_again(dated, by=scene.engineer)
    jobs.run_waiting()
    assert result() == before


def test_the_period_matters_only_to_records_with_dates(scene: Scene, dated: DatasetVersion) -> None:
    before = found(scene).result
    assert "another period" not in age(scene.version).sentence
    actions.inspect_again(scene.version, by=scene.engineer)
    jobs.run_waiting()
    assert found(scene).result == before


def test_a_result_is_never_changed(scene: Scene) -> None:
    result = found(scene).result
    assert result is not None
    with pytest.raises(IntegrityError), connection.cursor() as cursor:
        cursor.execute("UPDATE datasets_inspectionresult SET digest = 'x' WHERE id = %s", [result.pk])


def test_an_inspection_is_stopped_and_started_again(scene: Scene) -> None:
    actions.inspect_again(scene.version, by=scene.engineer)
    actions.cancel_inspection(scene.version, by=scene.engineer)
    jobs.run_waiting()
    assert (found(scene).state, found(scene).error) == ("cancelled", f"Stopped by {scene.engineer.name}.")
    with pytest.raises(NothingRuns):
        actions.cancel_inspection(scene.version, by=scene.engineer)
    _status, facts = Caller(scene.engineer).get(f"dataset-versions/{scene.version.pk}/facts/")
    shape = next(fact for fact in facts if fact["name"] == "dataset.shape")
    assert (shape["status"], shape["sentence"]) == ("failed", "The inspection was stopped. Start it again.")
    actions.inspect_again(scene.version, by=scene.engineer)
    jobs.run_waiting()
    assert found(scene).state == "done"


def test_a_worker_lets_go_of_an_inspection_that_was_stopped(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stopping, "LOOK_AGAIN_SECONDS", -1)
    version = make_version(scene, TRAIN + "another,pay\n", TEST)
    reading = {"mapping": {}, "policy": {"near_words": 4}}
    actions.set_reading(scene.dataset.pk, by=scene.engineer, revision=None, **reading)
    actions.inspect_again(version, by=scene.engineer)

    def stopped(*_files: Any, progress: Any, **_values: Any) -> Any:
        actions.cancel_inspection(version, by=scene.engineer)
        progress(1)
        pytest.fail("It went on.")

    monkeypatch.setattr(inspecting, "inspect", stopped)
    jobs.run_waiting()
    assert Inspection.objects.get(version=version).state == "cancelled"


def test_it_is_stopped_on_the_page_and_over_the_api(scene: Scene) -> None:
    caller = Caller(scene.engineer, "write")
    status, problem = caller.post(f"dataset-versions/{scene.version.pk}/inspection-stops/")
    assert (status, problem["code"]) == (409, "nothing_runs")
    actions.inspect_again(scene.version, by=scene.engineer)
    client = Client()
    client.force_login(scene.engineer)
    page = client.get(f"/datasets/versions/{scene.version.pk}/")
    assert b"Stop the inspection" in page.content
    assert client.post(f"/datasets/versions/{scene.version.pk}/inspection/stop/").status_code == 302
    assert found(scene).state == "cancelled"


def test_later_versions_are_read_as_the_dataset_remembers(scene: Scene) -> None:
    mapping = {"input": "category", "label": "text", "shape": "text_label"}
    actions.set_reading(scene.dataset.pk, by=scene.engineer, revision=1, mapping=mapping, policy={})
    version = make_version(scene, TRAIN + "another,pay\n", TEST)
    assert (version.input_column, version.label_column, version.shape) == ("category", "text", "text_label")
    assert scene.version.input_column == "text"


def test_what_makes_no_sense_is_refused_and_a_stale_form_too(scene: Scene) -> None:
    for policy in ({"near_threshold": 0.1}, {"near_words": 0}, {"stale_days": 0}, {"rare_rows": 0}):
        with pytest.raises(InvalidInput):
            actions.set_reading(scene.dataset.pk, by=scene.engineer, revision=1, mapping={}, policy=policy)
    with pytest.raises(InvalidInput, match="no shape"):
        actions.set_reading(scene.dataset.pk, by=scene.engineer, revision=1, mapping={"shape": "x"}, policy={})
    with pytest.raises(StaleEdit):
        actions.set_reading(scene.dataset.pk, by=scene.engineer, revision=7, mapping={}, policy={})
    with pytest.raises(NotPermitted):
        actions.set_reading(
            scene.dataset.pk, by=scene.people["sponsor"], revision=1, mapping={}, policy={"near_words": 2}
        )


def test_the_reading_is_set_on_the_page_and_over_the_api(scene: Scene) -> None:
    caller = Caller(scene.engineer, "read", "write")
    path = f"datasets/{scene.dataset.pk}/reading/"
    status, reading = caller.get(path)
    assert (status, reading["policy"]["near_threshold"]) == (200, 0.8)
    status, reading = caller.call("PUT", path, {"policy": {"near_threshold": 0.9}}, If_Match='"1"')
    assert (status, reading["policy"]["near_threshold"]) == (200, 0.9)
    client = Client()
    client.force_login(scene.engineer)
    url = f"/datasets/{scene.dataset.pk}/reading/"
    assert b"0.9" in client.get(url).content
    form = {"revision": 2, "near_threshold": 0.7, "near_words": 3, "rare_rows": 5, "date": "day", "stale_days": ""}
    assert client.post(url, form).status_code == 302
    scene.dataset.refresh_from_db()
    assert scene.dataset.reading == {
        "mapping": {"date": "day"},
        "policy": {"near_threshold": 0.7, "near_words": 3, "rare_rows": 5},
    }


def test_findings_are_read_over_the_api_with_their_rows_masked(scene: Scene) -> None:
    version = make_version(scene, TRAIN + "Mail ann@example.com,pay\nMail ann@example.com,pay\n", TEST)
    status, answer = Caller(scene.engineer).get(f"dataset-versions/{version.pk}/findings/")
    assert (status, answer["state"], answer["engine"]) == (200, "done", "duckdb")
    assert answer["findings"]["sensitive"]["kinds"]["email"]["rows"] == 2
    assert "ann@example.com" not in str(answer)
