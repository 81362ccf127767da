"""Who touched a version's rows: entries of the ledger, as the page and the API read them."""

from dataclasses import dataclass
from typing import Any

from django.db.models import Q, QuerySet

from apps.core.errors import Text
from apps.datasets.filters import ACCESS
from apps.datasets.models import DatasetVersion
from apps.datasets.refs import version_ref
from apps.ledger.models import Entry

TITLES = dict(ACCESS)


@dataclass(frozen=True, slots=True)
class Touch:
    """One access: who (by name; somebody with a link has none of their own), what of what, and why."""

    entry: Entry
    who: str
    kind: str
    title: Text
    what: str
    reason: str


def entries(version: DatasetVersion, user: Any) -> QuerySet[Entry]:
    """Return the accesses to the version: all for who may read the trail of its team, else the reader's own."""
    rows = Entry.objects.about(version_ref(version)).filter(action__in=list(TITLES), seq__isnull=False)
    return rows.filter(user.access_filter(Entry, "trail.view") | Q(actor_id=user.pk))


def touch(entry: Entry) -> Touch:
    payload = entry.payload
    what = str(payload.get("what", ""))
    if what and payload.get("format"):
        what = f"{what} ({str(payload['format']).upper()})"
    return Touch(
        entry,
        str(payload.get("by") or entry.actor_name),
        entry.action.split(".")[1],
        TITLES.get(entry.action, entry.action),
        what,
        str(payload.get("reason", "")),
    )
