"""What the last sample audit says of a version."""

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.utils.translation import ngettext

from apps.core.canonical import digest_of
from apps.datasets.models import DatasetVersion, SampleAudit
from apps.evidence.facts import Fact, FactDefinition, FactProvider

DEFINITION = FactDefinition(
    "dataset.sample_audit",
    lazy("Sample audit"),
    lazy(
        "Rows drawn at random, judged by people, and the share that is defective. The audit of this version counts"
        " before the newest one of an earlier version. The age is counted to the day on which this version was"
        " registered, so that an approval does not lapse because a day has passed."
    ),
    {
        "audited_rows": lazy("Rows judged"),
        "defects": lazy("Defective rows"),
        "defect_percent": lazy("Defective rows, per cent of those judged"),
        "upper_bound_percent": lazy("Upper bound of the Wilson 95 % interval, per cent"),
        "age_days": lazy("Days from the audit's closing to this version's registration, 0 when audited later"),
        "of_this_version": lazy("it audited this very version"),
    },
)


def last_closed(version: DatasetVersion) -> SampleAudit | None:
    """Return the closed audit that speaks for the version: its own newest, else that of the newest earlier version."""
    closed = SampleAudit.objects.filter(
        version__dataset=version.dataset_id, version__number__lte=version.number, state=SampleAudit.State.CLOSED
    )
    rows = closed.select_related("version__dataset").order_by("-version__number", "-number")
    found: SampleAudit | None = rows.first()
    return found


def read(version: DatasetVersion) -> list[Fact]:
    """Return the fact; one query. Without a closed audit it is unknown, for nothing is known then."""
    audit = last_closed(version)
    if audit is None or audit.ended_at is None:
        return [Fact(DEFINITION.name, "unknown", _("No sample audit is closed yet. The review lead draws a sample."))]
    overall = audit.result["overall"]
    is_own = audit.version_id == version.pk
    age = 0 if is_own else max(0, (version.created_at - audit.ended_at).days)
    figures = {
        "audited_rows": overall["rows"],
        "defects": overall["defects"],
        "defect_percent": overall["percent"],
        "upper_bound_percent": overall["high"],
        "age_days": age,
        "of_this_version": is_own,
    }
    origin = {"version": version.digest, "audited": audit.version.digest, "audit": digest_of(audit.result)}
    return [Fact(DEFINITION.name, "known", sentence(audit, version), figures, origin)]


def sentence(audit: SampleAudit, version: DatasetVersion) -> str:
    """Return what a closed audit found, in words."""
    overall = audit.result["overall"]
    text = ngettext(
        "%(defects)d of %(n)s audited rows is defective (%(percent)s %%), with 95 %% confidence at most %(high)s %%.",
        "%(defects)d of %(n)s audited rows are defective (%(percent)s %%), with 95 %% confidence at most %(high)s %%.",
        overall["defects"],
    ) % {
        "defects": overall["defects"],
        "n": f"{overall['rows']:,}",
        "percent": f"{overall['percent']:.3g}",
        "high": f"{overall['high']:.3g}",
    }
    if audit.version_id != version.pk:
        text += " " + _("The audit was of version %(n)d, not of this one.") % {"n": audit.version.number}
    return text


PROVIDER = FactProvider("dataset_version", (DEFINITION,), read)
