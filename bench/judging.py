"""A dossier of sixty requirements built; ten thousand gates judged anew when what they rest on changes."""

import resource
import time
from collections.abc import Iterator
from typing import Any

from django.db import connection, transaction
from django.db.models import Max
from django.test.utils import CaptureQueriesContext

from apps.core import subjects
from apps.core.clock import now
from apps.core.identifiers import new_id
from apps.datasets import actions as datasets
from apps.datasets.models import DatasetVersion, Inspection, SplitFile
from apps.datasets.refs import dataset_ref, version_ref
from apps.evidence.actions import add_document
from apps.gates import actions
from apps.gates.actions.gates import newest_policy
from apps.gates.actions.refresh import lock
from apps.gates.judgement import judge
from apps.gates.models import DossierSnapshot, Gate, GateState, GateWatch
from bench.gates import BODY
from bench.harness import Figure, benchmark, seconds, side_by_side
from bench.population import unguarded
from tests.gates.policies import publish, sixty
from tests.scenery import DOCUMENTS, Scene, make_scene

GATES, FEWER = 10_000, 1_000


@benchmark("dossier")
def dossier(scale: float) -> Iterator[Figure]:
    scene = make_scene(name=f"Judging {new_id()}")
    publish(scene, sixty())
    gate = actions.open_gate("sixty", version_ref(scene.version), by=scene.engineer)

    def ours() -> int:
        return len(judge(gate, now()).dossier.outcomes)

    assert ours() == 60
    with CaptureQueriesContext(connection) as queries:
        ours()
    asked = [row["sql"] for row in queries.captured_queries]

    def bare() -> None:
        with connection.connection.cursor() as cursor:
            for sql in asked:
                cursor.execute(sql)
                cursor.fetchall()

    built, read = side_by_side(ours, bare, rounds=25)
    note = f"{len(asked)} queries"
    yield Figure("a dossier of 60 requirements built and judged", "its queries, bare", built, read, "ms", note=note)


def _copies(scene: Scene, count: int) -> list[DatasetVersion]:
    """Register copies of the scene's version, past the actions: the same files and findings under other digests."""
    first = DatasetVersion.objects.get(pk=scene.version.pk)
    files, inspection = list(SplitFile.objects.filter(version=first)), Inspection.objects.get(version=first)
    newest = DatasetVersion.objects.filter(dataset=first.dataset).aggregate(newest=Max("number"))["newest"]
    made = DatasetVersion.objects.bulk_create(
        (
            _again(first, number=newest + number, digest=f"sha256:{newest + number:064x}")
            for number in range(1, count + 1)
        ),
        batch_size=2000,
    )
    SplitFile.objects.bulk_create((_again(row, version=one) for one in made for row in files), batch_size=2000)
    Inspection.objects.bulk_create((_again(inspection, version=one) for one in made), batch_size=2000)
    return made


def _again(row: Any, **instead: Any) -> Any:
    names = [field.attname for field in row._meta.concrete_fields if field.attname not in {"id", "created_at"}]
    values = {name: getattr(row, name) for name in names}
    for name, value in instead.items():
        values.pop(f"{name}_id", None)
        values[name] = value
    return type(row)(**values)


def _open(scene: Scene, versions: list[DatasetVersion]) -> None:
    """Open a start gate on each version, past the action; ``refresh_all`` builds their dossiers."""
    policy = newest_policy("start")
    above = subjects.chain(version_ref(scene.version))[1:]
    made = Gate.objects.bulk_create(
        (
            Gate(
                policy_version=policy,
                kind="start",
                team=scene.team,
                subject_type="dataset_version",
                subject_id=version.pk,
                root_id=scene.use_case.pk,
                parent_id=scene.dataset.pk,
                opened_by=scene.engineer,
                state=GateState.OPEN,
                state_since=now(),
                signatures_needed=2,
            )
            for version in versions
        ),
        batch_size=2000,
    )
    GateWatch.objects.bulk_create(
        (
            GateWatch(gate=gate, subject_type=ref.type, subject_id=ref.id)
            for gate in made
            for ref in [gate.subject, *(found for found, _obj in above)]
        ),
        batch_size=5000,
    )


def _crowded(count: int) -> Scene:
    scene = make_scene(name=f"Judging many {new_id()}")
    for kind in DOCUMENTS:
        add_document(dataset_ref(scene.dataset), kind, kind, by=scene.engineer, link=f"https://example.org/{kind}")
    with unguarded():
        _open(scene, _copies(scene, count))
    for pk in list(Gate.objects.live().filter(team=scene.team).values_list("pk", flat=True)):
        with transaction.atomic():
            actions.refresh(lock(pk))
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
    assert Gate.objects.filter(team=scene.team, state=GateState.IN_REVIEW).count() == count
    return scene


def _change(scene: Scene, good: bool) -> None:
    """Change what every gate of the scene asks of: whether the one source is authoritative."""
    source = scene.dataset.sources.get()
    datasets.edit_source(source.pk, by=scene.engineer, revision=None, is_authoritative=good)


def _written(scene: Scene) -> None:
    """Make the same writes with nothing read and nothing judged, in one transaction."""
    rows = Gate.objects.filter(team=scene.team).order_by("pk").values_list("pk", "revision")
    body = DossierSnapshot.objects.filter(gate__team=scene.team).latest("id").body
    with transaction.atomic(), connection.cursor() as cursor:
        for pk, revision in rows:
            cursor.execute("SELECT * FROM gates_gate WHERE id = %s FOR UPDATE", [pk])
            cursor.execute(
                "INSERT INTO gates_dossiersnapshot (id, created_at, gate_id, revision, digest, body)"
                " VALUES (%s, clock_timestamp(), %s, %s, %s, %s)",
                [new_id(), pk, revision + 1000, f"sha256:{new_id()}", body],
            )
            cursor.execute("UPDATE gates_gate SET state = state, unmet = 0 WHERE id = %s", [pk])
            cursor.execute("DELETE FROM gates_gateseat WHERE gate_id = %s", [pk])
            entry = new_id()
            said = BODY % (scene.engineer.pk, entry, new_id(), pk)
            cursor.execute("INSERT INTO ledger_entry (id, body) VALUES (%s, %s)", [entry, said])
        transaction.set_rollback(True)


@benchmark("reevaluation")
def reevaluation(scale: float) -> Iterator[Figure]:
    spent = {}
    for count in (max(int(FEWER * scale), 10), max(int(GATES * scale), 100)):
        scene = _crowded(count)
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        started = time.perf_counter()
        _change(scene, good=False)
        spent[count] = time.perf_counter() - started
        grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
        assert Gate.objects.filter(team=scene.team, state=GateState.OPEN).count() == count
    (few, many), (first, last) = spent.keys(), spent.values()
    bare = seconds(lambda: _written(scene))
    what = f"{many:,} gates judged anew after one change"
    note = f"{many / last:,.0f} gates/s in one transaction; {grown:,.0f} MB more"
    yield Figure(what, "the same writes, nothing read", last, bare, "s", note=note)
    yield Figure(f"each of {many:,} beside each of {few:,}", "", 1000 * last / many, 1000 * first / few, "ms", goal=1.5)
