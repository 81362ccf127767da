"""How long which copies of a version are kept, and what is overdue."""

import datetime as dt

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.utils.translation import ngettext

from apps.core.canonical import digest_of
from apps.core.clock import end_of
from apps.datasets.models import Copy, DatasetVersion
from apps.evidence.facts import Fact, FactDefinition, FactProvider

State = Copy.State
RETENTION = FactDefinition(
    "dataset.retention",
    lazy("Copies and their retention"),
    lazy("Every registered place where bytes of the version live, and the day by which each is deleted."),
    {
        "copies": lazy("Copies that stand"),
        "without_delete_by": lazy("Standing copies without a day by which they are deleted"),
        "overdue": lazy("Copies past their day"),
        "deleted": lazy("Copies whose deletion is proven"),
        "longest_kept_days": lazy("Longest time from registration to deletion, days"),
        "next_delete_by": lazy("Next day by which a copy is deleted"),
    },
)


def read(version: DatasetVersion) -> list[Fact]:
    """Return the retention of the version's copies; one query.

    No figure counts the days until something: it would change every night, and with it every dossier that shows it.
    """
    rows = list(Copy.objects.filter(version=version).with_terms().order_by("id"))
    left = [row for row in rows if row.state != State.DELETED]
    overdue = [row for row in left if row.state == State.OVERDUE]
    dated = [row.delete_by for row in left if row.delete_by is not None]
    ahead = [row.delete_by for row in left if row.state == State.STANDING and row.delete_by is not None]
    figures: dict[str, int | float | bool | str] = {
        "copies": len(left),
        "without_delete_by": len(left) - len(dated),
        "overdue": len(overdue),
        "deleted": len(rows) - len(left),
    }
    if dated:
        figures["longest_kept_days"] = (max(dated) - version.created_at.date()).days
    if ahead:
        figures["next_delete_by"] = min(ahead).isoformat()
    origin = digest_of(
        [[str(row.pk), row.kind, row.state, row.delete_by.isoformat() if row.delete_by else ""] for row in rows]
    )
    sentence = _sentence(left, overdue, dated, ahead)
    turns_at = end_of(min(ahead)) if ahead else None
    return [Fact("dataset.retention", "known", sentence, figures, {"copies": origin}, turns_at)]


def _sentence(left: list[Copy], overdue: list[Copy], dated: list[dt.date], ahead: list[dt.date]) -> str:
    if not left:
        return _("Every registered copy is deleted.")
    parts = [ngettext("%(n)d copy stands", "%(n)d copies stand", len(left)) % {"n": len(left)}]
    if overdue:
        parts.append(
            ngettext("%(n)d is past its day: %(places)s", "%(n)d are past their day: %(places)s", len(overdue))
            % {"n": len(overdue), "places": ", ".join(row.place for row in overdue)[:200]}
        )
    if len(dated) < len(left):
        without = len(left) - len(dated)
        parts.append(
            ngettext("%(n)d has no day of deletion", "%(n)d have no day of deletion", without) % {"n": without}
        )
    if ahead:
        parts.append(_("the next is deleted by %(day)s") % {"day": min(ahead).isoformat()})
    return "; ".join(parts) + "."


PROVIDER = FactProvider("dataset_version", (RETENTION,), read)
