"""What changed between two versions: row by row, by hand, and over pages and API."""

import html
import io
import json
from collections import Counter
from functools import partial
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.core import jobs
from apps.core.errors import NotFound, NotPermitted
from apps.core.models import Job
from apps.datasets import actions, comparing
from apps.datasets.errors import NotComparable, NothingRuns
from apps.datasets.inspection import FileProblem, Mapping, difference
from apps.datasets.inspection import SplitFile as Readable
from apps.datasets.inspection.difference import KeyNotUnique, Side, compare
from apps.datasets.models import SplitFile, VersionDifference
from apps.ledger.models import Entry
from tests.api.client import Caller
from tests.people.factories import make_user
from tests.scenery import LEAKING, TEST, TRAIN, Scene, make_scene, make_version


def side(text: str, test: str = "", label: str = "label", column: str = "text") -> Side:
    files = [Readable("train", "train.csv", "csv", False, partial(io.BytesIO, text.encode()))]
    if test:
        files.append(Readable("test", "test.csv", "csv", False, partial(io.BytesIO, test.encode())))
    return Side(files, Mapping(column, label))


def table(*rows: tuple[str, str]) -> str:
    return "text,label\n" + "".join(f"{text},{label}\n" for text, label in rows)


def changes(found: dict[str, Any]) -> dict[str, int]:
    return {
        name: count for name, count in found["totals"].items() if count and name not in ("changed_percent", "pairs")
    }


def test_the_same_rows_in_another_order_are_unchanged() -> None:
    found = compare(side(table(("a", "x"), ("b", "y"))), side(table(("b", "y"), ("a", "x"))))
    assert changes(found) == {"unchanged": 2}
    assert found["totals"]["changed_percent"] == 0


def test_rows_that_repeat_count_as_often_as_they_stand() -> None:
    found = compare(side(table(("a", "x"), ("a", "x"), ("a", "x"))), side(table(("a", "x"), ("a", "y"))))
    assert changes(found) == {"unchanged": 1, "changed": 1, "relabelled": 1, "removed": 1}


def test_a_row_with_another_label_is_a_move_and_neither_added_nor_removed() -> None:
    found = compare(side(table(("a", "x"), ("b", "x"), ("c", "x"))), side(table(("a", "y"), ("b", "y"), ("c", "z"))))
    assert changes(found) == {"changed": 3, "relabelled": 3}
    assert found["label_moves"]["moves"] == [
        {"rows": 2, "from": "x", "to": "y"}, {"rows": 1, "from": "x", "to": "z"},
    ]  # fmt: skip
    assert [row["label"] for row in found["labels"]["new"]["labels"]] == ["y", "z"]
    assert [row["label"] for row in found["labels"]["gone"]["labels"]] == ["x"]


def test_case_and_white_space_are_spelling() -> None:
    found = compare(side(table(("Pay  NOW", "x"))), side(table(("pay now", "x"))))
    assert changes(found) == {"changed": 1, "respelled": 1}


def test_a_row_that_moved_to_another_split_is_one_move() -> None:
    old = side(table(("a", "x"), ("b", "x")), table(("c", "x")))
    found = compare(old, side(table(("a", "x")), table(("b", "x"), ("c", "x"))))
    assert changes(found) == {"unchanged": 2, "moved": 1}
    assert found["moves_between_splits"] == [{"from": "train", "to": "test", "rows": 1}]
    assert found["by_split"]["test"]["moved"] == 1


def test_a_key_column_tells_a_rewritten_row_from_a_new_one() -> None:
    old = side("id,text,label\n1,first,x\n2,second,x\n3,third,x\n")
    found = compare(old, side("id,text,label\n1,first,y\n2,another,x\n4,fourth,x\n"))
    assert found["key"] == "id"
    assert changes(found) == {"changed": 2, "relabelled": 1, "rewritten": 1, "added": 1, "removed": 1}


