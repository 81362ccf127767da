"""The kinds and the edges that this app knows itself: what was recorded, and what is declared of a dataset."""

import uuid
from collections.abc import Collection, Iterable, Iterator

from django.utils.translation import gettext_lazy as _

from apps.core.subjects import SubjectRef
from apps.datasets.lineage.registry import EdgeProvider, Link, Look, NodeKind
from apps.datasets.models import Dataset, DatasetVersion, Derivation, LineageEdge, LineageNode, Source

TONES = {
    LineageNode.Kind.EXTRACT: "extract",
    LineageNode.Kind.RUN: "run",
    LineageNode.Kind.EXTERNAL: "external",
}


def _look_at_source(source: Source) -> Look:
    return Look(
        _("Source"), "bad" if source.eligibility == Source.Eligibility.INELIGIBLE else "source", source.location
    )


def _look_at_version(version: DatasetVersion) -> Look:
    return Look(_("Dataset version"), "version", version.digest.removeprefix("sha256:")[:12])


def _look_at_node(node: LineageNode) -> Look:
    title = node.Kind(node.kind).label
    if node.makes_nothing:
        return Look(title, "bad", str(node.State(node.state).label), flows=False)
    return Look(title, TONES[node.Kind(node.kind)], node.namespace or node.description)


KINDS = (
    NodeKind("source", _look_at_source, is_origin=True, takes_input=False),
    NodeKind("lineage_node", _look_at_node),
    NodeKind("dataset_version", _look_at_version),
)


def _ids(refs: Iterable[SubjectRef], type_: str) -> set[uuid.UUID]:
    return {ref.id for ref in refs if ref.type == type_}


def _links(rows: Iterable[LineageEdge], wanted: Collection[SubjectRef], end: str) -> Iterator[Link]:
    for row in rows:
        if getattr(row, end) in wanted:
            yield Link(row.input, row.output, row.how, row.job, row.happened_at, row.split, row.note, row.pk)


def _recorded_into(refs: Collection[SubjectRef]) -> Iterable[Link]:
    rows = LineageEdge.objects.standing().filter(output_id__in={ref.id for ref in refs})
    return _links(rows.order_by("id"), set(refs), "output")


def _recorded_out_of(refs: Collection[SubjectRef]) -> Iterable[Link]:
    rows = LineageEdge.objects.standing().filter(input_id__in={ref.id for ref in refs})
    return _links(rows.order_by("id"), set(refs), "input")


def _declared(versions: Iterable[tuple[uuid.UUID, uuid.UUID]]) -> Iterator[Link]:
    for source, version in versions:
        yield Link(SubjectRef("source", source), SubjectRef("dataset_version", version), "declared", is_recorded=False)


def _declared_into(refs: Collection[SubjectRef]) -> Iterable[Link]:
    versions = _ids(refs, "dataset_version")
    if not versions:
        return ()
    rows = Dataset.sources.through.objects.filter(dataset__versions__in=versions)
    return _declared(rows.order_by("source_id").values_list("source_id", "dataset__versions"))


def _declared_out_of(refs: Collection[SubjectRef]) -> Iterable[Link]:
    sources = _ids(refs, "source")
    if not sources:
        return ()
    rows = Dataset.sources.through.objects.filter(source__in=sources, dataset__versions__isnull=False)
    return _declared(rows.order_by("dataset__versions").values_list("source_id", "dataset__versions"))


def _derived(rows: Iterable[Derivation]) -> Iterator[Link]:
    for row in rows:
        parent, version = (SubjectRef("dataset_version", pk) for pk in (row.parent_id, row.version_id))
        yield Link(parent, version, "derived", at=row.created_at, note=row.version.note)


def _derived_into(refs: Collection[SubjectRef]) -> Iterable[Link]:
    versions = _ids(refs, "dataset_version")
    rows = Derivation.objects.filter(version__in=versions).select_related("version")
    return _derived(rows.order_by("id")) if versions else ()


def _derived_out_of(refs: Collection[SubjectRef]) -> Iterable[Link]:
    versions = _ids(refs, "dataset_version")
    rows = Derivation.objects.filter(parent__in=versions).select_related("version")
    return _derived(rows.order_by("id")) if versions else ()


PROVIDERS = (
    EdgeProvider("datasets.recorded", _recorded_into, _recorded_out_of),
    EdgeProvider("datasets.declared", _declared_into, _declared_out_of),
    EdgeProvider("datasets.derived", _derived_into, _derived_out_of),
)
