import datetime as dt
from typing import Any

import pytest

from apps.core.clock import replay
from tests.agenda.scenery import Desk
from tests.scenery import Scene, make_scene

MONDAY = dt.datetime(2026, 3, 2, 7, tzinfo=dt.UTC)


@pytest.fixture
def scene() -> Scene:
    with replay(MONDAY):
        return make_scene()


@pytest.fixture
def desk(monkeypatch: Any) -> Desk:
    return Desk(monkeypatch)
