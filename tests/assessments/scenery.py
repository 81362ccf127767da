"""An assessment of a scene's use case, answered as far as a test wants it."""

from typing import Any

from apps.assessments import actions, reading
from apps.assessments.models import Answer, Assessment
from apps.assessments.reading import Reading
from tests.people.factories import confirmation_for
from tests.scenery import Scene

GOOD_FIT = {
    "stability": "stable",
    "source_change": "none",
    "success": "consistency",
    "volume": "medium",
    "latency": "quick",
    "prompting_result": "far",
    "rag_result": "near",
    "examples": "many",
}


def make_assessment(scene: Scene) -> Assessment:
    return actions.start(scene.use_case, by=scene.engineer)


def answer(assessment: Assessment, question: str, level: str, scene: Scene, **values: Any) -> Answer:
    before = reading.newest_answers(assessment).get(question)
    values.setdefault("revision", before.revision if before else 0)
    return actions.answer(assessment, question, level, by=values.pop("by", scene.engineer), **values)


def answer_all(assessment: Assessment, scene: Scene, level: str = "yes") -> None:
    """Claim the level on every question, each with a link as evidence, and a task that speaks for tuning."""
    for question in reading.framework_of(assessment).questions:
        answer(assessment, question.id, level, scene, link=f"https://wiki.example.org/{question.id}")
    if not assessment.fit_statements.exists():
        actions.state_fit(assessment, GOOD_FIT, by=scene.engineer, revision=0)


def read(assessment: Assessment) -> Reading:
    assessment.refresh_from_db()
    return reading.read(assessment)


def sign(assessment: Assessment, scene: Scene, **values: Any) -> Assessment:
    assessment.refresh_from_db()
    by = values.pop("by", scene.lead)
    return actions.sign(
        assessment,
        by=by,
        digest=values.pop("digest", assessment.digest),
        confirmation_id=values.pop("confirmation", confirmation_for(by).pk),
    )


def judged(found: Reading, question: str) -> Any:
    return next(row for row in found.verdict.judged if row.question.id == question)
