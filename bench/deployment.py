"""May this version be deployed? Beside the live release read by hand."""

import uuid
from collections.abc import Iterator
from typing import Any

from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.releases import deployment as checking
from apps.releases.deployment import Asked, check
from bench.harness import Figure, benchmark, side_by_side
from tests.releases.scenery import make_environment, make_live, make_stage, next_version, propose

PROPOSALS = 40
LIVE = """
SELECT release.id, release.state, release.digest, release.dossier_digest, gate.state, gate.dossier_digest
FROM releases_release release
JOIN registry_modelversion version ON version.id = release.version_id
JOIN registry_model model ON model.id = release.model_id
JOIN releases_environment environment ON environment.id = release.environment_id
LEFT JOIN gates_gate gate ON gate.id = release.gate_id
WHERE release.state = 'live' AND model.name = %s AND version.number = %s AND environment.name = %s
    AND environment.team_id IN (SELECT team_id FROM people_membership WHERE user_id = %s)
"""


@benchmark("deployment")
def deployment(scale: float) -> Iterator[Figure]:
    scene = make_stage(name=f"Deploying {uuid.uuid4()}")
    environment = make_environment(scene)
    release = make_live(scene, environment)
    for number in range(int(PROPOSALS * scale)):
        propose(scene, environment, next_version(scene, f"0.{number}", seed=1000 + number))
    asked = Asked(str(release.model_id), release.version.number, environment.name)
    named = [release.version.model.name, asked.version, asked.environment, scene.engineer.pk]

    def ours() -> None:
        assert check(asked, scene.engineer).allowed

    def anew() -> None:
        checking._kept.clear()
        ours()

    def reference() -> Any:
        with connection.cursor() as cursor:
            cursor.execute(LIVE, named)
            return cursor.fetchall()

    with CaptureQueriesContext(connection) as queries:
        anew()
    beside = "the stored state of the live release, one query by hand"
    checked, read = side_by_side(ours, reference, rounds=25)
    yield Figure("may this be deployed, asked again", beside, checked, read, "ms", "at most", 4)
    checked, read = side_by_side(anew, reference, rounds=25)
    note = f"{len(queries)} queries, the same for any number of releases"
    yield Figure("may this be deployed, the gate judged anew", beside, checked, read, "ms", note=note)
