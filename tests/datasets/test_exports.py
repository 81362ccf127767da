"""A link to rows: for whom it is, how often, until when; what leaves is safe, recorded and a copy."""

import csv
import datetime as dt
import io
import json
import tracemalloc
from typing import Any

import pytest
from django.core import signing
from django.core.files.storage import default_storage
from django.db import IntegrityError, connection, transaction
from django.test import Client

from apps.core import clock
from apps.core.errors import InvalidInput, NotFound, NotPermitted
from apps.datasets import actions, streaming
from apps.datasets.actions.exports import SALT
from apps.datasets.errors import DateNotPossible, FilesErased, LinkEnded, LinkNotPossible, ReasonNeeded
from apps.datasets.models import Copy, ExportDownload, VersionExport
from apps.evidence.errors import FileGone
from apps.ledger.models import Entry
from apps.people.models import Membership
from tests.api.client import Caller
from tests.people.factories import make_user, member
from tests.races import at_once
from tests.scenery import Scene, make_export, make_scene, make_version, upload

pytestmark = pytest.mark.django_db
TRAIN = 'text,category\n"=HYPERLINK(""http://evil"")",pay\n-5,card\n"two\nlines, and a comma",lost\n'


@pytest.fixture
def scene() -> Scene:
    return make_scene(complete=False, train=TRAIN)


def page(user: Any = None) -> Client:
    client = Client()
    if user is not None:
        client.force_login(user)
    return client


def link(export: VersionExport) -> str:
    return f"/datasets/links/{actions.link_token(export)}/"


def body(answer: Any) -> bytes:
    return b"".join(answer.streaming_content)


def test_a_bound_link_is_its_makers_alone(scene: Scene) -> None:
    export = make_export(scene)
    assert page(scene.engineer).get(link(export)).status_code == 200
    assert page(scene.lead).get(link(export)).status_code == 404
    assert page(scene.lead).get(link(export) + "file/").status_code == 404
    anonymous = page().get(link(export) + "file/")
    assert (anonymous.status_code, anonymous["Location"].split("?")[0]) == (302, "/accounts/login/")
    assert not ExportDownload.objects.exists()
    assert page(scene.engineer).get(link(export) + "file/").status_code == 200
    assert ExportDownload.objects.get().by == scene.engineer


def test_a_link_for_anyone_needs_no_account(scene: Scene) -> None:
    export = make_export(scene, is_for_anyone=True)
    text = page().get(link(export)).content.decode()
    assert "Downloads left" in text
    answer: Any = page().get(link(export) + "file/")
    assert answer["Content-Disposition"] == 'attachment; filename="questions-v1.csv"'
    assert answer["Referrer-Policy"] == "no-referrer"
    body(answer)
    entry = Entry.objects.get(action="dataset_version.downloaded")
    assert (entry.actor_name, entry.payload["by"], entry.payload["rows"]) == ("Fourgate", "Somebody with the link", 4)


def test_reading_the_page_of_a_link_counts_nothing(scene: Scene) -> None:
    export = make_export(scene, is_for_anyone=True, most_downloads=1)
    for _look in range(3):
        assert page().get(link(export)).status_code == 200
        assert page().head(link(export) + "file/").status_code == 302
        assert page().post(link(export) + "file/").status_code == 405
    assert page().get(link(export) + "file/").status_code == 200
    ended = page().get(link(export) + "file/")
    assert ended.status_code == 410
    assert "used as often as it may be" in ended.content.decode()


def test_an_expired_and_a_revoked_link_say_so(scene: Scene) -> None:
    with clock.replay(clock.now() - dt.timedelta(days=2)):
        old = make_export(scene, hours=24)
    answer = page(scene.engineer).get(link(old))
    assert answer.status_code == 410
    assert "has expired" in answer.content.decode()
    export = make_export(scene)
    caller = Caller(scene.engineer, "read", "write")
    status, data = caller.post(f"dataset-exports/{export.pk}/revocations/", {"reason": "Sent to the wrong list"})
    assert (status, data["state"]) == (201, "revoked")
    answer = page(scene.engineer).get(link(export) + "file/")
    assert answer.status_code == 410
    assert "taken back" in answer.content.decode()
    status, problem = caller.get(f"dataset-exports/{export.pk}/download/")
    assert (status, problem["code"], problem["reason"]) == (410, "link_ended", "revoked")
    with pytest.raises(LinkEnded):
        actions.revoke_export(export, by=scene.engineer)


