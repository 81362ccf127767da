"""Starting, submitting, signing and reopening assessments."""

import json
import uuid

from django.db import IntegrityError, transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from apps.assessments import reading
from apps.assessments.actions.frameworks import FRAMEWORKS
from apps.assessments.actions.refresh import refresh
from apps.assessments.errors import (
    AssessmentClosed,
    AssessmentNotSubmitted,
    AssessmentStands,
    NoFramework,
    NotTheGovernanceOwner,
    OwnSubmission,
    ReasonRequired,
    StaleAssessment,
)
from apps.assessments.framework import VERDICT_TITLES
from apps.assessments.models import Answer, Assessment, FitStatement
from apps.core import access, subjects
from apps.core.canonical import canonical_json, sha256_digest
from apps.core.clock import now
from apps.core.subjects import SubjectRef
from apps.core.transactions import atomic
from apps.ledger.actions import record_on
from apps.owners import holders
from apps.people import confirmations
from apps.people.identity import same_person
from apps.people.models import User
from apps.usecases.models import UseCase

State = Assessment.State
KIND = "readiness"


def use_case_ref(assessment: Assessment) -> SubjectRef:
    return SubjectRef("use_case", assessment.use_case_id)


def lock(pk: uuid.UUID) -> Assessment:
    """Return the assessment with its row locked until the transaction ends."""
    rows = Assessment.objects.select_for_update(of=("self",)).select_related("use_case__team", "framework")
    return rows.get(pk=pk)


def _next_number(use_case: UseCase) -> int:
    return int(use_case.assessments.aggregate(n=Max("number"))["n"] or 0) + 1


def _create(use_case: UseCase, by: User, **values: object) -> Assessment:
    try:
        with transaction.atomic():
            return Assessment.objects.create(use_case=use_case, number=_next_number(use_case), started_by=by, **values)
    except IntegrityError as error:
        standing = use_case.assessments.exclude(state=State.SIGNED).first()
        raise AssessmentStands(
            _("This use case has an assessment that is not signed. Go on there."),
            extra={"assessment": str(standing.pk)} if standing else {},
        ) from error


@atomic
def start(use_case: UseCase, *, by: User) -> Assessment:
    """Start an assessment under the newest published framework; answers of the signed one before are carried over."""
    access.require(by, "assessment.manage", use_case.team_id)
    framework = FRAMEWORKS.newest_published(KIND)
    if framework is None:
        raise NoFramework(_("No readiness framework is published. A governance lead publishes one."))
    before = use_case.assessments.order_by("-number").first()
    assessment = _create(use_case, by, framework=framework)
    if before is not None:
        _carry_over(before, assessment)
    record_on(
        "assessment.started",
        by=by,
        ref=assessment.ref,
        obj=assessment,
        payload={"framework": {"number": framework.number, "digest": framework.digest}},
    )
    refresh(use_case.pk)
    return assessment


def _carry_over(before: Assessment, after: Assessment) -> None:
    """Copy the newest claims with their authors and times, so that an old one lapses when it would have."""
    known = {row.id for row in reading.framework_of(after).questions}
    Answer.objects.bulk_create(
        [
            Answer(
                assessment=after,
                question=row.question,
                revision=1,
                level=row.level,
                comment=row.comment,
                evidence=row.evidence,
                by=row.by,
                by_name=row.by_name,
                answered_at=row.answered_at,
            )
            for row in reading.newest_answers(before).values()
            if row.question in known
        ]
    )
    statement = before.fit_statements.order_by("-revision").first()
    if statement is not None:
        FitStatement.objects.create(
            assessment=after,
            revision=1,
            values=statement.values,
            by=statement.by,
            by_name=statement.by_name,
            stated_at=statement.stated_at,
        )


