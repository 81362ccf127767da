"""kill -9 of web, worker, Valkey and PostgreSQL: what was acknowledged is there, and every job ends."""

import contextlib
import http.client
import http.cookiejar
import json
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psycopg
import pytest

from config.demo.people import PASSWORD

ROOT = Path(__file__).resolve().parent.parent.parent
pytestmark = pytest.mark.slow
SETUP_SECONDS = 300  # the demo is told first, beside another worker


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Running:
    """One `up` of its own, and an API caller with a session."""

    def __init__(self, home: Path) -> None:
        self.home, self.port = home, free_port()
        kept = {
            key: value for key, value in os.environ.items() if key not in ("DATABASE_URL", "REDIS_URL", "SECRET_KEY")
        }
        dropped = ("ENV_FILE", "EMAIL_BACKEND", "FOURGATE_EMBEDDED", "LOG_LEVEL", "DJANGO_ALLOW_ASYNC_UNSAFE")
        env = {key: value for key, value in kept.items() if key not in dropped}
        env |= {"FOURGATE_HOME": str(home), "PORT": str(self.port), "ENV_FILE": os.devnull}
        self.env = env
        self.process = subprocess.Popen(
            [sys.executable, "-m", "config.embedded", "up"],
            cwd=ROOT,
            env=env,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.url = f"http://localhost:{self.port}"
        self.until(lambda: self.get("/readyz")[0] == 200, SETUP_SECONDS)
        self.sessions: dict[str, Any] = {}

    def get(self, path: str) -> tuple[int, str]:
        try:
            with urllib.request.urlopen(self.url + path, timeout=5) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()
        except OSError:
            return 0, ""

    def until(self, holds: Callable[[], Any], seconds: float) -> Any:
        limit = time.monotonic() + seconds
        while time.monotonic() < limit:
            found = holds()
            if found:
                return found
            time.sleep(0.2)
        raise AssertionError(f"it did not come true within {seconds} s")

    def sign_in(self, who: str) -> None:
        jar = http.cookiejar.CookieJar()
        opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(jar))
        page = opener.open(self.url + "/accounts/login/", timeout=10).read().decode()
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)
        assert token
        form = f"login={who}%40demo.example&password={PASSWORD.replace(' ', '+')}&csrfmiddlewaretoken={token[1]}"
        opener.open(urllib.request.Request(self.url + "/accounts/login/", form.encode()), timeout=10)
        self.sessions[who] = (opener, jar)

    def call(self, who: str, method: str, path: str, data: Any = None, **headers: str) -> tuple[int, Any]:
        if who not in self.sessions:
            try:
                self.sign_in(who)
            except OSError:
                return 0, None
        opener, jar = self.sessions[who]
        csrf = next(cookie.value for cookie in jar if cookie.name == "fourgate_csrf")
        body = data if isinstance(data, bytes) else json.dumps(data).encode() if data is not None else None
        given = {"X-CSRFToken": csrf or "", "Referer": self.url, "Content-Type": "application/json"}
        given |= {key.replace("_", "-"): value for key, value in headers.items()}
        request = urllib.request.Request(f"{self.url}/api/v1/{path}", body, given, method=method)
        try:
            with opener.open(request, timeout=20) as answer:
                return answer.status, json.loads(answer.read() or b"null")
        except urllib.error.HTTPError as error:
            text = error.read()
            return error.code, json.loads(text) if text[:1] in b"{[" and text else None
        except (OSError, http.client.HTTPException):
            return 0, None

    def persist(self, who: str, method: str, path: str, data: Any = None, **headers: str) -> Any:
        """Call until the server is back; return the acknowledged answer."""

        def once() -> Any:
            status, answer = self.call(who, method, path, data, **headers)
            return (status, answer) if status not in (0, 500, 502, 503) else None

        return self.until(once, 60)

    def pids(self, pattern: str) -> list[int]:
        done = subprocess.run(["pgrep", "-f", pattern], capture_output=True, text=True, check=False)
        own = [int(line) for line in done.stdout.split()]
        return [pid for pid in own if self._is_ours(pid)]

    def _is_ours(self, pid: int) -> bool:
        try:
            parent = pid
            for _step in range(6):
                if parent == self.process.pid:
                    return True
                parent = int(Path(f"/proc/{parent}/stat").read_text().rsplit(")", 1)[1].split()[1])
        except (OSError, ValueError):
            pass
        return False

    def kill(self, pattern: str) -> None:
        for pid in self.until(lambda: self.pids(pattern), 60):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def database(self) -> Any:
        sockets = re.search(r"-c unix_socket_directories=(\S+)", self._postgres_command())
        assert sockets
        return psycopg.connect(f"host={sockets[1]} user=fourgate dbname=fourgate")

    def _postgres_command(self) -> str:
        for pid in self.pids("bin/postgres -D"):
            text = Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
            if "unix_socket_directories" in text:
                return text
        raise AssertionError("PostgreSQL does not run")

    def stop(self) -> str:
        self.process.send_signal(signal.SIGINT)
        output, _none = self.process.communicate(timeout=60)
        return output


@contextlib.contextmanager
def new_home() -> Iterator[Path]:
    """A folder that PostgreSQL's own user can reach, also when root runs the tests."""
    with tempfile.TemporaryDirectory(prefix="fourgate-kill-", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


@pytest.fixture(scope="module")
def running() -> Iterator[Running]:
    with new_home() as home:
        up = Running(home)
        yield up
        if up.process.poll() is None:
            up.stop()


KILLS = {
    "web": "gunicorn config.wsgi",
    "worker": "celery -A config.celery worker",
    "Valkey": "valkey-server",
    "PostgreSQL": "bin/postgres -D",
}


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


def test_ctrl_c_stops_everything_cleanly() -> None:
    with new_home() as home:
        running = Running(home)
        mine = [pid for pattern in KILLS.values() for pid in running.pids(pattern)]
        assert mine
        output = running.stop()
    assert running.process.returncode == 0, output
    time.sleep(0.5)
    assert not [pid for pid in mine if Path(f"/proc/{pid}").exists()]
