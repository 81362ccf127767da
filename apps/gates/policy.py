"""Gate policies as data: YAML read into requirements, with messages that point at the line."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from django.utils.translation import gettext as _

from apps.core import subjects
from apps.core.lined import COMPARISONS, Condition, Lines, Reader
from apps.evidence import facts
from apps.evidence.kinds import ATTESTATIONS, DOCUMENT_KINDS, STATED
from apps.gates.errors import PolicyInvalid
from apps.owners.responsibilities import RESPONSIBILITIES

LONGEST_WAIT, LONGEST = 366, 3660
LONGEST_WAIVER = 90
SINCE = ("opened", "change")
TIERS = ("low", "medium", "high")
ORGANISATION = "organisation"
KEYS = {
    "kind", "tier", "extends", "title", "subject", "summary", "requirements", "sign_offs", "valid_days",
    "longest_waiver_days",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Requirement:
    """One line of a policy; exactly one of owners, fact, document, attestation, gate, waiting_days is given.

    ``by`` and ``statement`` belong to an attestation that the policy words itself, ``since`` to a waiting period. What
    is not ``waivable`` has no exceptions.
    """

    id: str
    title: str
    owners: tuple[str, ...] = ()
    fact: str = ""
    conditions: tuple[Condition, ...] = ()
    document: str = ""
    max_age_days: int | None = None
    attestation: str = ""
    by: str = ""
    statement: str = ""
    gate: str = ""
    waiting_days: int | None = None
    since: str = "opened"
    waivable: bool = True

    @property
    def responsibilities(self) -> tuple[str, ...]:
        """The responsibilities without whose holders it can't be met."""
        named = self.by or (ATTESTATIONS[self.attestation].responsibility if self.attestation else "")
        return (*self.owners, *((named,) if named else ()))


@dataclass(frozen=True, slots=True)
class Signature:
    responsibility: str
    not_author: bool


@dataclass(frozen=True, slots=True)
class Policy:
    """What one kind of gate asks for.

    With ``extends`` it is a team's, and only what it adds to the organisation's; ``lines`` tells on which line what was
    given stands (``valid_days``, ``leakage.at_most``). An approval runs out after ``valid_days`` (None: never); no
    waiver is longer than ``longest_waiver_days``.
    """

    kind: str
    title: str
    subject: str
    summary: str
    requirements: tuple[Requirement, ...]
    sign_offs: tuple[Signature, ...]
    valid_days: int | None = None
    longest_waiver_days: int = LONGEST_WAIVER
    tier: str = ""
    extends: str = ""
    lines: Mapping[str, int] = field(default_factory=dict, compare=False)

    @property
    def gates(self) -> set[str]:
        """The kinds of other gates that it asks for."""
        return {row.gate for row in self.requirements if row.gate}


Values = Mapping[str, Any]


def _owners(reader: Reader, found: Lines, subject: str) -> Values | None:
    value = found["owners"]
    if not isinstance(value, list) or not value:
        reader.say(found.lines["owners"], _("“owners” needs a list of responsibilities."))
        return None
    if not all(reader.choice(found, "owners", row, RESPONSIBILITIES) for row in value):
        return None
    return {"owners": tuple(value)}


def _document(reader: Reader, found: Lines, subject: str) -> Values:
    reader.choice(found, "document", found["document"], DOCUMENT_KINDS)
    oldest = reader.whole(found, "max_age_days", 1, LONGEST)
    return {"document": str(found["document"]), "max_age_days": oldest}


def _attestation(reader: Reader, found: Lines, subject: str) -> Values:
    kind = found["attestation"]
    if reader.choice(found, "attestation", kind, ATTESTATIONS) and kind != STATED:
        for key in ("by", "statement"):
            if key in found:
                reader.say(found.lines[key], _("Leave “%(key)s” out: only “stated” takes it.") % {"key": key})
        return {"attestation": kind}
    by = reader.text(found, "by")
    if by:
        reader.choice(found, "by", by, RESPONSIBILITIES)
    return {"attestation": str(kind), "by": by, "statement": reader.text(found, "statement", 500)}


def _gate(reader: Reader, found: Lines, subject: str) -> Values:
    return {"gate": reader.text(found, "gate", 40)}


def _waiting(reader: Reader, found: Lines, subject: str) -> Values:
    days = reader.whole(found, "waiting_days", 1, LONGEST_WAIT)
    since = found.get("since", "opened")
    reader.choice(found, "since", since, SINCE)
    return {"waiting_days": days, "since": str(since)}


