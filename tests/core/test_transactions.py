"""Acts that wait for each other's rows are both done; what is done once more leaves nothing of the first try."""

import contextlib
import threading

import pytest
from django.db import OperationalError, transaction

from apps.core.transactions import atomic
from apps.people.models import Team
from tests.people.factories import make_team
from tests.races import at_once

pytestmark = pytest.mark.django_db(transaction=True)


@atomic
def rename(first: Team, second: Team, meet: threading.Barrier, text: str) -> None:
    for team in (first, second):
        row = Team.objects.select_for_update().get(pk=team.pk)
        row.description += text
        row.save(update_fields=["description"])
        with contextlib.suppress(threading.BrokenBarrierError):
            meet.wait(timeout=2)


def test_two_acts_in_a_deadlock_are_both_done_once() -> None:
    one, two, meet = make_team("One"), make_team("Two"), threading.Barrier(2)
    ended = at_once([lambda: rename(one, two, meet, "a"), lambda: rename(two, one, meet, "b")])
    assert ended == {"done": 2}
    assert [sorted(row.description) for row in Team.objects.order_by("id")] == [["a", "b"], ["a", "b"]]


def test_another_failure_is_raised_and_not_tried_again() -> None:
    tries = []

    @atomic
    def fail() -> None:
        tries.append(1)
        raise OperationalError("the server is gone")

    with pytest.raises(OperationalError):
        fail()
    assert len(tries) == 1


def test_within_another_transaction_the_deadlock_is_raised() -> None:
    tries = []

    @atomic
    def fail() -> None:
        tries.append(1)
        raise OperationalError("deadlock detected") from Deadlock()

    with pytest.raises(OperationalError), transaction.atomic():
        fail()
    assert len(tries) == 1
    with pytest.raises(OperationalError):
        fail()
    assert len(tries) == 1 + 5


class Deadlock(Exception):
    sqlstate = "40P01"
