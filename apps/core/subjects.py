"""The registry of subjects: what can be owned, proven, gated and found in the trail.

The app of a subject registers its kind once; nobody else branches on types. The registry stands on the ground
floor because ownerships, due items, evidence and gates all speak of subjects.
"""

import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from apps.core.actor import Actor
from apps.core.errors import NotFound, Text


@dataclass(frozen=True, slots=True)
class SubjectRef:
    """Names one subject: its type (``dataset_version``) and its identifier."""

    type: str
    id: uuid.UUID

    def __str__(self) -> str:
        return f"{self.type}:{self.id}"

    @classmethod
    def parse(cls, type_: str, id_: str | uuid.UUID) -> "SubjectRef":
        """Return the reference, or raise ``NotFound`` when the type or the identifier can't be one."""
        if type_ not in _kinds:
            raise NotFound(
                _("There is no subject type “%(type)s”. Known: %(known)s.")
                % {"type": type_, "known": ", ".join(sorted(_kinds))}
            )
        try:
            return cls(type_, id_ if isinstance(id_, uuid.UUID) else uuid.UUID(str(id_)))
        except ValueError as error:
            raise NotFound(_("“%(id)s” is not an identifier.") % {"id": str(id_)[:60]}) from error


def _nothing(obj: Any) -> Any:
    return None


def _nobody(obj: Any) -> set[uuid.UUID]:
    return set()


@dataclass(frozen=True, slots=True)
class SubjectKind:
    """What an app says of one kind of subject.

    ``visible(user)`` is the query set of those the user may see; ``digest`` names the exact content;
    ``authors`` are the people whose own work it is; ``responsibilities`` those that can be held on it; ``ancestors``
    the kinds of subject that one belongs to, furthest first.
    """

    type: str
    title: Text
    visible: Callable[[Any], QuerySet[Any]]
    all: Callable[[], QuerySet[Any]]
    label: Callable[[Any], str]
    url: Callable[[Any], str]
    team: Callable[[Any], Any] = lambda obj: obj.team
    parent: Callable[[Any], SubjectRef | None] = _nothing
    digest: Callable[[Any], str] = lambda obj: ""
    authors: Callable[[Any], set[uuid.UUID]] = _nobody
    responsibilities: tuple[str, ...] = ()
    ancestors: tuple[str, ...] = ()
    icon: str = "file"


_kinds: dict[str, SubjectKind] = {}
_listeners: list[Callable[[SubjectRef, str], None]] = []


def register(kind: SubjectKind) -> None:
    _kinds[kind.type] = kind


def kinds() -> Iterable[SubjectKind]:
    return _kinds.values()


def is_known(type_: str) -> bool:
    return type_ in _kinds


def kind(type_: str) -> SubjectKind:
    """Return the kind, or raise ``NotFound`` for a type that no app registered."""
    try:
        return _kinds[type_]
    except KeyError:
        raise NotFound(_("There is no subject type “%(type)s”.") % {"type": type_}) from None


def get(ref: SubjectRef, user: Actor | None = None) -> Any:
    """Return the object; with ``user`` only if that user may see it. Raise ``NotFound`` otherwise."""
    entry = kind(ref.type)
    rows = entry.all() if user is None else entry.visible(user)
    obj = rows.filter(pk=ref.id).first()
    if obj is None:
        raise NotFound(_("There is no such %(title)s, or you may not see it.") % {"title": str(entry.title).lower()})
    return obj


def label(ref: SubjectRef) -> str:
    return kind(ref.type).label(get(ref))


def chain(ref: SubjectRef) -> list[tuple[SubjectRef, Any]]:
    """Return the subject and the subjects that it belongs to, nearest first."""
    found: list[tuple[SubjectRef, Any]] = []
    current: SubjectRef | None = ref
    while current is not None:
        obj = get(current)
        found.append((current, obj))
        current = kind(current.type).parent(obj)
    return found


def on_change(listener: Callable[[SubjectRef, str], None]) -> None:
    """Call ``listener(ref, reason)`` in the same transaction as any announced change of a subject."""
    _listeners.append(listener)


def announce_change(ref: SubjectRef, reason: str) -> None:
    """Say that something which a decision may rest on has changed; call it inside the transaction."""
    for listener in _listeners:
        listener(ref, reason)
