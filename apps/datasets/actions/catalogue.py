"""Sources and datasets."""

import uuid
from collections.abc import Iterable
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from apps.core import access, editing, subjects
from apps.core.errors import NameTaken
from apps.core.transactions import atomic
from apps.datasets.errors import DateNotPossible, OwnerOutsideTeam, ReasonNeeded, SourceOfAnotherTeam
from apps.datasets.lineage.walking import announce_downstream
from apps.datasets.models import Dataset, Source
from apps.datasets.refs import dataset_ref, source_ref
from apps.ledger.actions import record_on
from apps.people.models import Team, User
from apps.usecases.models import UseCase

SOURCE_FIELDS = (
    "name",
    "kind",
    "location",
    "owner_name",
    "owner",
    "licence",
    "is_authoritative",
    "covers_from",
    "cut_off",
    "eligibility",
    "eligibility_reason",
    "exclusions",
    "excluded",
    "retention_days",
)
DATASET_FIELDS = ("name", "description", "retention_days")


def _taken(name: str) -> NameTaken:
    return NameTaken(
        _("The name “%(name)s” is taken here. Choose another one.") % {"name": name},
        errors={"/name": [_("This name is taken here.")]},
    )


def _check_source(team: Team, values: dict[str, Any]) -> None:
    """Refuse a verdict without its reason, a period that ends before it begins, an owner from outside the team."""
    verdict = values.get("eligibility", Source.Eligibility.UNDECIDED)
    needs_reason = (Source.Eligibility.RESTRICTED, Source.Eligibility.INELIGIBLE)
    if verdict in needs_reason and not values.get("eligibility_reason", "").strip():
        raise ReasonNeeded(
            _("Say why the source is restricted or not eligible, and on which terms it may be used."),
            errors={"/eligibility_reason": [_("Say why, and on which terms.")]},
        )
    first, last = values.get("covers_from"), values.get("cut_off")
    if first and last and first > last:
        raise DateNotPossible(
            _("The first day that the source covers lies after its last one. Change one of them."),
            errors={"/covers_from": [_("After the cut-off date.")]},
        )
    owner = values.get("owner")
    if owner is not None and not (owner.is_active and team.memberships.filter(user=owner).exists()):
        raise OwnerOutsideTeam(
            _("%(name)s is not an active member of the team. Choose a person of the team, or write the owner's name.")
            % {"name": owner},
            errors={"/owner": [_("Choose a person of the team.")]},
        )


@atomic
def create_source(team: Team, *, by: User, **values: Any) -> Source:
    """Declare a system of record of the team.

    Raise ``NameTaken``, ``ReasonNeeded``, ``DateNotPossible`` or ``OwnerOutsideTeam``.
    """
    access.require(by, "source.edit", team.pk)
    _check_source(team, values)
    try:
        with transaction.atomic():
            source = Source.objects.create(team=team, **values)
    except IntegrityError as error:
        raise _taken(values["name"]) from error
    record_on(
        "source.created",
        by=by,
        ref=source_ref(source),
        payload={name: editing.plain(getattr(source, name)) for name in SOURCE_FIELDS},
    )
    return source


@atomic
def edit_source(pk: uuid.UUID, *, by: User, revision: int | None, **values: Any) -> Source:
    """Change a source; the gates of all that is declared or recorded to come from it are judged anew."""
    source = editing.lock(Source.objects.select_related("team"), pk, revision)
    access.require(by, "source.edit", source.team_id)
    _check_source(source.team, {name: values.get(name, getattr(source, name)) for name in SOURCE_FIELDS})
    try:
        with transaction.atomic():
            changed = editing.apply(source, {name: values[name] for name in SOURCE_FIELDS if name in values})
    except IntegrityError as error:
        raise _taken(values["name"]) from error
    if changed:
        record_on("source.edited", by=by, ref=source_ref(source), payload={"changed": changed})
        declared = {dataset.pk: dataset for dataset in source.datasets.order_by("pk")}
        for dataset in declared.values():
            subjects.announce_change(dataset_ref(dataset), "source.edited")
        announce_downstream(
            [source_ref(source)], "source.edited", but=lambda obj: getattr(obj, "dataset_id", None) in declared
        )
    return source


@atomic
def create_dataset(
    use_case: UseCase,
    *,
    by: User,
    name: str,
    description: str = "",
    sources: Iterable[Source] = (),
    retention_days: int | None = None,
) -> Dataset:
    """Create a dataset of the use case; raise ``NameTaken``."""
    access.require(by, "dataset.create", use_case.team_id)
    try:
        with transaction.atomic():
            dataset = Dataset.objects.create(
                use_case=use_case,
                name=name.strip(),
                description=description.strip(),
                retention_days=retention_days,
                created_by=by,
            )
    except IntegrityError as error:
        raise _taken(name) from error
    chosen = _own_sources(dataset, sources)
    dataset.sources.set(chosen)
    record_on(
        "dataset.created",
        by=by,
        ref=dataset_ref(dataset),
        payload={
            "name": dataset.name,
            "use_case": use_case.name,
            "sources": [row.name for row in chosen],
            "retention_days": retention_days,
        },
    )
    return dataset


def _own_sources(dataset: Dataset, sources: Iterable[Source]) -> list[Source]:
    chosen = sorted(sources, key=lambda source: source.name)
    for source in chosen:
        if source.team_id != dataset.use_case.team_id:
            raise SourceOfAnotherTeam(
                _("“%(name)s” belongs to another team. Declare it in this one.") % {"name": source.name},
                errors={"/sources": [_("A source of another team.")]},
            )
    return chosen


@atomic
def edit_dataset(
    pk: uuid.UUID, *, by: User, revision: int | None, sources: Iterable[Source] | None = None, **values: Any
) -> Dataset:
    """Change name, description and, where given, the sources of a dataset."""
    dataset = editing.lock(Dataset.objects.select_related("use_case__team"), pk, revision)
    access.require(by, "dataset.edit", dataset.team.pk)
    try:
        with transaction.atomic():
            changed = editing.apply(dataset, {name: values[name] for name in DATASET_FIELDS if name in values})
    except IntegrityError as error:
        raise _taken(values["name"]) from error
    if changed:
        record_on("dataset.edited", by=by, ref=dataset_ref(dataset), payload={"changed": changed})
        subjects.announce_change(dataset_ref(dataset), "dataset.edited")
    if sources is not None:
        set_sources(dataset, sources, by=by)
    return dataset


@atomic
def set_sources(dataset: Dataset, sources: Iterable[Source], *, by: User) -> Dataset:
    """Declare which sources the dataset comes from, instead of those declared before."""
    access.require(by, "dataset.edit", dataset.team.pk)
    chosen = _own_sources(dataset, sources)
    before = list(dataset.sources.order_by("name"))
    if {row.pk for row in before} == {row.pk for row in chosen}:
        return dataset
    dataset.sources.set(chosen)
    record_on(
        "dataset.sources_declared",
        by=by,
        ref=dataset_ref(dataset),
        payload={"changed": {"sources": {"from": [row.name for row in before], "to": [row.name for row in chosen]}}},
    )
    subjects.announce_change(dataset_ref(dataset), "dataset.sources_declared")
    return dataset