def test_a_key_that_repeats_names_no_row() -> None:
    found = compare(side("id,text,label\n1,a,x\n1,b,x\n"), side("id,text,label\n1,a,x\n1,c,x\n"))
    assert (found["key"], found["why_no_key"]) == ("", "“id” names more than one row.")
    assert changes(found) == {"unchanged": 1, "added": 1, "removed": 1}


def test_a_chosen_key_recognises_rows_that_no_name_gives_away() -> None:
    old = side("ticket,text,label\n1,first,x\n2,second,x\n")
    new = side("ticket,text,label\n2,another,x\n1,first,x\n")
    guessed, chosen = compare(old, new), compare(old, new, key="ticket")
    assert (guessed["key"], changes(guessed)) == ("", {"unchanged": 1, "added": 1, "removed": 1})
    assert (chosen["key"], changes(chosen)) == ("ticket", {"unchanged": 1, "changed": 1, "rewritten": 1})
    by_text = compare(old, new, key="text")
    assert changes(by_text) == {"unchanged": 1, "added": 1, "removed": 1}


def test_a_chosen_key_must_stand_in_both_and_name_each_row() -> None:
    old = side("ticket,text,label\n7,a,x\n8,b,x\n9,c,x\n8,d,x\n7,e,x\n")
    with pytest.raises(FileProblem, match="no column “ticket” in both"):
        compare(old, side(table(("a", "x"))), key="ticket")
    with pytest.raises(KeyNotUnique) as refusal:
        compare(old, old, key="ticket")
    assert refusal.value.side == "old"
    assert refusal.value.places == [{"file": 0, "row": 2}, {"file": 0, "row": 6}]
    good, empty = side("ticket,text,label\n1,a,x\n"), side("ticket,text,label\n,a,x\n1,b,x\n,c,x\n")
    with pytest.raises(KeyNotUnique) as refusal:
        compare(good, empty, key="ticket")
    assert (refusal.value.side, refusal.value.places[1]) == ("new", {"file": 0, "row": 4})


def test_other_columns_are_details_and_new_ones_are_named() -> None:
    found = compare(side("text,label,day\na,x,1\nb,x,1\n"), side("text,label,day,who\na,x,2,me\nb,x,1,me\n"))
    assert changes(found) == {"unchanged": 1, "details": 1}
    assert (found["columns"]["added"], found["columns"]["removed"]) == (["who"], [])


def test_a_version_without_labels_is_compared_by_its_inputs() -> None:
    found = compare(side("text\na\n", label=""), side("text\nb\n", label=""))
    assert changes(found) == {"added": 1, "removed": 1}


def test_a_chat_is_compared_by_its_turns_and_its_last_answer() -> None:
    def chat(answer: str, **more: str) -> str:
        turns = [{"role": "user", "content": "How do I pay?"}, {"role": "assistant", "content": answer}]
        return json.dumps({"messages": turns, **more}) + "\n"

    def chats(text: str) -> Side:
        file = Readable("train", "train.jsonl", "jsonl", False, partial(io.BytesIO, text.encode()))
        return Side([file], Mapping("messages", shape="chat"))

    found = compare(chats(chat("By card.")), chats(chat("By transfer.")))
    assert changes(found) == {"changed": 1, "relabelled": 1}
    assert found["label_moves"]["moves"] == [{"rows": 1, "from": "By card.", "to": "By transfer."}]
    assert "How do I pay?" in found["samples"]["relabelled"][0]["new"]["text"]


def test_a_missing_column_is_named() -> None:
    with pytest.raises(FileProblem, match="no column “label”"):
        compare(side("text\na\n"), side(table(("a", "x"))))


ROWS = st.lists(st.tuples(st.sampled_from("abcdef"), st.sampled_from("xyz")), min_size=1, max_size=25)


@settings(max_examples=30, deadline=None)
@given(ROWS, ROWS)
def test_counts_agree_with_counting_by_hand(old: list[tuple[str, str]], new: list[tuple[str, str]]) -> None:
    totals = compare(side(table(*old)), side(table(*new)))["totals"]
    assert totals["unchanged"] == (Counter(old) & Counter(new)).total()
    inputs = [Counter(text for text, _label in rows) for rows in (old, new)]
    assert totals["pairs"] == (inputs[0] & inputs[1]).total()
    assert totals["pairs"] + totals["added"] == len(new)
    assert totals["pairs"] + totals["removed"] == len(old)
    assert totals["relabelled"] == totals["pairs"] - totals["unchanged"]


