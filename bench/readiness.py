"""The verdict of a full assessment and the portfolio of 500 use cases, beside the rows read by hand."""

import json
from collections.abc import Iterator
from typing import Any

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from apps.assessments import actions, reading
from apps.assessments.models import Readiness
from apps.core.clock import now
from apps.usecases.models import UseCase
from bench import population
from bench.harness import Figure, benchmark, side_by_side
from tests.assessments.scenery import answer_all, make_assessment
from tests.scenery import make_scene

USE_CASES = 500
BY_HAND = """
SELECT DISTINCT ON (question) question, level, comment, evidence, by_name, answered_at
FROM assessments_answer WHERE assessment_id = %s ORDER BY question, revision DESC
"""
FACTS_BY_HAND = (
    "SELECT responsibility, holder_id FROM owners_ownership WHERE subject_id = %(use_case)s AND ended_at IS NULL",
    "SELECT DISTINCT ON (v.dataset_id) v.id, v.digest, i.findings FROM datasets_datasetversion v"
    " JOIN datasets_dataset d ON d.id = v.dataset_id JOIN datasets_inspection i ON i.version_id = v.id"
    " WHERE d.use_case_id = %(use_case)s ORDER BY v.dataset_id, v.number DESC",
    "SELECT id, kind, digest FROM evidence_document WHERE subject_id = %(use_case)s",
)
PORTFOLIO = """
SELECT u.id, u.name, t.name, u.risk_tier, u.phase, r.verdict, r.dimensions, r.blocking, r.contradicted
FROM usecases_usecase u JOIN people_team t ON t.id = u.team_id
LEFT JOIN assessments_readiness r ON r.use_case_id = u.id
WHERE EXISTS (SELECT 1 FROM people_membership m WHERE m.team_id = u.team_id AND m.user_id = %s)
ORDER BY u.id DESC LIMIT 51
"""


def _by_hand(assessment: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute(BY_HAND, [assessment.pk])
        cursor.fetchall()
        for query in FACTS_BY_HAND:
            cursor.execute(query, {"use_case": assessment.use_case_id})
            cursor.fetchall()


def _portfolio_by_hand(user: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute(PORTFOLIO, [user.pk])
        json.dumps([list(map(str, row)) for row in cursor.fetchall()])


@benchmark("readiness")
def readiness(scale: float) -> Iterator[Figure]:
    scene = make_scene(name="Readiness bench")
    assessment = make_assessment(scene)
    answer_all(assessment, scene)
    ours, reference = side_by_side(lambda: reading.read(assessment), lambda: _by_hand(assessment))
    with CaptureQueriesContext(connection) as found:
        reading.read(assessment)
    note = f"{len(found)} queries"
    yield Figure("verdict of a full assessment", "its rows by hand", ours, reference, "ms", goal=20, note=note)
    count = max(3, int(USE_CASES * scale))
    with population.unguarded():
        made = UseCase.objects.bulk_create(
            UseCase(team=scene.team, name=f"Case {n}", summary="s", task="t", risk_tier="low", created_by=scene.lead)
            for n in range(count)
        )
        template = actions.refresh(scene.use_case.pk)
        assert template is not None
        Readiness.objects.bulk_create(
            Readiness(
                use_case=row,
                assessment=assessment,
                verdict=template.verdict,
                dimensions=template.dimensions,
                blocking=template.blocking,
                computed_at=now(),
            )
            for row in made
        )
    client = Client(headers={"host": "localhost"})
    client.force_login(scene.lead)
    ours, reference = side_by_side(lambda: client.get("/readiness/"), lambda: _portfolio_by_hand(scene.lead))
    yield Figure(
        f"portfolio page, {count:,} use cases", "the same rows by hand", ours, reference, "ms", goal=40,
        note="a page of 50 rows",
    )  # fmt: skip
    api = Client(headers={"host": "localhost"})
    api.force_login(scene.lead)
    path = "/api/v1/portfolio/?page_size=50"
    ours, reference = side_by_side(lambda: api.get(path), lambda: _portfolio_by_hand(scene.lead))
    yield Figure(f"portfolio by the API, {count:,}", "the same rows by hand", ours, reference, "ms", goal=30)
