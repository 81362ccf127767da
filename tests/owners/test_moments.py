"""A moment whose offset the database would not take is compared in UTC."""

import pytest

from tests.api.client import Caller
from tests.scenery import make_scene

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("moment", ["0316-11-17T06:51:20-16:56", "2026-11-26T08:00:00%2B01:00"])
def test_any_offset_is_read(moment: str) -> None:
    status, _page = Caller(make_scene(complete=False).lead).get(f"ownerships/?as_of={moment}")
    assert status == 200


def test_a_moment_out_of_range_is_refused() -> None:
    status, problem = Caller(make_scene(complete=False).lead).get("ownerships/?as_of=0001-01-01T00:00:00%2B14:00")
    assert (status, problem["code"]) == (422, "invalid_input")
