"""What people found: failures with cause and decision, red-team findings, reviews of outputs."""

from collections import Counter
from collections.abc import Iterator

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.utils.translation import ngettext

from apps.core.canonical import digest_of
from apps.datasets.inspection.statistics import wilson_interval
from apps.evaluations.models import FailureCase, OutputReview, RedTeamFinding
from apps.evaluations.reviewing import CONFIDENCE
from apps.evidence.facts import Fact, FactDefinition
from apps.registry.models import ModelVersion

FAILURES, RED_TEAM, REVIEWS = "evaluation.failure_analysis", "evaluation.red_team", "evaluation.human_reviews"
SEVERITIES = ("critical", "high", "medium", "low")
DEFINITIONS = (
    FactDefinition(
        FAILURES,
        lazy("Failure analysis"),
        lazy("Cases that went wrong in evaluations of this version, with their cause, and what was decided."),
        {
            "cases": lazy("Cases with a cause"),
            "decided": lazy("Of them decided"),
            "open": lazy("Without a decision"),
            "accepted": lazy("Accepted as they are"),
        },
    ),
    FactDefinition(
        RED_TEAM,
        lazy("Red-team findings"),
        lazy("What was reported of this version. A finding is closed after a retest that shows that it is gone."),
        {
            "findings": lazy("Findings reported"),
            "open": lazy("Open ones"),
            "open_critical": lazy("Open, critical"),
            "open_high": lazy("Open, high"),
            "open_critical_or_high": lazy("Open, critical or high"),
            "open_medium": lazy("Open, medium"),
            "open_low": lazy("Open, low"),
            "closed": lazy("Closed after a retest"),
        },
    ),
    FactDefinition(
        REVIEWS,
        lazy("Human review of outputs"),
        lazy("Outputs of this version that people judged in reviews that are closed."),
        {
            "reviews": lazy("Closed reviews"),
            "outputs": lazy("Outputs judged"),
            "defective": lazy("Defective ones"),
            "defective_percent": lazy("Defective ones, per cent"),
            "upper_bound_percent": lazy("Upper bound of the Wilson 95 % interval, per cent"),
            "judged_twice": lazy("Outputs judged by two people"),
            "agreement_percent": lazy("Of them judged the same, per cent"),
        },
    ),
)


def read(version: ModelVersion) -> Iterator[Fact]:
    """Yield the three facts; a query each."""
    yield _failures(version)
    yield _red_team(version)
    yield _reviews(version)


def _failures(version: ModelVersion) -> Fact:
    rows = FailureCase.objects.filter(run__model_version=version).select_related("decision")
    found = [(row, getattr(row, "decision", None)) for row in rows.order_by("id")]
    if not found:
        return Fact(FAILURES, "unknown", _("No case that went wrong was analysed yet."))
    still_open = sum(decision is None for _row, decision in found)
    figures = {
        "cases": len(found),
        "decided": len(found) - still_open,
        "open": still_open,
        "accepted": sum(decision is not None and decision.decision == "accept" for _row, decision in found),
    }
    text = ngettext("%(n)d case has a cause", "%(n)d cases have a cause", len(found))
    sentence = _("%(cases)s; without a decision: %(open)d.") % {"cases": text % {"n": len(found)}, "open": still_open}
    origin = digest_of([[str(row.pk), str(decision.pk) if decision else ""] for row, decision in found])
    return Fact(FAILURES, "known", sentence, figures, {"cases": origin})


def _red_team(version: ModelVersion) -> Fact:
    rows = list(RedTeamFinding.objects.filter(model_version=version).select_related("closure").order_by("id"))
    counts = Counter(row.severity for row in rows if not row.is_closed)
    figures = {
        "findings": len(rows),
        "open": counts.total(),
        **{f"open_{severity}": counts[severity] for severity in SEVERITIES},
        "open_critical_or_high": counts["critical"] + counts["high"],
        "closed": len(rows) - counts.total(),
    }
    if not rows:
        sentence = _("No finding was reported.")
    elif not counts:
        sentence = _("All %(n)d findings are closed after a retest.") % {"n": len(rows)}
    else:
        sentence = _("Findings open: %(open)d of %(n)d; critical or high: %(bad)d.") % {
            "open": counts.total(),
            "n": len(rows),
            "bad": figures["open_critical_or_high"],
        }
    origin = digest_of([[str(row.pk), row.severity, row.is_closed] for row in rows])
    return Fact(RED_TEAM, "known", sentence, figures, {"findings": origin})


def _reviews(version: ModelVersion) -> Fact:
    rows = OutputReview.objects.filter(run__model_version=version, state=OutputReview.State.CLOSED)
    results = [row.result for row in rows.order_by("id")]
    if not results:
        return Fact(REVIEWS, "unknown", _("No review of outputs is closed yet."))
    outputs, defective = (sum(int(result[key]) for result in results) for key in ("outputs", "defective"))
    twice = sum(int(result["judged_twice"]) for result in results)
    agreed = sum(float(result["agreement_percent"] or 0) * int(result["judged_twice"]) for result in results)
    bounds = wilson_interval(defective, outputs, CONFIDENCE)
    figures = {
        "reviews": len(results),
        "outputs": outputs,
        "defective": defective,
        "defective_percent": round(100 * defective / outputs, 4) if outputs else 0.0,
        "upper_bound_percent": round(100 * bounds.high, 4),
        "judged_twice": twice,
        **({"agreement_percent": round(agreed / twice, 4)} if twice else {}),
    }
    sentence = _("Outputs judged by people: %(n)d. Defective: %(bad)d.") % {"n": outputs, "bad": defective}
    origin = digest_of([result["digest"] for result in results])
    return Fact(REVIEWS, "known", sentence, figures, {"reviews": origin})
