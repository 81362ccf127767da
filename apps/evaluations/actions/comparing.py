"""Comparisons: computed once from immutable runs, kept under their digest."""

import uuid
from collections.abc import Sequence
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from apps.core import access
from apps.core.canonical import digest_of
from apps.core.errors import NotFound
from apps.core.transactions import atomic
from apps.evaluations.comparing.comparison import Side, compare
from apps.evaluations.content import Content
from apps.evaluations.errors import NothingToCompare
from apps.evaluations.models import Comparison, EvaluationRun, SuiteVersion
from apps.evaluations.refs import evaluation_ref
from apps.evaluations.storing import scores_of
from apps.ledger.actions import record_on
from apps.people.models import User

MOST_OTHERS = 3


def runs_of(version: SuiteVersion, ids: Sequence[uuid.UUID]) -> list[EvaluationRun]:
    """Return the run that each identifier means: itself, or the newest of the model version or baseline.

    A run that counts goes before a newer one that does not. One query. Raise ``NothingToCompare`` for one without.
    """
    named = Q(pk__in=ids) | Q(model_version__in=ids) | Q(baseline__in=ids)
    rows = version.runs.filter(named).select_related(
        "suite_version__suite__use_case__team", "suite_version__signature", "model_version__model", "baseline"
    )
    ordered = sorted(rows.order_by("-id"), key=lambda run: not run.counts)
    found = []
    for wanted in ids:
        run = next((run for run in ordered if wanted in (run.pk, run.model_version_id, run.baseline_id)), None)
        if run is None:
            raise NothingToCompare(
                _("%(id)s was never evaluated with %(suite)s.") % {"id": wanted, "suite": version},
                errors={"/others": [_("It was never evaluated with this version of the suite.")]},
            )
        found.append(run)
    return found


def compare_runs(candidate: EvaluationRun, others: Sequence[EvaluationRun], *, by: User) -> Comparison:
    """Compare a run with one to three others of the same suite version; equal runs give the same comparison again.

    Raise ``NotFound`` unless the person sees all, ``NothingToCompare`` for runs of two suite versions or one run.
    """
    version = candidate.suite_version
    access.require(by, "view", version.team.pk)
    wanted = [candidate, *others]
    if EvaluationRun.objects.visible_to(by).filter(pk__in=[run.pk for run in wanted]).count() < len(
        {run.pk for run in wanted}
    ):
        raise NotFound(_("There is no such run, or you may not see it."))
    if not 0 < len(others) <= MOST_OTHERS or len({run.pk for run in wanted}) < len(wanted):
        raise NothingToCompare(
            _("Choose one to %(n)d other runs.") % {"n": MOST_OTHERS},
            errors={"/others": [_("Choose one to %(n)d other runs.") % {"n": MOST_OTHERS}]},
        )
    if any(run.suite_version_id != version.pk for run in others):
        raise NothingToCompare(
            _("Runs are compared on one version of a suite: another one asks other questions."),
            errors={"/others": [_("Of another version of the suite.")]},
        )
    standing = _standing(candidate, others)
    if standing is not None:
        return standing
    result = compare(
        Content.of(version.content),
        Side.of(candidate, "candidate", scores_of(candidate)),
        [Side.of(run, "baseline" if run.baseline_id else "version", scores_of(run)) for run in others],
    )
    return _keep(candidate, others, result, by)


def _standing(candidate: EvaluationRun, others: Sequence[EvaluationRun]) -> Comparison | None:
    rows = Comparison.objects.filter(candidate=candidate, others=[str(run.pk) for run in others])
    found: Comparison | None = rows.order_by("-id").first()
    return found


@atomic
def _keep(candidate: EvaluationRun, others: Sequence[EvaluationRun], result: dict[str, Any], by: User) -> Comparison:
    version = candidate.suite_version
    digest = digest_of({"suite_digest": version.digest, "result": result})
    try:
        with transaction.atomic():
            found: Comparison = Comparison.objects.create(
                suite_version=version,
                candidate=candidate,
                others=[str(run.pk) for run in others],
                result=result,
                digest=digest,
                compared_by=by,
            )
    except IntegrityError:
        same: Comparison = Comparison.objects.get(digest=digest)
        return same
    record_on(
        "evaluation_run.compared",
        by=by,
        ref=evaluation_ref(candidate),
        obj=candidate,
        payload={
            "comparison": str(found.pk),
            "digest": digest,
            "others": [{"run": str(run.pk), "subject": str(run.subject), "digest": run.digest} for run in others],
            "worse": result["counts"]["worse"],
        },
    )
    return found
