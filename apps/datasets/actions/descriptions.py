"""Metadata files: read, looked at, then taken over in parts or discarded."""

from collections.abc import Collection
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from apps.core import access
from apps.core.canonical import sha256_digest
from apps.core.clock import now
from apps.core.transactions import atomic
from apps.datasets.actions.catalogue import create_source, edit_dataset, set_sources
from apps.datasets.actions.lineage import record_edge, record_node
from apps.datasets.errors import DescriptionDecided, LineageStands, NothingToTakeOver
from apps.datasets.lineage.metadata import LARGEST, recognise
from apps.datasets.models import Dataset, DatasetVersion, Description, LineageEdge, LineageNode, Source
from apps.datasets.refs import dataset_ref, node_ref, source_ref, version_ref
from apps.evidence.actions import plain_name
from apps.ledger.actions import record_on
from apps.people.models import User

State = Description.State
HOW = {"croissant": LineageEdge.How.CROISSANT, "hugging_face": LineageEdge.How.HUGGING_FACE}


def parts_of(recognised: dict[str, Any], version: DatasetVersion | None) -> list[str]:
    """Return what can be taken over of what was recognised: ``description``, ``source``, ``lineage``."""
    found = ["description"] if recognised["description"] else []
    if recognised["name"]:
        found.append("source")
        if version is not None:
            found.append("lineage")
    return found


def read_description(dataset: Dataset, file: Any, *, by: User, version: DatasetVersion | None = None) -> Description:
    """Read a Croissant file or a Hugging Face card and keep what is recognised, to be looked at.

    Nothing else changes. Raise ``DescriptionUnreadable``; the same file again answers what waits already.
    """
    access.require(by, "dataset.edit", dataset.team.pk)
    data = file.read(LARGEST + 1)
    format_, recognised = recognise(data)
    digest = sha256_digest(data)
    with transaction.atomic():
        Dataset.objects.select_for_update(of=("self",)).get(pk=dataset.pk)
        waiting = Description.objects.filter(dataset=dataset, version=version, digest=digest, state=State.READ).first()
        if waiting is not None:
            return waiting
        description = Description.objects.create(
            dataset=dataset,
            version=version,
            format=format_,
            file_name=plain_name(file.name or ""),
            digest=digest,
            recognised=recognised,
            read_by=by,
        )
        record_on(
            "description.read",
            by=by,
            ref=dataset_ref(dataset),
            payload={
                "description": str(description.pk),
                "format": format_,
                "file_name": description.file_name,
                "digest": digest,
            },
        )
    return description


def _lock(description: Description) -> Description:
    rows = Description.objects.select_for_update(of=("self",))
    found = rows.select_related("dataset__use_case__team", "version").get(pk=description.pk)
    if found.state != State.READ:
        raise DescriptionDecided(_("This metadata was decided on before. Read the file again to look at it anew."))
    return found


def _decide(description: Description, state: str, by: User) -> None:
    description.state, description.decided_by, description.decided_at = state, by, now()
    description.save(update_fields=["state", "parts", "source", "decided_by", "decided_at"])


@atomic
def take_over_description(description: Description, parts: Collection[str], *, by: User) -> Description:
    """Take the named parts over, each by the action that a person would use.

    ``description``: the dataset's description. ``source``: the published dataset becomes a source of the team, or
    the one of its name serves, and the dataset declares it. ``lineage``: that source went into the version (into the
    splits whose file has the stated digest, where one has), and what it was made from into it.
    Raise ``NothingToTakeOver`` or ``DescriptionDecided``.
    """
    description = _lock(description)
    dataset, found = description.dataset, description.recognised
    access.require(by, "dataset.edit", dataset.team.pk)
    possible = parts_of(found, description.version)
    chosen = [part for part in possible if part in parts]
    if not chosen or set(parts) - set(possible):
        raise NothingToTakeOver(
            _("Choose at least one of: %(parts)s.") % {"parts": ", ".join(possible) or _("nothing was recognised")},
            errors={"/parts": [_("Choose at least one part that was recognised.")]},
        )
    if "description" in chosen:
        edit_dataset(dataset.pk, by=by, revision=None, description=found["description"])
    if "source" in chosen or "lineage" in chosen:
        description.source = _source(dataset, found, by)
        set_sources(dataset, {*dataset.sources.all(), description.source}, by=by)
    if "lineage" in chosen and description.version is not None and description.source is not None:
        _trace(description, description.version, description.source, by)
    description.parts = chosen
    _decide(description, State.TAKEN, by)
    record_on(
        "description.taken_over",
        by=by,
        ref=dataset_ref(dataset),
        payload={"description": str(description.pk), "digest": description.digest, "parts": chosen},
    )
    return description


@atomic
def discard_description(description: Description, *, by: User) -> Description:
    """Leave the metadata aside; what was recognised stays readable."""
    description = _lock(description)
    access.require(by, "dataset.edit", description.team.pk)
    _decide(description, State.DISCARDED, by)
    record_on(
        "description.discarded",
        by=by,
        ref=dataset_ref(description.dataset),
        payload={"description": str(description.pk), "digest": description.digest},
    )
    return description


def _source(dataset: Dataset, found: dict[str, Any], by: User) -> Source:
    """Return the team's source of that name, or declare it: published, its eligibility still to be decided."""
    name = found["name"][:120]
    standing = Source.objects.filter(team=dataset.team, name__iexact=name).first()
    if standing is not None:
        return standing
    return create_source(
        dataset.team,
        by=by,
        name=name,
        kind=Source.Kind.PUBLISHED,
        location=found["url"][:300],
        owner_name=", ".join(found["creators"] or [found["publisher"]])[:120],
        licence=found["licence"][:120],
    )


def _trace(description: Description, version: DatasetVersion, source: Source, by: User) -> None:
    found, how = description.recognised, HOW[description.format]
    digests = {f"sha256:{row['sha256']}" for row in found["files"] if row["sha256"]}
    splits = sorted({file.split for file in version.files.all() if file.digest in digests})
    note = _("the stated digest is that of the file") if splits else ""
    parents = [_parent(source, name, by) for name in found["sources"][:50]]
    origins = [source_ref(source), *map(node_ref, parents)]
    for origin in origins:
        for split in splits or [""]:
            try:
                record_edge(origin, version_ref(version), by=by, how=how, split=split, note=note)
            except LineageStands:
                continue


def _parent(source: Source, name: str, by: User) -> LineageNode:
    """Return the dataset outside that the published one says it was made from."""
    standing = LineageNode.objects.filter(
        team=source.team, kind=LineageNode.Kind.EXTERNAL, namespace="", name=name[:300], run_id=None
    ).first()
    return standing or record_node(source.team, LineageNode.Kind.EXTERNAL, name[:300], by=by)
