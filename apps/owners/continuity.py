"""The continuity drill: if these people left, or were away on that day, what stops, who steps in, what has nobody.

A drill changes nothing. Every app above offers its part; this one answers for responsibilities and offers.
"""

import datetime as dt
import uuid
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.core import subjects
from apps.core.canonical import canonical_json
from apps.core.clock import today
from apps.core.errors import InvalidInput, Text
from apps.core.subjects import SubjectRef
from apps.owners.holders import absent
from apps.owners.models import Ownership, OwnershipOffer
from apps.owners.responsibilities import RESPONSIBILITIES, title
from apps.people.access import holding
from apps.people.models import User

lazy = gettext_lazy
VERSION = 1
MOST_PEOPLE = 20


class Mode(models.TextChoices):
    LEAVES = "leaves", lazy("Leave for good: their accounts are deactivated")
    IS_AWAY = "is_away", lazy("Are away on that day: their deputies may act")


@dataclass(frozen=True, slots=True)
class Scenario:
    """Who is gone, on which day, and whether for good."""

    people: tuple[User, ...]
    day: dt.date
    mode: str

    @property
    def gone(self) -> frozenset[uuid.UUID]:
        return frozenset(person.pk for person in self.people)

    @property
    def for_good(self) -> bool:
        return self.mode == Mode.LEAVES


@dataclass(frozen=True, slots=True)
class Person:
    id: str
    name: str


@dataclass(frozen=True, slots=True)
class EffectKind:
    """One kind of thing that happens: how its list is headed, in which tone, in which order."""

    key: str
    title: Text
    says: Text
    tone: str
    icon: str
    order: int
    has_stand_in: bool = False


@dataclass(frozen=True, slots=True)
class Effect:
    """One thing that would happen to one subject, because of some of the people who are gone.

    ``stand_in`` is who acts instead, or is at hand to be asked.
    """

    kind: str
    ref: SubjectRef
    label: str
    team_id: uuid.UUID
    sentence: str
    people: tuple[uuid.UUID, ...]
    responsibility: str = ""
    stand_in: Person | None = None
    required: bool = False

    def as_dict(self) -> dict[str, Any]:
        return {
            "kind": self.kind,
            "subject": {"type": self.ref.type, "id": str(self.ref.id), "label": self.label},
            "team": str(self.team_id),
            "responsibility": self.responsibility,
            "required": self.required,
            "people": [str(person) for person in self.people],
            "stand_in": {"id": self.stand_in.id, "name": self.stand_in.name} if self.stand_in else None,
            "sentence": self.sentence,
        }

    @classmethod
    def parse(cls, row: Mapping[str, Any]) -> "Effect":
        return cls(
            row["kind"],
            SubjectRef(row["subject"]["type"], uuid.UUID(row["subject"]["id"])),
            row["subject"]["label"],
            uuid.UUID(row["team"]),
            row["sentence"],
            tuple(uuid.UUID(person) for person in row["people"]),
            row["responsibility"],
            Person(**row["stand_in"]) if row["stand_in"] else None,
            row["required"],
        )


@dataclass(frozen=True, slots=True)
class Drill:
    """What a drill found: who was gone, on which day, and every effect in order."""

    mode: str
    day: dt.date
    people: tuple[Person, ...]
    effects: tuple[Effect, ...]

    def of(self, kind: str) -> list[Effect]:
        return [effect for effect in self.effects if effect.kind == kind]

    @property
    def teams(self) -> list[uuid.UUID]:
        return sorted({effect.team_id for effect in self.effects})

    def as_dict(self) -> dict[str, Any]:
        return {
            "v": VERSION,
            "mode": str(self.mode),
            "day": self.day.isoformat(),
            "people": [{"id": person.id, "name": person.name} for person in self.people],
            "effects": [effect.as_dict() for effect in self.effects],
        }

    def body(self) -> str:
        return canonical_json(self.as_dict()).decode()

    @classmethod
    def parse(cls, content: Mapping[str, Any]) -> "Drill":
        return cls(
            content["mode"],
            dt.date.fromisoformat(content["day"]),
            tuple(Person(**person) for person in content["people"]),
            tuple(Effect.parse(row) for row in content["effects"]),
        )


