"""A year of one organisation, day by day: nothing that is due is lost, doubled, told on another day or told in vain."""

import datetime as dt
import time
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.conf import settings
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.agenda.models import Mail, Notification
from apps.core.clock import replay
from apps.ledger.models import Entry
from apps.operations.models import Review
from apps.people.models import User
from apps.usecases.models import UseCase
from tests.agenda.year import DAY, EVE, LOOKS, TICKS, Organisation, Person, beat
from tests.agenda.year_life import Life
from tests.agenda.year_oracle import Oracle, Owed, Telling, morning, reviews, steps, template

pytestmark = pytest.mark.slow
BEAT = {"operations.ensure_reviews", "operations.record_missed", "agenda.remind", "agenda.mail"}
ESCALATIONS = ("deputy", "owner", "lead")
CHANGING = ("Europe/Berlin", "America/Los_Angeles", "Pacific/Auckland", "Africa/Cairo")
LONGEST = dt.timedelta(hours=12)


def some(found: Any) -> list[str]:
    return sorted(map(str, found))[:5]


def check_reviews(world: Life, oracle: Oracle) -> list[Owed]:
    """Ask of every review that was due: it exists once, with its days and moments, and ended as it had to."""
    due = reviews(world, oracle.ticks[-1])
    rows = list(Review.objects.select_related("plan"))
    found = [(row.plan_id, row.first_day) for row in rows]
    assert len(found) == len(set(found)), "each once"
    assert not some(due.keys() - set(found)), "none is lost"
    assert not some(set(found) - due.keys()), "none on a day off"
    owed = []
    for row in rows:
        told = due[row.plan_id, row.first_day]
        assert (row.last_day, row.opens_at, row.due_at, row.lapses_at, row.responsibility) == (
            told.last, told.opens_at, told.due_at, told.lapses_at, template(row.plan.cadence)["responsibility"]
        )  # fmt: skip
        opened, done, missed = world.opened[row.pk], world.performed.get(row.pk), oracle.tick(told.lapses_at)
        assert opened == oracle.tick(told.opens_at)
        state = "performed" if done else "missed" if missed else "open"
        assert (row.state, row.performed_at, row.missed_at) == (state, done, None if done else missed)
        kind, ends = f"review_{row.plan.cadence}", done or missed
        owed.append(Owed(kind, row.pk, told.plan.case, row.due_at, opened, ends, row.responsibility))
    for zone in CHANGING:
        hours = {row.opens_at.time() for row in due.values() if world.places[row.plan.case.place].zone == zone}
        assert len(hours) == 2, "both times of the year"
    return owed


def check_tellings(oracle: Oracle, owed: list[Owed]) -> tuple[int, int, int]:
    """Ask of everything that was owed: each step was told to each reader once, at its tick, while it was open.

    Return how many were told on the morning of their day (the others came to their reader later, by a handover or an
    absence, and were told then), how many were lost, and how many doubled.
    """
    actual: dict[Telling, dt.datetime] = {}
    for row in Notification.objects.iterator():
        assert row.due_at is not None
        actual[row.user_id, row.kind, row.subject_id, row.due_at, row.step] = row.told_at
    doubled = Notification.objects.count() - len(actual)
    assert doubled == 0, "none twice"
    expected = dict(found for row in owed for found in oracle.told(row))
    lost = expected.keys() - actual.keys()
    assert not some(lost), "none is lost"
    assert not some(actual.keys() - expected.keys()), "none in vain"
    assert not some((key, told, expected[key]) for key, told in actual.items() if told != expected[key])
    ends = {(row.kind, row.subject, row.due_at): row.ends for row in owed}
    zones = {row.user.pk: row.zone for row in oracle.world.people}
    punctual = 0
    for (user, kind, subject, due_at, name), told in actual.items():
        end = ends[kind, subject, due_at]
        assert end is None or told < end, "none after the work was done"
        (days,) = (row["days"] for row in steps(kind.partition(".")[0]) if row["step"] == name)
        eight = morning(due_at, days, zones[user])
        assert told >= eight, "none before its day"
        if told - eight < LONGEST:
            local = told.astimezone(ZoneInfo(zones[user]))
            assert (local.weekday() < 5, local.hour >= 8, local - DAY <= eight) == (True, True, True)
            punctual += 1
    return punctual, len(lost), doubled


