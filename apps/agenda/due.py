"""What is due, from whom, by when: the apps above offer it, the inbox asks them all."""

import datetime as dt
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from apps.core import clock
from apps.core.errors import Text
from apps.core.statements import Presence, Signs
from apps.core.subjects import SubjectRef
from apps.owners import desk


@dataclass(frozen=True, slots=True)
class DueItem:
    """One thing that waits for one person: why it is theirs, and the one action that settles it."""

    kind: str
    subject: SubjectRef
    title: str
    reason: Text
    action_label: Text
    url: str
    responsible_id: uuid.UUID | None = None
    since: dt.datetime | None = None
    due_at: dt.datetime | None = None
    icon: str = "list-check"
    urgency: int = 50

    @property
    def key(self) -> str:
        """Name the item for as long as it stands: its kind and its subject."""
        return f"{self.kind}:{self.subject}"


@dataclass(frozen=True, slots=True)
class Entry:
    """A due item as the inbox shows it at one moment."""

    item: DueItem
    overdue: bool


Provider = Callable[[Any], list[DueItem]]
_providers: dict[str, Provider] = {}
_presence = Presence()


def offer(name: str, provider: Provider, signs: Signs | None = None) -> None:
    """Register ``provider(user)``: what waits for the user, in a constant number of queries.

    ``signs(me)`` are the rows without which it finds nothing: where there are none the provider is not asked. They may
    be more than it finds, never fewer.
    """
    _providers[name] = provider
    if signs is not None:
        _presence.add(name, signs)


def offer_all(offers: Mapping[str, tuple[Provider, Signs]]) -> None:
    """Register providers by their names, each with its signs."""
    for name, (provider, signs) in offers.items():
        offer(name, provider, signs)


def providers() -> dict[str, Provider]:
    """Return every provider by its name."""
    return dict(_providers)


def for_user(user: Any) -> list[Entry]:
    """Return what waits for the user: overdue first, then by urgency (small is urgent), then the oldest."""
    distant = dt.datetime.max.replace(tzinfo=dt.UTC)
    with clock.still() as moment, desk.opened(user):
        skipped = _presence.missing(user.pk)
        entries = [
            Entry(item, item.due_at is not None and item.due_at < moment)
            for name, provider in _providers.items()
            if name not in skipped
            for item in provider(user)
        ]
    return sorted(
        entries,
        key=lambda entry: (
            not entry.overdue,
            entry.item.due_at or distant,
            entry.item.urgency,
            entry.item.since or distant,
            entry.item.key,
        ),
    )
