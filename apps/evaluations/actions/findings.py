"""Cases that failed, with cause and decision; findings of red teams, retested and closed."""

import datetime as dt
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from apps.core import access, subjects
from apps.core.clock import today
from apps.core.errors import InvalidInput
from apps.core.transactions import atomic
from apps.datasets.errors import ReasonNeeded
from apps.evaluations.actions.following import announce_run
from apps.evaluations.errors import (
    CaseUnknown,
    FailureDecided,
    FailureKnown,
    FindingClosed,
    OwnFix,
    RetestNeeded,
)
from apps.evaluations.models import (
    EvaluationRun,
    FailureCase,
    FailureDecision,
    FindingClosure,
    FindingRetest,
    RedTeamFinding,
)
from apps.evaluations.refs import evaluation_ref
from apps.evaluations.storing import scores_of
from apps.ledger.actions import record_on
from apps.people.identity import same_as
from apps.people.models import User
from apps.registry.models import ModelVersion
from apps.registry.refs import model_version_ref


def _said(text: str, pointer: str) -> str:
    if not text.strip():
        raise ReasonNeeded(_("Say it in a sentence."), errors={pointer: [_("Say it in a sentence.")]})
    return text.strip()


def _one_of(value: str, choices: Any, pointer: str) -> str:
    if value not in choices.values:
        raise InvalidInput(
            _("Choose one of: %(names)s.") % {"names": ", ".join(choices.values)},
            errors={pointer: [_("Choose one of the list.")]},
        )
    return value


@atomic
def note_failure(run: EvaluationRun, case: str, *, by: User, cause: str, note: str, metric: str = "") -> FailureCase:
    """Put a case that went wrong on the run's list, with its cause.

    Where the run kept scores, the case must be one of them. Raise ``CaseUnknown`` or ``FailureKnown``.
    """
    access.require(by, "evaluation.register", run.team.pk)
    case, note = _said(case, "/case"), _said(note, "/note")
    _one_of(cause, FailureCase.Cause, "/cause")
    known = {(row["case"], row["metric"]) for row in scores_of(run)}
    if known and not any(case == name and metric in ("", key) for name, key in known):
        raise CaseUnknown(
            _("The run has no case “%(case)s” for this metric.") % {"case": case[:100]},
            errors={"/case": [_("No such case in this run.")]},
        )
    try:
        with transaction.atomic():
            failure: FailureCase = FailureCase.objects.create(
                run=run, case=case, metric=metric, cause=cause, note=note, found_by=by
            )
    except IntegrityError as error:
        raise FailureKnown(_("“%(case)s” is on the list of this run.") % {"case": case[:100]}) from error
    record_on(
        "evaluation_run.failure_noted",
        by=by,
        ref=evaluation_ref(run),
        obj=run,
        payload={"failure": str(failure.pk), "case": case, "metric": metric, "cause": cause},
    )
    announce_run(run, "evaluation_run.failure_noted")
    return failure


@atomic
def decide_failure(failure: FailureCase, *, by: User, decision: str, note: str) -> FailureDecision:
    """Say what is done about a case that went wrong; raise ``FailureDecided``."""
    access.require(by, "evaluation.register", failure.team.pk)
    _one_of(decision, FailureDecision.Decision, "/decision")
    note = _said(note, "/note")
    try:
        with transaction.atomic():
            row = FailureDecision.objects.create(failure=failure, decision=decision, note=note, decided_by=by)
    except IntegrityError as error:
        raise FailureDecided(_("It was decided what is done about “%(case)s”.") % {"case": failure}) from error
    record_on(
        "evaluation_run.failure_decided",
        by=by,
        ref=evaluation_ref(failure.run),
        obj=failure.run,
        payload={"failure": str(failure.pk), "case": failure.case, "decision": decision, "note": note},
    )
    announce_run(failure.run, "evaluation_run.failure_decided")
    return row


@atomic
def report_finding(
    version: ModelVersion,
    title: str,
    *,
    by: User,
    description: str,
    severity: str,
    found_on: dt.date | None = None,
) -> RedTeamFinding:
    """Report what somebody made the model version do that it must not."""
    access.require(by, "evaluation.report", version.team.pk)
    title, description = _said(title, "/title"), _said(description, "/description")
    _one_of(severity, RedTeamFinding.Severity, "/severity")
    day = today()
    if found_on is not None and found_on > day:
        raise InvalidInput(_("It can’t be found in the future."), errors={"/found_on": [_("Not in the future.")]})
    ModelVersion.objects.select_for_update(of=("self",)).get(pk=version.pk)
    finding: RedTeamFinding = RedTeamFinding.objects.create(
        model_version=version,
        number=int(version.red_team_findings.aggregate(n=Max("number"))["n"] or 0) + 1,
        title=title,
        description=description,
        severity=severity,
        found_on=found_on or day,
        reported_by=by,
    )
    _record(finding, "model_version.finding_reported", by, {"severity": severity})
    return finding


def _record(finding: RedTeamFinding, action: str, by: User, payload: dict[str, Any]) -> None:
    ref = model_version_ref(finding.model_version)
    said = {"finding": str(finding.pk), "number": finding.number, "title": finding.title, **payload}
    record_on(action, by=by, ref=ref, obj=finding.model_version, payload=said)
    subjects.announce_change(ref, action)


def _locked(finding: RedTeamFinding) -> RedTeamFinding:
    rows = RedTeamFinding.objects.select_for_update(of=("self",)).select_related("model_version__model__use_case__team")
    found: RedTeamFinding = rows.get(pk=finding.pk)
    if FindingClosure.objects.filter(finding=found).exists():
        raise FindingClosed(_("Finding %(n)d is closed. Report what is new as another one.") % {"n": found.number})
    return found


@atomic
def retest_finding(finding: RedTeamFinding, *, by: User, outcome: str, note: str) -> FindingRetest:
    """Record that somebody tried it again; who made the model version does not retest it.

    Raise ``FindingClosed`` or ``OwnFix``.
    """
    access.require(by, "evaluation.report", finding.team.pk)
    finding = _locked(finding)
    _one_of(outcome, FindingRetest.Outcome, "/outcome")
    note = _said(note, "/note")
    version = finding.model_version
    author = same_as(by, {version.registered_by_id, version.run.trained_by_id, version.run.registered_by_id})
    if author is not None:
        raise OwnFix(_("%(name)s made this version. Somebody else tries it again.") % {"name": author.name})
    retest = FindingRetest.objects.create(finding=finding, outcome=outcome, note=note, retested_by=by)
    _record(finding, "model_version.finding_retested", by, {"outcome": outcome, "note": note})
    return retest


@atomic
def close_finding(finding: RedTeamFinding, *, by: User, reason: str) -> FindingClosure:
    """Close a finding that the last retest showed to be gone; raise ``FindingClosed`` or ``RetestNeeded``."""
    access.require(by, "evaluation.report", finding.team.pk)
    finding = _locked(finding)
    reason = _said(reason, "/reason")
    last = finding.retests.last()
    if last is None or last.outcome != FindingRetest.Outcome.GONE:
        raise RetestNeeded(_("Try it again first: a finding is closed when the last retest shows that it is gone."))
    closure = FindingClosure.objects.create(finding=finding, retest=last, reason=reason, closed_by=by)
    _record(finding, "model_version.finding_closed", by, {"reason": reason, "retest": str(last.pk)})
    return closure