def test_a_link_ends_with_the_permission_of_who_made_it(scene: Scene) -> None:
    export = make_export(scene, is_for_anyone=True)
    Membership.objects.filter(user=scene.engineer).delete()
    assert page().get(link(export)).status_code == 410
    with pytest.raises(LinkEnded, match="may not export"):
        actions.download_export(export, by=None)


def test_a_token_that_was_not_made_here_leads_nowhere(scene: Scene) -> None:
    export = make_export(scene)
    token = actions.link_token(export)
    forged = [
        token[:-1] + ("A" if token[-1] != "A" else "B"),
        "nonsense",
        signing.Signer(salt=SALT).sign_object([export.pk.hex, "", int(export.expires_at.timestamp())]),
        signing.Signer(salt=SALT).sign_object([export.pk.hex, str(scene.engineer.pk), 4102444800]),
        signing.Signer(salt="other").sign_object(
            [export.pk.hex, str(scene.engineer.pk), int(export.expires_at.timestamp())]
        ),
        signing.Signer(salt=SALT).sign_object(["x"]),
        signing.Signer(salt=SALT).sign_object(7),
    ]
    for text in forged:
        assert page(scene.engineer).get(f"/datasets/links/{text}/").status_code == 404, text
        with pytest.raises(NotFound):
            actions.export_of(text)


def test_a_cell_that_a_spreadsheet_would_run_is_neutral_in_csv_and_exact_in_jsonl(scene: Scene) -> None:
    answer: Any = page(scene.engineer).get(link(make_export(scene)) + "file/")
    rows = list(csv.reader(io.StringIO(body(answer).decode("utf-8-sig"))))
    assert rows[0] == ["split", "text", "category"]
    assert rows[1] == ["train", '\'=HYPERLINK("http://evil")', "pay"]
    assert rows[2] == ["train", "-5", "card"], "a number is no formula"
    assert rows[4] == ["test", "Can I pay later?", "pay"]
    answer = page(scene.engineer).get(link(make_export(scene, format="jsonl")) + "file/")
    lines = [json.loads(line) for line in body(answer).decode().splitlines()]
    assert lines[0] == {"split": "train", "text": '=HYPERLINK("http://evil")', "category": "pay"}
    assert lines[2]["text"] == "two\nlines, and a comma"


def test_one_file_is_exported_as_it_is_named_with_its_own_columns(scene: Scene) -> None:
    file = scene.version.files.get(split="test")
    answer: Any = page(scene.engineer).get(link(make_export(scene, file=file, format="jsonl")) + "file/")
    assert answer["Content-Disposition"] == 'attachment; filename="test.jsonl"'
    assert json.loads(body(answer)) == {"text": "Can I pay later?", "category": "pay"}


def test_columns_in_another_order_and_a_column_named_split_come_out_right(scene: Scene) -> None:
    dataset = actions.create_dataset(scene.use_case, by=scene.engineer, name="Mixed")
    version = actions.register_version(
        dataset,
        {
            "train": [upload(dataset, "a.csv", "text,split,=x\nq,first,1\n", scene.engineer)],
            "test": [upload(dataset, "b.jsonl", '{"=x": "2", "split": "second", "text": "r"}\n', scene.engineer)],
        },
        by=scene.engineer,
    )
    answer: Any = page(scene.engineer).get(link(make_export(scene, version=version)) + "file/")
    rows = list(csv.reader(io.StringIO(body(answer).decode("utf-8-sig"))))
    assert rows == [["split_", "text", "split", "'=x"], ["train", "q", "first", "1"], ["test", "r", "second", "2"]]


