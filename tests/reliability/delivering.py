"""An `up` whose mails and webhooks end on this machine: work for it to tell of, and the figures of what came."""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import redis

from config.embedded import binaries
from tests.agenda.receiver import Receiver
from tests.reliability.mailbox import Mailbox
from tests.reliability.running import ROOT, Running

QUEUE = "celery"
WORKING_HOURS = "UPDATE agenda_notification SET mail_at = now() WHERE mail_id IS NULL AND mail_at > now()"
HASTEN = (
    WORKING_HOURS,
    # here a mail is sent within milliseconds: a lease of five minutes that is ten seconds old is a dead worker's
    "UPDATE agenda_mail SET next_try_at = now()"
    " WHERE state = 'waiting' AND next_try_at BETWEEN now() AND now() + interval '290 seconds'",
    # and so is a webhook's lease of a minute; what failed waits no longer
    "UPDATE agenda_webhookdelivery SET next_try_at = now(), lease_until = NULL WHERE state = 'waiting'"
    " AND (lease_until IS NULL AND next_try_at > now() OR lease_until < now() + interval '50 seconds')",
)
AGE_OFFERS = (  # past their guard, as the table's owner can
    "ALTER TABLE owners_ownershipoffer DISABLE TRIGGER owners_offer",
    "UPDATE owners_ownershipoffer SET offered_at = now() - interval '9 days' WHERE id = ANY(%(offers)s)",
    "ALTER TABLE owners_ownershipoffer ENABLE ALWAYS TRIGGER owners_offer",
)
TOLD = """
    SELECT offer.id::text, note.id, mail.id::text, mail.state FROM owners_ownershipoffer offer
    LEFT JOIN agenda_notification note ON note.user_id = offer.to_id AND note.step = 'overdue'
        AND note.subject_id = offer.subject_id AND note.kind = 'offer.' || offer.responsibility
    LEFT JOIN agenda_mail mail ON mail.id = note.mail_id
    WHERE offer.id = ANY(%(offers)s)
    UNION ALL
    SELECT 'entry:' || entry.seq, note.id, mail.id::text, mail.state FROM ledger_entry entry
    LEFT JOIN agenda_notification note ON note.user_id = %(follower)s AND note.key = 'entry:' || entry.seq
    LEFT JOIN agenda_mail mail ON mail.id = note.mail_id
    WHERE entry.action = 'ownership.offered' AND entry.subject_id = ANY(%(use_cases)s)
"""
DELIVERIES = """
    SELECT entry.seq, delivery.id::text, delivery.state FROM ledger_entry entry
    LEFT JOIN agenda_webhookdelivery delivery ON delivery.seq = entry.seq AND delivery.webhook_id = %(webhook)s
    WHERE entry.action = 'ownership.offered' AND entry.subject_id = ANY(%(use_cases)s)
"""


@dataclass(frozen=True)
class Work:
    """Offers that nobody answers: each is due from whoever was asked, and each is an entry that somebody follows."""

    use_cases: list[str]
    offers: list[str]

    def __add__(self, other: "Work") -> "Work":
        return Work(self.use_cases + other.use_cases, self.offers + other.offers)


@dataclass(frozen=True)
class Figures:
    """What came of some work. ``lost`` is what was due and was not told, mailed or posted."""

    told: int
    mails: int
    posts: int
    lost: int
    doubled: int
    mails_again: int
    posts_again: int

    def line(self, name: str) -> str:
        return (
            f"{name}: told {self.told}, mails {self.mails}, webhook messages {self.posts}, lost {self.lost}, "
            f"doubled in app {self.doubled}, mails sent again {self.mails_again} under the same Message-ID, "
            f"messages sent again {self.posts_again} under the same webhook-id"
        )


