"""The registry of facts: named, computed statements about subjects, with their figures.

The app of a subject registers one provider; whoever needs facts (gates, pages, the API) asks here.
"""

import datetime as dt
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from apps.core import subjects
from apps.core.errors import Text
from apps.core.subjects import SubjectRef

Status = Literal["known", "pending", "failed", "unknown"]
Figure = int | float | bool | str


@dataclass(frozen=True, slots=True)
class FactDefinition:
    """What a fact says: its figures by name, each with its meaning and unit.

    ``from_owners`` tells the continuity drill whose leaving may change the fact: pairs of the kind of subject and the
    part, ``holder`` or ``deputy``.
    """

    name: str
    title: Text
    description: Text
    figures: Mapping[str, Text]
    from_owners: frozenset[tuple[str, str]] = frozenset()


@dataclass(frozen=True, slots=True)
class Fact:
    """One fact as it is now. Only a *known* one has figures; ``computed_from`` holds digests by name.

    ``turns_at`` is the moment at which time alone makes it another: a gate that asks for it is judged anew then. It is
    no part of what is signed.
    """

    name: str
    status: Status
    sentence: str
    figures: Mapping[str, Figure] = field(default_factory=dict)
    computed_from: Mapping[str, str] = field(default_factory=dict)
    turns_at: dt.datetime | None = None

    def as_dict(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "status": self.status,
            "sentence": self.sentence,
            "figures": dict(self.figures),
            "computed_from": dict(self.computed_from),
        }


Reader = Callable[[Any], Iterable[Fact]]


@dataclass(frozen=True, slots=True)
class FactProvider:
    """Facts about one kind of subject, and the function that reads them in a constant number of queries.

    A definition that ``read`` leaves out is *unknown*: what nobody can compute yet is never taken for true.
    """

    subject_type: str
    definitions: tuple[FactDefinition, ...]
    read: Reader


_providers: dict[str, list[FactProvider]] = {}


def register(provider: FactProvider) -> None:
    """Add a provider; several apps may each offer facts about one kind of subject, under names of their own."""
    _providers.setdefault(provider.subject_type, []).append(provider)


def definitions(subject_type: str) -> dict[str, FactDefinition]:
    """Return what can be known about subjects of this type, by the fact's name."""
    return {row.name: row for provider in _providers.get(subject_type, ()) for row in provider.definitions}


def definition(name: str) -> FactDefinition | None:
    """Return what the fact of this name says, whatever it is about."""
    return next((found[name] for type_ in _providers if name in (found := definitions(type_))), None)


def along(subject_type: str) -> dict[str, FactDefinition]:
    """Return what can be known about a subject of this type and about what it belongs to."""
    types = (*subjects.kind(subject_type).ancestors, subject_type) if subjects.is_known(subject_type) else ()
    return {name: row for type_ in types for name, row in definitions(type_).items()}


def read(ref: SubjectRef, obj: Any = None, names: Iterable[str] | None = None) -> dict[str, Fact]:
    """Return the facts about the subject by name; pure and with a constant number of queries.

    With ``names`` only the providers that know one of them are asked.
    """
    wanted = set(names) if names is not None else None
    providers = [
        provider
        for provider in _providers.get(ref.type, ())
        if wanted is None or wanted & {row.name for row in provider.definitions}
    ]
    if not providers:
        return {}
    obj = obj if obj is not None else subjects.get(ref)
    found: dict[str, Fact] = {}
    for provider in providers:
        found |= {row.name: Fact(row.name, "unknown", str(row.description)) for row in provider.definitions}
        found |= {fact.name: fact for fact in provider.read(obj)}
    return found


def read_along(chain: Iterable[tuple[SubjectRef, Any]], names: Iterable[str]) -> dict[str, Fact]:
    """Return the named facts about a subject and what it belongs to; the nearest subject's goes first."""
    wanted, found = set(names), dict[str, Fact]()
    for ref, obj in chain:
        here = wanted & set(definitions(ref.type)) - set(found)
        found |= {name: fact for name, fact in read(ref, obj, here).items() if name in here} if here else {}
    return found
