"""A table that the engine can reach becomes a file, read once, that is registered like any other."""

from pathlib import Path
from typing import Any

import duckdb
import pytest
from django.core.files.storage import default_storage
from django.test import Client, override_settings
from django.urls import reverse

from apps.core import jobs
from apps.core.errors import NotPermitted
from apps.datasets import actions
from apps.datasets.actions import tables
from apps.datasets.checks import tables_can_be_named
from apps.datasets.errors import TableNameUnreadable, TableNotAllowed, TablesOff
from apps.datasets.inspection import read_rows
from apps.datasets.models import Upload
from apps.ledger.models import Entry
from tests.api.client import Caller
from tests.people.factories import member
from tests.scenery import Scene, make_scene, tables_at

pytestmark = pytest.mark.django_db
ROWS = 9_001


@pytest.fixture
def scene() -> Scene:
    return make_scene(complete=False)


@pytest.fixture
def warehouse(tmp_path: Path) -> Path:
    """Return a DuckDB file with tables as a support team keeps them, good and bad."""
    path = tmp_path / "ware'house.duckdb"
    with duckdb.connect(str(path)) as link:
        link.execute("CREATE SCHEMA support; CREATE SCHEMA hr; CREATE TYPE mood AS ENUM ('calm', 'cross')")
        link.execute(
            f"""
            CREATE TABLE support.tickets AS SELECT
                'Question ' || i AS text, 'kind ' || i % 3 AS category, i AS number, i / 4::DECIMAL(9, 2) AS price,
                DATE '2026-01-01' + i::INTEGER % 300 AS day, TIMESTAMPTZ '2026-01-01 10:00:00+02' AS seen,
                CASE WHEN i % 2 = 0 THEN 'calm' ELSE 'cross' END::mood AS mood, i % 2 = 0 AS done,
                ['a', 'b' || i] AS tags, {{'paid': 1.5::DECIMAL(4, 2), 'at': DATE '2026-02-03'}} AS payment,
                i AS "odd ""name"", so"
            FROM range({ROWS}) AS r(i);
            CREATE TABLE support.nothing (text VARCHAR, category VARCHAR);
            CREATE TABLE support.scans AS SELECT 'a' AS text, '\\x00'::BLOB AS scan, MAP {{'k': 1}} AS facts;
            CREATE TABLE hr.salaries AS SELECT 'secret' AS text, 1 AS category;
            CREATE VIEW support.passwords AS SELECT * FROM read_csv('{__file__}', header = false, sep = '\\t');
            CREATE VIEW support.short AS SELECT text, category FROM support.tickets WHERE number < 5;
            """
        )
        wide = ", ".join(f"{number} AS c{number}" for number in range(2001))
        link.execute(f"CREATE TABLE support.wide AS SELECT {wide}")
    return path


def taken(scene: Scene, path: Path, table: str = "support.tickets", columns: Any = (), *patterns: str) -> Upload:
    with tables_at(path, *patterns):
        upload = actions.take_table(scene.dataset, table, by=scene.engineer, columns=columns)
        jobs.run_waiting()
    upload.refresh_from_db()
    return upload


def test_a_table_becomes_a_file_that_remembers_where_it_came_from(scene: Scene, warehouse: Path) -> None:
    upload = taken(scene, warehouse)
    assert (upload.state, upload.name, upload.rows, upload.error) == ("ready", "support.tickets.parquet", ROWS, "")
    origin = upload.taken_from
    assert (origin["table"], origin["rows"], origin["engine"], origin["columns"]) == (
        "support.tickets", ROWS, "duckdb", [],
    )  # fmt: skip
    with default_storage.open(upload.storage_name) as file:
        rows = read_rows(file, "parquet", False)  # type: ignore[arg-type]
        columns, first, second = next(rows), next(rows), next(rows)
    assert columns == (
        "text", "category", "number", "price", "day", "seen", "mood", "done", "tags", "payment", 'odd "name", so',
    )  # fmt: skip
    assert first[:5] == ("Question 0", "kind 0", "0", "0", "2026-01-01")
    assert first[5].startswith("2026-01-01 08:00:00")
    assert first[6:] == ("calm", "true", '["a","b0"]', '{"at":"2026-02-03","paid":"1.50"}', "0")
    assert (second[3], second[6]) == ("0.25", "cross")


def test_the_file_is_registered_like_one_that_was_sent(scene: Scene, warehouse: Path) -> None:
    upload = taken(scene, warehouse, "support.short")
    caller = Caller(scene.engineer)
    body = {"splits": {"train": [{"upload": str(upload.pk)}]}, "fewer_splits_reason": "One table"}
    status, version = caller.post(f"datasets/{scene.dataset.pk}/versions/", body)
    assert status == 201, version
    told = version["files"][0]["taken_from"]
    assert (told["table"], told["rows"], version["rows"]) == ("support.short", 5, 5)
    entry = Entry.objects.filter(action="dataset_version.registered").latest("id")
    assert entry.payload["files"][0]["taken_from"]["table"] == "support.short"
    client = Client()
    client.force_login(scene.engineer)
    page = client.get(reverse("datasets:version_detail", args=[version["id"]])).content.decode()
    assert "Read from the table support.short" in page


