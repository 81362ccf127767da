"""`up`: the services, the migrations, the demo, and the processes of Fourgate in one foreground tree."""

import fcntl
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import IO, Any

from config.embedded import binaries
from config.embedded.binaries import SetupProblem
from config.embedded.services import Services
from config.embedded.supervisor import Child, Supervisor

ROOT = Path(__file__).resolve().parent.parent.parent


class Stop(Exception):
    """The user asked to stop."""


def home() -> Path:
    return Path(os.environ.get("FOURGATE_HOME", ROOT / ".fourgate")).resolve()


def read_env_file() -> None:
    """Read .env as the settings do, so that a DATABASE_URL there counts here too."""
    import environ

    environ.Env.read_env(os.environ.get("ENV_FILE", str(ROOT / ".env")))


def port() -> int:
    text = os.environ.get("PORT", "8000")
    if not text.isdigit() or not 0 < int(text) < 65536:
        raise SetupProblem(f"PORT={text} is not a port. Use a number from 1 to 65535.")
    return int(text)


def refuse_taken(host: str, number: int) -> None:
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, number))
        except OSError as error:
            raise SetupProblem(
                f"Port {number} can't be used ({error.strerror}). Choose another: PORT={number + 1} ./fourgate up"
            ) from error


def lock(folder: Path) -> IO[str]:
    """Hold the state folder for this process, or say who has it."""
    file = (folder / "running").open("a+")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        file.seek(0)
        who = file.read().strip() or "starting"
        raise SetupProblem(
            f"Fourgate runs on this state already: {who}. Use it, or stop it first with Ctrl-C."
        ) from None
    file.truncate(0)
    return file


def secret_key(folder: Path) -> str:
    path = folder / "secret.key"
    if not path.exists():
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w") as file:
            file.write(secrets.token_urlsafe(64))
    return path.read_text()


def environment(folder: Path, services: Services | None) -> dict[str, str]:
    found = dict(os.environ)
    found.setdefault("FOURGATE_HOME", str(folder))
    found.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    found["PYTHONUNBUFFERED"] = "1"
    if services is not None:
        found |= {
            "DATABASE_URL": services.database_url,
            "REDIS_URL": services.redis_url,
            "FOURGATE_EMBEDDED": "1",
        }
        found.setdefault("SECRET_KEY", secret_key(folder))
        found.setdefault("HTTPS", "0")
    return found


def manage(*arguments: str, env: dict[str, str], log: Path) -> None:
    with log.open("ab") as file:
        done = subprocess.run(
            [sys.executable, str(ROOT / "manage.py"), *arguments], env=env, stdout=file, stderr=file, check=False
        )
    if done.returncode:
        tail = log.read_text(errors="replace").strip().splitlines()[-5:]
        raise SetupProblem(f"manage.py {arguments[0]} failed; {log} says why:\n  " + "\n  ".join(tail))


def children(env: dict[str, str], host: str, number: int, notary: dict[str, str]) -> list[Child]:
    """Return the processes of Fourgate; ``notary`` is what the notary alone knows."""
    python = sys.executable
    bind = f"[{host}]:{number}" if ":" in host else f"{host}:{number}"
    web = [
        python, "-m", "gunicorn", "config.wsgi", "--bind", bind, "--worker-class", "gthread", "--workers", "2",
        "--threads", "8", "--timeout", "120", "--graceful-timeout", "5", "--worker-tmp-dir", tempfile.gettempdir(),
        "--no-control-socket",
    ]  # fmt: skip
    celery = [python, "-m", "celery", "-A", "config.celery"]
    schedule = str(Path(env["FOURGATE_HOME"]) / "beat-schedule")
    return [
        Child("web", web, env),
        Child("worker", [*celery, "worker", "--concurrency", "2", "--loglevel", "WARNING"], env),
        Child("beat", [*celery, "beat", "--schedule", schedule, "--pidfile", "", "--loglevel", "WARNING"], env),
        Child("notary", [python, str(ROOT / "manage.py"), "notary"], env | notary),
    ]


def answers(host: str, number: int) -> bool:
    try:
        with socket.create_connection((host, number), timeout=1) as link:
            link.sendall(b"GET /healthz HTTP/1.0\r\nHost: localhost\r\n\r\n")
            return b" 200 " in link.recv(64)
    except OSError:
        return False


def _stop(*_: Any) -> None:
    raise Stop


