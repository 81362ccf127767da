"""What datasets wait for: a table of annotations that could not be used."""

from typing import Any

from django.db.models import Exists, OuterRef
from django.urls import reverse
from django.utils.translation import gettext as _

from apps.agenda.due import DueItem
from apps.datasets.models import AnnotationResult, AnnotationTable
from apps.datasets.refs import version_ref


def refused_annotations(user: Any) -> list[DueItem]:
    """Return the tables that the user added, that were refused, and that no later one replaced; one query."""
    later = AnnotationTable.objects.filter(version=OuterRef("table__version"), number__gt=OuterRef("table__number"))
    rows = AnnotationResult.objects.filter(~Exists(later), state=AnnotationResult.State.FAILED, table__added_by=user)
    return [
        DueItem(
            kind="annotations_refused",
            subject=version_ref(row.table.version),
            title=str(row.table.version),
            reason=row.error,
            action_label=_("Add them again"),
            url=reverse("datasets:annotation", args=[row.table.version_id]),
            since=row.finished_at,
            icon="alert",
            urgency=20,
        )
        for row in rows.select_related("table__version__dataset").order_by("finished_at")[:50]
    ]
