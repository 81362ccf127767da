"""How people want their mails: of each group of kinds once a day, at once, or not at all."""

import uuid
from collections.abc import Iterable
from typing import Any

from django.utils.translation import gettext_lazy as _

from apps.agenda.models import Preference
from apps.core.errors import Text
from apps.people.models import User

Way = Preference.Way
ESCALATED = "escalation"
FOLLOWED = "followed"
OTHER = "other"
GROUPS: dict[str, tuple[Text, str]] = {
    ESCALATED: (_("What others left undone, and a nudge"), Way.IMMEDIATE),
    "decision": (_("Gates, conditions, rollbacks to review"), Way.DIGEST),
    "review": (_("Reviews and what follows from them"), Way.DIGEST),
    "data": (_("Copies and their days"), Way.DIGEST),
    "ownership": (_("Responsibilities that you are asked to take"), Way.IMMEDIATE),
    FOLLOWED: (_("What you follow"), Way.DIGEST),
    OTHER: (_("Everything else"), Way.DIGEST),
}
ESCALATIONS = ("deputy", "owner", "lead", "nudge")
PREFIXES = {
    "sign_off": "decision",
    "condition": "decision",
    "gate": "decision",
    "rollback": "decision",
    "review": "review",
    "follow": "review",
    "copy": "data",
    "offer": "ownership",
    FOLLOWED: FOLLOWED,
}


def group_of(kind: str, step: str) -> str:
    """Return the group that a kind of notification belongs to; an escalation is one of its own."""
    if step.partition(".")[0] in ESCALATIONS:
        return ESCALATED
    name = kind.partition(".")[0]
    return PREFIXES.get(name) or PREFIXES.get(name.partition("_")[0], OTHER)


class Ways:
    """What some people want; one query. An auditor of the organisation gets no mails unless they ask for them."""

    def __init__(self, people: Iterable[User]) -> None:
        self._people = {row.pk: row for row in people}
        rows = Preference.objects.filter(user__in=self._people).values_list("user_id", "group", "way")
        self._chosen = {(user, group): way for user, group, way in rows}

    def of(self, user: uuid.UUID, kind: str, step: str) -> str:
        return self.of_group(user, group_of(kind, step))

    def of_group(self, user: uuid.UUID, group: str) -> str:
        default = Way.OFF if self._people[user].organisation_role == "auditor" else GROUPS[group][1]
        return str(self._chosen.get((user, group), default))


def choose(user: Any, group: str, way: str) -> None:
    """Keep how the user wants the mails of a group."""
    Preference.objects.update_or_create(user=user, group=group, defaults={"way": way})
