"""What the compliance reviewer is asked: to decide on the kinds of sensitive data in the newest versions."""

from typing import Any
from uuid import UUID

from django.db.models import Q
from django.db.models.fields.json import KeyTransform
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.agenda.due import DueItem
from apps.datasets.actions.sensitive import RESPONSIBILITY
from apps.datasets.facts.sensitive import standing
from apps.datasets.models import Inspection
from apps.datasets.refs import version_ref
from apps.owners import desk, holders

MOST = 200


def undecided_kinds(user: Any) -> list[DueItem]:
    """Return the newest versions with undecided kinds whose compliance the user reviews today; five queries at most."""
    mine = _reviewed_by(user)
    if not mine:
        return []
    newest = (
        Inspection.objects.filter(
            Q(version__dataset__in=mine) | Q(version__dataset__use_case__in=mine), state=Inspection.State.DONE
        )
        .order_by("version__dataset_id", "-version__number")
        .distinct("version__dataset_id")
        .only("pk", "version")
    )
    rows = list(
        Inspection.objects.filter(pk__in=[row.pk for row in newest[:MOST]], result__findings__has_key="sensitive")
        .select_related("version__dataset")
        .annotate(kinds=KeyTransform("kinds", KeyTransform("sensitive", "result__findings")))
        .order_by("finished_at")
    )
    nearer = holders.on_each("dataset", [row.version.dataset_id for row in rows])
    decided = standing([row.version_id for row in rows])
    items = []
    for row in rows:
        own = nearer.get((row.version.dataset_id, RESPONSIBILITY))
        if own is not None and own.subject_id not in mine:
            continue
        left = [key for key in row.kinds or {} if (row.version_id, key) not in decided]
        if left:
            items.append(_item(row, len(left)))
    return items


def _reviewed_by(user: Any) -> set[UUID]:
    """Return the subjects on which the user reviews compliance today, as holder or for an absent one."""
    return {row.subject_id for row in desk.of(user).acting(RESPONSIBILITY)}


def _item(row: Any, left: int) -> DueItem:
    return DueItem(
        kind="sensitive_undecided",
        subject=version_ref(row.version),
        title=str(row.version),
        reason=ngettext(
            "%(n)d kind of sensitive data is not decided", "%(n)d kinds of sensitive data are not decided", left
        )
        % {"n": left},
        action_label=_("Read and decide"),
        url=reverse("datasets:version_sensitive", args=[row.version_id]),
        since=row.finished_at,
        icon="shield-check",
        urgency=20,
    )
