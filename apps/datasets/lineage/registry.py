"""Who knows of lineage: the kinds of thing that stand in it, and the providers of what went into what."""

import datetime as dt
import uuid
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

from apps.core.errors import Text
from apps.core.subjects import SubjectRef

HOW: dict[str, Text] = {
    "hand": _("Entered by hand"),
    "api": _("API"),
    "openlineage": _("OpenLineage"),
    "croissant": _("Croissant"),
    "hugging_face": _("Hugging Face card"),
    "declared": _("Declared of the dataset"),
    "derived": _("Derived here"),
    "registered": _("Registered with a training run"),
}


@dataclass(frozen=True, slots=True)
class Link:
    """``input`` went into ``output`` (into one ``split`` of it, where that is known).

    ``how`` says how it is known (a key of ``HOW``, or a word of the provider's own). What is merely declared of a
    whole dataset is not ``is_recorded``: it shows in pictures and is no proof. ``edge`` is the record's key, if any.
    """

    input: SubjectRef
    output: SubjectRef
    how: str
    job: str = ""
    at: dt.datetime | None = None
    split: str = ""
    note: str = ""
    edge: uuid.UUID | None = None
    is_recorded: bool = True

    @property
    def how_title(self) -> Text:
        return HOW.get(self.how, self.how)


Ask = Callable[[Collection[SubjectRef]], Iterable[Link]]


@dataclass(frozen=True, slots=True)
class EdgeProvider:
    """``into(refs)`` answers the links whose output is one of the references, ``out_of(refs)`` those whose input is.

    Each asks a constant number of queries for any number of references, and knows nothing of who asks: what a reader
    may not see is left out by the walk.
    """

    name: str
    into: Ask
    out_of: Ask


@dataclass(frozen=True, slots=True)
class Look:
    """How one thing reads in a picture; data flows through it unless it made nothing."""

    title: Text
    tone: str
    note: str = ""
    flows: bool = True


@dataclass(frozen=True, slots=True)
class NodeKind:
    """One type of subject that stands in lineage.

    ``is_origin`` marks where data begins; ``takes_input`` whether something can be recorded as gone into it.
    """

    type: str
    look: Callable[[Any], Look]
    is_origin: bool = False
    takes_input: bool = True


_providers: dict[str, EdgeProvider] = {}
_kinds: dict[str, NodeKind] = {}


def offer(provider: EdgeProvider) -> None:
    """Add a provider, or put another in the place of one of the same name."""
    _providers[provider.name] = provider


def withdraw(name: str) -> None:
    """Forget a provider."""
    _providers.pop(name, None)


def offer_kind(kind: NodeKind) -> None:
    _kinds[kind.type] = kind


def providers() -> tuple[EdgeProvider, ...]:
    return tuple(_providers.values())


def kinds() -> dict[str, NodeKind]:
    return dict(_kinds)
