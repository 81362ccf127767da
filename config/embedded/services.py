"""PostgreSQL and Valkey as direct children of the caller, on sockets in a private folder."""

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any
from urllib.parse import quote

from config.embedded import binaries
from config.embedded.binaries import SetupProblem

START_SECONDS = 60
ROLE_FILE = Path(__file__).resolve().parent.parent.parent / "deploy" / "notary-role.sql"
DATABASE = "fourgate"


@dataclass
class Service:
    """One child process and how to tell that it answers."""

    name: str
    start: Callable[[], subprocess.Popen[bytes]]
    answers: Callable[[], bool]
    stop_signal: signal.Signals
    process: subprocess.Popen[bytes] | None = None

    def up(self, again: bool = False) -> None:
        """Start it and wait until it answers; ``again`` keeps trying while the killed one's children let go."""
        self.process = self.start()
        limit = time.monotonic() + START_SECONDS
        while not self.answers():
            if self.process.poll() is not None:
                if not again or time.monotonic() > limit:
                    raise SetupProblem(f"{self.name} stopped while starting; its log says why.")
                time.sleep(0.5)
                self.process = self.start()
            elif time.monotonic() > limit:
                raise SetupProblem(f"{self.name} did not answer within {START_SECONDS} s; its log says why.")
            time.sleep(0.05)

    def down(self, patience: float = 20) -> None:
        if self.process is None or self.process.poll() is not None:
            return
        self.process.send_signal(self.stop_signal)
        try:
            self.process.wait(patience)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def _uncommented(sql: str) -> str:
    return "\n".join(line for line in sql.splitlines() if not line.startswith("--"))


@dataclass
class Services:
    """The two embedded services of one state folder (``home``)."""

    home: Path
    durable: bool = True
    sockets: Path = field(init=False)

    def __post_init__(self) -> None:
        self.home.mkdir(parents=True, exist_ok=True)
        self.logs = self.home / "logs"
        self.logs.mkdir(exist_ok=True)
        self.user = binaries.unprivileged()
        self.bin = binaries.postgres_bin(self.user)
        self.sockets = Path(tempfile.mkdtemp(prefix="fg-"))
        self._own(self.sockets)
        self.data = self._data_folder()
        self.postgres = Service("PostgreSQL", self._start_postgres, self._postgres_answers, signal.SIGINT)
        self.valkey = Service("Valkey", self._start_valkey, self._valkey_answers, signal.SIGTERM)

    @property
    def database_url(self) -> str:
        return f"postgres://{DATABASE}@/{DATABASE}?host={quote(str(self.sockets), safe='/')}"

    @property
    def redis_url(self) -> str:
        return f"unix://{self.sockets}/valkey.sock"

    def notary_url(self) -> str:
        """Give the notary its own role, as deploy/notary-role.sql says, and return the address to connect with."""
        import psycopg

        statements = ROLE_FILE.read_text(encoding="utf-8").replace(" PASSWORD :password", "")
        role = "fourgate_notary"
        with psycopg.connect(f"host={self.sockets} user={DATABASE} dbname={DATABASE}") as link:
            known = link.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role]).fetchone()
            for statement in filter(None, map(str.strip, _uncommented(statements).split(";"))):
                if not (known and statement.startswith("CREATE ROLE")):
                    link.execute(statement.encode())
        return self.database_url.replace(f"//{DATABASE}@", f"//{role}@")

    def up(self) -> None:
        if not (self.data / "PG_VERSION").exists():
            self._initdb()
        self.postgres.up()
        self.valkey.up()

    def down(self) -> None:
        self.valkey.down()
        self.postgres.down()
        shutil.rmtree(self.sockets, ignore_errors=True)

    def _as_user(self) -> dict[str, Any]:
        if self.user is None:
            return {}
        return {"user": self.user.pw_uid, "group": self.user.pw_gid, "extra_groups": []}

    def _own(self, folder: Path) -> None:
        if self.user is not None:
            os.chown(folder, self.user.pw_uid, self.user.pw_gid)

    def _data_folder(self) -> Path:
        """Return the data folder; root's home is closed to PostgreSQL's user, then it lies in /var/lib."""
        folder = self.home / "postgres"
        if self.user is not None and not binaries.can_enter(self.home, self.user):
            folder = binaries.private_root(str(self.home.resolve())) / "postgres"
        folder.mkdir(mode=0o700, exist_ok=True)
        self._own(folder)
        return folder

    def _environment(self) -> dict[str, str]:
        return {"PATH": os.environ.get("PATH", "/usr/bin:/bin"), "LC_ALL": "C", "TZ": "UTC"}

    def _log(self, name: str) -> IO[bytes]:
        return (self.logs / f"{name}.log").open("ab")

    def _initdb(self) -> None:
        command = [
            str(self.bin / "initdb"),
            *("-D", str(self.data), "-U", DATABASE, "--auth=trust", "--encoding=UTF8", "--no-instructions"),
            *("--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"),
            *(() if self.durable else ("--no-sync",)),
        ]
        with self._log("postgres") as log:
            done = subprocess.run(
                command,
                stdout=log,
                stderr=log,
                env=self._environment(),
                cwd="/",
                check=False,
                **self._as_user(),
            )
        if done.returncode:
            raise SetupProblem(f"PostgreSQL could not make its data folder; see {self.logs / 'postgres.log'}.")

    def _start_postgres(self) -> subprocess.Popen[bytes]:
        settings = {
            "listen_addresses": "",
            "unix_socket_directories": str(self.sockets),
            "unix_socket_permissions": "0700",
            "max_connections": "200",
            "shared_buffers": "128MB",
            "timezone": "UTC",
            "log_timezone": "UTC",
            "max_locks_per_transaction": "256",
        }
        if not self.durable:
            settings |= {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
        arguments = [part for key, value in settings.items() for part in ("-c", f"{key}={value}")]
        with self._log("postgres") as log:
            return subprocess.Popen(
                [str(self.bin / "postgres"), "-D", str(self.data), *arguments],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=self._environment(),
                cwd="/",
                start_new_session=True,
                preexec_fn=binaries.die_with_parent,
                **self._as_user(),
            )

    def _postgres_answers(self) -> bool:
        import psycopg

        try:
            with psycopg.connect(f"host={self.sockets} user={DATABASE} dbname=postgres", autocommit=True) as link:
                known = link.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone()
                if known is None:
                    link.execute(f"CREATE DATABASE {DATABASE}")
            return True
        except psycopg.OperationalError:
            return False

    def _start_valkey(self) -> subprocess.Popen[bytes]:
        folder = self.home / "valkey"
        folder.mkdir(exist_ok=True)
        with self._log("valkey") as log:
            return subprocess.Popen(
                [
                    str(binaries.valkey_server()),
                    *(
                        "--port",
                        "0",
                        "--unixsocket",
                        f"{self.sockets}/valkey.sock",
                        "--unixsocketperm",
                        "700",
                    ),
                    *("--appendonly", "yes" if self.durable else "no", "--appendfsync", "everysec"),
                    *("--save", "", "--maxmemory-policy", "noeviction", "--dir", str(folder)),
                ],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=binaries.die_with_parent,
            )

    def _valkey_answers(self) -> bool:
        import redis

        client = redis.Redis.from_url(self.redis_url, socket_timeout=1)
        try:
            return bool(client.ping())
        except redis.RedisError:
            return False
        finally:
            client.close()
