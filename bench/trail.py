"""A page of the trail at a million entries, at any depth, beside the same rows by a hand-written query."""

import base64
from collections.abc import Iterator
from urllib.parse import urlencode

from django.db import connection
from django.test import Client

from apps.people.models import User
from bench import population
from bench.harness import Figure, benchmark, side_by_side

PAGE = 50
COLUMNS = (
    "id, body, seq, leaf, occurred, actor_id, actor_name, action, subject_type, subject_id, subject_label, team_id"
)
ENTRIES = 1_000_000
DEEP = 10_000


class SqlTime:
    """Sum what the database took in a request."""

    def __init__(self) -> None:
        self.seconds, self.queries = 0.0, 0

    def __call__(self, execute, sql, params, many, context):  # type: ignore[no-untyped-def]
        import time

        start = time.perf_counter()
        try:
            return execute(sql, params, many, context)
        finally:
            self.seconds += time.perf_counter() - start
            self.queries += 1


def _below(where: str, values: list[object], skip: int) -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT seq FROM ledger_entry WHERE {where} ORDER BY seq DESC OFFSET %s LIMIT 1", [*values, skip]
        )
        (seq,) = cursor.fetchone()
    return int(seq)


def _pages(where: str, values: list[object]) -> int:
    """Return how many whole pages there are before the last."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM ledger_entry WHERE {where}", values)
        (count,) = cursor.fetchone() or (0,)
    return (int(count) - 1) // PAGE


def _measure(
    reader: User, label: str, where: str, values: list[object], query: dict[str, str], deep: int
) -> Iterator[Figure]:
    client = Client(headers={"host": "localhost"})
    client.force_login(reader)
    medians = {}
    deep = min(deep, _pages(where, values))
    for depth, place in (("first page", None), (f"page {deep:,}", _below(where, values, deep * PAGE))):
        asked = dict(query)
        if place is not None:
            asked["cursor"] = base64.b64encode(urlencode({"p": place}).encode()).decode()
        spent = SqlTime()

        def page(asked: dict[str, str] = asked, spent: SqlTime = spent) -> None:
            with connection.execute_wrapper(spent):
                answer = client.get("/trail/", asked)
            assert answer.status_code == 200

        def by_hand(place: int | None = place) -> None:
            bound = " AND seq < %s" if place is not None else ""
            with connection.cursor() as cursor:
                cursor.execute(
                    f"SELECT {COLUMNS} FROM ledger_entry WHERE {where}{bound} ORDER BY seq DESC LIMIT {PAGE + 1}",
                    [*values, *([place] if place is not None else [])],
                )
                assert cursor.fetchall()

        ours, hand = side_by_side(page, by_hand, rounds=25)
        medians[depth] = ours
        calls = 27
        in_sql = spent.seconds * 1000 / calls
        yield Figure(f"{label}, {depth}: database time", "hand-written query", in_sql, hand, "ms", goal=5)
        yield Figure(
            f"{label}, {depth}: whole page",
            "hand-written query",
            ours,
            hand,
            "ms",
            note=f"{spent.queries // calls} queries",
        )
    first, last = medians.values()
    yield Figure(f"{label}: page {deep:,} against the first", "the first page", last, first, "ms", goal=1.5)


@benchmark("trail")
def trail(scale: float) -> Iterator[Figure]:
    size = population.entries(int(ENTRIES * scale))
    team = population.teams()[3]
    everything = population.person("Bench Auditor", organisation_role="auditor")
    local = population.person("Bench Team Auditor", team=team)
    deep = int(min(DEEP, size / PAGE - 2))
    yield from _measure(everything, "all entries", "seq IS NOT NULL", [], {}, deep)
    yield from _measure(local, "one team's entries", "team_id = %s", [team.pk], {}, deep // 12)
    yield from _measure(
        everything, "one action", "action LIKE %s", ["gate.signed%"], {"action": "gate.signed"}, deep // 5
    )
    yield from _measure(
        everything,
        "a subject's name",
        "subject_label ILIKE %s",
        ["%set 77%"],
        {"search": "set 77"},
        max(deep // 200, 1),
    )