class Delivering(Running):
    def __init__(self, home: Path, mailbox: Mailbox, receiver: Receiver) -> None:
        mail = {"EMAIL_URL": mailbox.url, "EMAIL_TIMEOUT": "3"}
        super().__init__(home, FOURGATE_DEMO="0", WEBHOOK_ALLOWED_HOSTS="127.0.0.1", **mail)
        self.mailbox, self.receiver, self.others = mailbox, receiver, dict[str, int]()
        (beat,) = self.until(lambda: self.pids("celery -A config.celery beat"), 60)
        rows = Path(f"/proc/{beat}/environ").read_text().split("\0")
        self.inner = dict(row.split("=", 1) for row in rows if "=" in row)
        self.broker = redis.Redis.from_url(self.inner["REDIS_URL"])
        made = subprocess.run(
            [sys.executable, "-m", "tests.reliability.furnish"],
            cwd=ROOT,
            env=self.inner,
            capture_output=True,
            text=True,
            check=True,
        )
        self.people = json.loads(made.stdout)
        self.until(lambda: self.rows("SELECT 1 FROM agenda_trailcursor"), 60)
        values = {"team": self.people["team"], "name": "Ours", "url": receiver.url, "kinds": ["ownership.offered"]}
        self.webhook = self.post("lead", "webhooks/", **values)["id"]

    def post(self, who: str, path: str, **values: Any) -> Any:
        token = self.people["tokens"][who]
        status, answer = self.ask(urllib.request.build_opener(), "POST", path, values, Authorization=token)
        assert status == 201, (status, answer)
        return answer

    def read(self, path: str) -> Any:
        token = self.people["tokens"]["lead"]
        status, answer = self.ask(urllib.request.build_opener(), "GET", path, Authorization=token)
        assert status == 200, (status, answer)
        return answer

    def rows(self, *statements: str, **values: Any) -> list[Any]:
        """Run statements; return the last one's rows."""
        with psycopg.connect(self.inner["DATABASE_URL"]) as link:
            for statement in statements:
                cursor = link.execute(statement.encode(), values)
            return cursor.fetchall() if cursor.description else []

    def make(self, name: str) -> Work:
        """Make two use cases, let their author follow them, and ask five people to answer for each."""
        work = Work([], [])
        for number in (1, 2):
            terms = {"summary": "Sorts", "task": "Name the intent.", "risk_tier": "medium"}
            use_case = self.post("follower", "use-cases/", team=self.people["team"], name=f"{name} {number}", **terms)
            subject = {"subject_type": "use_case", "subject_id": use_case["id"]}
            self.post("follower", "subscriptions/", **subject)
            work.use_cases.append(use_case["id"])
            for responsibility, person in self.people["asked"].items():
                asked = {**subject, "responsibility": responsibility, "holder": person}
                work.offers.append(self.post("lead", "ownerships/", **asked)["id"])
        return work

    def make_due(self, offers: Sequence[str]) -> None:
        """Let them be nine days old: they were due four days ago, which is told as overdue and not yet escalated."""
        self.rows(*AGE_OFFERS, offers=list(offers))

    def figures(self, work: Work) -> Figures:
        values = {**vars(work), "follower": self.people["follower"], "webhook": self.webhook}
        told, posted = self.rows(TOLD, **values), self.rows(DELIVERIES, **values)
        due = 2 * len(work.offers)
        notes = Counter(what for what, note, _mail, _state in told if note)
        mails = {mail for _what, _note, mail, state in told if state == "sent"}
        here = Counter({mail: self.mailbox.taken[f"<{mail}@localhost>"] for mail in mails})
        posts = [post for _seq, post, state in posted if state == "delivered"]
        there = Counter(post for post in self.receiver.ids if post in posts)
        lost = (due - len(notes)) + (due - len(+here)) + (len(work.offers) - len(there))
        again = {"mails_again": here.total() - len(+here), "posts_again": there.total() - len(there)}
        return Figures(notes.total(), len(+here), len(there), lost, notes.total() - len(notes), **again)

    def mails(self, work: Work) -> list[tuple[str, int, str, float]]:
        """Return state, tries, error and seconds until the next try of each mail of some work."""
        values = {**vars(work), "follower": self.people["follower"]}
        left = "EXTRACT(epoch FROM next_try_at - now())::float"
        return self.rows(
            WORKING_HOURS,
            f"SELECT state, tries, error, {left} FROM agenda_mail WHERE id::text IN (SELECT found.mail FROM ({TOLD})"
            " AS found (what, note, mail, state))",
            **values,
        )

    def held(self, at_least: int = 1) -> None:
        """Wait until so many mails are held at once."""

        def are_held() -> bool:
            self.rows(WORKING_HOURS)
            return len(self.mailbox.held) >= at_least

        self.until(are_held, 60)

    def settled(self, work: Work) -> Figures:
        """Wait until nothing is lost, then for two more looks of every kind, and return the figures."""

        def nothing_lost() -> bool:
            with suppress(psycopg.OperationalError):
                self.rows(*HASTEN)
                return self.figures(work).lost == 0
            return False

        try:
            self.until(nothing_lost, 90)
        except AssertionError as error:
            raise AssertionError(self.figures(work).line("after 90 s")) from error
        time.sleep(2)
        return self.figures(work)

    @contextmanager
    def beside(self, name: str, app: str, *arguments: str) -> Iterator[Path]:
        """Run another Celery process for the same database; yield its log."""
        log = self.home / "logs" / f"{name}.log"
        with log.open("ab") as file:
            process = subprocess.Popen(
                [sys.executable, "-m", "celery", "-A", app, *arguments, "--loglevel", "INFO"],
                cwd=ROOT,
                env={**self.inner, "LOG_LEVEL": "INFO"},
                stdout=file,
                stderr=file,
                start_new_session=True,
                preexec_fn=binaries.die_with_parent,
            )
        self.others[name] = process.pid
        try:
            yield log
        finally:
            process.terminate()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()

    def beat(self, name: str) -> Any:
        """Run a second beat, which looks once a second."""
        schedule = str(self.home / f"{name}-schedule")
        return self.beside(name, "tests.reliability.hurried", "beat", "--schedule", schedule, "--pidfile", "")

    @contextmanager
    def frozen(self, pids: Sequence[int]) -> Iterator[None]:
        """Let processes stand still."""
        assert pids
        try:
            for pid in pids:
                os.kill(pid, signal.SIGSTOP)
            yield
        finally:
            for pid in pids:
                os.kill(pid, signal.SIGCONT)

    def waiting_tasks(self) -> int:
        return int(self.broker.llen(QUEUE))  # type: ignore[arg-type]
