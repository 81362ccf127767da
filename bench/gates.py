"""Sixteen people signing at once; the inbox of one among a thousand."""

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext

from apps.agenda import due
from apps.core.identifiers import new_id
from apps.gates import actions
from apps.gates.models import Gate, GateState, SignOff
from apps.ledger.models import Entry
from apps.people.models import User
from bench import crowd, population
from bench.harness import Figure, benchmark, side_by_side
from tests.people.factories import confirmation_for
from tests.scenery import make_gate, make_scene, make_version

GATES_EACH = 12


@dataclass(frozen=True, slots=True)
class Task:
    gate: uuid.UUID
    person: uuid.UUID
    responsibility: str
    confirmation: uuid.UUID
    digest: str


def sign(task: Task) -> None:
    """Sign as a page or an endpoint does: the person is read, then the action is called."""
    person = User.objects.get(pk=task.person)
    person.credential = "test"
    actions.sign_off(
        Gate.objects.get(pk=task.gate),
        by=person,
        responsibility=task.responsibility,
        verdict="approve",
        dossier_digest=task.digest,
        confirmation_id=task.confirmation,
    )


SIGN_OFF = """
INSERT INTO gates_signoff (id, gate_id, by_id, by_name, responsibility, stands_in_for, verdict, meaning, comment,
    dossier_digest, dossier_revision, confirmed_by, via, signed_at, created_at)
VALUES (%s, %s, %s, 'Bench', %s, '', 'approve', 'As written', '', %s, 1, 'password', 'session',
    clock_timestamp(), clock_timestamp())
"""
BODY = (
    '{"action":"gate.signed_off","actor":{"id":"%s","kind":"person","name":"Bench","via":"session"},"id":"%s",'
    '"payload":{"sign_off":"%s"},"subject":{"id":"%s","label":"Start gate","type":"gate"},"team":null,'
    '"time":"2026-01-01T00:00:00.000000Z","v":1}'
)


def write_only(task: Task) -> None:
    """Make the same writes with no question asked: what a sign-off costs the database alone."""
    entry, sign_off = new_id(), new_id()
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM gates_gate WHERE id = %s FOR UPDATE", [task.gate])
        cursor.execute("UPDATE people_confirmation SET used_at = clock_timestamp() WHERE id = %s", [task.confirmation])
        cursor.execute(SIGN_OFF, [sign_off, task.gate, task.person, task.responsibility, task.digest])
        cursor.execute(
            "INSERT INTO ledger_entry (id, body) VALUES (%s, %s)",
            [entry, BODY % (task.person, entry, sign_off, task.gate)],
        )
        cursor.execute("UPDATE gates_gate SET state = state, unmet = 0 WHERE id = %s", [task.gate])
        cursor.execute(
            "DELETE FROM gates_gateseat WHERE gate_id = %s AND responsibility = %s", [task.gate, task.responsibility]
        )


def _shares(scenes: list[Any], gates: list[list[Gate]], responsibility: str) -> list[list[Task]]:
    return [
        [
            Task(gate.pk, person.pk, responsibility, confirmation_for(person).pk, gate.dossier_digest)
            for gate in mine
            for person in [scene.people[responsibility]]
        ]
        for scene, mine in zip(scenes, gates, strict=True)
    ]


@benchmark("sign_off")
def sign_off(scale: float) -> Iterator[Figure]:
    each = max(int(GATES_EACH * scale), 2)
    scenes = [make_scene(name=f"Signing team {new_id()}") for _number in range(16)]
    gates = []
    for scene in scenes:
        mine = [make_gate(scene)]
        for number in range(each - 1):
            scene.version = make_version(scene, test=f"text,category\nCan I pay {number}?,pay\n")
            for kind in ("exclusions", "retention_statement", "sensitive_data_statement", "labelling_guideline"):
                _document(scene, kind)
            mine.append(make_gate(scene))
        gates.append(mine)
    assert all(gate.state == GateState.IN_REVIEW for mine in gates for gate in mine)
    before = Entry.objects.count()
    ours = crowd.rate(sign, _shares(scenes, gates, "business_owner"))
    everyone = [gate.pk for mine in gates for gate in mine]
    signed = SignOff.objects.filter(gate__in=everyone).count()
    entered = Entry.objects.count() - before
    assert signed == entered == 16 * each, (signed, entered)
    bare = crowd.rate(write_only, _shares(scenes, gates, "compliance_reviewer"))
    yield Figure(
        "16 people sign on different gates",
        "the same writes, nothing checked",
        ours,
        bare,
        "acts/s",
        "at least",
        0.4,
        note=f"{signed} signed, none lost or doubled",
    )


def _document(scene: Any, kind: str) -> None:
    from apps.datasets.refs import version_ref
    from apps.evidence.actions import add_document

    add_document(version_ref(scene.version), kind, kind, by=scene.engineer, link=f"https://example.org/{kind}")


