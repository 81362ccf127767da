"""What the data steward is asked: to decide on production feedback in versions."""

from typing import Any

from django.db.models import Exists, OuterRef
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.agenda.due import DueItem
from apps.datasets.actions.feedback import PERMISSION, RESPONSIBILITY
from apps.datasets.facts.feedback import of_feedback
from apps.datasets.models import DatasetVersion, FeedbackDecision, FileOrigin, SplitFile
from apps.datasets.refs import version_ref
from apps.owners import desk, holders
from apps.people.models import Membership
from apps.people.roles import roles_with

MOST = 200


def proposed_versions(user: Any) -> list[DueItem]:
    """Return the versions whose production feedback waits for the user's decision; four queries at most."""
    mine = desk.of(user)
    seats = {row.subject_id: row for row in mine.named(RESPONSIBILITY) if row.subject_type == "dataset"}
    if not seats:
        return []
    files = SplitFile.objects.filter(version=OuterRef("pk"), origin=FileOrigin.PRODUCTION_FEEDBACK)
    teams = Membership.objects.filter(user=user, role__in=roles_with(PERMISSION)).values("team")
    rows = (
        DatasetVersion.objects.filter(
            Exists(files),
            ~Exists(FeedbackDecision.objects.filter(version=OuterRef("pk"))),
            dataset__in=list(seats),
            dataset__use_case__team__in=teams,
        )
        .select_related("dataset")
        .prefetch_related("files")
        .order_by("id")[:MOST]
    )
    return [_item(row) for row in rows if _is_asked(user, row, seats[row.dataset_id], mine.away)]


def _is_asked(user: Any, version: DatasetVersion, seat: desk.Held, away: set[Any]) -> bool:
    authors = {version.registered_by_id, *(file.added_by_id for file in version.files.all())}
    if user.pk in authors:
        return False
    return user.pk in holders.acting_for(seat, away) or seat.holder_id in authors


def _item(version: DatasetVersion) -> DueItem:
    rows = sum(file.rows for file in of_feedback(version.files.all()))
    return DueItem(
        kind="feedback_proposed",
        subject=version_ref(version),
        title=str(version),
        reason=ngettext(
            "%(n)s row of production feedback is proposed", "%(n)s rows of production feedback are proposed", rows
        )
        % {"n": f"{rows:,}"},
        action_label=_("Read and decide"),
        url=reverse("datasets:version_feedback", args=[version.pk]),
        since=version.created_at,
        icon="refresh",
        urgency=20,
    )
