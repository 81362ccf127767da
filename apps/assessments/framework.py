"""Readiness frameworks as data: YAML read into dimensions, questions and the rules of use-case fit."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.assessments.errors import FrameworkInvalid
from apps.core.lined import COMPARISONS, Condition, Lines, Reader
from apps.evidence import facts
from apps.owners.responsibilities import RESPONSIBILITIES

SUBJECT = "use_case"
OWN_VERDICT = "usecase.readiness"
LEVELS = ("no", "partly", "yes")
NOT_APPLICABLE = "not_applicable"
LEVEL_TITLES = {
    "no": gettext_lazy("No"),
    "partly": gettext_lazy("Partly"),
    "yes": gettext_lazy("Yes"),
    NOT_APPLICABLE: gettext_lazy("Not applicable"),
}
VERDICTS = ("not_ready", "experimenting", "ready_to_pilot", "ready_for_production")
VERDICT_TITLES = {
    "not_ready": gettext_lazy("Not ready"),
    "experimenting": gettext_lazy("Experimenting"),
    "ready_to_pilot": gettext_lazy("Ready to pilot"),
    "ready_for_production": gettext_lazy("Ready for production"),
}
VERDICT_CHOICES = list(VERDICT_TITLES.items())
DEFAULT_VALID_DAYS = 180


@dataclass(frozen=True, slots=True)
class Dimension:
    id: str
    title: str
    about: str
    is_resource: bool


@dataclass(frozen=True, slots=True)
class Question:
    """One question: what it asks of whom, what proves it, and the best verdict that a *no* or a *partly* allows.

    ``yes`` and ``partly`` (``proven_by`` and ``partly_by`` in the YAML, where a bare yes is a boolean) are limits on
    the figures of ``fact`` that must all hold; ``rests_on`` names questions whose level this one can't exceed.
    """

    id: str
    dimension: str
    text: str
    why: str
    proof: str
    asked_of: str
    caps: Mapping[str, str]
    valid_days: int = DEFAULT_VALID_DAYS
    needs_evidence: bool = False
    may_not_apply: bool = False
    fact: str = ""
    yes: tuple[Condition, ...] = ()
    partly: tuple[Condition, ...] = ()
    rests_on: tuple[str, ...] = ()

    @property
    def blocks(self) -> bool:
        """Tell whether a *no* alone makes the use case not ready."""
        return self.caps["no"] == VERDICTS[0]


@dataclass(frozen=True, slots=True)
class Choice:
    value: str
    title: str


@dataclass(frozen=True, slots=True)
class FitInput:
    id: str
    text: str
    choices: tuple[Choice, ...]


@dataclass(frozen=True, slots=True)
class FitOption:
    id: str
    title: str
    about: str


@dataclass(frozen=True, slots=True)
class FitRule:
    """What speaks for and against which option when every input has one of the named values."""

    id: str
    when: Mapping[str, tuple[str, ...]]
    speaks_for: tuple[str, ...]
    against: tuple[str, ...]
    because: str


@dataclass(frozen=True, slots=True)
class Fit:
    options: tuple[FitOption, ...]
    tuned: tuple[str, ...]
    inputs: tuple[FitInput, ...]
    rules: tuple[FitRule, ...]


@dataclass(frozen=True, slots=True)
class Framework:
    kind: str
    title: str
    summary: str
    dimensions: tuple[Dimension, ...]
    questions: tuple[Question, ...]
    fit: Fit

    @property
    def fact_names(self) -> set[str]:
        return {row.fact for row in self.questions if row.fact}

    def question(self, identifier: str) -> Question | None:
        return next((row for row in self.questions if row.id == identifier), None)


def parse(source: str) -> Framework:
    """Read a framework; raise ``FrameworkInvalid`` with every message and its line."""
    reader = Reader(FrameworkInvalid)
    found = reader.load(source, _("A framework is a mapping: kind, title, summary, dimensions, questions, fit."))
    reader.only(found, {"kind", "title", "summary", "dimensions", "questions", "fit"})
    rows = reader.mappings(found, "dimensions", _("A dimension is a mapping with id, title and about."))
    dimensions = tuple(_dimension(reader, row) for row in rows)
    reader.unique(rows, "id")
    asked = reader.mappings(
        found, "questions", _("A question is a mapping; see the framework that Fourgate comes with.")
    )
    reader.unique(asked, "id")
    names = [row.get("id") for row in asked]
    questions = tuple(_question(reader, row, [part.id for part in dimensions], names) for row in asked)
    _refuse_cycles(reader, asked, questions)
    fit = _fit(reader, found)
    framework = Framework(
        reader.text(found, "kind", 40),
        reader.text(found, "title", 120),
        reader.text(found, "summary", 1000, required=False),
        dimensions,
        questions,
        fit,
    )
    reader.finish()
    return framework


def _dimension(reader: Reader, row: Lines) -> Dimension:
    reader.only(row, {"id", "title", "about", "resource"})
    return Dimension(
        reader.text(row, "id", 40),
        reader.text(row, "title"),
        reader.text(row, "about", 500),
        reader.flag(row, "resource", False),
    )


_QUESTION_KEYS = {
    "id", "dimension", "text", "why", "proof", "asked_of", "if_no", "if_partly", "valid_days", "evidence",
    "may_not_apply", "fact", "proven_by", "partly_by", "rests_on",
}  # fmt: skip


def _question(reader: Reader, row: Lines, dimensions: list[str], names: list[Any]) -> Question:
    reader.only(row, _QUESTION_KEYS)
    dimension = reader.text(row, "dimension", 40)
    if dimension:
        reader.choice(row, "dimension", dimension, dimensions)
    asked_of = reader.text(row, "asked_of", 40)
    if asked_of:
        reader.choice(row, "asked_of", asked_of, RESPONSIBILITIES)
    fact, yes, partly = _proof(reader, row)
    return Question(
        reader.text(row, "id", 60),
        dimension,
        reader.text(row, "text", 400),
        reader.text(row, "why", 600),
        reader.text(row, "proof", 600),
        asked_of,
        _caps(reader, row),
        _days(reader, row),
        reader.flag(row, "evidence", False),
        reader.flag(row, "may_not_apply", False),
        fact,
        yes,
        partly,
        _rests_on(reader, row, names),
    )


def _caps(reader: Reader, row: Lines) -> dict[str, str]:
    caps = {}
    for level, key in (("no", "if_no"), ("partly", "if_partly")):
        value = reader.text(row, key, 40)
        if value and reader.choice(row, key, value, VERDICTS[:-1]):
            caps[level] = value
    if len(caps) == 2 and VERDICTS.index(caps["partly"]) < VERDICTS.index(caps["no"]):
        reader.say(row.lines["if_partly"], _("A “partly” can't allow less than a “no”."))
    return caps


def _days(reader: Reader, row: Lines) -> int:
    value = row.get("valid_days", DEFAULT_VALID_DAYS)
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= 3650:
        reader.say(row.lines["valid_days"], _("“valid_days” is a whole number from 1 to 3650."))
        return DEFAULT_VALID_DAYS
    return value


def _proof(reader: Reader, row: Lines) -> tuple[str, tuple[Condition, ...], tuple[Condition, ...]]:
    if "fact" not in row:
        for key in ("proven_by", "partly_by"):
            if key in row:
                reader.say(row.lines[key], _("“%(key)s” needs a “fact”.") % {"key": key})
        return "", (), ()
    known = {name: found for name, found in facts.definitions(SUBJECT).items() if name != OWN_VERDICT}
    name = reader.text(row, "fact", 80)
    if not name or not reader.choice(row, "fact", name, sorted(known)):
        return "", (), ()

    def limits(key: str, required: bool) -> tuple[Condition, ...]:
        shape = _("A limit is a mapping with figure and one of at_most, at_least, equals.")
        found = []
        for limit in reader.mappings(row, key, shape, required):
            reader.only(limit, {"figure", *COMPARISONS})
            found.append(reader.condition(limit, known[name].figures))
        return tuple(condition for condition in found if condition is not None)

    return name, limits("proven_by", True), limits("partly_by", False)


def _rests_on(reader: Reader, row: Lines, names: list[Any]) -> tuple[str, ...]:
    value = row.get("rests_on", [])
    if not isinstance(value, list):
        reader.say(row.lines["rests_on"], _("“rests_on” needs a list of questions."))
        return ()
    return tuple(name for name in value if reader.choice(row, "rests_on", name, names))


def _refuse_cycles(reader: Reader, rows: list[Lines], questions: tuple[Question, ...]) -> None:
    """Name each question that rests on itself, over others or directly."""
    below = {row.id: row.rests_on for row in questions}
    for row, question in zip(rows, questions, strict=True):
        reached, waiting = set[str](), list(question.rests_on)
        while waiting:
            name = waiting.pop()
            if name not in reached:
                reached.add(name)
                waiting += below.get(name, ())
        if question.id in reached:
            reader.say(row.lines["rests_on"], _("“%(id)s” rests on itself: a cycle.") % {"id": question.id})


def _fit(reader: Reader, found: Lines) -> Fit:
    part = found.get("fit")
    if not isinstance(part, Lines):
        reader.say(found.lines.get("fit", found.line), _("“fit” needs options, tuned, inputs and rules."))
        return Fit((), (), (), ())
    reader.only(part, {"options", "tuned", "inputs", "rules"})
    rows = reader.mappings(part, "options", _("An option is a mapping with id, title and about."))
    options = tuple(
        FitOption(reader.text(row, "id", 40), reader.text(row, "title"), reader.text(row, "about", 400)) for row in rows
    )
    reader.unique(rows, "id")
    for row in rows:
        reader.only(row, {"id", "title", "about"})
    names = [row.id for row in options]
    asked = reader.mappings(part, "inputs", _("An input is a mapping with id, text and choices."))
    reader.unique(asked, "id")
    inputs = tuple(_input(reader, row) for row in asked)
    values = {row.id: [choice.value for choice in row.choices] for row in inputs}
    shape = _("A rule is a mapping with id, when, for, against and because.")
    rules = tuple(_rule(reader, row, names, values) for row in reader.mappings(part, "rules", shape))
    return Fit(options, _names(reader, part, "tuned", names), inputs, rules)


def _input(reader: Reader, row: Lines) -> FitInput:
    reader.only(row, {"id", "text", "choices"})
    choices = reader.mappings(row, "choices", _("A choice is a mapping with value and title."))
    reader.unique(choices, "value")
    for choice in choices:
        reader.only(choice, {"value", "title"})
    return FitInput(
        reader.text(row, "id", 40),
        reader.text(row, "text", 300),
        tuple(Choice(reader.text(choice, "value", 40), reader.text(choice, "title")) for choice in choices),
    )


def _names(reader: Reader, row: Lines, key: str, known: list[str]) -> tuple[str, ...]:
    value = row.get(key, [])
    if not isinstance(value, list):
        reader.say(row.lines[key], _("“%(key)s” needs a list.") % {"key": key})
        return ()
    return tuple(name for name in value if reader.choice(row, key, name, known))


def _rule(reader: Reader, row: Lines, options: list[str], values: dict[str, list[str]]) -> FitRule:
    reader.only(row, {"id", "when", "for", "against", "because"})
    when = row.get("when")
    conditions: dict[str, tuple[str, ...]] = {}
    if isinstance(when, Lines) and when:
        for name in when:
            if reader.choice(when, name, name, values):
                conditions[name] = _names(reader, when, name, values[name])
    else:
        reader.say(row.lines.get("when", row.line), _("“when” needs inputs with lists of their values."))
    return FitRule(
        reader.text(row, "id", 60),
        conditions,
        _names(reader, row, "for", options),
        _names(reader, row, "against", options),
        reader.text(row, "because", 400),
    )
