"""Review templates as data: YAML read into a checklist that somebody goes through every period."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from django.utils.translation import gettext as _

from apps.core.lined import Condition, Lines, Reader
from apps.evidence import facts
from apps.evidence.facts import Fact
from apps.operations.errors import ReviewTemplateInvalid
from apps.operations.working_days import CADENCES
from apps.owners.responsibilities import held_on

SUBJECT = "use_case"


@dataclass(frozen=True, slots=True)
class Item:
    """One line of a checklist; with ``fact``, what the machine says of it is shown beside it."""

    id: str
    title: str
    about: str
    fact: str = ""
    limit: Condition | None = None

    def held_by(self, fact: Fact | None) -> bool | None:
        """Tell whether the fact is within the limit; None where it is not known or there is no limit."""
        if self.limit is None or fact is None or fact.status != "known" or self.limit.figure not in fact.figures:
            return None
        return self.limit.holds(fact.figures[self.limit.figure])


@dataclass(frozen=True, slots=True)
class Template:
    """``missed_after_days`` is how many working days after the due day a review that nobody performed is missed."""

    kind: str
    title: str
    summary: str
    responsibility: str
    missed_after_days: int
    items: tuple[Item, ...]

    @property
    def fact_names(self) -> set[str]:
        return {row.fact for row in self.items if row.fact}


@lru_cache(maxsize=64)
def known(source: str) -> Template:
    """Return the template of a version's text, which never changes: parsed once a process."""
    return parse(source)


def parse(source: str) -> Template:
    """Read a template; raise ``ReviewTemplateInvalid`` with every message and its line."""
    reader = Reader(ReviewTemplateInvalid)
    found = reader.load(
        source, _("A template is a mapping: kind, title, summary, responsibility, missed_after_days, items.")
    )
    reader.only(found, {"kind", "title", "summary", "responsibility", "missed_after_days", "items"})
    kind = reader.text(found, "kind", 40)
    if kind:
        reader.choice(found, "kind", kind, CADENCES)
    responsibility = reader.text(found, "responsibility", 40)
    if responsibility:
        reader.choice(found, "responsibility", responsibility, [row.key for row in held_on(SUBJECT)])
    days = reader.whole(found, "missed_after_days", 0, 60)
    if days is None and "missed_after_days" not in found:
        reader.say(found.line, _("“missed_after_days” is a whole number from 0 to 60."))
    rows = reader.mappings(found, "items", _("An item is a mapping with id, title, and perhaps a fact with its limit."))
    reader.unique(rows, "id")
    template = Template(
        kind,
        reader.text(found, "title", 120),
        reader.text(found, "summary", 1000, required=False),
        responsibility,
        days or 0,
        tuple(_item(reader, row) for row in rows),
    )
    reader.finish()
    return template


def _item(reader: Reader, row: Lines) -> Item:
    reader.only(row, {"id", "title", "about", "fact", "figure", "at_most", "at_least", "equals"})
    name, limit = _limit(reader, row)
    return Item(
        reader.text(row, "id", 60),
        reader.text(row, "title", 300),
        reader.text(row, "about", 600, required=False),
        name,
        limit,
    )


def _limit(reader: Reader, row: Lines) -> tuple[str, Condition | None]:
    offered: dict[str, Any] = facts.definitions(SUBJECT)
    if "fact" not in row:
        if "figure" in row:
            reader.say(row.lines["figure"], _("“figure” needs a “fact”."))
        return "", None
    name = reader.text(row, "fact", 80)
    if not name or not reader.choice(row, "fact", name, sorted(offered)):
        return "", None
    return name, reader.condition(row, offered[name].figures) if "figure" in row else None