def test_many_rows_are_paired_under_a_small_memory_limit() -> None:
    old = table(*((f"row {n}", f"label {n % 7}") for n in range(60_000)))
    new = table(*((f"row {n}", f"label {n % 7}") for n in range(30_000, 90_000)))
    found = compare(side(old), side(new), memory_limit="64MB")
    assert changes(found) == {"unchanged": 30_000, "added": 30_000, "removed": 30_000}


@pytest.fixture
def scene() -> Scene:
    return make_scene(complete=False)


def newer(scene: Scene) -> Any:
    train = TRAIN.replace("I lost it,lost", "I lost it,card") + "Call me at +49 170 1234567,pay\n"
    return make_version(scene, train, LEAKING)


@pytest.mark.django_db
def test_a_comparison_is_computed_once_a_pair(scene: Scene) -> None:
    version = newer(scene)
    first = actions.compare_versions(version, scene.version, by=scene.engineer)
    jobs.run_waiting()
    again = actions.compare_versions(version, scene.version, by=scene.lead)
    assert (again.pk, again.state) == (first.pk, "done")
    assert VersionDifference.objects.count() == 1
    entries = Entry.objects.filter(subject_id=str(version.pk), action="dataset_version.compared")
    assert '"relabelled":1' in entries.get().body


@pytest.mark.django_db
def test_versions_of_two_datasets_are_not_compared(scene: Scene) -> None:
    other = make_scene(complete=False, name="Two")
    with pytest.raises(NotFound):
        actions.compare_versions(scene.version, other.version, by=scene.engineer)
    with pytest.raises(NotFound):
        actions.compare_versions(scene.version, scene.version, by=make_user("Stranger"))
    with pytest.raises(NotComparable):
        actions.compare_versions(scene.version, scene.version, by=scene.engineer)


@pytest.mark.django_db
def test_a_comparison_that_failed_is_tried_again(scene: Scene) -> None:
    from django.core.files.base import ContentFile
    from django.core.files.storage import default_storage

    version = newer(scene)
    name = SplitFile.objects.filter(version=version).latest("position").storage_name
    with default_storage.open(name) as file:
        data = file.read()
    default_storage.delete(name)
    actions.compare_versions(version, scene.version, by=scene.engineer)
    jobs.run_waiting()
    found = VersionDifference.objects.get()
    assert (found.state, "not in the storage" in found.error) == ("failed", True)
    default_storage.save(name, ContentFile(data))
    actions.compare_versions(version, scene.version, by=scene.engineer)
    jobs.run_waiting()
    found.refresh_from_db()
    assert found.state == "done"


KEYED = "ticket,text,category\n1,How do I pay?,pay\n2,I lost it,lost\n"
REKEYED = "ticket,text,category\n2,It is lost,lost\n1,How do I pay?,pay\n"


def keyed(scene: Scene, train: str, test: str) -> Any:
    return make_version(scene, train, f"ticket,text,category\n{test},Can I pay later?,pay\n")


@pytest.mark.django_db
def test_the_key_is_chosen_on_the_page(scene: Scene) -> None:
    older, version = keyed(scene, KEYED, "3"), keyed(scene, REKEYED, "3")
    client = Client()
    client.force_login(scene.engineer)
    url = f"/datasets/versions/{version.pk}/compare/"
    body = {"against": str(older.pk), "key_column": "tickets"}
    page = client.get(url).content.decode()
    assert '<option value="ticket">' in page
    refused = client.post(url, body)
    assert refused.status_code == 422
    assert "Questions v2 has no column “tickets” to recognise rows by." in html.unescape(refused.content.decode())
    assert 'value="tickets"' in refused.content.decode(), "what was typed is kept"
    answer = client.post(url, body | {"key_column": " ticket "})
    assert answer.url == f"{url}?against={older.pk}&key_column=ticket"
    assert "key_column=ticket" in client.get(answer.url).content.decode()
    jobs.run_waiting()
    page = html.unescape(client.get(answer.url).content.decode())
    assert "by their key, the column “ticket”" in page
    assert "1 row has another text under the same key." in page
    assert "were not compared yet" in client.get(f"{url}?against={older.pk}").content.decode()


