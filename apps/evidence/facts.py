"""The registry of facts: named, computed statements about subjects, with their figures.

The app of a subject registers one provider; whoever needs facts (gates, pages, the API) asks here.
"""

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

    ``from_owners`` marks a fact that changes with who holds a responsibility on the subject or below it.
    """

    name: str
    title: Text
    description: Text
    figures: Mapping[str, Text]
    from_owners: bool = False


@dataclass(frozen=True, slots=True)
class Fact:
    """One fact as it is now. Only a *known* one has figures; ``computed_from`` holds digests by name."""

    name: str
    status: Status
    sentence: str
    figures: Mapping[str, Figure] = field(default_factory=dict)
    computed_from: Mapping[str, str] = field(default_factory=dict)

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
    """All facts about one kind of subject, and the function that reads them in a constant number of queries."""

    subject_type: str
    definitions: tuple[FactDefinition, ...]
    read: Reader


_providers: dict[str, FactProvider] = {}


def register(provider: FactProvider) -> None:
    _providers[provider.subject_type] = provider


def definitions(subject_type: str) -> dict[str, FactDefinition]:
    """Return what can be known about subjects of this type, by the fact's name."""
    provider = _providers.get(subject_type)
    return {row.name: row for row in provider.definitions} if provider else {}


def read(ref: SubjectRef, obj: Any = None) -> dict[str, Fact]:
    """Return every fact about the subject, by name; pure and with a constant number of queries."""
    provider = _providers.get(ref.type)
    if provider is None:
        return {}
    found = {fact.name: fact for fact in provider.read(obj if obj is not None else subjects.get(ref))}
    missing = [row for row in provider.definitions if row.name not in found]
    return found | {row.name: Fact(row.name, "unknown", str(row.description)) for row in missing}
