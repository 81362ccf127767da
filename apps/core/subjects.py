"""The registry of subjects: what can be owned, proven, gated and found in the trail.

The app of a subject registers its kind once; nobody else branches on types. The registry stands on the ground
floor because ownerships, due items, evidence and gates all speak of subjects.
"""

import uuid
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
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


def _none(about: Any) -> Iterable[SubjectRef]:
    return ()


@dataclass(frozen=True, slots=True)
class SubjectKind:
    """What an app says of one kind of subject.

    ``visible(user)`` is the query set of those the user may see; ``digest`` names the exact content;
    ``authors`` are the people whose own work it is; ``responsibilities`` those that can be held on it; ``ancestors``
    the kinds of subject that one belongs to, furthest first. ``above`` is the parent itself where ``all`` has read it
    along. ``upstream`` names the subjects outside its chain on whose gates a gate on this one may rest (a training run
    names the dataset versions it learned from). ``children(refs)`` names those of this kind that belong
    directly to one of the subjects, in one query; only a kind on which something can be held needs it. ``tier`` is the
    risk tier that holds for it and for what belongs to it.
    """

    type: str
    title: Text
    visible: Callable[[Any], QuerySet[Any]]
    all: Callable[[], QuerySet[Any]]
    label: Callable[[Any], str]
    url: Callable[[Any], str]
    team: Callable[[Any], Any] = lambda obj: obj.team
    parent: Callable[[Any], SubjectRef | None] = _nothing
    above: Callable[[Any], Any] = _nothing
    children: Callable[[Any], Iterable[SubjectRef]] = _none
    digest: Callable[[Any], str] = lambda obj: ""
    authors: Callable[[Any], set[uuid.UUID]] = _nobody
    tier: Callable[[Any], str] = lambda obj: ""
    upstream: Callable[[Any], Iterable[SubjectRef]] = _none
    responsibilities: tuple[str, ...] = ()
    ancestors: tuple[str, ...] = ()
    icon: str = "file"

    @property
    def names_upstream(self) -> bool:
        return self.upstream is not _none


Listener = Callable[[Collection[SubjectRef]], None]

_kinds: dict[str, SubjectKind] = {}
_listeners: list[Listener] = []
_settled: list[Listener] = []
_waiting: ContextVar[dict[SubjectRef, None] | None] = ContextVar("waiting", default=None)


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
    obj = get(ref)
    found = [(ref, obj)]
    while (parent := kind(ref.type).parent(obj)) is not None:
        obj = kind(ref.type).above(obj) or get(parent)
        ref = parent
        found.append((ref, obj))
    return found


def tier(found: Iterable[tuple[SubjectRef, Any]]) -> str:
    """Return the risk tier of a chain: the nearest that is told, or nothing."""
    return next((told for ref, obj in found if (told := kind(ref.type).tier(obj))), "")


def below(ref: SubjectRef) -> list[SubjectRef]:
    """Return what belongs to the subject, at any depth, nearest first; one query a kind and level."""
    found: list[SubjectRef] = []
    level: Collection[SubjectRef] = [ref]
    while level:
        level = [child for entry in _kinds.values() for child in entry.children(level)]
        found += level
    return found


def by_type(refs: Iterable[SubjectRef]) -> dict[str, set[uuid.UUID]]:
    """Return the identifiers of the subjects by their type."""
    found: dict[str, set[uuid.UUID]] = {}
    for ref in refs:
        found.setdefault(ref.type, set()).add(ref.id)
    return found


def find(refs: Iterable[SubjectRef], user: Actor | None = None) -> dict[SubjectRef, Any]:
    """Return the objects that there are, by reference; with ``user`` those they may see. One query a kind."""
    return {
        SubjectRef(type_, obj.pk): obj
        for type_, ids in by_type(refs).items()
        if type_ in _kinds
        for obj in (_kinds[type_].all() if user is None else _kinds[type_].visible(user)).filter(pk__in=ids)
    }


def chains(refs: Iterable[SubjectRef]) -> dict[SubjectRef, list[tuple[SubjectRef, Any]]]:
    """Return for each subject that there is what ``chain`` returns; one query a kind and level."""
    found: dict[SubjectRef, list[tuple[SubjectRef, Any]]] = {}
    known: dict[SubjectRef, Any] = {}
    above: dict[SubjectRef, SubjectRef | None] = {}
    wanted = list(dict.fromkeys(refs))
    level = set(wanted)
    while level:
        objects = find(level)
        known |= objects
        above |= {ref: kind(ref.type).parent(obj) for ref, obj in objects.items()}
        level = {parent for ref in objects if (parent := above[ref]) is not None and parent not in known}
    for ref in wanted:
        step: SubjectRef | None = ref
        while step is not None and step in known:
            found.setdefault(ref, []).append((step, known[step]))
            step = above[step]
    return found


def on_change(listener: Listener) -> None:
    """Call ``listener(refs)`` in the same transaction as any announced change, each subject once a round."""
    _listeners.append(listener)


def on_settled(listener: Listener) -> None:
    """Call ``listener(refs)`` in the same transaction, once with all that changed, when no listener says any more."""
    _settled.append(listener)


def announce_change(ref: SubjectRef, reason: str) -> None:
    """Say that something which a decision may rest on has changed; call it inside the transaction."""
    announce_changes([ref], reason)


def announce_changes(refs: Iterable[SubjectRef], reason: str) -> None:
    """Say it of many at once; call it inside the transaction. ``reason`` names the act, for who reads the code."""
    with together() as waiting:
        waiting.update(dict.fromkeys(refs))


@contextmanager
def together() -> Iterator[dict[SubjectRef, None]]:
    """Tell once, at the end, what is announced within; use it inside the transaction of an act that changes much.

    What a listener announces while it listens waits for the next round: many ways may lead to one subject, and whoever
    judges it anew shall do so once. Yield what waits to be told.
    """
    waiting = _waiting.get()
    if waiting is not None:
        yield waiting
        return
    waiting = {}
    token = _waiting.set(waiting)
    try:
        yield waiting
        _tell(waiting)
    finally:
        _waiting.reset(token)


def _tell(waiting: dict[SubjectRef, None]) -> None:
    told: dict[SubjectRef, None] = {}
    while waiting:
        refs = tuple(waiting)
        told.update(waiting)
        waiting.clear()
        for listener in _listeners:
            listener(refs)
        if not waiting:
            for listener in _settled:
                listener(tuple(told))
            told.clear()
