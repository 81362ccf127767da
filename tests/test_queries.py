"""Every page and every endpoint that reads costs no more queries for many rows of a kind than for two."""

import datetime as dt
import fcntl
import json
import os
import re
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple
from unittest.mock import patch

import pytest
from django.db import connection, transaction
from django.test import Client, override_settings
from django.test.utils import CaptureQueriesContext
from django.urls import NoReverseMatch, URLPattern, URLResolver, get_resolver, reverse

from apps.core.pages import ListPage, PageMixin
from apps.ledger.models import Checkpoint
from tests.api.client import Caller
from tests.api.test_matrix import World, endpoints, path_of
from tests.crowd import Crowd, grow, make_crowd
from tests.test_pages import arguments

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
FEW, MANY = 2, 12
MOST_ON_A_GATE = 25
WITH_QUERY = {"core:search": "?q=crowd", "search": "?q=crowd", "ledger-consistency": "?old={old}&new={new}"}
PARAMETERS_UNKNOWN = (KeyError, ValueError, NoReverseMatch)
VALUES = re.compile(r"'[^']*'(::\w+)?|\b\d+\b|s\d+_x\d+")
LISTS_OF_VALUES = re.compile(r"\?(, \?)+")

Counts = dict[str, tuple[int, list[str]]]


class Costs(NamedTuple):
    """What everything cost in the small world and in the grown one; pages whose parameters nobody knows."""

    few: Counts
    many: Counts
    strangers: list[str]


def pages() -> Iterator[tuple[str, Any, dict[str, str]]]:
    """Yield the name, the class and the parameters of every page that the URL configuration knows."""

    def walk(patterns: list[Any], namespace: str) -> Iterator[tuple[str, Any, dict[str, str]]]:
        for row in patterns:
            if isinstance(row, URLResolver):
                yield from walk(row.url_patterns, row.app_name or namespace)
            elif isinstance(row, URLPattern) and row.name:
                view = getattr(row.callback, "view_class", None)
                if view is not None and issubclass(view, PageMixin) and hasattr(view, "get"):
                    keys = {key: type(value).__name__ for key, value in row.pattern.converters.items()}
                    yield f"{namespace}:{row.name}", view, keys

    yield from walk(get_resolver().url_patterns, "")


PAGES = {name: (view, keys) for name, view, keys in pages()}
LISTS = sorted(name for name, (view, _keys) in PAGES.items() if issubclass(view, ListPage))
READS = sorted({(name, template) for name, _action, method, template in endpoints() if method == "GET"})
KNOWN = {
    "agenda:my_work", "usecases:usecase_detail", "datasets:dataset_detail", "datasets:version_detail",
    "gates:gate_detail", "ledger:trail",
}  # fmt: skip


def counted(ask: Callable[[], int]) -> tuple[int, list[str]] | None:
    """Return how many queries the second time asks for, and which; None for what is not answered."""
    if ask() != 200:
        return None
    with CaptureQueriesContext(connection) as queries:
        assert ask() == 200
    return len(queries), [LISTS_OF_VALUES.sub("?", VALUES.sub("?", row["sql"])) for row in queries.captured_queries]


def count_all(crowd: Crowd) -> Counts:
    """Count as the reader with roles in every team; what they may not read, as an administrator of the organisation."""
    found: Counts = {}
    world = World(crowd.scene, crowd.gate, crowd.objects())
    sizes = dict(zip(("new", "old"), Checkpoint.objects.values_list("size", flat=True)[:2], strict=True))
    for viewer in crowd.viewers:
        client, caller = Client(raise_request_exception=False), Caller(viewer, "read", "sign")
        client.force_login(viewer)
        asks: dict[str, Callable[[], int]] = {}
        for name in PAGES:
            if url := address(name, crowd):
                asks[name] = partial(_status, client, url)
        for basename, template in READS:
            path = path_of(basename, template, world) + WITH_QUERY.get(basename, "").format(**sizes)
            asks[template] = partial(_answer, caller, path)
        for name, ask in asks.items():
            if name not in found and (row := counted(ask)) is not None:
                found[name] = row
    return found


