"""Training runs: registered once, with everything that made them."""

import datetime as dt
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from apps.core import access, clock, subjects
from apps.core.transactions import atomic
from apps.datasets.models import DatasetVersion, Guideline, SplitName
from apps.ledger.actions import record_on
from apps.people.models import User
from apps.registry.digests import run_digest
from apps.registry.errors import (
    CostUnclear,
    GuidelineNotInForce,
    NoTrainingData,
    RunTimesImpossible,
    SameRun,
    TrainerOutsideTeam,
    TrainingDataDiffers,
    TrainingDataUnknown,
)
from apps.registry.models import Model, RunDataset, RunGuideline, TrainingRun
from apps.registry.places import checked_code
from apps.registry.refs import run_ref
from apps.registry.shapes import checked_commit, checked_digest, checked_object

CLOCKS_DIFFER = dt.timedelta(minutes=5)
EARLIEST = dt.datetime(2000, 1, 1, tzinfo=dt.UTC)


@dataclass(frozen=True, slots=True)
class DataUse:
    """One dataset version that a run used, by identifier or digest (or both, which must agree); no split: all of it."""

    version: uuid.UUID | None = None
    digest: str = ""
    splits: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class _Used:
    version: DatasetVersion
    splits: tuple[str, ...]


@atomic
def register_run(
    model: Model,
    datasets: Sequence[DataUse],
    *,
    by: User,
    trained_by: User,
    started_at: dt.datetime,
    finished_at: dt.datetime,
    guidelines: Iterable[Guideline] = (),
    code_repository: str = "",
    code_commit: str = "",
    base_digest: str = "",
    hyperparameters: Mapping[str, Any] | None = None,
    environment: Mapping[str, Any] | None = None,
    cost_amount: Decimal | None = None,
    cost_currency: str = "",
    gpu_hours: Decimal | None = None,
    seed: int | None = None,
    openlineage_run_id: uuid.UUID | None = None,
    note: str = "",
) -> TrainingRun:
    """Register a training run of the model, immutable from then on.

    A dataset version without an approved start gate is taken all the same: the run says so, and its build gate judges
    it. Raise ``NoTrainingData``, ``TrainingDataUnknown``, ``TrainingDataDiffers``, ``GuidelineNotInForce``,
    ``TrainerOutsideTeam``, ``RunTimesImpossible``, ``CostUnclear``, ``SameRun``, or what is wrong with a digest, a
    commit, an address or an object.
    """
    access.require(by, "model.register", model.team.pk)
    model = Model.objects.select_for_update(of=("self",)).select_related("use_case__team").get(pk=model.pk)
    used = _used(model, datasets, by)
    in_force = _in_force(guidelines, used)
    _require_trainer(trained_by, model)
    _check_times(started_at, finished_at)
    currency = _checked_currency(cost_amount, cost_currency)
    run = TrainingRun(
        model=model,
        number=int(model.runs.aggregate(n=Max("number"))["n"] or 0) + 1,
        dataset_count=len(used),
        guideline_count=len(in_force),
        code_repository=checked_code(code_repository) if code_repository.strip() else "",
        code_commit=checked_commit(code_commit),
        base_digest=checked_digest(base_digest, "base_digest"),
        hyperparameters=checked_object(hyperparameters or {}, "hyperparameters"),
        environment=checked_object(environment or {}, "environment"),
        started_at=started_at,
        finished_at=finished_at,
        cost_amount=cost_amount,
        cost_currency=currency,
        gpu_hours=gpu_hours,
        seed=seed,
        openlineage_run_id=openlineage_run_id,
        note=note.strip(),
        trained_by=trained_by,
        registered_by=by,
    )
    data = [(row.version.digest, row.splits) for row in used]
    run.digest = run_digest(run, data, [row.digest for row in in_force])
    try:
        with transaction.atomic():
            run.save(force_insert=True)
    except IntegrityError as error:
        standing = model.runs.filter(digest=run.digest).first()
        raise SameRun(
            _("Run %(n)d says exactly the same. Use that one.") % {"n": standing.number if standing else "?"},
            extra={"run": str(standing.pk)} if standing else {},
        ) from error
    told = {"created_at": clock.now()} if clock.is_replayed() else {}
    RunDataset.objects.bulk_create(
        RunDataset(run=run, version=row.version, splits=list(row.splits), digest=row.version.digest, **told)
        for row in used
    )
    RunGuideline.objects.bulk_create(
        RunGuideline(run=run, guideline=row, digest=row.digest, **told) for row in in_force
    )
    record_on(
        "training_run.registered",
        by=by,
        ref=run_ref(run),
        obj=run,
        payload={
            "digest": run.digest,
            "model": model.name,
            "datasets": [
                {"version": str(row.version), "digest": row.version.digest, "splits": list(row.splits)} for row in used
            ],
            "guidelines": [{"guideline": str(row), "digest": row.digest} for row in in_force],
            "code_repository": run.code_repository,
            "code_commit": run.code_commit,
            "base_digest": run.base_digest,
            "trained_by": {"id": str(trained_by.pk), "name": trained_by.name},
        },
    )
    subjects.announce_change(run_ref(run), "training_run.registered")
    return run


