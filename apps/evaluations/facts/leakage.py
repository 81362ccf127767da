"""Whether the rows of the suites stand in what the model version was trained on."""

from collections.abc import Sequence

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.utils.translation import ngettext

from apps.core.canonical import digest_of
from apps.evaluations.models import LeakageCheck
from apps.evaluations.reading import Standing
from apps.evidence.facts import Fact, FactDefinition
from apps.registry.models import ModelVersion

NAME = "evaluation.leakage"
DEFINITION = FactDefinition(
    NAME,
    lazy("Leakage against the suites"),
    lazy(
        "Rows of the suites’ registered data that also stand in what the run was trained on. Where a run names no split"
        " of a version, all but its test split was seen."
    ),
    {
        "suites": lazy("Suites looked at"),
        "rows": lazy("Rows of the suites"),
        "exact_rows": lazy("Rows that stand in the training data word for word"),
        "normalised_rows": lazy("Rows that stand there but for case, white space and Unicode form"),
        "near_rows": lazy("Other rows that share most of their words with a training row"),
        "leaking_percent": lazy("Exact and normalised rows, per cent of the suites’ rows"),
    },
)


def read(version: ModelVersion, standings: Sequence[Standing]) -> Fact:
    """Return the fact; one query. It is unknown while any suite with registered data was not looked at."""
    wanted = {row.version.pk for row in standings if any(task.dataset for task in row.content.tasks)}
    if not wanted:
        return Fact(NAME, "unknown", _("No signed suite of the use case names registered data."))
    checks = {
        row.suite_version_id: row
        for row in LeakageCheck.objects.filter(training_run=version.run_id, suite_version__in=wanted)
    }
    failed = next((row for row in checks.values() if row.state == LeakageCheck.State.FAILED), None)
    if failed is not None:
        return Fact(NAME, "failed", _("It could not be looked for: %(why)s") % {"why": failed.error[:200]})
    if any(row.state == LeakageCheck.State.PENDING for row in checks.values()):
        return Fact(NAME, "pending", _("The suites’ rows are being looked for in the training data."))
    lacking = [row.version for row in standings if row.version.pk in wanted - set(checks)]
    if lacking:
        return Fact(NAME, "unknown", _("Not looked at yet: %(suite)s.") % {"suite": lacking[0]})
    totals = {
        key: sum(int(row.result[key]) for row in checks.values())
        for key in ("rows", "exact_rows", "normalised_rows", "near_rows")
    }
    leaking = totals["normalised_rows"]
    percent = round(100 * leaking / totals["rows"], 6) if totals["rows"] else 0.0
    if leaking:
        sentence = ngettext(
            "%(n)d of %(all)d row of the suites was seen in training.",
            "%(n)d of %(all)d rows of the suites were seen in training.",
            totals["rows"],
        ) % {"n": leaking, "all": totals["rows"]}
    else:
        sentence = _("None of the suites’ %(all)d rows was seen in training.") % {"all": totals["rows"]}
    if totals["near_rows"]:
        sentence += " " + _("%(n)d more are near a training row.") % {"n": totals["near_rows"]}
    origin = {
        "checks": digest_of(sorted(row.digest for row in checks.values())),
        "run": version.run.digest,
    }
    return Fact(NAME, "known", sentence, {"suites": len(checks), **totals, "leaking_percent": percent}, origin)