@atomic
def submit(assessment: Assessment, *, by: User) -> Assessment:
    """Close the assessment with a snapshot of what is claimed, proven and counted; it does not change any more."""
    assessment = lock(assessment.pk)
    access.require(by, "assessment.manage", assessment.use_case.team_id)
    if assessment.state != State.OPEN:
        raise AssessmentClosed(_("This assessment was submitted already."))
    found = reading.read(assessment)
    assessment.snapshot = canonical_json(reading.body_of(assessment, found)).decode()
    assessment.digest = sha256_digest(assessment.snapshot.encode())
    assessment.state, assessment.submitted_by, assessment.submitted_at = State.SUBMITTED, by, now()
    assessment.save(update_fields=["snapshot", "digest", "state", "submitted_by", "submitted_at"])
    record_on(
        "assessment.submitted",
        by=by,
        ref=assessment.ref,
        obj=assessment,
        payload={"digest": assessment.digest, "verdict": found.verdict.level},
    )
    refresh(assessment.use_case_id)
    return assessment


def meaning(assessment: Assessment, verdict: str) -> str:
    """Return the one sentence that says what the signature means; it is stored with it."""
    return _("As governance owner I confirm that “%(what)s” was assessed as %(verdict)s on exactly these answers.") % {
        "what": assessment.use_case.name,
        "verdict": str(VERDICT_TITLES[verdict]).lower(),
    }


@atomic
def sign(assessment: Assessment, *, by: User, digest: str, confirmation_id: uuid.UUID | None) -> Assessment:
    """Sign what was submitted, as governance owner of the use case (or as deputy of an absent one), freshly confirmed.

    Raise ``NotTheGovernanceOwner``, ``AssessmentNotSubmitted``, ``StaleAssessment``, ``OwnSubmission`` or what
    ``confirmations.use`` raises.
    """
    assessment = lock(assessment.pk)
    ownership = holders.holders(use_case_ref(assessment)).get("governance_owner")
    if ownership is None or not holders.may_sign(ownership, by):
        raise NotTheGovernanceOwner(
            _("Only the governance owner signs: %(name)s.")
            % {"name": ownership.holder.name if ownership else _("vacant")}
        )
    if assessment.state != State.SUBMITTED:
        raise AssessmentNotSubmitted(_("Only a submitted assessment is signed."))
    if digest != assessment.digest:
        raise StaleAssessment(_("You were shown another assessment. Read this one, then sign."))
    if assessment.submitted_by is not None and same_person(assessment.submitted_by, by):
        raise OwnSubmission(_("You submitted it. Have somebody else submit, or your deputy sign."))
    confirmation = confirmations.use(confirmation_id, by)
    verdict = submitted_verdict(assessment)
    assessment.state, assessment.signed_by, assessment.signed_at = State.SIGNED, by, now()
    assessment.signature, assessment.confirmed_by = meaning(assessment, verdict), confirmation.method
    assessment.save(update_fields=["state", "signed_by", "signed_at", "signature", "confirmed_by"])
    record_on(
        "assessment.signed",
        by=by,
        ref=assessment.ref,
        obj=assessment,
        payload={
            "digest": digest,
            "verdict": verdict,
            "meaning": assessment.signature,
            "confirmed_by": confirmation.method,
        },
    )
    refresh(assessment.use_case_id)
    subjects.announce_change(use_case_ref(assessment), "assessment.signed")
    return assessment


def submitted_verdict(assessment: Assessment) -> str:
    """Return the verdict that the snapshot holds."""
    return str(json.loads(assessment.snapshot)["verdict"])


@atomic
def reopen(assessment: Assessment, *, by: User, reason: str) -> Assessment:
    """Start the next assessment from a submitted or signed one, answers carried over; that one stays as it is.

    A submitted one that nobody signed is superseded by this, and can't be signed any more.
    """
    assessment = lock(assessment.pk)
    access.require(by, "assessment.manage", assessment.use_case.team_id)
    if assessment.state == State.OPEN:
        raise AssessmentClosed(_("This assessment is open. Answer it."))
    if not reason.strip():
        raise ReasonRequired(_("Say why it is opened again."), errors={"/reason": [_("Say why.")]})
    if assessment.state == State.SUBMITTED:
        assessment.state = State.SUPERSEDED
        assessment.save(update_fields=["state"])
    following = _create(assessment.use_case, by, framework=assessment.framework, reopened_from=assessment)
    _carry_over(assessment, following)
    record_on(
        "assessment.reopened",
        by=by,
        ref=following.ref,
        obj=following,
        payload={"from": str(assessment.pk), "reason": reason.strip()},
    )
    refresh(assessment.use_case_id)
    return following