def _fact(reader: Reader, found: Lines, subject: str) -> Values | None:
    offered = facts.along(subject)
    if not reader.choice(found, "fact", found["fact"], offered):
        return None
    figures = offered[found["fact"]].figures
    return {"fact": found["fact"], "conditions": _conditions(reader, found, figures)}


SHAPES: dict[str, tuple[Callable[[Reader, Lines, str], Values | None], frozenset[str]]] = {
    "owners": (_owners, frozenset()),
    "fact": (_fact, frozenset({"figure", "or", *COMPARISONS})),
    "document": (_document, frozenset({"max_age_days"})),
    "attestation": (_attestation, frozenset({"by", "statement"})),
    "gate": (_gate, frozenset()),
    "waiting_days": (_waiting, frozenset({"since"})),
}


def _requirement(reader: Reader, found: Lines, subject: str) -> Requirement | None:
    shapes = SHAPES.keys() & set(found)
    if len(shapes) != 1:
        reader.say(found.line, _("Give exactly one of %(shapes)s.") % {"shapes": ", ".join(SHAPES)})
        return None
    shape = shapes.pop()
    read, more = SHAPES[shape]
    reader.only(found, {"id", "title", "waivable", shape, *more})
    identifier, title = reader.text(found, "id", 40), reader.text(found, "title")
    waivable = reader.flag(found, "waivable", True)
    values = read(reader, found, subject)
    return None if values is None else Requirement(identifier, title, waivable=waivable, **values)


def _conditions(reader: Reader, found: Lines, figures: Any) -> tuple[Condition, ...]:
    conditions = [reader.condition(found, figures)]
    if "or" in found:
        if isinstance(found["or"], Lines):
            reader.only(found["or"], {"figure", *COMPARISONS})
            conditions.append(reader.condition(found["or"], figures))
        else:
            reader.say(found.lines["or"], _("“or” needs a figure and a limit."))
    return tuple(condition for condition in conditions if condition is not None)


def _signature(reader: Reader, found: Lines) -> Signature:
    reader.only(found, {"responsibility", "not_author"})
    responsibility = reader.text(found, "responsibility")
    if responsibility:
        reader.choice(found, "responsibility", responsibility, RESPONSIBILITIES)
    return Signature(responsibility, reader.flag(found, "not_author", True))


@lru_cache(maxsize=256)
def known(source: str) -> Policy:
    """Return the policy of a version's text, which never changes: parsed once a process."""
    return parse(source)


def parse(source: str) -> Policy:
    """Read a policy; raise ``PolicyInvalid`` with every message and its line."""
    reader = Reader(PolicyInvalid)
    found = reader.load(source, _("A policy is a mapping: kind, title, subject, requirements, sign_offs."))
    reader.only(found, KEYS)
    kind, title = reader.text(found, "kind", 40), reader.text(found, "title", 120)
    tier, extends = reader.text(found, "tier", required=False), reader.text(found, "extends", required=False)
    if tier:
        reader.choice(found, "tier", tier, TIERS)
    if extends:
        reader.choice(found, "extends", extends, [ORGANISATION])
    subject = reader.text(found, "subject")
    if subject and not subjects.is_known(subject):
        reader.choice(found, "subject", subject, sorted(row.type for row in subjects.kinds()))
    rows = reader.mappings(
        found,
        "requirements",
        _("A requirement is a mapping with id, title and one of %(shapes)s.") % {"shapes": ", ".join(SHAPES)},
        required=not extends,
    )
    requirements = [_requirement(reader, row, subject) for row in rows]
    reader.unique(rows, "id")
    shape = _("A sign-off is a mapping with a responsibility.")
    signed = reader.mappings(found, "sign_offs", shape, required=not extends)
    signatures = [_signature(reader, row) for row in signed]
    valid_days = reader.whole(found, "valid_days", 1, LONGEST)
    longest_waiver = reader.whole(found, "longest_waiver_days", 1, LONGEST)
    reader.finish()
    return Policy(
        kind,
        title,
        subject,
        str(found.get("summary", "")).strip(),
        tuple(row for row in requirements if row),
        tuple(signatures),
        valid_days,
        longest_waiver or LONGEST_WAIVER,
        tier,
        extends,
        _lines(found, rows, signed),
    )


def _lines(found: Lines, rows: Sequence[Lines], signed: Sequence[Lines]) -> dict[str, int]:
    lines = dict(found.lines)
    for name, key in (("id", rows), ("responsibility", signed)):
        for row in key:
            lines[str(row.get(name))] = row.line
            lines |= {f"{row.get(name)}.{part}": line for part, line in row.lines.items()}
    return lines
