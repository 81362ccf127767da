"""An assessment as it stands now: its claims beside the facts, the verdict, the fit; a constant number of queries."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _

from apps.assessments import fit as fits
from apps.assessments.fit import Recommendation
from apps.assessments.framework import LEVEL_TITLES, NOT_APPLICABLE, Framework, Question, parse
from apps.assessments.models import Answer, Assessment, FitStatement
from apps.assessments.verdict import Judged, Standing, Verdict, judge
from apps.core.clock import now
from apps.core.subjects import SubjectRef
from apps.evidence import facts
from apps.evidence.facts import Fact
from apps.evidence.models import Attestation, Document


@dataclass(frozen=True, slots=True)
class Reading:
    """Everything that an assessment's page, its snapshot and the fact of readiness are made of."""

    framework: Framework
    answers: dict[str, Answer]
    facts: dict[str, Fact]
    verdict: Verdict
    statement: FitStatement | None
    recommendation: Recommendation
    lapses_at: dt.datetime | None


@lru_cache(maxsize=32)
def _parsed(digest: str, source: str) -> Framework:
    return parse(source)


def framework_of(assessment: Assessment) -> Framework:
    """Return the assessment's framework; versions are immutable, so each is parsed once a process."""
    version = assessment.framework
    return _parsed(version.digest, version.source)


def newest_answers(assessment: Assessment) -> dict[str, Answer]:
    """Return the newest claim on each question; one query."""
    rows = assessment.answers.order_by("question", "-revision").distinct("question").select_related("by")
    return {row.question: row for row in rows}


def read(assessment: Assessment, at: dt.datetime | None = None) -> Reading:
    """Judge the assessment as of now (the database's clock): at most ten queries, whatever the number of questions."""
    moment = at or now()
    framework = framework_of(assessment)
    answers = newest_answers(assessment)
    ref = SubjectRef("use_case", assessment.use_case_id)
    known = facts.read(ref, assessment.use_case, framework.fact_names)
    standing_evidence = _still_standing(answers.values())
    standings = {
        row.id: standing_of(row, answers.get(row.id), known.get(row.fact), standing_evidence, moment)
        for row in framework.questions
    }
    statement = assessment.fit_statements.order_by("-revision").first()
    lapses = [
        lapse for row in framework.questions if row.id in answers and (lapse := lapse_of(row, answers[row.id])) > moment
    ]
    return Reading(
        framework,
        answers,
        known,
        judge(framework, standings),
        statement,
        fits.recommend(framework.fit, statement.values if statement else {}),
        min(lapses, default=None),
    )


def lapse_of(question: Question, answer: Answer) -> dt.datetime:
    """Return the instant from which the claim no longer counts."""
    return answer.answered_at + dt.timedelta(days=question.valid_days)


def standing_of(
    question: Question, answer: Answer | None, fact: Fact | None, standing: set[UUID], moment: dt.datetime
) -> Standing:
    return Standing(
        claim=answer.level if answer else None,
        proven=proven_level(question, fact),
        is_lapsed=answer is not None and moment >= lapse_of(question, answer),
        has_evidence=answer is not None and any(UUID(row["id"]) in standing for row in answer.evidence),
    )


def proven_level(question: Question, fact: Fact | None) -> str | None:
    """Return what the fact shows, or None while it is not known."""
    if fact is None or fact.status != "known":
        return None
    for level, limits in (("yes", question.yes), ("partly", question.partly)):
        if limits and all(row.figure in fact.figures and row.holds(fact.figures[row.figure]) for row in limits):
            return level
    return "no"


def _still_standing(answers: Iterable[Answer]) -> set[UUID]:
    """Return the evidence of the answers that nobody took back; two queries."""
    ids = [row["id"] for answer in answers for row in answer.evidence]
    if not ids:
        return set()
    found = set(Document.objects.filter(pk__in=ids).standing().values_list("pk", flat=True))
    return found | set(Attestation.objects.filter(pk__in=ids).standing().values_list("pk", flat=True))


def why(row: Judged) -> str:
    """Return in one sentence why the question counts as it does."""
    claim = row.standing.claim
    sentences = {
        "yes": _("Claimed, and nothing says otherwise."),
        "proven": _("The records show it."),
        "not_applicable": _("It does not apply here."),
        "unanswered": _("Nobody has answered yet."),
        "lapsed": _("The answer is too old; answer again."),
        "no": _("Answered with no."),
        "partly": _("Answered with partly."),
        "bare": _("Claimed without evidence: it counts as partly."),
        "fact": _("The records show that it is not so."),
        "rests_on": _("It can't be better than what it rests on."),
    }
    if row.cause == "contradicted":
        return _("“%(claim)s” is claimed; the facts say “%(proven)s”, and that counts.") % {
            "claim": LEVEL_TITLES[claim or NOT_APPLICABLE],
            "proven": LEVEL_TITLES[row.level],
        }
    return sentences[row.cause]


def body_of(assessment: Assessment, found: Reading) -> dict[str, Any]:
    """Return what is submitted: every question as claimed, proven and counted, the fit and the verdict."""
    return {
        "v": 1,
        "assessment": str(assessment.pk),
        "use_case": {"id": str(assessment.use_case_id), "name": assessment.use_case.name},
        "framework": {"number": assessment.framework.number, "digest": assessment.framework.digest},
        "verdict": found.verdict.level,
        "dimensions": dict(found.verdict.dimensions),
        "reasons": [row.question.id for row in found.verdict.reasons],
        "next_step": found.verdict.next_step.question.id if found.verdict.next_step else None,
        "fit": {
            "values": found.statement.values if found.statement else {},
            "recommended": found.recommendation.best.option.id if found.recommendation.best else None,
        },
        "questions": [_question_body(row, found) for row in found.verdict.judged],
    }


def _question_body(row: Judged, found: Reading) -> dict[str, Any]:
    answer = found.answers.get(row.question.id)
    fact = found.facts.get(row.question.fact)
    return {
        "id": row.question.id,
        "claimed": answer.level if answer else None,
        "by": {"id": str(answer.by_id), "name": answer.by_name} if answer else None,
        "comment": answer.comment if answer else "",
        "evidence": answer.evidence if answer else [],
        "proven": row.standing.proven,
        "fact": {"name": fact.name, "sentence": fact.sentence} if fact is not None else None,
        "counts": row.level,
        "because": row.cause,
        "allows": row.cap,
    }
