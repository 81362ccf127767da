"""Claims on questions, and what is said of the task for the use-case fit."""

import uuid
from collections.abc import Iterable, Mapping
from typing import Any

from django.db.models import Max
from django.utils.translation import gettext as _

from apps.assessments import reading
from apps.assessments.actions.assessments import lock, use_case_ref
from apps.assessments.actions.refresh import refresh
from apps.assessments.errors import (
    AssessmentClosed,
    EvidenceUnknown,
    ReasonRequired,
    StaleAnswer,
    UnknownQuestion,
)
from apps.assessments.framework import LEVEL_TITLES, NOT_APPLICABLE, Question
from apps.assessments.models import Answer, Assessment, FitStatement
from apps.core import access, subjects
from apps.core.clock import now
from apps.core.errors import InvalidInput
from apps.core.transactions import atomic
from apps.evidence import actions as evidence
from apps.evidence.models import Attestation, Document
from apps.ledger.actions import record_on
from apps.people.models import User


def _open(assessment: Assessment, by: User) -> Assessment:
    assessment = lock(assessment.pk)
    access.require(by, "assessment.answer", assessment.use_case.team_id)
    if assessment.state != Assessment.State.OPEN:
        raise AssessmentClosed(_("This assessment was submitted. Reopen it to answer again."))
    return assessment


@atomic
def answer(
    assessment: Assessment,
    question: str,
    level: str,
    *,
    by: User,
    revision: int,
    comment: str = "",
    evidence_ids: Iterable[uuid.UUID] = (),
    link: str = "",
    link_title: str = "",
) -> Answer:
    """Claim a level on one question; ``revision`` is that of the claim one has read (0: there was none).

    ``evidence_ids`` are standing documents and attestations on the use case; ``link`` (https) becomes a document there.
    Raise ``AssessmentClosed``, ``UnknownQuestion``, ``StaleAnswer``, ``ReasonRequired`` or ``EvidenceUnknown``.
    """
    assessment = _open(assessment, by)
    found = reading.framework_of(assessment).question(question)
    if found is None:
        raise UnknownQuestion(_("This framework has no question “%(id)s”.") % {"id": question[:60]})
    _refuse_level(found, level, comment)
    before = assessment.answers.filter(question=question).order_by("-revision").first()
    if revision != (before.revision if before else 0):
        raise _stale(before)
    if link:
        document = evidence.add_document(
            use_case_ref(assessment), "other", link_title.strip() or found.proof[:160], by=by, link=link
        )
        evidence_ids = [*evidence_ids, document.pk]
    row = Answer.objects.create(
        assessment=assessment,
        question=question,
        revision=revision + 1,
        level=level,
        comment=comment.strip(),
        evidence=_evidence(assessment, evidence_ids),
        by=by,
        by_name=by.name,
        answered_at=now(),
    )
    record_on(
        "assessment.answered",
        by=by,
        ref=assessment.ref,
        obj=assessment,
        payload={
            "question": question,
            "changed": {"level": {"from": before.level if before else None, "to": level}},
            "comment": row.comment,
            "evidence": row.evidence,
        },
    )
    refresh(assessment.use_case_id)
    return row


def _refuse_level(question: Question, level: str, comment: str) -> None:
    allowed = [name for name in LEVEL_TITLES if name != NOT_APPLICABLE or question.may_not_apply]
    if level not in allowed:
        raise InvalidInput(
            _("Answer with one of: %(levels)s.") % {"levels": ", ".join(allowed)},
            errors={"/level": [_("Choose one of the levels.")]},
        )
    if level == NOT_APPLICABLE and not comment.strip():
        raise ReasonRequired(
            _("Say why the question does not apply."), errors={"/comment": [_("Say why it does not apply.")]}
        )


def _stale(before: Answer | None) -> StaleAnswer:
    if before is None:
        return StaleAnswer(_("There is no earlier answer. Look again, then answer."), extra={"revision": 0})
    return StaleAnswer(
        _("%(name)s answered “%(level)s” while you were writing. Read it; answer again if you see it otherwise.")
        % {"name": before.by_name, "level": before.get_level_display()},
        extra={
            "revision": before.revision,
            "current": {"level": before.level, "by": before.by_name, "comment": before.comment},
        },
    )


def _evidence(assessment: Assessment, ids: Iterable[uuid.UUID]) -> list[dict[str, str]]:
    """Return the chosen evidence with the digests it has now; only what stands on this use case."""
    wanted = list(dict.fromkeys(ids))
    if not wanted:
        return []
    ref = use_case_ref(assessment)
    found: dict[uuid.UUID, dict[str, str]] = {}
    for row in Document.objects.on(ref).standing().filter(pk__in=wanted):
        found[row.pk] = {"type": "document", "id": str(row.pk), "title": row.title, "digest": row.digest}
    for row in Attestation.objects.on(ref).standing().filter(pk__in=wanted):
        found[row.pk] = {"type": "attestation", "id": str(row.pk), "title": str(row), "digest": row.subject_digest}
    if len(found) != len(wanted):
        raise EvidenceUnknown(
            _("Only documents and statements that stand on the use case are evidence here. Attach them there first."),
            errors={"/evidence": [_("Not on this use case, or taken back.")]},
        )
    return [found[pk] for pk in wanted]


@atomic
def state_fit(assessment: Assessment, values: Mapping[str, Any], *, by: User, revision: int) -> FitStatement:
    """Say how the task is, for the use-case fit; inputs left out are asked again. Raise ``StaleAnswer`` as above."""
    assessment = _open(assessment, by)
    fit = reading.framework_of(assessment).fit
    known = {row.id: {choice.value for choice in row.choices} for row in fit.inputs}
    wrong = {
        f"/{name}": [_("Choose one of: %(known)s.") % {"known": ", ".join(sorted(known.get(name, known)))}]
        for name, value in values.items()
        if value not in known.get(name, ())
    }
    if wrong:
        raise InvalidInput(_("Some inputs of the fit are not among the choices."), errors=wrong)
    newest = int(assessment.fit_statements.aggregate(n=Max("revision"))["n"] or 0)
    if revision != newest:
        raise StaleAnswer(
            _("Somebody described the task while you were writing. Read it, then say it again."),
            extra={"revision": newest},
        )
    row = FitStatement.objects.create(
        assessment=assessment, revision=revision + 1, values=dict(values), by=by, by_name=by.name, stated_at=now()
    )
    record_on("assessment.fit_stated", by=by, ref=assessment.ref, obj=assessment, payload={"values": dict(values)})
    refresh(assessment.use_case_id)
    subjects.announce_change(use_case_ref(assessment), "assessment.fit_stated")
    return row