def scenario(
    people: Iterable[User], ownerships: Iterable[Ownership], day: dt.date | None, mode: str = Mode.LEAVES
) -> Scenario:
    """Return the scenario of these people and of the holders of these ownerships; without a day, today's."""
    found = {person.pk: person for person in (*people, *(row.holder for row in ownerships))}
    return Scenario(tuple(sorted(found.values(), key=lambda person: (person.name, person.pk))), day or today(), mode)


Finder = Callable[[Scenario, Any], Iterable[Effect]]


@dataclass(frozen=True, slots=True)
class Part:
    """What one app says to a drill: ``find(scenario, user)`` on what the user may see, in constant queries."""

    kinds: tuple[EffectKind, ...]
    find: Finder


_parts: dict[str, Part] = {}


def offer(name: str, part: Part) -> None:
    _parts[name] = part


def kinds() -> list[EffectKind]:
    """Return every kind of effect, in the order in which a drill tells them."""
    return sorted((kind for part in _parts.values() for kind in part.kinds), key=lambda kind: kind.order)


def run(scenario: Scenario, user: Any) -> Drill:
    """Return what would happen, as far as the user may see it; nothing is changed.

    Raise ``InvalidInput`` without people, with too many, or with one who is gone already.
    """
    if not 0 < len(scenario.people) <= MOST_PEOPLE:
        raise InvalidInput(
            _("Choose between one person and %(n)d.") % {"n": MOST_PEOPLE},
            errors={"/people": [_("Choose at least one person.")]},
        )
    for person in scenario.people:
        if not person.is_active or person.kind != User.Kind.PERSON:
            raise InvalidInput(
                _("%(name)s is not an active person: nothing rests on them.") % {"name": person.name},
                errors={"/people": [_("Choose active people.")]},
            )
    order = {kind.key: kind.order for kind in kinds()}
    effects = [effect for part in _parts.values() for effect in part.find(scenario, user)]
    return Drill(
        scenario.mode,
        scenario.day,
        tuple(Person(str(person.pk), person.name) for person in scenario.people),
        tuple(sorted(effects, key=lambda row: (order[row.kind], row.label, str(row.ref), row.responsibility))),
    )


def _sentence(row: Ownership, stand_in: Person | None, scenario: Scenario) -> str:
    words = {"who": row.title, "holder": row.holder.name, "deputy": stand_in.name if stand_in else ""}
    if scenario.for_good:
        if stand_in:
            return _("%(who)s becomes vacant; the deputy %(deputy)s is at hand to be asked.") % words
        return _("%(who)s becomes vacant and nobody is at hand.") % words
    if stand_in:
        return _("%(deputy)s stands in as %(who)s.") % words
    return _("Nobody acts as %(who)s on that day.") % words


def _effects(scenario: Scenario, user: Any) -> list[Effect]:
    rows = list(
        Ownership.objects.active()
        .visible_to(user)
        .filter(Q(holder__in=scenario.gone) | Q(deputy__in=scenario.gone))
        .select_related("holder", "deputy")
        .order_by("id")
    )
    chains = subjects.chains(row.ref for row in rows)
    deputies = {row.deputy_id for row in rows if row.deputy_id}
    away = absent({*deputies, *(row.holder_id for row in rows)}, scenario.day)
    able = holding("view", deputies, {row.team_id for row in rows})
    found = []
    alone: dict[SubjectRef, list[Effect]] = {}
    roots: dict[SubjectRef, Any] = {}
    for row in rows:
        if row.ref not in chains:
            continue
        usable = row.deputy is not None and row.deputy_id not in scenario.gone and (row.deputy_id, row.team_id) in able
        if not scenario.for_good:
            usable = usable and row.deputy_id not in away
        effect = _effect(row, chains[row.ref][0], usable, away, scenario)
        found.append(effect)
        if effect.required and effect.stand_in is None and effect.kind in ("vacant", "nobody"):
            root, obj = chains[row.ref][-1]
            roots[root] = obj
            alone.setdefault(root, []).append(effect)
    found += [_dependence(root, roots[root], lost, scenario) for root, lost in alone.items()]
    return found + (_offers(scenario, user) if scenario.for_good else [])