def test_a_followed_link_is_a_copy_with_its_day_and_one_that_nobody_followed_is_none(scene: Scene) -> None:
    make_export(scene)
    day = clock.today() + dt.timedelta(days=9)
    export = make_export(scene, delete_by=day)
    for _turn in range(2):
        actions.download_export(export, by=scene.engineer)
    copy = Copy.objects.with_terms().get(kind="export")
    assert (copy.owner, copy.delete_by, copy.state) == (scene.engineer, day, "standing")
    assert copy.place == "Downloaded by Technical Owner: Questions v1 (CSV)"
    assert copy.exported.export == export


@pytest.mark.parametrize(
    ("values", "refusal"),
    [
        ({"reason": " "}, ReasonNeeded),
        ({"format": "xlsx"}, InvalidInput),
        ({"hours": 0}, LinkNotPossible),
        ({"hours": 169}, LinkNotPossible),
        ({"most_downloads": 101}, LinkNotPossible),
        ({"delete_by": dt.date(2020, 1, 1)}, DateNotPossible),
    ],
)
def test_a_link_that_cannot_be_is_refused(scene: Scene, values: dict[str, Any], refusal: Any) -> None:
    with pytest.raises(refusal):
        make_export(scene, **values)
    assert not VersionExport.objects.exists()


def test_a_file_of_another_version_is_refused(scene: Scene) -> None:
    other = make_version(scene, train=TRAIN + "more,pay\n")
    with pytest.raises(LinkNotPossible):
        make_export(scene, file=other.files.first())
    body_ = {
        "format": "csv",
        "reason": "r",
        "delete_by": "2100-01-01",
        "file": str(other.files.values_list("pk", flat=True)[0]),
    }
    status, _problem = Caller(scene.engineer).post(f"dataset-versions/{scene.version.pk}/exports/", body_)
    assert status == 422


def test_who_may_not_export_makes_no_link(scene: Scene) -> None:
    for role in ("business_owner", "compliance_reviewer", "sponsor"):
        with pytest.raises(NotPermitted):
            make_export(scene, by=scene.people[role])


def test_deleted_and_lost_files_are_not_exported(scene: Scene) -> None:
    export = make_export(scene)
    file = scene.version.files.first()
    moved = default_storage.open(file.storage_name).read()
    default_storage.delete(file.storage_name)
    with pytest.raises(FileGone):
        actions.download_export(export, by=scene.engineer)
    assert page(scene.engineer).get(link(export) + "file/").status_code == 409
    with default_storage.open(file.storage_name, "wb") as back:
        back.write(moved)
    actions.erase_files(scene.version, by=scene.people["data_steward"], confirm=str(scene.version))
    with pytest.raises(FilesErased):
        actions.download_export(export, by=scene.engineer)
    with pytest.raises(FilesErased):
        make_export(scene)
    assert not ExportDownload.objects.exists()


def test_the_link_itself_is_shown_to_who_made_it_and_to_nobody_else(scene: Scene) -> None:
    export = make_export(scene, is_for_anyone=True)
    token = actions.link_token(export)
    assert token in page(scene.engineer).get(f"/datasets/exports/{export.pk}/").content.decode()
    assert token not in page(scene.lead).get(f"/datasets/exports/{export.pk}/").content.decode()
    _status, mine = Caller(scene.engineer, "read").get(f"dataset-exports/{export.pk}/")
    assert mine["link"].endswith(f"/datasets/links/{token}/")
    _status, theirs = Caller(scene.lead, "read").get(f"dataset-exports/{export.pk}/")
    assert (theirs["link"], theirs["file_link"]) == ("", "")
    assert page(make_user("Stranger")).get(f"/datasets/exports/{export.pk}/").status_code == 404