def up() -> int:
    """Run everything until Ctrl-C."""
    read_env_file()
    own = "DATABASE_URL" in os.environ
    if own and "REDIS_URL" not in os.environ:
        raise SetupProblem("DATABASE_URL is set and REDIS_URL is not. Set both, or neither.")
    folder, number, host = home(), port(), os.environ.get("HOST", "127.0.0.1")
    folder.mkdir(parents=True, exist_ok=True)
    signal.signal(signal.SIGTERM, _stop)
    signal.signal(signal.SIGINT, _stop)
    services: Services | None = None
    supervisor = Supervisor(folder / "logs")
    held = lock(folder)
    try:
        refuse_taken(host, number)
        url = f"http://{'localhost' if host in ('127.0.0.1', '0.0.0.0', '::1') else host}:{number}"
        held.write(f"PID {os.getpid()}, {url}")
        held.flush()
        if not own:
            say("starting PostgreSQL and Valkey …")
            services = Services(folder)
            services.up()
        env = environment(folder, services)
        env.setdefault("PUBLIC_URL", url)
        logs = folder / "logs"
        logs.mkdir(exist_ok=True)
        say("bringing the database up to date …")
        manage("migrate", "--noinput", env=env, log=logs / "migrate.log")
        if services is not None:
            supervisor.watch_services([services.postgres, services.valkey])
            load_demo(folder, env)
        notary = {"NOTARY_DATABASE_URL": services.notary_url()} if services is not None else {}
        supervisor.start(children(env, host, number, notary))
        limit = time.monotonic() + 60
        while not answers("127.0.0.1" if host == "0.0.0.0" else host, number):
            supervisor.tend()
            if time.monotonic() > limit:
                raise SetupProblem(f"The web server did not answer; {logs / 'web.log'} says why.")
            time.sleep(0.2)
        greet(url, folder, services is not None)
        while True:
            supervisor.tend()
            time.sleep(0.5)
    except Stop:
        say("stopping …")
        return 0
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        supervisor.stop()
        if services is not None:
            services.down()
        held.truncate(0)
        held.close()


def load_demo(folder: Path, env: dict[str, str]) -> None:
    """Load the demo organisation once; never where a DATABASE_URL is configured."""
    marker = folder / "demo-loaded"
    if marker.exists() or os.environ.get("FOURGATE_DEMO", "1") == "0":
        return
    say("loading the demo organisation …")
    manage("load_demo", env=env, log=folder / "logs" / "demo.log")
    marker.touch()


def greet(url: str, folder: Path, embedded: bool) -> None:
    print(f"\n  Fourgate runs at {url}\n", flush=True)
    if embedded and (folder / "demo-accounts.txt").exists():
        print((folder / "demo-accounts.txt").read_text(), flush=True)
    print(f"  State and logs: {folder}\n  Stop: Ctrl-C\n", flush=True)


def say(text: str) -> None:
    print(f"fourgate: {text}", flush=True)


def demo_reset(confirmed: bool) -> int:
    """Throw the embedded state away; the next `up` loads the demo again."""
    read_env_file()
    if "DATABASE_URL" in os.environ:
        raise SetupProblem("DATABASE_URL is set: the demo is only for the embedded services. Nothing was changed.")
    folder = home()
    if not folder.exists():
        say("there is no state yet; ./fourgate up makes it.")
        return 0
    held = lock(folder)
    if not confirmed:
        answer = input(f"Delete everything in {folder} (database, files, ledger, keys)? Type yes: ")
        if answer.strip() != "yes":
            say("nothing was changed.")
            return 1
    user = binaries.unprivileged()
    if user is not None and not binaries.can_enter(folder, user):
        shutil.rmtree(binaries.private_root(str(folder)), ignore_errors=True)
    held.close()
    shutil.rmtree(folder)
    say("the state is gone. ./fourgate up starts with a fresh demo.")
    return 0


def with_services(*arguments: str, durable: bool = False) -> int:
    """Run a Python command on fresh embedded services that are thrown away afterwards.

    ``durable`` lets PostgreSQL wait for the disk at every commit, as it does in use.
    """
    folder = Path(tempfile.mkdtemp(prefix="fourgate-run-"))
    folder.chmod(0o755)
    signal.signal(signal.SIGTERM, _stop)
    services = Services(folder, durable=durable)
    try:
        services.up()
        (folder / "state").mkdir()
        os.environ["FOURGATE_HOME"] = str(folder / "state")
        env = environment(folder / "state", services) | {"LOG_LEVEL": "WARNING"}
        return subprocess.run([sys.executable, *arguments], env=env, check=False).returncode
    except Stop:
        return 130
    finally:
        services.down()
        shutil.rmtree(folder, ignore_errors=True)
