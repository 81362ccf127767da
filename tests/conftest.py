"""What every test can ask for."""

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.cache import cache
from django.core.management import call_command
from django.db import connection
from django.test import TransactionTestCase

from tests.tables import empty


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the files that hold slow tests, so that no worker is left with one at the end."""
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: item.path not in slow)


@pytest.fixture(autouse=True)
def _own_state(settings: Any, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Give each test its own storage and notary, and fast password hashes."""
    home = tmp_path_factory.mktemp("state")
    settings.FOURGATE_HOME = home
    settings.MEDIA_ROOT = str(home / "storage")
    settings.NOTARY_FOLDER = home / "notary"
    settings.NOTARY_KEY_FILE = str(home / "notary" / "key.pem")
    settings.ATTESTATION_KEY_FILE = str(home / "attestations" / "key.pem")
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    cache.clear()


@pytest.fixture(autouse=True, scope="session")
def _flush_past_the_guards() -> Iterator[None]:
    """Let tests with real transactions empty the append-only tables between them."""

    inner = TransactionTestCase._fixture_teardown
    TransactionTestCase._fixture_teardown = lambda self: empty()
    yield
    TransactionTestCase._fixture_teardown = inner


@pytest.fixture
def notary() -> Any:
    """Sign what is in the ledger now."""

    def sign() -> None:
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            cursor.execute("SET CONSTRAINTS ALL DEFERRED")
        call_command("notary", "--once")

    return sign


@pytest.fixture
def scratch() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder)