@pytest.mark.django_db
def test_a_key_that_does_not_name_each_row_is_refused_with_the_first_two_rows(scene: Scene) -> None:
    older, version = keyed(scene, KEYED, "2"), keyed(scene, REKEYED, "3")
    caller = Caller(scene.engineer)
    path = f"dataset-versions/{version.pk}/differences/"
    body = {"against": str(older.pk), "key_column": "ticket"}
    status, problem = caller.post(path, body | {"key_column": "nowhere"})
    assert (status, problem["code"], list(problem["errors"])) == (422, "column_unknown", ["/key_column"])
    assert caller.post(path, body)[0] == 202
    jobs.run_waiting()
    _status, rows = caller.get(path)
    assert [(row["state"], row["error_code"], row["key_column"]) for row in rows] == [
        ("failed", "key_not_unique", "ticket")
    ]
    assert "of Questions v2: row 2 of test.csv and row 3 of train.csv hold the same value, or none." in rows[0]["error"]
    assert "I lost it" not in rows[0]["error"]
    assert caller.post(path, {"against": str(older.pk)})[0] == 202
    jobs.run_waiting()
    _status, rows = caller.get(path)
    assert [(row["key_column"], row["state"]) for row in rows] == [("", "done"), ("ticket", "failed")]
    status, data = caller.post(path, body)
    assert (status, data["state"], data["error_code"]) == (202, "pending", "")
    status, data = caller.post(f"dataset-versions/{version.pk}/difference-stops/", body)
    assert (status, data["state"]) == (201, "cancelled")


@pytest.mark.django_db
def test_a_comparison_is_stopped_and_started_again(scene: Scene) -> None:
    version = newer(scene)
    with pytest.raises(NothingRuns):
        actions.cancel_comparison(version, scene.version, by=scene.engineer)
    actions.compare_versions(version, scene.version, by=scene.engineer)
    with pytest.raises(NotPermitted):
        actions.cancel_comparison(version, scene.version, by=scene.people["sponsor"])
    found = actions.cancel_comparison(version, scene.version, by=scene.engineer)
    jobs.run_waiting()
    found.refresh_from_db()
    assert (found.state, found.error, found.result) == ("cancelled", "Stopped by Technical Owner.", {})
    assert Entry.objects.filter(action="dataset_version.comparison_stopped", subject_id=version.pk).exists()
    with pytest.raises(NothingRuns):
        actions.cancel_comparison(version, scene.version, by=scene.engineer)
    actions.compare_versions(version, scene.version, by=scene.engineer)
    jobs.run_waiting()
    found.refresh_from_db()
    assert (found.state, found.attempt) == ("done", 2)


