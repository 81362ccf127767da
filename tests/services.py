"""A pytest plugin: one fresh embedded PostgreSQL and Valkey per run, shared by the run's workers.

It starts them when it is imported, for Django's settings are read right after.
"""

import atexit
import contextlib
import os
import shutil
import signal
import sys
import tempfile
from pathlib import Path
from typing import Any

MARK = "FOURGATE_TEST_SERVICES"


def _start() -> None:
    from config.embedded.services import Services

    home = Path(tempfile.mkdtemp(prefix="fourgate-tests-"))
    home.chmod(0o755)
    services = Services(home, durable=False)

    def stop() -> None:
        services.down()
        shutil.rmtree(home, ignore_errors=True)
        if services.data.parent != home:
            shutil.rmtree(services.data.parent, ignore_errors=True)

    atexit.register(stop)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    services.up()
    os.environ |= {
        MARK: str(home),
        "ENV_FILE": str(home / "no.env"),
        "DATABASE_URL": services.database_url,
        "REDIS_URL": services.redis_url,
        "SECRET_KEY": "only-for-tests-" + "x" * 50,
        "FOURGATE_HOME": str(home / "state"),
        "FOURGATE_EMBEDDED": "1",
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "DJANGO_ALLOW_ASYNC_UNSAFE": "true",
        "LOG_LEVEL": "ERROR",
        "API_RATE": "100000/minute",
        "EMAIL_BACKEND": "django.core.mail.backends.locmem.EmailBackend",
    }
    for name in ("HTTPS", "S3_BUCKET", "STATIC_COLLECTED", "DEBUG", "EMAIL_URL", "OIDC_ISSUER"):
        os.environ.pop(name, None)


def pytest_report_header(config: Any) -> str:
    with contextlib.suppress(KeyError):
        return f"services: embedded PostgreSQL and Valkey in {os.environ[MARK]}"
    return ""


def _own_cache(worker: str) -> None:
    """Give each of the run's workers a database of its own in Valkey: one's emptied cache is not another's."""
    url = os.environ["REDIS_URL"]
    os.environ["REDIS_URL"] = f"{url}{'&' if '?' in url else '?'}db={1 + int(worker.removeprefix('gw'))}"


if MARK not in os.environ:
    _start()
elif "PYTEST_XDIST_WORKER" in os.environ:
    _own_cache(os.environ["PYTEST_XDIST_WORKER"])
