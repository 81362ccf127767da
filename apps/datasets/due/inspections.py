"""What datasets wait for: an inspection that failed."""

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from apps.agenda.due import DueItem
from apps.datasets.models import Inspection
from apps.datasets.refs import version_ref


def failed_inspections(user: Any) -> list[DueItem]:
    """Return the failed inspections of the versions that the user registered; one query."""
    rows = Inspection.objects.filter(state=Inspection.State.FAILED, version__registered_by=user).select_related(
        "version__dataset"
    )
    return [
        DueItem(
            kind="inspection_failed",
            subject=version_ref(row.version),
            title=str(row.version),
            reason=row.error,
            action_label=_("See why"),
            url=reverse("datasets:version_detail", args=[row.version_id]),
            since=row.finished_at,
            icon="alert",
            urgency=20,
        )
        for row in rows.order_by("finished_at")[:50]
    ]
