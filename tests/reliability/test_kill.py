"""kill -9 of web, worker, Valkey and PostgreSQL: what was acknowledged is there, and every job ends."""

import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from config.demo.people import PASSWORD
from tests.reliability.running import KILLS, ROOT, Running, free_port, new_home

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def running() -> Iterator[Running]:
    with new_home() as home:
        up = Running(home)
        yield up
        if up.process.poll() is None:
            up.stop()


def dataset_of(running: Running) -> str:
    _status, page = running.persist("teodora", "GET", "datasets/?search=Customer")
    return str(page["results"][0]["id"])


def big_file(name: str, rows: int = 120_000) -> bytes:
    lines = ["text,category"] + [
        f"{name} question {number} about payment number {number % 977},intent{number % 40}" for number in range(rows)
    ]
    return ("\n".join(lines) + "\n").encode()


@pytest.mark.parametrize("victim", KILLS)
def test_a_kill_during_upload_and_inspection_loses_nothing(running: Running, victim: str) -> None:
    dataset, data = dataset_of(running), big_file(victim)
    _status, upload = running.persist(
        "teodora", "POST", "uploads/", {"dataset": dataset, "name": f"{victim}.csv", "size": len(data)}
    )
    path, middle = f"uploads/{upload['id']}/", len(data) // 2
    piece = "application/offset+octet-stream"
    status, half = running.persist("teodora", "PATCH", path, data[:middle], Content_Type=piece, Upload_Offset="0")
    assert (status, half["received"]) == (200, middle)
    running.kill(KILLS[victim])
    status, again = running.persist("teodora", "GET", path)
    assert (status, again["received"]) == (200, middle), "what was acknowledged is there"
    status, whole = running.persist(
        "teodora", "PATCH", path, data[middle:], Content_Type=piece, Upload_Offset=str(middle)
    )
    assert whole["state"] == "ready", (status, whole)
    body = {"splits": {"train": [{"upload": upload["id"]}]}, "fewer_splits_reason": "A test"}
    status, version = running.persist("teodora", "POST", f"datasets/{dataset}/versions/", body)
    assert status == 201, version
    time.sleep(1.2)
    running.kill(KILLS[victim])

    def inspected() -> Any:
        _status, found = running.persist("teodora", "GET", f"dataset-versions/{version['id']}/")
        return found["inspection"] in ("done", "failed") and found

    assert running.until(inspected, 120)["inspection"] == "done"
    with running.database() as link:
        (entries,) = link.execute(
            "SELECT count(*) FROM ledger_entry WHERE action = 'dataset_version.inspected' AND subject_id = %s",
            [version["id"]],
        ).fetchone()
    assert entries == 1, "the job ended once"


def gate_in_review(running: Running) -> Any:
    teams = running.persist("audrey", "GET", "teams/")[1]["results"]
    team = next(row["id"] for row in teams if row["name"] == "Customer Service")
    states = ("in_review", "open")
    found = [
        row
        for state in states
        for row in running.persist("audrey", "GET", f"gates/?state={state}")[1]["results"]
        if row["team"] == team
    ]
    return found[0]


@pytest.mark.parametrize(
    ("victim", "person", "responsibility"),
    [("web", "kofi", "compliance_reviewer"), ("PostgreSQL", "bruno", "business_owner")],
)
def test_a_kill_during_a_sign_off_leaves_it_whole_or_undone(
    running: Running, victim: str, person: str, responsibility: str
) -> None:
    gate = gate_in_review(running)
    _status, confirmation = running.persist(person, "POST", "me/confirmations/", {"password": PASSWORD})
    body = {
        "responsibility": responsibility,
        "verdict": "request_changes",
        "comment": f"Asked before {victim} was killed",
        "dossier_digest": gate["dossier_digest"],
        "confirmation": confirmation["id"],
    }
    with ThreadPoolExecutor() as pool:
        signing = pool.submit(running.call, person, "POST", f"gates/{gate['id']}/sign-offs/", body)
        time.sleep(0.02)
        running.kill(KILLS[victim])
        status, answer = signing.result()
    assert status in (0, 201, 500, 502, 503), answer
    running.persist(person, "GET", f"gates/{gate['id']}/")
    with running.database() as link:
        signed = link.execute("SELECT count(*) FROM gates_signoff WHERE comment = %s", [body["comment"]]).fetchone()[0]
        entered = link.execute(
            "SELECT count(*) FROM ledger_entry WHERE action = 'gate.signed_off'"
            " AND body::jsonb #>> '{payload,comment}' = %s",
            [body["comment"]],
        ).fetchone()[0]
    assert signed == entered
    assert signed == 1 if status == 201 else signed in (0, 1)


def test_the_ledger_verifies_after_all_of_it_and_a_second_up_is_refused(running: Running) -> None:
    running.until(lambda: running.get("/readyz")[0] == 200, 60)
    _status, job = running.persist("audrey", "POST", "ledger/verifications/", {})

    def ended() -> Any:
        _status, found = running.persist("audrey", "GET", f"jobs/{job['id']}/")
        return found["state"] in ("done", "failed") and found

    found = running.until(ended, 60)
    assert found["state"] == "done", found["error"]
    second = subprocess.run(
        [sys.executable, "-m", "config.embedded", "up"],
        cwd=ROOT,
        env={**running.env, "PORT": str(free_port())},
        capture_output=True,
        text=True,
        check=False,
    )
    assert second.returncode == 1
    assert f"PID {running.process.pid}" in second.stderr
    assert running.get("/healthz")[0] == 200
