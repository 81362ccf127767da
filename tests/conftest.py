"""What every test can ask for."""

import gc
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.cache import cache
from django.db import transaction
from django.test import TransactionTestCase, override_settings

from tests.commits import sign
from tests.tables import empty


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the files that hold slow tests, so that no worker is left with one at the end."""
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: item.path not in slow)


def pytest_collection_finish() -> None:
    """Look for rubbish less often, and not in what was imported: that took half of the time of the migrations."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(150_000, 10, 10)


def pytest_unconfigure() -> None:
    gc.unfreeze()


def own_state(home: Path) -> dict[str, Any]:
    """Return the settings that keep everything in a folder, and fast password hashes."""
    return {
        "FOURGATE_HOME": home,
        "MEDIA_ROOT": str(home / "storage"),
        "NOTARY_FOLDER": home / "notary",
        "NOTARY_KEY_FILE": str(home / "notary" / "key.pem"),
        "ATTESTATION_KEY_FILE": str(home / "attestations" / "key.pem"),
        "PASSWORD_HASHERS": ["django.contrib.auth.hashers.MD5PasswordHasher"],
    }


@pytest.fixture(autouse=True)
def _own_state(request: pytest.FixtureRequest, settings: Any, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Give each test its own storage and notary, and fast password hashes."""
    home = tmp_path_factory.mktemp("state")
    if "kept" in request.fixturenames:
        shutil.copytree(request.getfixturevalue("kept"), home, dirs_exist_ok=True)
    for name, value in own_state(home).items():
        setattr(settings, name, value)
    cache.clear()


@pytest.fixture(scope="module")
def kept(django_db_setup: None, django_db_blocker: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Keep what the module's own fixtures make for all its tests: in one transaction, and in the folder returned.

    Each test's own transaction becomes a savepoint in it, and each test's own storage and notary begin as a copy:
    no test sees what another one did. A test with real transactions cannot be in such a module.
    """
    home = tmp_path_factory.mktemp("kept")
    with django_db_blocker.unblock(), transaction.atomic():
        with override_settings(**own_state(home)):
            yield home
        transaction.set_rollback(True)


@pytest.fixture(autouse=True, scope="session")
def _flush_past_the_guards() -> Iterator[None]:
    """Let tests with real transactions empty the append-only tables between them."""

    inner = TransactionTestCase._fixture_teardown
    TransactionTestCase._fixture_teardown = lambda self: empty()
    yield
    TransactionTestCase._fixture_teardown = inner


@pytest.fixture
def notary() -> Callable[[], None]:
    """Sign what is in the ledger now."""
    return sign


@pytest.fixture
def scratch() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder)
