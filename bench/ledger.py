"""Verifying a million entries beside hashing the same bytes; writing with 16 writers beside plain inserts."""

import hashlib
import tracemalloc
from collections.abc import Iterator

from django.core.management import call_command
from django.db import connection, transaction

from apps.ledger.actions import record
from apps.ledger.notary import rows
from apps.ledger.verification import verify
from apps.people.models import User
from bench import crowd, population
from bench.harness import Figure, benchmark, seconds

WRITES = 200
WORK_SECONDS = 0.005


@benchmark("verification")
def verification(scale: float) -> Iterator[Figure]:
    size = population.entries(int(1_000_000 * scale))
    signing = seconds(lambda: call_command("notary", "--once"))

    def hash_only() -> None:
        for _seq, body, _leaf in rows("default", 0):
            hashlib.sha256(body.encode()).digest()

    bodies = [body.encode() for _seq, body, _leaf in rows("default", 0, min(size, 200_000))]

    def hash_in_memory() -> None:
        for body in bodies:
            hashlib.sha256(body).digest()

    found = {}
    verifying = seconds(lambda: found.update(result=verify()))
    assert found["result"].entries == size
    reading = seconds(hash_only)
    bare = size / len(bodies) * seconds(hash_in_memory)
    yield Figure(
        f"verify {size:,} entries in the database",
        "read and hash them",
        size / verifying,
        size / reading,
        "entries/s",
        "at least",
        0.3,
    )
    yield Figure("the same", "hash them, in memory already", size / verifying, size / bare, "entries/s", "at least")
    yield Figure(
        f"notary signs {size:,} entries at once", "read and hash them", size / signing, size / reading, "entries/s",
        "at least",
    )  # fmt: skip
    tracemalloc.start()
    verify()
    peak = tracemalloc.get_traced_memory()[1] / 1e6
    tracemalloc.stop()
    yield Figure("peak memory of a verification", "10 MB", peak, 10, "MB", goal=1)


def with_ledger(writer: User) -> None:
    with transaction.atomic():
        _record(writer)


def working_with_ledger(writer: User) -> None:
    with transaction.atomic():
        _work()
        _record(writer)


def behind_a_chain(writer: User) -> None:
    """Lock the chain's end first, work, then write: what a hash chain over rows forces on every transaction."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT hash FROM bench_chain WHERE id = 1 FOR UPDATE")
            (last,) = cursor.fetchone()
        _work()
        entry = _record(writer)
        with connection.cursor() as cursor:
            cursor.execute(
                "UPDATE bench_chain SET hash = %s WHERE id = 1",
                [hashlib.sha256(bytes(last) + entry.body.encode()).digest()],
            )


def _work() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_sleep(%s)", [WORK_SECONDS])


def _record(writer: User):  # type: ignore[no-untyped-def]
    return record(
        "dataset.edited",
        by=writer,
        subject=("dataset", writer.pk, "A dataset"),
        team=None,
        payload={"changed": {"name": {"from": "Before", "to": "After"}}},
    )


@benchmark("writing")
def writing(scale: float) -> Iterator[Figure]:
    writers = [population.person(f"Bench Writer {number}") for number in range(16)]
    shares = [[writer] * max(int(WRITES * scale), 5) for writer in writers]
    few = [share[: max(len(share) // 4, 5)] for share in shares]
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS bench_chain")
        cursor.execute("CREATE TABLE bench_chain (id int PRIMARY KEY, hash bytea NOT NULL)")
        cursor.execute("INSERT INTO bench_chain VALUES (1, sha256(''))")
    crowd.rate(with_ledger, few)
    ours, working = crowd.rate(with_ledger, shares), crowd.rate(working_with_ledger, shares)
    with population.unguarded():
        plain = crowd.rate(with_ledger, shares)
        working_plain = crowd.rate(working_with_ledger, shares)
        chain = crowd.rate(behind_a_chain, few)
    with population.unguarded(), connection.cursor() as cursor:
        cursor.execute("DELETE FROM ledger_entry WHERE seq IS NULL")
        cursor.execute("DROP TABLE bench_chain")
    unit = "entries/s"
    yield Figure("16 writers, sequenced at commit", "plain unordered insert", ours, plain, unit, "at least", 0.35)
    yield Figure(
        "the same with 5 ms of business work", "plain unordered insert", working, working_plain, unit, "at least", 0.35
    )
    yield Figure("the same with 5 ms of business work", "a chain locked first", working, chain, unit, "at least", 5)