def test_the_same_rows_again_are_the_same_file(scene: Scene, warehouse: Path) -> None:
    one, two = taken(scene, warehouse), taken(scene, warehouse)
    assert (one.digest, one.storage_name) == (two.digest, two.storage_name)


def test_some_columns_are_read_in_the_order_in_which_they_are_named(scene: Scene, warehouse: Path) -> None:
    names = ['odd "name", so', "text", "text"]
    upload = taken(scene, warehouse, columns=names)
    assert upload.columns == ['odd "name", so', "text"]
    assert taken(scene, warehouse, "support.wide", ["c7", "c2000"]).columns == ["c7", "c2000"]
    assert taken(scene, warehouse, "support.scans", ["text"]).state == "ready"


@pytest.mark.parametrize(
    ("table", "columns", "code", "says"),
    [
        ("support.missing", (), "table_not_found", "There is no table support.missing"),
        ("support.nothing", (), "table_empty", "no rows"),
        ("support.wide", (), "table_unfit", "more than 2000 columns"),
        ("support.scans", (), "table_unfit", "Column “scan” holds binary"),
        ("support.scans", ("text", "facts"), "table_unfit", "Column “facts” holds map"),
        ("support.tickets", ("text", "prize"), "column_unknown", "no column “prize”. The table has: text, category"),
        ("support.tickets", ('text" FROM hr.salaries --',), "column_unknown", "no column"),
        ("support.passwords", (), "table_unreachable", "could not be read"),
    ],
)
def test_what_cannot_be_taken_says_why(
    scene: Scene, warehouse: Path, table: str, columns: Any, code: str, says: str
) -> None:
    upload = taken(scene, warehouse, table, columns)
    assert (upload.state, upload.error_code, upload.storage_name) == ("refused", code, "")
    assert says in upload.error
    entry = Entry.objects.filter(action="dataset.table_refused").latest("id")
    assert (entry.payload["table"], entry.payload["code"]) == (table, code)


def test_a_database_that_is_gone_says_so_and_names_no_path(scene: Scene, tmp_path: Path) -> None:
    upload = taken(scene, tmp_path / "gone.duckdb")
    assert (upload.state, upload.error_code) == ("refused", "table_unreachable")
    assert str(tmp_path) not in upload.error


def test_a_table_that_may_not_be_read_is_refused_whether_it_is_there_or_not(scene: Scene, warehouse: Path) -> None:
    caller, path = Caller(scene.engineer), f"datasets/{scene.dataset.pk}/table-reads/"
    told = []
    with tables_at(warehouse):
        for table in ("hr.salaries", "hr.nothing_here", "Support.tickets"):
            status, problem = caller.post(path, {"table": table})
            told.append((status, problem["code"], problem["detail"].replace(table, "")))
    assert set(told) == {
        (422, "table_not_allowed", " is not among the tables that may be read here: support.*."),
    }
    with pytest.raises(TableNotAllowed):
        taken(scene, warehouse, "support.tickets", (), "support.short", "supp.*", "*.tick")
    assert not Upload.objects.of_tables(scene.dataset).exists()


@pytest.mark.parametrize(
    "name",
    [
        "tickets", "support.tickets.more", 'support."tickets"', "support.tickets; DROP TABLE support.tickets",
        "support.tickets--", "support.1st", "support.", ".tickets", "support.tic kets", "support.t\x00", "",
        "support." + "t" * 64, "support.*", "support.tickets' OR '1'='1",
    ],
)  # fmt: skip
def test_what_is_no_name_of_a_table_is_refused(scene: Scene, warehouse: Path, name: str) -> None:
    with tables_at(warehouse, "*.*"), pytest.raises(TableNameUnreadable):
        actions.take_table(scene.dataset, name, by=scene.engineer)


def test_without_the_setting_no_table_is_offered_and_none_read(scene: Scene) -> None:
    with pytest.raises(TablesOff):
        actions.take_table(scene.dataset, "support.tickets", by=scene.engineer)
    client = Client()
    client.force_login(scene.engineer)
    register = reverse("datasets:version_register", args=[scene.dataset.pk])
    assert "Take from a table" not in client.get(register).content.decode()
    page = client.get(reverse("datasets:table_reads", args=[scene.dataset.pk])).content.decode()
    assert "switched off" in page
    assert "<textarea" not in page


