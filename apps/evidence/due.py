"""What evidence waits for: a newer document, before the one that stands lapses."""

import datetime as dt

from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext as _

from apps.agenda.duties import Duty
from apps.core import subjects
from apps.core.clock import end_of
from apps.evidence.models import Document

DAY = dt.timedelta(days=1)
STEWARDED = ("dataset", "dataset_version")


def duties(start: dt.datetime, end: dt.datetime) -> list[Duty]:
    """Return the documents whose last day ends in [start, end) and that no later one of their kind replaces.

    The data steward renews what is attached to data, the technical owner the rest. A query, and one a kind of subject.
    """
    later = Document.objects.standing().filter(
        Q(valid_until=None) | Q(valid_until__gt=OuterRef("valid_until")),
        subject_type=OuterRef("subject_type"),
        subject_id=OuterRef("subject_id"),
        kind=OuterRef("kind"),
    )
    ends = Document.objects.standing().filter(valid_until__gte=(start - DAY).date(), valid_until__lte=end.date())
    rows = [row for row in ends.filter(~Exists(later)).order_by("valid_until", "id") if start <= _end(row) < end]
    found = subjects.find({row.ref for row in rows})
    return [
        Duty(
            kind=f"evidence_lapsing.{row.pk}",
            subject=row.ref,
            title=f"{row.title}: {subjects.kind(row.ref.type).label(found[row.ref])}",
            reason=_("“%(kind)s” is valid until %(day)s; attach a newer one")
            % {"kind": row.kind_title, "day": row.valid_until},
            url=subjects.kind(row.ref.type).url(found[row.ref]),
            team_id=row.team_id,
            responsibility="data_steward" if row.ref.type in STEWARDED else "technical_owner",
            person_ids=(),
            due_at=_end(row),
        )
        for row in rows
        if row.ref in found
    ]


def _end(document: Document) -> dt.datetime:
    assert document.valid_until is not None
    return end_of(document.valid_until)
