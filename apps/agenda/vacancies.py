"""Vacancies as due items: owners stand below the agenda, so the agenda asks them."""

import uuid
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from apps.agenda.due import DueItem
from apps.core import subjects
from apps.owners import holders
from apps.people.access import who_may_anywhere

ASSIGN = "owner.assign"


def signs(me: uuid.UUID) -> QuerySet[Any]:
    return who_may_anywhere(ASSIGN).filter(pk=me)


def due_for(user: Any) -> list[DueItem]:
    """Return one item per subject with vacancies on which the user may name holders."""
    by_subject: dict[Any, tuple[Any, list[str]]] = {}
    for row in holders.vacancies(user, ASSIGN):
        text = str(row.responsibility.title)
        if row.offer is not None:
            text = _("%(title)s (asked: %(name)s)") % {"title": text, "name": row.offer.to.name}
        by_subject.setdefault(row.ref, (row.subject, []))[1].append(text)
    items = []
    for ref, (obj, titles) in by_subject.items():
        kind = subjects.kind(ref.type)
        items.append(
            DueItem(
                kind="vacancy",
                subject=ref,
                title=kind.label(obj),
                reason=_("Nobody holds: %(titles)s") % {"titles": ", ".join(titles)},
                action_label=_("Name a holder"),
                url=kind.url(obj) + "#owners",
                icon="users",
                urgency=60,
                since=getattr(obj, "created_at", None),
            )
        )
    return items
