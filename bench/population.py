"""Rows in bulk, made past the actions: the guards of the tables are switched off while they are filled."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection

from apps.people.models import Membership, Team, User

GUARDS = """
SELECT quote_ident(c.relname), quote_ident(t.tgname), t.tgenabled = 'A'
FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE NOT t.tgisinternal AND n.nspname = 'public'
"""
ENTRIES = """
INSERT INTO ledger_entry (id, body, seq, leaf)
SELECT id, body, n, sha256('\\x00'::bytea || convert_to(body, 'UTF8')) FROM (
    SELECT n, id, format(
        '{"action":"%%s","actor":{"id":"%%s","kind":"person","name":"Person %%s","via":"session"},"id":"%%s",'
        '"payload":{"changed":{"name":{"from":"Before %%s","to":"After %%s"}}},'
        '"subject":{"id":"%%s","label":"Dataset %%s","type":"dataset"},'
        '"team":{"id":"%%s","name":"Team %%s"},"time":"%%s","v":1}',
        (ARRAY['dataset.edited','document.added','gate.signed_off','use_case.edited'])[1 + n %% 4],
        md5('actor' || n %% 200)::uuid, n %% 200, id, n, n,
        md5('subject' || n %% 5000)::uuid, n %% 5000,
        (%s::uuid[])[1 + n %% 10], n %% 10,
        to_char(timestamp '2026-01-01' + n * interval '7 seconds', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')
    ) AS body
    FROM (SELECT n, md5('entry' || n)::uuid AS id FROM generate_series(%s::bigint, %s::bigint) AS n) AS numbers
) AS bodies ORDER BY n
"""


@contextmanager
def unguarded() -> Iterator[None]:
    """Switch the tables' guards off, as only their owner can, and on again."""
    with connection.cursor() as cursor:
        cursor.execute(GUARDS)
        guards = cursor.fetchall()
        for table, trigger, _always in guards:
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER {trigger}")
        try:
            yield
        finally:
            for table, trigger, always in guards:
                cursor.execute(f"ALTER TABLE {table} ENABLE {'ALWAYS' if always else ''} TRIGGER {trigger}")


def teams(count: int = 10) -> list[Team]:
    return [Team.objects.get_or_create(name=f"Bench team {number}")[0] for number in range(count)]


def person(name: str, *, organisation_role: str = "", team: Team | None = None, role: str = "auditor") -> User:
    """Return a person of this name, made at the first call."""
    user = User.objects.filter(name=name).first()
    if user is None:
        email = f"{name.lower().replace(' ', '.')}@bench.example"
        user = User.objects.create(email=email, name=name, organisation_role=organisation_role)
        if team is not None:
            Membership.objects.create(team=team, user=user, role=role)
    user.credential = "bench"
    return user


def entries(count: int) -> int:
    """Fill the ledger up to ``count`` entries of ten teams, 200 people, 5,000 subjects; return the count."""
    ids = [team.pk for team in teams()]
    with connection.cursor() as cursor:
        cursor.execute("SELECT coalesce(max(seq), 0) FROM ledger_entry")
        (size,) = cursor.fetchone()
    if size < count:
        with unguarded(), connection.cursor() as cursor:
            cursor.execute(ENTRIES, [ids, size + 1, count])
            cursor.execute("VACUUM ANALYZE ledger_entry")
    return max(size, count)