def _effect(
    row: Ownership, subject: tuple[SubjectRef, Any], usable: bool, away: set[uuid.UUID], scenario: Scenario
) -> Effect:
    ref, obj = subject
    stand_in = Person(str(row.deputy_id), row.deputy.name) if usable and row.deputy else None
    known = RESPONSIBILITIES.get(row.responsibility)
    people = tuple(sorted({row.holder_id, row.deputy_id or row.holder_id} & scenario.gone))
    common = (ref, subjects.kind(ref.type).label(obj), row.team_id)
    required = known is not None and ref.type in known.required_on
    if row.holder_id in scenario.gone:
        kind = "vacant" if scenario.for_good else "covered" if stand_in else "nobody"
        sentence = _sentence(row, stand_in, scenario)
        return Effect(kind, *common, sentence, people, row.responsibility, stand_in, required)
    if not scenario.for_good and row.holder_id in away:
        sentence = _("%(holder)s is away too: nobody acts as %(who)s.") % {"holder": row.holder.name, "who": row.title}
        return Effect("nobody", *common, sentence, people, row.responsibility, None, required)
    sentence = _("%(holder)s is left without a deputy as %(who)s.") % {"holder": row.holder.name, "who": row.title}
    return Effect("deputy_lost", *common, sentence, people, row.responsibility, None, required)


def _dependence(root: SubjectRef, obj: Any, lost: list[Effect], scenario: Scenario) -> Effect:
    people = {person for effect in lost for person in effect.people}
    words = {
        "names": ", ".join(person.name for person in scenario.people if person.pk in people),
        "what": ", ".join(f"{title(effect.responsibility)} ({effect.label})" for effect in lost),
    }
    sentence = _("Depends on %(names)s alone for: %(what)s.") % words
    label = subjects.kind(root.type).label(obj)
    return Effect("depends", root, label, lost[0].team_id, sentence, tuple(sorted(people)))


def _offers(scenario: Scenario, user: Any) -> list[Effect]:
    gone = scenario.gone
    rows = list(
        OwnershipOffer.objects.pending()
        .visible_to(user)
        .filter(Q(to__in=gone) | Q(deputy__in=gone) | Q(replaces__holder__in=gone))
        .select_related("to", "replaces")
        .order_by("id")
    )
    found = subjects.find(row.ref for row in rows)
    return [
        Effect(
            "offer_lost",
            row.ref,
            subjects.kind(row.subject_type).label(found[row.ref]),
            row.team_id,
            _("The offer to %(name)s to be %(who)s is withdrawn.")
            % {"name": row.to.name, "who": title(row.responsibility)},
            tuple(sorted(gone & {row.to_id, row.deputy_id, row.replaces.holder_id if row.replaces else None})),
            row.responsibility,
        )
        for row in rows
        if row.ref in found
    ]


offer(
    "owners",
    Part(
        (
            EffectKind(
                "depends",
                lazy("Depends on them alone"),
                lazy("Use cases in which a required responsibility would have neither holder nor deputy."),
                "danger",
                "target",
                10,
            ),
            EffectKind(
                "vacant",
                lazy("Becomes vacant"),
                lazy("Responsibilities without a holder until somebody accepts them."),
                "danger",
                "user",
                20,
                has_stand_in=True,
            ),
            EffectKind(
                "nobody",
                lazy("Has nobody"),
                lazy("Nobody may act on that day."),
                "danger",
                "user",
                30,
                has_stand_in=True,
            ),
            EffectKind(
                "covered",
                lazy("A deputy stands in"),
                lazy("The deputy may act on that day, once the absence is recorded."),
                "success",
                "users",
                60,
                has_stand_in=True,
            ),
            EffectKind(
                "deputy_lost",
                lazy("Loses its deputy"),
                lazy("The holder stays; nobody is named to stand in."),
                "warning",
                "users",
                70,
            ),
            EffectKind(
                "offer_lost",
                lazy("Offers withdrawn"),
                lazy("Somebody was asked; the offer ends with the account."),
                "warning",
                "x",
                80,
            ),
        ),
        _effects,
    ),
)
