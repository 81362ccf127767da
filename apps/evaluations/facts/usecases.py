"""What is known of a use case's suites: whether their thresholds were signed before anything counts."""

from django.db.models import Exists, OuterRef, Subquery
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.utils.translation import ngettext

from apps.core.canonical import digest_of
from apps.evaluations.models import Suite, SuiteVersion, ThresholdSignature
from apps.evidence.facts import Fact, FactDefinition, FactProvider
from apps.usecases.models import UseCase

SUITES = FactDefinition(
    "usecase.evaluation_suite",
    lazy("Evaluation suites"),
    lazy("The suites in use, and of how many the newest published version has signed thresholds."),
    {
        "suites": lazy("Suites in use"),
        "with_thresholds_percent": lazy("Suites with signed thresholds, per cent"),
    },
)


def read(use_case: UseCase) -> list[Fact]:
    """Return what the suites that are not retired say; one query."""
    newest = SuiteVersion.objects.published().filter(suite=OuterRef("pk")).order_by("-number")
    signed = ThresholdSignature.objects.filter(version=OuterRef("newest"))
    suites = Suite.objects.filter(use_case=use_case, retired_at=None).annotate(newest=Subquery(newest.values("pk")[:1]))
    rows = sorted(suites.annotate(signed=Exists(signed)).values_list("pk", "newest", "signed"))
    count = sum(is_signed for _pk, _newest, is_signed in rows)
    sentence = _("No evaluation suite is registered.")
    if rows:
        words = "%(n)d of %(of)d suite has signed thresholds.", "%(n)d of %(of)d suites have signed thresholds."
        sentence = ngettext(*words, len(rows)) % {"n": count, "of": len(rows)}
    figures = {
        "suites": len(rows),
        "with_thresholds_percent": round(100 * count / len(rows), 2) if rows else 0.0,
    }
    origin = digest_of([[str(pk), str(version), is_signed] for pk, version, is_signed in rows])
    return [Fact(SUITES.name, "known", sentence, figures, {"suites": origin})]


PROVIDER = FactProvider("use_case", (SUITES,), read)
