"""Lineage for a scene: a source, an extract of it, what went into the version, and a metadata file."""

import datetime as dt
import io
import uuid
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile

from apps.core.subjects import SubjectRef
from apps.datasets import actions
from apps.datasets.models import Description, LineageEdge, LineageNode, Source
from apps.datasets.refs import node_ref, source_ref, version_ref
from tests.scenery import Scene

CARD = """---
pretty_name: Help desk questions{suffix}
license: cc-by-4.0
language: [en, es]
size_categories: [10K<n<100K]
task_categories: [text-classification]
source_datasets: [original, extended|clinc150]
---
# Dataset Card for Help desk questions

Questions that customers asked a help desk.
"""


def text_file(text: str, name: str = "README.md") -> Any:
    return SimpleUploadedFile(name, text.encode())


def json_file(data: bytes) -> io.BytesIO:
    file = io.BytesIO(data)
    file.name = "croissant.json"
    return file


def run_event(run_id: Any = None, event_type: str = "COMPLETE", **values: Any) -> dict[str, Any]:
    """Return a run event as an OpenLineage client sends it."""
    return {
        "eventType": event_type,
        "eventTime": "2026-03-03T09:12:00.000Z",
        "producer": "https://github.com/OpenLineage/OpenLineage/tree/1.30.0/client/python",
        "schemaURL": "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent",
        "run": {"runId": str(run_id or uuid.uuid4())},
        "job": {"namespace": "airflow", "name": "support.clean_questions"},
        "inputs": [],
        "outputs": [],
        **values,
    }


@dataclass
class Lineage:
    scene: Scene
    source: Source
    extract: LineageNode
    edge: LineageEdge
    description: Description

    def named(self, thing: Any) -> dict[str, str]:
        """Return a thing as an event names it in our own namespace."""
        type_ = {"LineageNode": "lineage_node", "DatasetVersion": "dataset_version", "Source": "source"}
        return {"namespace": "fourgate", "name": f"{type_[type(thing).__name__]}:{thing.pk}"}

    def tell(self, **values: Any) -> LineageNode:
        """Report the one run of this scene."""
        run = uuid.uuid5(uuid.NAMESPACE_URL, str(self.scene.team.pk))
        event = run_event(run, eventTime=dt.datetime.now(dt.UTC).isoformat(), **values)
        return actions.report_run(self.scene.team, event, by=self.scene.engineer)


def make_lineage(scene: Scene, suffix: str = "") -> Lineage:
    """Record source → extract → version, and read a dataset card that is still to be looked at."""
    by = scene.engineer
    source = scene.dataset.sources.order_by("name").first() or actions.create_source(
        scene.team, by=by, name=f"Source{suffix}", kind="application"
    )
    extract = actions.record_node(scene.team, "extract", f"Export of March{suffix}", by=by, namespace="s3://exports")
    actions.record_edge(source_ref(source), node_ref(extract), by=by, job="nightly export")
    edge = actions.record_edge(node_ref(extract), version_ref(scene.version), by=by)
    card = text_file(CARD.replace("{suffix}", suffix))
    description = actions.read_description(scene.dataset, card, by=by, version=scene.version)
    return Lineage(scene, source, extract, edge, description)


def join(scene: Scene, *refs: SubjectRef) -> None:
    """Record that each of the things went into the next."""
    for start, end in pairwise(refs):
        actions.record_edge(start, end, by=scene.engineer)
