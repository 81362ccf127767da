"""What copies wait for: their deletion, from their owners."""

import datetime as dt
from typing import Any

from django.db.models import Q
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from apps.agenda.due import DueItem
from apps.agenda.duties import Duty
from apps.core.clock import end_of, today
from apps.datasets.models import Copy
from apps.datasets.refs import copy_ref
from apps.people.models import Membership
from apps.people.roles import roles_with

AHEAD = dt.timedelta(days=14)
DAY = dt.timedelta(days=1)


def copies_to_delete(user: Any) -> list[DueItem]:
    """Return the copies that the user answers for and whose day is near, here or past; two queries.

    The same copy comes three times, as an item of its own each: 14 days before, on the day, and when it is overdue.
    What an owner left behind who is not active any more waits for those who may extend copies in the team.
    """
    day = today()
    teams = Membership.objects.filter(user=user, role__in=roles_with("copy.extend")).values("team")
    mine = Q(owner=user) | Q(owner__is_active=False, version__dataset__use_case__team__in=teams)
    copies: Any = Copy.objects.visible_to(user).filter(mine)
    rows = (
        copies.with_terms()
        .filter(is_deleted=False, delete_by__lte=day + AHEAD)
        .select_related("version__dataset", "owner")
        .order_by("delete_by", "id")
    )
    return [_item(row, day, user) for row in rows[:200]]


def _item(row: Any, day: dt.date, user: Any) -> DueItem:
    said = {"day": date_format(row.delete_by, "j M Y")}
    if row.delete_by < day:
        kind, reason, urgency = "copy_overdue", _("It was to be deleted by %(day)s") % said, 15
    elif row.delete_by == day:
        kind, reason, urgency = "copy_due_today", _("It is to be deleted today"), 20
    else:
        kind, reason, urgency = "copy_due_soon", _("It is to be deleted by %(day)s") % said, 45
    if row.owner_id != user.pk:
        reason += _("; %(name)s, who answered for it, is gone") % {"name": row.owner.name}
    return DueItem(
        kind=kind,
        subject=copy_ref(row),
        title=f"{row.version}: {row.place}",
        reason=reason,
        action_label=_("Delete it and record it"),
        url=reverse("datasets:copy_detail", args=[row.pk]),
        since=dt.datetime.combine(row.delete_by - AHEAD, dt.time(), dt.UTC),
        due_at=end_of(row.delete_by),
        icon="trash",
        urgency=urgency,
    )


def duties(start: dt.datetime, end: dt.datetime) -> list[Duty]:
    """Return the copies that stand and are to be deleted in [start, end), for their owners; one query.

    What an owner left behind who is not active any more is the data steward's.
    """
    copies: Any = Copy.objects.all()
    rows = (
        copies.with_terms()
        .filter(is_deleted=False, delete_by__gte=(start - DAY).date(), delete_by__lte=end.date())
        .select_related("version__dataset__use_case", "owner")
        .order_by("delete_by", "id")
    )
    return [
        Duty(
            kind="copy_deletion",
            subject=copy_ref(row),
            title=f"{row.version}: {row.place}",
            reason=_("It is to be deleted by %(day)s") % {"day": date_format(row.delete_by, "j M Y")},
            url=reverse("datasets:copy_detail", args=[row.pk]),
            team_id=row.version.dataset.use_case.team_id,
            responsibility="" if row.owner.is_active else "data_steward",
            person_ids=(row.owner_id,) if row.owner.is_active else (),
            due_at=end_of(row.delete_by),
        )
        for row in rows
        if start <= end_of(row.delete_by) < end
    ]