MY_WORK = """
WITH mine AS (
    SELECT responsibility, subject_type, subject_id FROM owners_ownership o
    WHERE o.ended_at IS NULL AND (o.holder_id = %(me)s OR (o.deputy_id = %(me)s AND EXISTS (
        SELECT 1 FROM people_absence a WHERE a.user_id = o.holder_id AND a.cancelled_at IS NULL
        AND current_date BETWEEN a.starts_on AND a.ends_on))))
SELECT 'sign_off', seat.gate_id, gate.subject_label, gate.state_since, policy.title
FROM gates_gateseat seat JOIN gates_gate gate ON gate.id = seat.gate_id
JOIN gates_policyversion policy ON policy.id = gate.policy_version_id
WHERE seat.user_id = %(me)s AND (seat.stands_in_for_id IS NULL OR EXISTS (
    SELECT 1 FROM people_absence a WHERE a.user_id = seat.stands_in_for_id AND a.cancelled_at IS NULL
    AND current_date BETWEEN a.starts_on AND a.ends_on))
UNION ALL
SELECT 'blocked', gate.id, gate.subject_label, gate.state_since, gate.blocked_by
FROM gates_gate gate WHERE gate.opened_by_id = %(me)s AND gate.state IN ('open', 'lapsed')
UNION ALL
SELECT 'ending', gate.id, gate.subject_label, gate.turns_at, ''
FROM gates_gate gate WHERE gate.state = 'approved' AND gate.turns_at <= now() + interval '14 days'
AND (gate.opened_by_id = %(me)s OR gate.id IN (SELECT gate_id FROM gates_waiver WHERE by_id = %(me)s))
UNION ALL
SELECT 'condition', gate.id, gate.subject_label, c.created_at, c.text
FROM gates_condition c JOIN gates_signoff s ON s.id = c.sign_off_id JOIN gates_gate gate ON gate.id = s.gate_id
JOIN mine ON mine.responsibility IN (c.responsibility, s.responsibility)
JOIN gates_gatewatch w ON w.gate_id = gate.id AND w.subject_id = mine.subject_id
WHERE s.dossier_digest = gate.dossier_digest AND gate.state IN ('open', 'in_review', 'approved', 'lapsed')
UNION ALL
SELECT 'offer', id, responsibility, offered_at, offered_by_id::text FROM owners_ownershipoffer
WHERE to_id = %(me)s AND state = 'pending'
UNION ALL
SELECT 'vacancy', u.id, u.name, u.created_at, '' FROM usecases_usecase u
JOIN people_membership m ON m.team_id = u.team_id AND m.user_id = %(me)s AND m.role = 'governance_lead'
WHERE EXISTS (SELECT FROM unnest(ARRAY['business_owner', 'technical_owner', 'governance_owner']) r WHERE NOT EXISTS (
    SELECT 1 FROM owners_ownership o WHERE o.subject_id = u.id AND o.responsibility = r AND o.ended_at IS NULL))
UNION ALL
SELECT 'copy', c.id, c.place, c.created_at, c.keep_until::text FROM datasets_copy c
WHERE c.owner_id = %(me)s AND c.keep_until <= current_date + 14
AND NOT EXISTS (SELECT FROM datasets_copydeletion d WHERE d.copy_id = c.id)
UNION ALL
SELECT 'sensitive', i.version_id, i.state, i.created_at, '' FROM mine
JOIN datasets_dataset d ON mine.subject_id IN (d.id, d.use_case_id)
JOIN datasets_datasetversion v ON v.dataset_id = d.id JOIN datasets_inspection i ON i.version_id = v.id
JOIN datasets_inspectionresult r ON r.id = i.result_id
WHERE mine.responsibility = 'compliance_reviewer' AND r.findings ? 'sensitive'
UNION ALL
SELECT 'thresholds', v.id, s.name, v.published_at, '' FROM mine
JOIN evaluations_suite s ON s.use_case_id = mine.subject_id JOIN evaluations_suiteversion v ON v.suite_id = s.id
WHERE mine.responsibility = 'business_owner' AND v.state = 'published'
AND NOT EXISTS (SELECT FROM evaluations_thresholdsignature t WHERE t.version_id = v.id)
UNION ALL
SELECT 'release', r.id, r.state, r.created_at, '' FROM mine
JOIN registry_model m ON mine.subject_id IN (m.id, m.use_case_id) JOIN releases_release r ON r.model_id = m.id
WHERE r.state IN ('live', 'proposed')
UNION ALL
SELECT 'assessment', a.id, a.state, a.created_at, '' FROM mine
JOIN assessments_assessment a ON a.use_case_id = mine.subject_id WHERE a.state IN ('open', 'submitted')
UNION ALL
SELECT 'review', r.id, r.responsibility, r.opens_at, r.due_at::text FROM mine
JOIN operations_reviewplan p ON p.use_case_id = mine.subject_id
JOIN operations_review r ON r.plan_id = p.id AND r.responsibility = mine.responsibility
WHERE r.state = 'open'
"""


@benchmark("my_work")
def my_work(scale: float) -> Iterator[Figure]:
    reader = population.inbox(people=int(1000 * scale) or 20, gates=int(10_000 * scale), versions=int(100_000 * scale))
    client = Client(headers={"host": "localhost"})
    client.force_login(reader)

    def ours() -> None:
        fresh = User.objects.get(pk=reader.pk)
        assert due.for_user(fresh)

    def hand() -> None:
        with connection.cursor() as cursor:
            cursor.execute(MY_WORK, {"me": reader.pk})
            assert cursor.fetchall()

    def page() -> None:
        assert client.get("/").status_code == 200

    with CaptureQueriesContext(connection) as queries:
        ours()
    note = f"{len(queries)} queries, {len(due.for_user(User.objects.get(pk=reader.pk)))} items"
    inbox, query = side_by_side(ours, hand)
    whole, query_again = side_by_side(page, hand)
    by_hand = "one hand-written query of its kinds"
    yield Figure("My work, what waits for one person", by_hand, inbox, query, "ms", goal=6, note=note)
    yield Figure("My work, the whole page", by_hand, whole, query_again, "ms")
