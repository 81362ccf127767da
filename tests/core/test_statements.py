"""Queries built once: they answer for whoever asks, and refuse to keep a moment."""

import datetime as dt
import uuid
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.core.statements import ME, TODAY, Presence, Statement
from apps.people.models import Absence, Membership, User
from tests.people.factories import make_team, make_user, member

pytestmark = pytest.mark.django_db
DAY = dt.timedelta(days=1)
NOBODY = uuid.UUID(int=7)


def test_a_statement_asks_with_the_person_and_the_day_and_is_built_once() -> None:
    built: list[None] = []

    def away() -> Any:
        built.append(None)
        return Absence.objects.filter(user=ME, starts_on__lte=TODAY, ends_on__gte=TODAY).values_list("ends_on")

    statement, today = Statement(away), dt.date(2026, 3, 2)
    first, second = make_user("First"), make_user("Second")
    Absence.objects.create(user=first, starts_on=today, ends_on=today + DAY)
    assert statement.rows(first.pk, today) == [(today + DAY,)]
    assert statement.rows(second.pk, today) == []
    assert statement.rows(first.pk, today + 2 * DAY) == []
    assert len(built) == 1


def test_a_statement_refuses_to_keep_a_moment() -> None:
    yesterday = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)
    with pytest.raises(ValueError, match="write it with TODAY"):
        Statement(lambda: User.objects.filter(pk=ME, created_at__gt=yesterday).values_list("pk")).rows(NOBODY)


def test_presence_tells_in_one_query_what_is_not_worth_asking() -> None:
    asked = Presence()
    with CaptureQueriesContext(connection) as none:
        assert asked.missing(NOBODY) == set()
    assert len(none) == 0
    asked.add("account", lambda me: User.objects.filter(pk=me))
    asked.add("team", lambda me: Membership.objects.filter(user=me))
    assert asked.missing(NOBODY) == {"account", "team"}
    lonely, insider = make_user("Lonely"), member(make_team(), "auditor")
    with CaptureQueriesContext(connection) as queries:
        assert asked.missing(lonely.pk) == {"team"}
        assert asked.missing(insider.pk) == set()
    assert len(queries) == 2
