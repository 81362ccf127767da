"""How far a review of outputs is, and what comes out: pure reads."""

from typing import Any

from django.db.models import Count, Exists, OuterRef, QuerySet

from apps.core.canonical import digest_of
from apps.datasets.inspection.statistics import wilson_interval
from apps.datasets.models import Verdict
from apps.evaluations.models import OutputJudgement, OutputReview, ReviewedOutput

CONFIDENCE = 0.95


def open_outputs(review: OutputReview) -> QuerySet[ReviewedOutput]:
    """Leave the outputs that lack a judgement."""
    judged = review.outputs.annotate(judged=Count("judgements"))
    rows: QuerySet[ReviewedOutput] = judged.filter(judged__lt=review.judges_per_output).order_by("position")
    return rows


def waiting_for(review: OutputReview, user: Any) -> QuerySet[ReviewedOutput]:
    """Leave those of them that this person has not judged."""
    own = OutputJudgement.objects.filter(output=OuterRef("pk"), reviewer=user)
    return open_outputs(review).filter(~Exists(own))


def result_of(review: OutputReview) -> dict[str, Any]:
    """Return what came out of a review whose outputs are all judged; two queries.

    An output is defective when anybody says so, good when everybody does, and unsure otherwise. ``agreement_percent``
    is the share of outputs with two judgements on which both say the same. The interval of the defective share is
    Wilson's (1927) at 95 %.
    """
    rows = list(review.outputs.prefetch_related("judgements").order_by("position"))
    said = [[judgement.verdict for judgement in row.judgements.all()] for row in rows]
    defective = sum(Verdict.DEFECTIVE in verdicts for verdicts in said)
    good = sum(set(verdicts) == {Verdict.GOOD} for verdicts in said)
    pairs = [verdicts for verdicts in said if len(verdicts) > 1]
    agreed = sum(len(set(verdicts)) == 1 for verdicts in pairs)
    bounds = wilson_interval(defective, len(rows), CONFIDENCE)
    return {
        "outputs": len(rows),
        "defective": defective,
        "good": good,
        "unsure": len(rows) - defective - good,
        "defective_percent": round(100 * defective / len(rows), 4) if rows else 0.0,
        "low": round(100 * bounds.low, 4),
        "high": round(100 * bounds.high, 4),
        "judged_twice": len(pairs),
        "agreement_percent": round(100 * agreed / len(pairs), 4) if pairs else None,
        "judgements": sum(map(len, said)),
        "digest": digest_of(
            [
                {
                    "output": row.digest,
                    "judgements": sorted(
                        [str(found.reviewer_id), str(found.verdict), found.note] for found in row.judgements.all()
                    ),
                }
                for row in rows
            ]
        ),
    }
