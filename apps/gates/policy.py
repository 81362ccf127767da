"""Gate policies as data: YAML read into requirements, with messages that point at the line."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import yaml
from django.utils.translation import gettext as _

from apps.core import subjects
from apps.evidence import facts
from apps.evidence.kinds import ATTESTATIONS, DOCUMENT_KINDS
from apps.gates.errors import PolicyInvalid, PolicyUnsatisfiable
from apps.owners.responsibilities import RESPONSIBILITIES

LARGEST_SOURCE = 100_000
COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "at_most": lambda found, limit: found <= limit,
    "at_least": lambda found, limit: found >= limit,
    "equals": lambda found, limit: found == limit,
}


@dataclass(frozen=True, slots=True)
class Condition:
    """One figure of a fact compared with a limit."""

    figure: str
    comparison: str
    limit: int | float | bool | str

    def holds(self, value: Any) -> bool:
        return COMPARISONS[self.comparison](value, self.limit)


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


@dataclass(frozen=True, slots=True)
class Message:
    """What is wrong on which line (from 1) of the source."""

    line: int
    text: str


class _Lines(dict[Any, Any]):
    """A mapping that remembers on which line each key stands."""

    line: int = 1
    lines: dict[str, int]


class _Loader(yaml.SafeLoader):
    pass


def _mapping(loader: _Loader, node: yaml.MappingNode) -> _Lines:
    found = _Lines(loader.construct_mapping(node, deep=True))
    found.line = node.start_mark.line + 1
    found.lines = {key.value: key.start_mark.line + 1 for key, _value in node.value}
    seen: set[str] = set()
    for key, _value in node.value:
        if key.value in seen:
            raise yaml.constructor.ConstructorError(
                None, None, _("“%(key)s” stands twice") % {"key": key.value}, key.start_mark
            )
        seen.add(key.value)
    return found


_Loader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _mapping)


@dataclass
class _Reader:
    messages: list[Message] = field(default_factory=list)

    def say(self, line: int, text: str) -> None:
        self.messages.append(Message(line, text))

    def text(self, found: _Lines, key: str, limit: int = 200) -> str:
        value = found.get(key)
        if not isinstance(value, str) or not value.strip():
            self.say(found.lines.get(key, found.line), _("“%(key)s” needs a text.") % {"key": key})
            return ""
        if len(value) > limit:
            self.say(found.lines[key], _("“%(key)s” is longer than %(n)d characters.") % {"key": key, "n": limit})
        return value.strip()

    def only(self, found: _Lines, known: set[str]) -> None:
        for key, line in found.lines.items():
            if key not in known:
                self.say(
                    line,
                    _("“%(key)s” is not known here. Known: %(known)s.")
                    % {"key": key, "known": ", ".join(sorted(known))},
                )

    def choice(self, found: _Lines, key: str, value: Any, known: Any) -> bool:
        if value in known:
            return True
        self.say(
            found.lines.get(key, found.line),
            _("“%(value)s” is not known. Known: %(known)s.") % {"value": value, "known": ", ".join(known)},
        )
        return False

    def condition(self, found: _Lines, figures: Any) -> Condition | None:
        figure = self.text(found, "figure")
        if figure and not self.choice(found, "figure", figure, figures):
            return None
        given = [name for name in COMPARISONS if name in found]
        if len(given) != 1:
            self.say(found.line, _("Give exactly one of at_most, at_least, equals."))
            return None
        limit = found[given[0]]
        is_number = isinstance(limit, int | float) and not isinstance(limit, bool)
        if given[0] != "equals" and not is_number:
            self.say(found.lines[given[0]], _("“%(key)s” needs a number.") % {"key": given[0]})
            return None
        return Condition(figure, given[0], limit) if figure else None

    def requirement(self, found: Any, subject: str) -> Requirement | None:
        if not isinstance(found, _Lines):
            self.say(
                1,
                _("A requirement is a mapping with id, title and one of owners, fact, document, attestation."),
            )
            return None
        shapes = {"owners", "fact", "document", "attestation"} & set(found)
        if len(shapes) != 1:
            self.say(found.line, _("Give exactly one of owners, fact, document, attestation."))
            return None
        shape = shapes.pop()
        allowed = {"id", "title", shape}
        if shape == "fact":
            allowed |= {"figure", "or", *COMPARISONS}
        self.only(found, allowed)
        identifier, title = self.text(found, "id", 40), self.text(found, "title")
        value = found[shape]
        if shape == "owners":
            if not isinstance(value, list) or not value:
                self.say(found.lines[shape], _("“owners” needs a list of responsibilities."))
                return None
            if not all(self.choice(found, shape, row, RESPONSIBILITIES) for row in value):
                return None
            return Requirement(identifier, title, owners=tuple(value))
        if shape == "document":
            self.choice(found, shape, value, DOCUMENT_KINDS)
            return Requirement(identifier, title, document=str(value))
        if shape == "attestation":
            self.choice(found, shape, value, ATTESTATIONS)
            return Requirement(identifier, title, attestation=str(value))
        known = facts.definitions(subject)
        if not self.choice(found, shape, value, known):
            return None
        figures = known[value].figures
        conditions = [self.condition(found, figures)]
        if "or" in found:
            if isinstance(found["or"], _Lines):
                self.only(found["or"], {"figure", *COMPARISONS})
                conditions.append(self.condition(found["or"], figures))
            else:
                self.say(found.lines["or"], _("“or” needs a figure and a limit."))
        kept = tuple(condition for condition in conditions if condition is not None)
        return Requirement(identifier, title, fact=value, conditions=kept)

    def signature(self, found: Any) -> Signature | None:
        if not isinstance(found, _Lines):
            self.say(1, _("A sign-off is a mapping with a responsibility."))
            return None
        self.only(found, {"responsibility", "not_author"})
        responsibility = self.text(found, "responsibility")
        if responsibility:
            self.choice(found, "responsibility", responsibility, RESPONSIBILITIES)
        not_author = found.get("not_author", True)
        if not isinstance(not_author, bool):
            self.say(found.lines["not_author"], _("“not_author” is true or false."))
        return Signature(responsibility, bool(not_author))


def _twice(reader: _Reader, values: list[tuple[str, int]]) -> None:
    seen: set[str] = set()
    for value, line in values:
        if value in seen:
            reader.say(line, _("“%(value)s” stands twice.") % {"value": value})
        seen.add(value)


def parse(source: str) -> Policy:
    """Read a policy; raise ``PolicyInvalid`` with every message and its line."""
    reader = _Reader()
    if len(source) > LARGEST_SOURCE:
        raise _invalid([Message(1, _("The policy is longer than %(n)d characters.") % {"n": LARGEST_SOURCE})])
    try:
        found = yaml.load(source, Loader=_Loader)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise _invalid([Message(line, str(error.problem))]) from error
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise _invalid([Message(1, str(error)[:200])]) from error
    if not isinstance(found, _Lines):
        raise _invalid([Message(1, _("A policy is a mapping: kind, title, subject, requirements, sign_offs."))])
    reader.only(found, {"kind", "title", "subject", "summary", "requirements", "sign_offs"})
    kind, title = reader.text(found, "kind", 40), reader.text(found, "title", 120)
    subject = reader.text(found, "subject")
    if subject and not subjects.is_known(subject):
        reader.choice(found, "subject", subject, sorted(row.type for row in subjects.kinds()))
    rows: dict[str, list[Any]] = {}
    for key in ("requirements", "sign_offs"):
        value = found.get(key)
        if not isinstance(value, list) or not value:
            reader.say(found.lines.get(key, 1), _("“%(key)s” needs a list that is not empty.") % {"key": key})
        rows[key] = value if isinstance(value, list) else []
    requirements = [reader.requirement(row, subject) for row in rows["requirements"]]
    signatures = [reader.signature(row) for row in rows["sign_offs"]]
    _twice(reader, [(row.get("id", ""), row.line) for row in rows["requirements"] if isinstance(row, _Lines)])
    if reader.messages:
        raise _invalid(reader.messages)
    return Policy(
        kind,
        title,
        subject,
        str(found.get("summary", "")).strip(),
        tuple(row for row in requirements if row),
        tuple(row for row in signatures if row),
    )


def _invalid(messages: list[Message]) -> PolicyInvalid:
    ordered = sorted(set(messages), key=lambda message: message.line)
    return PolicyInvalid(
        _("The policy has %(n)d mistakes; the first is on line %(line)d: %(text)s")
        % {"n": len(ordered), "line": ordered[0].line, "text": ordered[0].text},
        errors={"/source": [f"{_('Line')} {message.line}: {message.text}" for message in ordered]},
        extra={"messages": [{"line": message.line, "text": message.text} for message in ordered]},
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
    holdable = subjects.kind(policy.subject).extra.get("held_along", ())
    wanted = {*names, *(name for row in policy.requirements for name in row.owners)}
    if holdable:
        problems += [
            _("“%(name)s” can't be held on a %(kind)s or above it.")
            % {"name": name, "kind": str(subjects.kind(policy.subject).title).lower()}
            for name in sorted(wanted - set(holdable))
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
