"""Evaluation runs: registered once, with everything that they rest on."""

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from apps.core import clock
from apps.evaluations.actions.following import announce_run
from apps.evaluations.actions.leakage import start_check
from apps.evaluations.digests import evaluation_digest
from apps.evaluations.errors import (
    EvaluationTimesImpossible,
    EvaluatorOutsideTeam,
    SameEvaluation,
    SubjectElsewhere,
)
from apps.evaluations.models import Baseline, EvaluationRun, RunFile, SuiteVersion
from apps.evaluations.refs import evaluation_ref
from apps.evaluations.storing import Kept
from apps.ledger.actions import record_on
from apps.people.models import User
from apps.registry.models import ModelVersion

CLOCKS_DIFFER = dt.timedelta(minutes=5)
EARLIEST = dt.datetime(2000, 1, 1, tzinfo=dt.UTC)


def require_subject(version: SuiteVersion, model_version: ModelVersion | None, baseline: Baseline | None) -> None:
    """Raise ``SubjectElsewhere`` unless there is exactly one subject, and it is of the suite's use case."""
    if (model_version is None) == (baseline is None):
        raise SubjectElsewhere(
            _("Name either a model version or a baseline."),
            errors={"/model_version": [_("Name either a model version or a baseline.")]},
        )
    use_case = model_version.model.use_case_id if model_version is not None else baseline.use_case_id  # type: ignore[union-attr]
    if use_case != version.suite.use_case_id:
        raise SubjectElsewhere(
            _("“%(subject)s” is not of the use case that this suite belongs to.")
            % {"subject": model_version or baseline},
            errors={("/model_version" if model_version else "/baseline"): [_("Of another use case.")]},
        )


def register(
    version: SuiteVersion,
    *,
    by: User,
    model_version: ModelVersion | None,
    baseline: Baseline | None,
    evaluated_by: User,
    tool: str,
    tool_version: str,
    values: Sequence[Mapping[str, Any]],
    unmatched: Sequence[Mapping[str, Any]],
    parameters: Mapping[str, Any],
    files: Sequence[tuple[str, Kept, int | None]],
    started_at: dt.datetime,
    finished_at: dt.datetime,
    seed: int | None,
    note: str,
) -> EvaluationRun:
    """Write a run with its files, in the caller's transaction; look for its suite's rows in the training data.

    Raise ``EvaluatorOutsideTeam``, ``EvaluationTimesImpossible`` or ``SameEvaluation``.
    """
    _check_times(started_at, finished_at)
    if not version.team.memberships.filter(user=evaluated_by).exists():
        raise EvaluatorOutsideTeam(
            _("%(name)s is nobody of the team. Name who ran the evaluation.") % {"name": evaluated_by.name},
            errors={"/evaluated_by": [_("Name somebody of the team.")]},
        )
    SuiteVersion.objects.select_for_update(of=("self",)).get(pk=version.pk)
    run = EvaluationRun(
        suite_version=version,
        model_version=model_version,
        baseline=baseline,
        number=int(version.runs.aggregate(n=Max("number"))["n"] or 0) + 1,
        tool=tool,
        tool_version=tool_version,
        values=list(values),
        unmatched=list(unmatched),
        parameters=dict(parameters),
        file_count=len(files),
        started_at=started_at,
        finished_at=finished_at,
        seed=seed,
        note=note.strip(),
        evaluated_by=evaluated_by,
        registered_by=by,
    )
    run.digest = evaluation_digest(run, run.subject.digest, [file.digest for _kind, file, _rows in files])
    try:
        with transaction.atomic():
            run.save(force_insert=True)
    except IntegrityError as error:
        standing = version.runs.filter(digest=run.digest).first()
        raise SameEvaluation(
            _("Run %(n)s says exactly the same. Use that one.") % {"n": standing.number if standing else "?"},
            extra={"evaluation_run": str(standing.pk)} if standing else {},
        ) from error
    told = {"created_at": clock.now()} if clock.is_replayed() else {}
    RunFile.objects.bulk_create(
        RunFile(run=run, kind=kind, rows=rows, **file.as_dict(), **told) for kind, file, rows in files
    )
    run.refresh_from_db(fields=["created_at"])
    record_on(
        "evaluation_run.registered",
        by=by,
        ref=evaluation_ref(run),
        obj=run,
        payload={
            "digest": run.digest,
            "subject": str(run.subject),
            "subject_digest": run.subject.digest,
            "suite_version": str(version.pk),
            "suite_digest": version.digest,
            "tool": tool,
            "tool_version": tool_version,
            "values": [{**row} for row in values],
            "files": [{"name": file.name, "digest": file.digest} for _kind, file, _rows in files],
            "counts": run.counts,
            "evaluated_by": {"id": str(evaluated_by.pk), "name": evaluated_by.name},
        },
    )
    if model_version is not None:
        start_check(version, model_version.run, by)
    announce_run(run, "evaluation_run.registered")
    return run


def _check_times(started_at: dt.datetime, finished_at: dt.datetime) -> None:
    if finished_at < started_at:
        raise EvaluationTimesImpossible(
            _("The evaluation can’t have finished before it started."),
            errors={"/finished_at": [_("Not before its start.")]},
        )
    if started_at < EARLIEST or finished_at > clock.now() + CLOCKS_DIFFER:
        raise EvaluationTimesImpossible(
            _("An evaluation is registered when it has finished; give its real times."),
            errors={"/finished_at": [_("Not in the future, and not before the year 2000.")]},
        )
