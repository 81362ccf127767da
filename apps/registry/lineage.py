"""Where runs and model versions stand in the lineage: dataset version → training run → model version.

A run that reported itself by OpenLineage stands there once already. Where a training run names it, the data that it
reported leads through it, and no second way is drawn.
"""

import uuid
from collections.abc import Collection, Iterable, Iterator
from typing import Any

from django.utils.translation import gettext_lazy as _

from apps.core.subjects import SubjectRef
from apps.datasets.lineage.registry import EdgeProvider, Link, Look, NodeKind
from apps.datasets.models import LineageEdge, LineageNode
from apps.registry.models import ModelVersion, RunDataset, TrainingRun
from apps.registry.refs import model_version_ref, run_ref

HOW = "registered"


def _look_at_run(run: TrainingRun) -> Look:
    return Look(_("Training run"), "run", run.code_commit[:12])


def _look_at_version(version: ModelVersion) -> Look:
    return Look(_("Model version"), "version", version.artefact_digest.removeprefix("sha256:")[:12])


KINDS = (NodeKind("training_run", _look_at_run), NodeKind("model_version", _look_at_version))


def _ids(refs: Iterable[SubjectRef], type_: str) -> set[uuid.UUID]:
    return {ref.id for ref in refs if ref.type == type_}


def _reported(runs: Iterable[TrainingRun]) -> dict[tuple[Any, Any], LineageNode]:
    """Return the runs that reported themselves, by team and OpenLineage identifier; one query, none without any."""
    wanted = {run.openlineage_run_id for run in runs if run.openlineage_run_id}
    nodes = LineageNode.objects.filter(run_id__in=wanted) if wanted else ()
    return {(node.team_id, node.run_id): node for node in nodes}


def _data(uses: Collection[RunDataset], nodes: dict[tuple[Any, Any], LineageNode]) -> Iterator[Link]:
    """Yield version → run for what is not reported by the run's own node."""
    ids = {node.pk for node in nodes.values()}
    rows = LineageEdge.objects.standing().filter(output_id__in=ids, input_type="dataset_version") if ids else ()
    through = {(row.output_id, row.input_id) for row in rows}
    for use in uses:
        node = nodes.get((use.run.team.pk, use.run.openlineage_run_id))
        if node is None or (node.pk, use.version_id) not in through:
            start = SubjectRef("dataset_version", use.version_id)
            yield Link(start, run_ref(use.run), HOW, at=use.run.finished_at, note=", ".join(use.splits))


def _uses(**wanted: Any) -> list[RunDataset]:
    return list(RunDataset.objects.filter(**wanted).select_related("run__model__use_case__team").order_by("id"))


def _made(versions: Iterable[ModelVersion]) -> Iterator[Link]:
    for row in versions:
        yield Link(run_ref(row.run), model_version_ref(row), HOW, at=row.created_at)


def into(refs: Collection[SubjectRef]) -> Iterator[Link]:
    if versions := _ids(refs, "model_version"):
        yield from _made(ModelVersion.objects.filter(pk__in=versions).select_related("run").order_by("id"))
    if runs := _ids(refs, "training_run"):
        uses = _uses(run__in=runs)
        own = {use.run_id: use.run for use in uses}
        nodes = _reported(own.values())
        yield from _data(uses, nodes)
        for run in own.values():
            node = nodes.get((run.team.pk, run.openlineage_run_id))
            if node is not None:
                yield Link(SubjectRef("lineage_node", node.pk), run_ref(run), "openlineage", at=node.ended_at)


def out_of(refs: Collection[SubjectRef]) -> Iterator[Link]:
    if runs := _ids(refs, "training_run"):
        yield from _made(ModelVersion.objects.filter(run__in=runs).select_related("run").order_by("id"))
    if versions := _ids(refs, "dataset_version"):
        uses = _uses(version__in=versions)
        yield from _data(uses, _reported({use.run_id: use.run for use in uses}.values()))
    if reported := _ids(refs, "lineage_node"):
        nodes = LineageNode.objects.filter(pk__in=reported, run_id__isnull=False)
        by_run = {(node.team_id, node.run_id): node for node in nodes}
        wanted = TrainingRun.objects.filter(openlineage_run_id__in={run_id for _team, run_id in by_run})
        for run in wanted.select_related("model__use_case__team").order_by("id") if by_run else ():
            node = by_run.get((run.team.pk, run.openlineage_run_id))
            if node is not None:
                yield Link(SubjectRef("lineage_node", node.pk), run_ref(run), "openlineage", at=node.ended_at)


PROVIDER = EdgeProvider("registry.registered", into, out_of)