def _used(model: Model, datasets: Sequence[DataUse], by: User) -> list[_Used]:
    """Return the versions that are meant, those of the model's team that ``by`` may see; one query for them all."""
    if not datasets:
        raise NoTrainingData(
            _("Name at least one dataset version that the run was trained on."),
            errors={"/datasets": [_("Name at least one dataset version.")]},
        )
    wanted = [(row, checked_digest(row.digest, "datasets")) for row in datasets]
    seen = DatasetVersion.objects.visible_to(by).filter(dataset__use_case__team=model.team)
    named = seen.filter(pk__in=[row.version for row, _digest in wanted if row.version])
    alike = seen.filter(digest__in=[digest for row, digest in wanted if not row.version])
    rows = list((named | alike).select_related("dataset__use_case__team").prefetch_related("files").order_by("pk"))
    found: dict[uuid.UUID, _Used] = {}
    for index, (row, digest) in enumerate(wanted):
        matching = [one for one in rows if (one.pk == row.version if row.version else one.digest == digest)]
        version = _the_one(matching, row, digest, f"/datasets/{index}")
        found[version.pk] = _Used(version, _splits(version, row, found.get(version.pk), f"/datasets/{index}/splits"))
    used = list(found.values())
    if not any(not row.splits or SplitName.TRAIN in row.splits for row in used):
        raise NoTrainingData(
            _("No training split is among what the run used. Name what it learnt from."),
            errors={"/datasets": [_("Name what it learnt from.")]},
        )
    return used


def _the_one(matching: Sequence[DatasetVersion], row: DataUse, digest: str, pointer: str) -> DatasetVersion:
    if not matching:
        raise TrainingDataUnknown(
            _("Your team has no dataset version %(what)s. Register it first.") % {"what": row.version or digest},
            errors={pointer: [_("There is no such dataset version.")]},
        )
    if len(matching) > 1:
        raise TrainingDataUnknown(
            _("Several dataset versions have this digest: %(names)s. Say which by its identifier.")
            % {"names": ", ".join(map(str, matching))},
            errors={pointer: [_("Say which by its identifier.")]},
        )
    if digest and matching[0].digest != digest:
        raise TrainingDataDiffers(
            _("%(version)s has the digest %(known)s, not %(said)s. The run was trained on something else.")
            % {"version": matching[0], "known": matching[0].digest, "said": digest},
            errors={f"{pointer}/digest": [_("Another content than the registered one.")]},
        )
    return matching[0]


def _splits(version: DatasetVersion, row: DataUse, before: _Used | None, pointer: str) -> tuple[str, ...]:
    """Return the splits in the usual order, joined with those named before; empty for all of them."""
    there = {file.split for file in version.files.all()}
    strange = sorted(set(row.splits) - there)
    if strange:
        raise TrainingDataUnknown(
            _("%(version)s has no split “%(split)s”.") % {"version": version, "split": strange[0]},
            errors={pointer: [_("There is no such split.")]},
        )
    if not row.splits or (before is not None and not before.splits):
        return ()
    joined = {*row.splits, *(before.splits if before else ())}
    return tuple(split for split in SplitName.values if split in joined)


def _in_force(guidelines: Iterable[Guideline], used: Sequence[_Used]) -> list[Guideline]:
    datasets = {row.version.dataset_id for row in used}
    found = {row.pk: row for row in guidelines}
    for row in found.values():
        if not row.is_published or row.dataset_id not in datasets:
            raise GuidelineNotInForce(
                _("%(guideline)s is not a published guideline of the data that the run used.") % {"guideline": row},
                errors={"/guidelines": [_("Name a published guideline of this data.")]},
            )
    return sorted(found.values(), key=lambda row: row.pk)


def _require_trainer(person: User, model: Model) -> None:
    if person.kind != User.Kind.PERSON or not model.team.memberships.filter(user=person).exists():
        raise TrainerOutsideTeam(
            _("%(name)s is no person of the team “%(team)s”. Name who started the training.")
            % {"name": person.name, "team": model.team.name},
            errors={"/trained_by": [_("Name a person of the team.")]},
        )


def _check_times(started_at: dt.datetime, finished_at: dt.datetime) -> None:
    if finished_at < started_at:
        raise RunTimesImpossible(
            _("The run can't have finished before it started."),
            errors={"/finished_at": [_("Not before its start.")]},
        )
    if started_at < EARLIEST or finished_at > clock.now() + CLOCKS_DIFFER:
        raise RunTimesImpossible(
            _("A run is registered when it has finished; give its real times."),
            errors={"/finished_at": [_("Not in the future, and not before the year 2000.")]},
        )


def _checked_currency(amount: Decimal | None, currency: str) -> str:
    found = currency.strip().upper()
    is_currency = len(found) == 3 and found.isascii() and found.isalpha()
    if (amount is None and not found) or (amount is not None and amount >= 0 and is_currency):
        return found
    raise CostUnclear(
        _("Give an amount of 0 or more and its currency as three letters, as in 12.40 EUR; or neither."),
        errors={"/cost_currency": [_("An amount and three letters, or neither.")]},
    )