def test_a_table_that_is_no_longer_allowed_is_not_read_by_the_worker(scene: Scene, warehouse: Path) -> None:
    with tables_at(warehouse):
        upload = actions.take_table(scene.dataset, "support.tickets", by=scene.engineer)
    with tables_at(warehouse, "claims.*"):
        jobs.run_waiting()
    upload.refresh_from_db()
    assert (upload.state, upload.error_code) == ("refused", "table_not_allowed")


def test_a_reading_that_is_stopped_leaves_nothing(
    scene: Scene, warehouse: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = Client()
    client.force_login(scene.engineer)
    monkeypatch.setattr("apps.datasets.actions.stopping.LOOK_AGAIN_SECONDS", -1)

    def stopping(*args: Any, progress: Any, **values: Any) -> Any:
        def say(rows: int, expected: int | None) -> None:
            client.post(reverse("datasets:table_read_forget", args=[upload.pk]))
            progress(rows, expected)

        return take(*args, progress=say, **values)

    take = tables.take
    monkeypatch.setattr(tables, "take", stopping)
    with tables_at(warehouse):
        upload = actions.take_table(scene.dataset, "support.tickets", by=scene.engineer)
        jobs.run_waiting()
    assert not Upload.objects.filter(pk=upload.pk).exists()
    assert Entry.objects.filter(action="dataset.table_stopped").exists()
    assert not Entry.objects.filter(action="dataset.table_taken").exists()


def test_a_reading_stopped_at_the_last_moment_takes_its_bytes_with_it(
    scene: Scene, warehouse: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept: list[str] = []

    def stopping(upload: Upload, *args: Any) -> None:
        read(upload, *args)
        kept.append(upload.storage_name)
        actions.abandon_upload(Upload.objects.get(pk=upload.pk), by=scene.engineer)

    read = tables._read
    monkeypatch.setattr(tables, "_read", stopping)
    with tables_at(warehouse):
        actions.take_table(scene.dataset, "support.short", by=scene.engineer)
        jobs.run_waiting()
    assert not Upload.objects.of_tables(scene.dataset).exists()
    assert [default_storage.exists(name) for name in kept] == [False]


def test_a_table_larger_than_a_file_may_be_is_refused(scene: Scene, warehouse: Path) -> None:
    with override_settings(UPLOAD_LIMIT_BYTES=2_000):
        upload = taken(scene, warehouse)
    assert (upload.state, upload.error_code) == ("refused", "upload_too_large")


def test_a_table_is_asked_for_and_registered_in_the_browser(scene: Scene, warehouse: Path) -> None:
    client = Client()
    client.force_login(scene.engineer)
    page = reverse("datasets:table_reads", args=[scene.dataset.pk])
    with tables_at(warehouse):
        refused = client.post(page, {"table": "hr.salaries", "columns": "text"})
        assert refused.status_code == 422
        assert "hr.salaries" in refused.content.decode()
        assert client.post(page, {"table": "support.short", "columns": " text\ncategory \n\n"}).status_code == 302
        upload = Upload.objects.of_tables(scene.dataset).get()
        waiting = client.get(page).content.decode()
        assert "Stop reading support.short" in waiting
        panel = reverse("datasets:table_read_panel", args=[upload.pk])
        assert panel in waiting
        assert client.get(panel).status_code == 200
        jobs.run_waiting()
        assert "Forget support.short" in client.get(page).content.decode()
        register = reverse("datasets:version_register", args=[scene.dataset.pk])
        assert f"table_{upload.pk}" in client.get(register).content.decode()
        sent = {f"table_{upload.pk}": "train", "fewer_splits_reason": "One table"}
        assert client.post(register, sent).status_code == 302
    file = scene.dataset.versions.latest("number").files.get()
    assert (file.split, file.rows, file.taken_from["columns"]) == ("train", 5, ["text", "category"])


def test_only_who_registers_versions_takes_tables(scene: Scene, warehouse: Path) -> None:
    with tables_at(warehouse), pytest.raises(NotPermitted):
        actions.take_table(scene.dataset, "support.tickets", by=member(scene.team, "business_owner", name="Bo"))


def test_the_list_of_readings_is_the_datasets(scene: Scene, warehouse: Path) -> None:
    upload = taken(scene, warehouse, "support.short")
    _status, page = Caller(scene.engineer, "read").get(f"datasets/{scene.dataset.pk}/table-reads/")
    assert [(row["id"], row["state"], row["taken_from"]["rows"]) for row in page["results"]] == [
        (str(upload.pk), "ready", 5)
    ]


def test_settings_that_cannot_work_are_told_at_start(warehouse: Path) -> None:
    with tables_at(warehouse, "support.*", "claims"):
        assert [row.id for row in tables_can_be_named(None)] == ["datasets.E001"]
    with tables_at(warehouse.with_name("gone")):
        assert [row.id for row in tables_can_be_named(None)] == ["datasets.E002"]
    with tables_at(warehouse):
        assert not tables_can_be_named(None)
