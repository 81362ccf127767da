"""Gate policies as data: YAML read into requirements, with messages that point at the line."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from django.utils.translation import gettext as _

from apps.core import subjects
from apps.core.lined import COMPARISONS, Condition, Lines, Reader
from apps.evidence import facts
from apps.evidence.kinds import ATTESTATIONS, DOCUMENT_KINDS
from apps.gates.errors import PolicyInvalid, PolicyUnsatisfiable
from apps.owners.responsibilities import RESPONSIBILITIES, held_on


@dataclass(frozen=True, slots=True)
class Requirement:
    """One line of a policy; exactly one of owners, fact, document, attestation is given."""

    id: str
    title: str
    owners: tuple[str, ...] = ()
    fact: str = ""
    conditions: tuple[Condition, ...] = ()
    document: str = ""
    attestation: str = ""


@dataclass(frozen=True, slots=True)
class Signature:
    responsibility: str
    not_author: bool


@dataclass(frozen=True, slots=True)
class Policy:
    kind: str
    title: str
    subject: str
    summary: str
    requirements: tuple[Requirement, ...]
    sign_offs: tuple[Signature, ...]


def _requirement(reader: Reader, found: Lines, subject: str) -> Requirement | None:
    shapes = {"owners", "fact", "document", "attestation"} & set(found)
    if len(shapes) != 1:
        reader.say(found.line, _("Give exactly one of owners, fact, document, attestation."))
        return None
    shape = shapes.pop()
    allowed = {"id", "title", shape}
    if shape == "fact":
        allowed |= {"figure", "or", *COMPARISONS}
    reader.only(found, allowed)
    identifier, title = reader.text(found, "id", 40), reader.text(found, "title")
    value = found[shape]
    if shape == "owners":
        if not isinstance(value, list) or not value:
            reader.say(found.lines[shape], _("“owners” needs a list of responsibilities."))
            return None
        if not all(reader.choice(found, shape, row, RESPONSIBILITIES) for row in value):
            return None
        return Requirement(identifier, title, owners=tuple(value))
    if shape == "document":
        reader.choice(found, shape, value, DOCUMENT_KINDS)
        return Requirement(identifier, title, document=str(value))
    if shape == "attestation":
        reader.choice(found, shape, value, ATTESTATIONS)
        return Requirement(identifier, title, attestation=str(value))
    offered = facts.along(subject)
    if not reader.choice(found, shape, value, offered):
        return None
    return Requirement(identifier, title, fact=value, conditions=_conditions(reader, found, offered[value].figures))


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
    reader.only(found, {"kind", "title", "subject", "summary", "requirements", "sign_offs"})
    kind, title = reader.text(found, "kind", 40), reader.text(found, "title", 120)
    subject = reader.text(found, "subject")
    if subject and not subjects.is_known(subject):
        reader.choice(found, "subject", subject, sorted(row.type for row in subjects.kinds()))
    rows = reader.mappings(
        found,
        "requirements",
        _("A requirement is a mapping with id, title and one of owners, fact, document, attestation."),
    )
    requirements = [_requirement(reader, row, subject) for row in rows]
    reader.unique(rows, "id")
    signatures = [
        _signature(reader, row)
        for row in reader.mappings(found, "sign_offs", _("A sign-off is a mapping with a responsibility."))
    ]
    reader.finish()
    return Policy(
        kind,
        title,
        subject,
        str(found.get("summary", "")).strip(),
        tuple(row for row in requirements if row),
        tuple(signatures),
    )


def check_satisfiable(policy: Policy) -> None:
    """Refuse a policy that nobody could ever meet.

    A responsibility that must sign twice needs two holders where there is one; one that can't be held on the
    subject or above it has no holder; limits on one figure may exclude each other.
    """
    problems = []
    names = [row.responsibility for row in policy.sign_offs]
    problems += [
        _("“%(name)s” must sign twice, but one person holds it.") % {"name": name}
        for name in sorted(set(names))
        if names.count(name) > 1
    ]
    kind = subjects.kind(policy.subject)
    holdable = {row.key for type_ in (*kind.ancestors, kind.type) for row in held_on(type_)}
    wanted = {*names, *(name for row in policy.requirements for name in row.owners)}
    problems += [
        _("“%(name)s” can't be held on a %(kind)s or above it.") % {"name": name, "kind": str(kind.title).lower()}
        for name in sorted(wanted - holdable)
    ]
    problems += _contradictions(policy)
    if problems:
        raise PolicyUnsatisfiable(" ".join(problems), errors={"/source": problems})


def _contradictions(policy: Policy) -> list[str]:
    least: dict[tuple[str, str], float] = {}
    most: dict[tuple[str, str], float] = {}
    for row in policy.requirements:
        if len(row.conditions) != 1:
            continue
        condition = row.conditions[0]
        key = (row.fact, condition.figure)
        if isinstance(condition.limit, str):
            continue
        if condition.comparison in ("at_least", "equals"):
            least[key] = max(least.get(key, float("-inf")), condition.limit)
        if condition.comparison in ("at_most", "equals"):
            most[key] = min(most.get(key, float("inf")), condition.limit)
    found = [key for key in least if key in most and least[key] > most[key]]
    found += [key for key in most if most[key] < 0]
    return [
        _("No value of %(fact)s.%(figure)s can meet every limit.") % {"fact": fact, "figure": figure}
        for fact, figure in found
    ]