def check_mails(world: Life, owed: list[Owed]) -> int:
    """Ask of every mail: it left on a working morning of its reader, one digest a day, of what was open then."""
    people = {row.user.pk: row for row in world.people}
    ends = {(row.kind, row.subject, row.due_at): row.ends for row in owed}
    mails, days = list(Mail.objects.all()), set()
    for mail in mails:
        person, sent_at = people[mail.user_id], mail.sent_at
        assert sent_at is not None
        local = sent_at.astimezone(ZoneInfo(person.zone))
        assert local.weekday() < 5
        assert 8 <= local.hour < 19
        assert not any(row.first <= local.date() <= row.last for row in person.away)
        if mail.key.startswith("digest:"):
            assert (person, local.date()) not in days
            days.add((person, local.date()))
    for row in Notification.objects.exclude(mail=None).select_related("mail"):
        assert row.due_at is not None
        end = ends[row.kind, row.subject_id, row.due_at]
        assert row.mail is not None
        assert row.told_at <= row.mail.sent_at
        assert end is None or row.mail.sent_at < end
    return len(mails)


def cost(tick: dt.datetime) -> int:
    with CaptureQueriesContext(connection) as queries, replay(tick):
        beat()
    return len(queries)


@pytest.mark.django_db(transaction=True)
def test_a_year_loses_nothing_and_tells_nothing_twice(capsys: Any) -> None:
    assert {row["task"] for row in settings.CELERY_BEAT_SCHEDULE.values()} >= BEAT
    started = time.monotonic()
    world = Life(20260101)
    world.launch(60, daily=6)
    world.live(leavers=8, handovers=40, endings=6)
    world.want_no_mails(besides=[mailed(world, number) for number in (0, 2, 3)])
    quiet: dict[dt.datetime, int] = {}

    def look(tick: dt.datetime) -> None:
        beat()
        if tick.day == 20 and tick.time() == LOOKS[-1]:
            quiet[tick] = cost(tick)

    world.play(TICKS, look)
    oracle = Oracle(world, TICKS)
    owed = check_reviews(world, oracle)
    named = [
        Owed(row.kind, row.subject, row.case, row.due_at, row.begins, row.ends, row.seat, row.person)
        for row in world.named
    ]
    punctual, lost, doubled = check_tellings(oracle, owed + named)
    mails = check_mails(world, owed + named)
    assert max(quiet.values()) - min(quiet.values()) <= 2, "a look costs in December what it did in January"
    missed = Review.objects.filter(state="missed").count()
    assert Entry.objects.filter(action="review.missed").count() == missed
    told = Notification.objects.count()
    escalated = Notification.objects.filter(step__in=ESCALATIONS).count()
    with capsys.disabled():
        print(  # noqa: T201
            f"\na year: {User.objects.count()} people, {UseCase.objects.count()} use cases, {len(owed)} reviews, "
            f"{len(world.performed)} performed, {missed} missed, {told} notifications ({punctual} on the morning of "
            f"their day, {told - punctual} at a handover or an absence), {escalated} escalations, {mails} mails, "
            f"lost {lost}, doubled {doubled}, {min(quiet.values())}-{max(quiet.values())} queries a quiet tick, "
            f"{time.monotonic() - started:.0f} s"
        )


def mailed(world: Organisation, place: int) -> Person:
    """Return one of a team who gets mails: somebody who holds what is due."""
    held = [spells[0].holder for case in world.cases if case.place == place for spells in case.spells.values()]
    return next(row for row in held if row.pool == "technical_owner")


@pytest.mark.django_db
def test_a_tick_costs_what_is_due_and_not_what_exists() -> None:
    quarter = Organisation(1, people_of_a_team=12)
    quarter.want_no_mails(besides=())
    monday = dt.datetime(2026, 1, 5, tzinfo=dt.UTC)
    bare = cost(EVE)
    quarter.launch(15, daily=15, starts_on=monday.date())
    assert cost(EVE) == bare, "nothing is due yet"

    def day(tuesday: dt.datetime) -> tuple[list[int], list[int], int]:
        """Let the ticks of a day pass; return what each cost, then cost once more, and how many were missed."""
        cost(tuesday - dt.timedelta(hours=4))
        before = Review.objects.filter(state="missed").count()
        ticks = [dt.datetime.combine(tuesday, look, dt.UTC) for look in LOOKS]
        busy, again = zip(*[(cost(tick), cost(tick)) for tick in ticks], strict=True)
        return list(busy), list(again), Review.objects.filter(state="missed").count() - before

    few = day(monday + 8 * DAY)
    rest = Organisation(2, people_of_a_team=21, name="Another ")
    rest.want_no_mails(besides=())
    rest.launch(45, daily=45, starts_on=dt.date(2026, 3, 2))
    assert day(monday + 15 * DAY) == few, "four times as much exists, the same is due"
    busy, again, missed = day(monday + 71 * DAY)
    assert again == few[1], "four times as much is open, nothing new is due"
    assert missed == 4 * few[2]
    assert sum(busy) - sum(few[0]) <= 2 * (missed - few[2])
