"""Sheets: what is recorded of one thing, in sections, shown as a page, as a PDF and over the API."""

import datetime as dt
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Section:
    """One part of the sheet: pairs of name and text, or a table with a heading row, or plain sentences."""

    key: str
    title: str
    rows: tuple[tuple[str, str], ...] = ()
    headings: tuple[str, ...] = ()
    table: tuple[tuple[str, ...], ...] = ()
    sentences: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        return {
            "key": self.key,
            "title": self.title,
            "rows": [{"name": name, "text": text} for name, text in self.rows],
            "headings": list(self.headings),
            "table": [list(row) for row in self.table],
            "sentences": list(self.sentences),
        }


@dataclass(frozen=True, slots=True)
class Sheet:
    """What stands on a sheet: of which content (``digest``), whose it is, and when it was read."""

    title: str
    digest: str
    team: str
    made_at: dt.datetime
    sections: tuple[Section, ...]

    def as_dict(self) -> dict[str, Any]:
        return {
            "title": self.title,
            "made_at": self.made_at,
            "sections": [section.as_dict() for section in self.sections],
        }