@pytest.mark.django_db
def test_a_worker_lets_go_of_a_comparison_that_was_stopped(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    version = newer(scene)
    actions.compare_versions(version, scene.version, by=scene.engineer)

    def stopped(*_sides: Any, progress: Any, **_values: Any) -> Any:
        actions.cancel_comparison(version, scene.version, by=scene.engineer)
        progress(3)
        pytest.fail("The worker went on.")

    monkeypatch.setattr(difference, "compare", stopped)
    jobs.run_waiting()
    assert VersionDifference.objects.get().state == "cancelled"
    assert Job.objects.get(kind="compare_versions").state == "done"


@pytest.mark.django_db
def test_a_comparison_is_stopped_on_the_page_and_over_the_api(scene: Scene) -> None:
    version = newer(scene)
    client, caller = Client(), Caller(scene.engineer)
    client.force_login(scene.engineer)
    url = f"/datasets/versions/{version.pk}/compare/"
    body = {"against": str(scene.version.pk)}
    page = client.get(client.post(url, body).url).content.decode()
    assert "Stop the comparison" in page
    answer = client.post(f"{url}stop/", body)
    page = client.get(answer.url).content.decode()
    assert "Stopped by Technical Owner." in page
    assert "Try again" in page
    assert client.post(f"{url}stop/", body).status_code == 409
    path = f"dataset-versions/{version.pk}/"
    status, problem = caller.post(f"{path}difference-stops/", body)
    assert (status, problem["code"]) == (409, "nothing_runs")
    caller.post(f"{path}differences/", body)
    status, data = caller.post(f"{path}difference-stops/", body)
    assert (status, data["state"]) == (201, "cancelled")


@pytest.mark.django_db
@pytest.mark.parametrize(
    "attack",
    [
        "UPDATE datasets_versiondifference SET result = '{}'",
        "DELETE FROM datasets_versiondifference",
        "TRUNCATE datasets_versiondifference",
    ],
)
def test_a_difference_cannot_be_changed_from_below(scene: Scene, attack: str) -> None:
    actions.compare_versions(newer(scene), scene.version, by=scene.engineer)
    jobs.run_waiting()
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(attack)


@pytest.mark.django_db
def test_the_page_says_what_changed_in_words_and_masks_its_samples(scene: Scene) -> None:
    version = newer(scene)
    client = Client()
    client.force_login(scene.engineer)
    url = f"/datasets/versions/{version.pk}/compare/"
    assert "not compared yet" in client.get(url).content.decode()
    response = client.post(url, {"against": str(scene.version.pk)})
    assert response.status_code == 302
    assert "Comparison" in client.get(response.url).content.decode()
    jobs.run_waiting()
    page = client.get(response.url).content.decode()
    assert "Version 2 has 5 rows, version 1 4" in page
    assert "1 row carries another label. Most often “lost” became “card” (1)." in page
    assert "Labels that are gone: lost." in page
    assert "Found now and not then: Leakage between splits" in page
    assert "1234567" not in page
    assert "Call me at [phone]" in page
    assert client.get(f"{url}?against={version.pk}").status_code == 404


@pytest.mark.django_db
def test_a_dataset_with_one_version_has_nothing_to_compare(scene: Scene) -> None:
    client = Client()
    client.force_login(scene.engineer)
    url = f"/datasets/versions/{scene.version.pk}/compare/"
    assert "no other version" in client.get(url).content.decode()
    assert client.post(url).status_code == 404


@pytest.mark.django_db
def test_the_api_compares_and_answers_masked(scene: Scene) -> None:
    version = newer(scene)
    caller = Caller(scene.engineer)
    path = f"dataset-versions/{version.pk}/differences/"
    assert caller.get(path) == (200, [])
    status, data = caller.post(path, {"against": str(scene.version.pk)})
    assert (status, data["state"]) == (202, "pending")
    jobs.run_waiting()
    status, rows = caller.get(f"{path}?against={scene.version.pk}")
    assert (status, rows[0]["state"], rows[0]["against"]) == (200, "done", str(scene.version.pk))
    assert rows[0]["result"]["totals"]["relabelled"] == 1
    added = [row["new"]["text"] for row in rows[0]["result"]["samples"]["added"]]
    assert "Call me at [phone]" in added
    assert caller.get(f"{path}?against={version.pk}")[1] == []
    status, problem = caller.post(path, {"against": str(version.pk)})
    assert (status, problem["code"]) == (422, "not_comparable")


@pytest.mark.django_db
def test_files_are_named_as_the_version_names_them(scene: Scene) -> None:
    version = newer(scene)
    actions.compare_versions(version, scene.version, by=scene.engineer)
    jobs.run_waiting()
    result = VersionDifference.objects.get().result
    assert "file_name" not in str(result)
    found = comparing.shown(result, scene.version, version, str)
    assert found["samples"]["relabelled"][0]["new"]["file_name"] == "train.csv"
    assert TEST
