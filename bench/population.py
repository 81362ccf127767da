"""Rows in bulk, made past the actions: the guards of the tables are switched off while they are filled."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection, transaction

from apps.core.clock import now
from apps.core.identifiers import new_id
from apps.datasets.models import Dataset, DatasetVersion
from apps.gates.models import Gate, GateSeat, GateState, PolicyVersion
from apps.owners.models import Ownership
from apps.people.models import Membership, Team, User
from apps.usecases.models import UseCase

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


def inbox(people: int, gates: int, versions: int) -> User:
    """Fill ten teams with people, use cases, versions and gates; return one business owner who must sign.

    The responsibilities on the use cases are shared among the people of their teams.
    """
    found = teams()
    policy = PolicyVersion.objects.get(kind="start", tier="", state=PolicyVersion.State.PUBLISHED)
    users = _people(found, people)
    owned = {team.pk: [user for user in users if user.home == team.pk] for team in found}
    cases = UseCase.objects.bulk_create(
        UseCase(team=team, name=f"Case {new_id()}", summary="-", task="-", risk_tier="low", created_by=users[0])
        for team in found
        for _number in range(20)
    )
    sets = Dataset.objects.bulk_create(Dataset(use_case=case, name="Data", created_by=users[0]) for case in cases)
    with unguarded():
        rows = DatasetVersion.objects.bulk_create(
            (
                DatasetVersion(
                    dataset=sets[number % len(sets)],
                    number=number // len(sets) + 1,
                    digest=f"sha256:{number:064x}",
                    input_column="text",
                    rows=1,
                    registered_by=users[number % len(users)],
                )
                for number in range(versions)
            ),
            batch_size=2000,
        )
        made = _gates(policy, rows[:gates], owned)
        Ownership.objects.bulk_create(
            Ownership(
                team=case.team,
                subject_type="use_case",
                subject_id=case.pk,
                responsibility=responsibility,
                holder=owned[case.team_id][(4 * number + turn) % len(owned[case.team_id])],
            )
            for number, case in enumerate(cases)
            for turn, responsibility in enumerate(("business_owner", "technical_owner", "governance_owner", "sponsor"))
        )
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
    seat = GateSeat.objects.filter(gate__in=made[:1]).select_related("user").first()
    assert seat is not None
    return seat.user


def _people(found: list[Team], count: int) -> list[Any]:
    users: list[Any] = [
        User(email=f"person{number}.{new_id()}@bench.example", name=f"Person {number}") for number in range(count)
    ]
    User.objects.bulk_create(users, batch_size=1000)
    for number, user in enumerate(users):
        user.home = found[number % len(found)].pk
    roles = ("business_owner", "compliance_reviewer", "governance_lead", "member")
    Membership.objects.bulk_create(
        Membership(team_id=user.home, user=user, role=roles[number // len(found) % 4])
        for number, user in enumerate(users)
    )
    return users


@contextmanager
def _guards_off() -> Iterator[None]:
    """Let gates be born decided, as none ever is: ten thousand true decisions would take an hour."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("ALTER TABLE gates_gate DISABLE TRIGGER gates_gate_dossier")
        yield
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE gates_gate ENABLE ALWAYS TRIGGER gates_gate_dossier")


def _gates(policy: PolicyVersion, versions: list[DatasetVersion], owned: dict[Any, list[Any]]) -> list[Gate]:
    """One gate on each version; of five, one is in review, one blocked, the rest approved."""
    states = [GateState.IN_REVIEW, GateState.OPEN, *[GateState.APPROVED] * 3]
    moment = now()
    made = []
    for number, version in enumerate(versions):
        case = version.dataset.use_case
        made.append(
            Gate(
                policy_version=policy,
                kind="start",
                team_id=case.team_id,
                subject_type="dataset_version",
                subject_id=version.pk,
                subject_label=f"Data v{version.number}",
                root_id=case.pk,
                opened_by=owned[case.team_id][number % len(owned[case.team_id])],
                state=states[number % 5],
                state_since=moment,
                signatures_needed=2,
            )
        )
    with _guards_off():
        Gate.objects.bulk_create(made, batch_size=2000)
    waiting = [gate for gate in made if gate.state == GateState.IN_REVIEW]
    GateSeat.objects.bulk_create(
        GateSeat(gate=gate, user=people[(number + shift) % len(people)], responsibility=responsibility)
        for number, gate in enumerate(waiting)
        for shift, responsibility in enumerate(("business_owner", "compliance_reviewer"))
        for people in [owned[gate.team_id][: max(len(owned[gate.team_id]) // 4, 2)]]
    )
    return waiting