def address(name: str, crowd: Crowd) -> str:
    """Return the page's address, or nothing where `tests.test_pages` does not know its parameters."""
    try:
        values = arguments(name, PAGES[name][1], crowd.scene, crowd.gate)
        return reverse(name, kwargs=values) + WITH_QUERY.get(name, "")
    except PARAMETERS_UNKNOWN:
        return ""


def _answer(caller: Caller, path: str) -> int:
    return caller.get(path)[0]


def _status(client: Client, url: str) -> int:
    response: Any = client.get(url)
    if response.streaming:
        b"".join(response.streaming_content)
    return int(response.status_code)


@contextmanager
def alone(name: str) -> Iterator[Path]:
    """Yield a file that the run's workers share, to one of them at a time: what is costly is computed once."""
    folder = Path(os.environ["FOURGATE_TEST_SERVICES"])
    with (folder / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield folder / f"{name}.json"


@pytest.fixture(scope="module")
def costs(django_db_setup: None, django_db_blocker: Any, tmp_path_factory: pytest.TempPathFactory) -> Costs:
    """Return what everything costs in a small world and in the same one grown; nothing stays in the database."""
    home: Path = tmp_path_factory.mktemp("queries")
    with alone("queries") as shared:
        if not shared.exists():
            with django_db_blocker.unblock():
                shared.write_text(json.dumps(measured(home)), encoding="utf-8")
        return Costs(*json.loads(shared.read_text(encoding="utf-8")))


def measured(home: Path) -> Costs:
    with (
        override_settings(
            NOTARY_FOLDER=home,
            NOTARY_KEY_FILE=str(home / "key.pem"),
            ATTESTATION_KEY_FILE=str(home / "attestations.pem"),
            MEDIA_ROOT=str(home / "storage"),
            PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"],
        ),
        patch("apps.people.authentication.LAST_USE_STEP", dt.timedelta(days=1)),
        transaction.atomic(),
    ):
        crowd = make_crowd()
        grow(crowd, FEW)
        few = count_all(crowd)
        grow(crowd, MANY)
        many = count_all(crowd)
        strangers = [name for name in PAGES if not address(name, crowd)]
        transaction.set_rollback(True)
    return Costs(few, many, strangers)


def constant(costs: Costs, name: str) -> None:
    few, many, _strangers = costs
    if name not in few and name not in many:
        pytest.skip("not for reading, or for nobody here")
    assert name in few, "answered only in the grown world"
    assert name in many, "answered only in the small world"
    more = Counter(many[name][1]) - Counter(few[name][1])
    less = Counter(few[name][1]) - Counter(many[name][1])
    told = [f"{n} {way}: {sql[:600]}" for way, rows in (("more", more), ("less", less)) for sql, n in rows.items()]
    assert many[name][0] <= few[name][0], "\n".join(told)


@pytest.mark.parametrize("name", sorted(PAGES))
def test_a_page_costs_the_same_for_few_rows_and_for_many(costs: Costs, name: str) -> None:
    constant(costs, name)


@pytest.mark.parametrize("template", [template for _basename, template in READS])
def test_an_endpoint_costs_the_same_for_few_rows_and_for_many(costs: Costs, template: str) -> None:
    constant(costs, template)


def test_the_parameters_of_every_page_are_known(costs: Costs) -> None:
    assert not costs.strangers, "say in tests/test_pages.py what these pages take"


def test_every_list_and_every_page_of_note_was_counted(costs: Costs) -> None:
    lists = {template for _name, action, method, template in endpoints() if (method, action) == ("GET", "list")}
    for counts in (costs.few, costs.many):
        assert lists.union(LISTS, KNOWN) <= set(counts)


def test_a_gate_page_asks_for_few_queries(costs: Costs, capsys: pytest.CaptureFixture[str]) -> None:
    asked = [counts["gates:gate_detail"][0] for counts in (costs.few, costs.many)]
    with capsys.disabled():
        sys.stdout.write(f"\nqueries of the gate page, few and many: {asked}\n")
    assert max(asked) <= MOST_ON_A_GATE
