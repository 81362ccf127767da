"""A look at what is due, among a hundred thousand things that are open."""

import datetime as dt
import resource
from collections.abc import Iterator
from typing import Any

from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from apps.agenda.models import Notification
from apps.agenda.reminding import remind
from apps.core.clock import now
from apps.core.identifiers import new_id
from apps.gates.actions.gates import newest_policy
from apps.gates.models import Gate, GateState
from bench import population
from bench.harness import Figure, benchmark, seconds, side_by_side

OPEN, DUE = 100_000, 500
TELL = """
INSERT INTO agenda_notification (id, created_at, user_id, key, kind, step, subject_type, subject_id, title, text,
    reason, url, told_at)
SELECT gen_random_uuid(), now(), opened_by_id, %s || id, 'gate_ending', 'due', 'gate', id, subject_label, '-',
    '-', '-', now()
FROM gates_gate
WHERE state = 'approved' AND turns_at BETWEEN now() - interval '60 days' AND now() + interval '15 days'
"""


def _endings(count: int, due: int) -> None:
    """Fill ten teams with approved gates of which time ends ``due`` within three days, the rest within a year."""
    found, policy, moment = population.teams(), newest_policy("start"), now()
    users = population._people(found, 200)
    with population.unguarded():
        Gate.objects.bulk_create(
            (
                Gate(
                    policy_version=policy,
                    kind="start",
                    team=found[number % len(found)],
                    subject_type="dataset_version",
                    subject_id=new_id(),
                    subject_label=f"Data v{number}",
                    root_id=new_id(),
                    opened_by=users[number % len(users)],
                    state=GateState.APPROVED,
                    state_since=moment,
                    signatures_needed=2,
                    turns_at=moment + dt.timedelta(hours=number % 70 if number < due else 24 * (20 + number % 340)),
                )
                for number in range(count)
            ),
            batch_size=2000,
        )
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")


@benchmark("tick")
def tick(scale: float) -> Iterator[Figure]:
    count, due = int(OPEN * scale), int(DUE * scale)
    _endings(count, due)
    reverse("gates:gate_list")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with CaptureQueriesContext(connection) as queries:
        first = seconds(remind)
    told = Notification.objects.count()
    assert told >= due, (told, due)
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024

    def bare() -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(TELL, [f"{new_id()}:"])
            transaction.set_rollback(True)

    def again() -> Any:
        return remind()

    looked, written = side_by_side(again, bare, rounds=9)
    note = f"{len(queries)} queries, {told} told, {grown:.0f} MB more"
    yield Figure(f"{due} of {count:,} told", "found and written by one query", first * 1000, written, "ms", note=note)
    yield Figure("the next look, all told", "the same", looked, written, "ms")
