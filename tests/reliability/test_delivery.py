"""Beats at once, kill -9 of the worker, Valkey flushed, PostgreSQL killed, SMTP refusing or silent, a receiver that
answers 500: nothing is lost, and in the application nothing is told twice.

Time that the product waits (working hours, a dead worker's lease, the back-off) is aged in the tables.
"""

import contextlib
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest

from tests.agenda.receiver import receiving
from tests.reliability.delivering import Delivering, Figures, Work
from tests.reliability.mailbox import receiving_mail
from tests.reliability.running import KILLS, new_home

pytestmark = pytest.mark.slow
Told = Callable[[str, Work], Figures]
HOUR = 3600


@pytest.fixture(scope="module")
def up() -> Iterator[Delivering]:
    with new_home() as home, receiving_mail() as mailbox, receiving() as receiver:
        found = Delivering(home, mailbox, receiver)
        try:
            with found.beat("second-beat"):
                yield found
        finally:
            mailbox.let_go()
            if found.process.poll() is None:
                found.stop()


@pytest.fixture(autouse=True)
def _all_of_it_stands_still_at_the_end(up: Delivering) -> Iterator[None]:
    yield
    up.mailbox.let_go()
    up.mailbox.refuses = False
    up.receiver.answers.clear()


@pytest.fixture
def say(capsys: pytest.CaptureFixture[str]) -> Callable[[str], None]:
    def aloud(text: str) -> None:
        with capsys.disabled():
            sys.stdout.write(f"\n{text}\n")

    return aloud


@pytest.fixture
def told(up: Delivering, say: Callable[[str], None]) -> Told:
    """Wait for what comes of some work, say the figures, and hold them against what was due."""

    def counted(name: str, work: Work) -> Figures:
        figures = up.settled(work)
        say(figures.line(name))
        due = len(work.offers)
        assert (figures.told, figures.mails, figures.posts) == (2 * due, 2 * due, due)
        assert (figures.lost, figures.doubled) == (0, 0)
        return figures

    return counted


def ticks(log: str) -> int:
    return log.count("Sending due task")


def test_beats_and_workers_at_once_tell_once(up: Delivering, told: Told) -> None:
    with up.beat("third-beat") as beat, up.beside("second-worker", "config.celery", "worker", "-c", "2") as worker:
        work = up.make("Two beats")
        up.until(lambda: "ready" in worker.read_text() and ticks(beat.read_text()), 60)
        for offer in work.offers:
            up.make_due([offer])
            time.sleep(0.3)
        figures = told("two beats and two workers", work)
        assert ticks((up.home / "logs" / "second-beat.log").read_text())
    assert figures.mails_again == figures.posts_again == 0


@pytest.mark.parametrize("step", ["RCPT", "DATA"])
def test_a_worker_killed_while_a_mail_leaves_is_followed_by_another(up: Delivering, told: Told, step: str) -> None:
    """At RCPT the mail is written and not sent; at DATA it is sent and not noted."""
    work = up.make(f"Killed at {step}")
    up.mailbox.hold(step)
    up.make_due(work.offers)
    up.held()
    assert up.rows("SELECT 1 FROM agenda_mail WHERE state = 'waiting' AND tries = 1")
    up.kill(KILLS["worker"])
    held = len(up.mailbox.held)
    up.mailbox.let_go()
    figures = told(f"worker killed at {step}", work)
    assert figures.mails_again == (held if step == "DATA" else 0)


def test_a_flushed_valkey_loses_nothing(up: Delivering, told: Told) -> None:
    work = up.make("Flushed")
    with up.frozen(up.pids(KILLS["worker"])):
        up.make_due(work.offers)
        up.until(up.waiting_tasks, 30)
        up.broker.flushall()
    for _number in range(5):
        time.sleep(0.3)
        up.broker.flushall()
    figures = told("Valkey flushed", work)
    assert figures.mails_again == 0


def test_a_killed_postgresql_loses_nothing(up: Delivering, told: Told) -> None:
    work = up.make("Restarted")
    up.mailbox.hold("DATA")
    up.make_due(work.offers)
    up.held()
    up.kill(KILLS["PostgreSQL"])
    held, up.mailbox.holds = len(up.mailbox.held), ""

    def answers() -> bool:
        with contextlib.suppress(psycopg.OperationalError):
            return bool(up.rows("SELECT 1"))
        return False

    up.until(answers, 60)
    up.mailbox.let_go()
    figures = told("PostgreSQL killed", work)
    assert figures.mails_again == held


def test_mails_outlast_an_hour_of_refusals(up: Delivering, told: Told, say: Callable[[str], None]) -> None:
    work = up.make("Refused")
    up.mailbox.refuses, refused = True, up.mailbox.refused
    up.make_due(work.offers)
    waits: list[float] = []
    while sum(waits) < HOUR:

        def all_refused() -> Any:
            found = [
                left
                for state, tries, error, left in up.mails(work)
                if (state, tries) == ("waiting", len(waits) + 1) and "451" in error
            ]
            return len(found) == 2 * len(work.offers) and found

        found = up.until(all_refused, 60)
        waits.append(sum(found) / len(found))
        up.rows("UPDATE agenda_mail SET next_try_at = now(), error = '' WHERE state = 'waiting'")
    up.mailbox.refuses = False
    assert waits == sorted(waits), "ever later"
    say(f"refused {up.mailbox.refused - refused} times; mean waits in s: {', '.join(f'{row:.0f}' for row in waits)}")
    figures = told("SMTP refusing for an hour", work)
    assert figures.mails_again == 0


def test_a_silent_mail_server_holds_up_mails_alone(up: Delivering, told: Told) -> None:
    first = up.make("Silent at first")
    up.mailbox.hold("HELLO")
    up.make_due(first.offers)
    up.held(at_least=2)
    with up.frozen([up.others["second-beat"]]):
        second = up.make("Silent still")
        up.until(lambda: up.figures(second).told == len(second.offers) == up.figures(second).posts, 60)
    up.mailbox.let_go()
    up.make_due(second.offers)
    told("silent mail server", first + second)


def test_a_receiver_that_fails_first_gets_everything_under_the_same_ids(up: Delivering, told: Told) -> None:
    before, failures = len(up.receiver.got), 4
    up.receiver.answers[:] = [500] * failures + [200] * 50
    work = up.make("Failing receiver")
    up.make_due(work.offers)
    figures = told("receiver answering 500, then 200", work)
    ids = up.receiver.ids[before:]
    assert (len(ids), len(set(ids))) == (len(work.offers) + failures, len(work.offers))
    assert figures.posts_again == failures
    listed = {row["id"]: row for row in up.read(f"webhooks/{up.webhook}/deliveries/?state=delivered")["results"]}
    assert set(ids) <= set(listed)
    statuses = sorted(one["status"] for name in set(ids) for one in listed[name]["tries"])
    assert statuses == [200] * len(work.offers) + [500] * failures