def test_a_pipeline_makes_a_link_and_reads_the_rows_with_its_token(scene: Scene) -> None:
    robot = member(scene.team, "technical_owner", name="Trainer", kind="service")
    caller = Caller(robot, "read", "write")
    path = f"dataset-versions/{scene.version.pk}/exports/"
    asked = {"format": "jsonl", "reason": "Run 18", "delete_by": "2100-01-01", "most_downloads": 1}
    status, problem = caller.post(path, asked)
    assert (status, problem["code"]) == (422, "owner_outside_team"), "a program names who deletes it again"
    status, export = caller.post(path, {**asked, "owner": str(scene.engineer.pk)})
    assert (status, export["state"], export["download_count"]) == (201, "open", 0)
    answer: Any = caller.client.get(f"/api/v1/dataset-exports/{export['id']}/download/", headers=caller.headers)
    assert answer.status_code == 200
    assert len(body(answer).splitlines()) == 4
    assert Copy.objects.get(kind="export").owner == scene.engineer
    assert caller.get(f"dataset-exports/{export['id']}/download/")[0] == 410
    _status, listed = caller.get(f"dataset-versions/{scene.version.pk}/exports/?state=used_up")
    assert [row["id"] for row in listed["results"]] == [export["id"]]
    assert Caller(scene.lead).get(f"dataset-exports/{export['id']}/download/")[0] == 404


def test_rows_stream_in_memory_that_the_file_does_not_change(scene: Scene) -> None:
    dataset = actions.create_dataset(scene.use_case, by=scene.engineer, name="Large")

    def peak(rows: int) -> int:
        text = "text,category\n" + "".join(f"{'word ' * 40}{number},a\n" for number in range(rows))
        version = actions.register_version(
            dataset, {"train": [upload(dataset, "t.csv", text, scene.engineer)]}, by=scene.engineer
        )
        del text
        export = make_export(scene, version=version, format="jsonl")
        files = actions.download_export(export, by=scene.engineer)
        tracemalloc.start()
        try:
            size = sum(len(chunk) for chunk in streaming.answer(export, files).streaming_content)
            assert size > rows * 200
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    assert peak(120_000) < peak(60_000) * 1.2


@pytest.mark.django_db(transaction=True)
def test_downloads_at_once_are_never_more_than_the_link_allows() -> None:
    scene = make_scene(complete=False)
    export = make_export(scene, is_for_anyone=True, most_downloads=3)
    ended = at_once([lambda: actions.download_export(export, by=None) for _number in range(8)])
    assert ended == {"done": 3, "link_ended": 5}
    assert ExportDownload.objects.count() == 3
    assert Copy.objects.filter(kind="export").count() == 1


def test_the_database_keeps_links_and_downloads(scene: Scene) -> None:
    export = make_export(scene)
    actions.download_export(export, by=scene.engineer)
    actions.revoke_export(export, by=scene.lead)
    for sql in (
        "UPDATE datasets_versionexport SET expires_at = now() + interval '1 year'",
        "UPDATE datasets_versionexport SET is_for_anyone = true",
        "DELETE FROM datasets_exportdownload",
        "DELETE FROM datasets_exportrevocation",
        "UPDATE datasets_exportcopy SET copy_id = copy_id",
    ):
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            with pytest.raises(IntegrityError), transaction.atomic():
                cursor.execute(sql)


def test_the_form_makes_a_link_and_keeps_what_was_typed(scene: Scene) -> None:
    client = page(scene.engineer)
    path = f"/datasets/versions/{scene.version.pk}/exports/new/"
    values = {"format": "csv", "reason": "For the auditor", "hours": "24", "most_downloads": "500"}
    answer = client.post(path, values)
    assert answer.status_code == 422
    assert "For the auditor" in answer.content.decode()
    values |= {"most_downloads": "2", "delete_by": "2100-01-01", "is_for_anyone": "yes"}
    answer = client.post(path, values)
    export = VersionExport.objects.get()
    assert answer["Location"] == f"/datasets/exports/{export.pk}/"
    assert export.is_for_anyone
    client.post(f"/datasets/exports/{export.pk}/revoke/", {"reason": "Enough"})
    listed = client.get(f"/datasets/versions/{scene.version.pk}/exports/?state=revoked")
    assert [row.pk for row in listed.context["rows"]] == [export.pk]
