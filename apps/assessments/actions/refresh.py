"""Keeping the portfolio's verdicts what the records say, in the transaction of any change."""

from collections import Counter
from collections.abc import Collection
from uuid import UUID

from django.db.models import Case, Q, When

from apps.assessments import reading
from apps.assessments.models import Assessment, Readiness
from apps.core import subjects
from apps.core.clock import now
from apps.core.subjects import SubjectRef
from apps.core.transactions import atomic

State = Assessment.State


def newest(use_case_id: UUID) -> Assessment | None:
    """Return the assessment that speaks for the use case: the newest signed one, else the newest at all."""
    rows = Assessment.objects.filter(use_case_id=use_case_id).select_related("framework", "use_case__team")
    return rows.order_by(Case(When(state=State.SIGNED, then=0), default=1), "-number").first()


@atomic
def refresh(use_case_id: UUID) -> Readiness | None:
    """Compute the use case's verdict anew for lists, and what its open assessment waits for."""
    assessment = newest(use_case_id)
    if assessment is None:
        return None
    found = reading.read(assessment)
    _note_waiting(assessment, found)
    if assessment.state != State.OPEN:
        rows = Assessment.objects.filter(use_case_id=use_case_id, state=State.OPEN)
        for other in rows.select_related("framework", "use_case__team"):
            _note_waiting(other, reading.read(other))
    first = found.verdict.reasons[0] if found.verdict.reasons else None
    row, _created = Readiness.objects.update_or_create(
        use_case_id=use_case_id,
        defaults={
            "assessment": assessment,
            "verdict": found.verdict.level,
            "dimensions": dict(found.verdict.dimensions),
            "blocking": f"{first.question.text} {reading.why(first)}"[:500] if first else "",
            "contradicted": len(found.verdict.contradicted),
            "lapses_at": found.lapses_at,
            "computed_at": now(),
        },
    )
    return row


def _note_waiting(assessment: Assessment, found: reading.Reading) -> None:
    if assessment.state != State.OPEN:
        return
    judged = found.verdict.judged
    waiting = Counter(row.question.asked_of for row in judged if row.cause in ("unanswered", "lapsed"))
    contradicted = Counter(str(found.answers[row.question.id].by_id) for row in found.verdict.contradicted)
    if (assessment.waiting, assessment.contradicted) != (waiting, contradicted):
        assessment.waiting, assessment.contradicted = dict(waiting), dict(contradicted)
        assessment.save(update_fields=["waiting", "contradicted"])


def refresh_on_change(refs: Collection[SubjectRef]) -> None:
    """Follow what changed of use cases and of what belongs to them, each use case once."""
    concerned = [
        ref
        for ref in refs
        if ref.type == "use_case" or (subjects.is_known(ref.type) and "use_case" in subjects.kind(ref.type).ancestors)
    ]
    above = (ref for chain in subjects.chains(concerned).values() for ref, _obj in chain)
    found = {ref.id for ref in above if ref.type == "use_case"}
    for use_case_id in sorted(found):
        refresh(use_case_id)


def refresh_lapsed() -> int:
    """Compute anew what has lapsed by time alone; return how many."""
    return _refresh_each(Q(lapses_at__lte=now()))


def refresh_all() -> int:
    """Compute every verdict anew: published policies and files in the storage change without a word."""
    return _refresh_each(Q())


def _refresh_each(which: Q) -> int:
    ids = list(Readiness.objects.filter(which).values_list("use_case_id", flat=True))
    for use_case_id in ids:
        refresh(use_case_id)
    return len(ids)
