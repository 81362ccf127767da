"""A whole `up` of a test's own: its processes, which can be killed; its API; its database."""

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
from pathlib import Path
from typing import Any

import psycopg

from config.demo.people import PASSWORD

ROOT = Path(__file__).resolve().parent.parent.parent
SETUP_SECONDS = 300  # the demo is told first, beside another worker
KILLS = {
    "web": "gunicorn config.wsgi",
    "worker": "celery -A config.celery worker",
    "Valkey": "valkey-server",
    "PostgreSQL": "bin/postgres -D",
}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Running:
    """One `up` of its own, with settings of its own in its environment, and an API caller with a session."""

    def __init__(self, home: Path, **settings: str) -> None:
        self.home, self.port = home, free_port()
        kept = {
            key: value for key, value in os.environ.items() if key not in ("DATABASE_URL", "REDIS_URL", "SECRET_KEY")
        }
        dropped = ("ENV_FILE", "EMAIL_BACKEND", "FOURGATE_EMBEDDED", "LOG_LEVEL", "DJANGO_ALLOW_ASYNC_UNSAFE")
        env = {key: value for key, value in kept.items() if key not in dropped}
        env |= {"FOURGATE_HOME": str(home), "PORT": str(self.port), "ENV_FILE": os.devnull, **settings}
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
        return self.ask(opener, method, path, data, X_CSRFToken=csrf or "", Referer=self.url, **headers)

    def ask(
        self, opener: urllib.request.OpenerDirector, method: str, path: str, data: Any = None, **headers: str
    ) -> tuple[int, Any]:
        """Call the API once; 0 stands for no answer."""
        body = data if isinstance(data, bytes) else json.dumps(data).encode() if data is not None else None
        given = {"Content-Type": "application/json"}
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

    def stop(self) -> None:
        """Press Ctrl-C; everything that runs ends with it, cleanly."""
        mine = [pid for pattern in KILLS.values() for pid in self.pids(pattern)]
        assert mine
        self.process.send_signal(signal.SIGINT)
        output, _none = self.process.communicate(timeout=60)
        assert self.process.returncode == 0, output
        time.sleep(0.5)
        assert not [pid for pid in mine if Path(f"/proc/{pid}").exists()]


@contextlib.contextmanager
def new_home() -> Iterator[Path]:
    """A folder that PostgreSQL's own user can reach, also when root runs the tests."""
    with tempfile.TemporaryDirectory(prefix="fourgate-kill-", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)
