"""International bank account numbers, cut to the length of their country."""

import re

from stdnum import iban as standard
from stdnum import numdb

from apps.datasets.inspection.sensitive.context import Context
from apps.datasets.inspection.sensitive.kinds import INDEX, Span

IBAN = INDEX["iban"]
REACH = 32
_START = re.compile(r"(?<![^\W_])[a-z]{2}[ -]?[0-9]{2}(?=[ -]?[a-z0-9])", re.IGNORECASE | re.ASCII)
_PART = re.compile(r"([0-9]+)!")
_LONGEST = 34


def _lengths() -> dict[str, int]:
    found: dict[str, int] = {}
    registry = numdb.get("iban")
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    for country in (first + second for first in letters for second in letters):
        for _part, properties in registry.info(country + "00"):
            if "bban" in properties:
                found[country] = 4 + sum(int(number) for number in _PART.findall(properties["bban"]))
    return found


LENGTHS: dict[str, int] = _lengths()
TRIGGER = rb"\b(?:" + "|".join(LENGTHS).encode() + rb")[ \-]?[0-9]{2}(?:[ \-]?[a-z0-9]){8}"


def recognise(text: str, at: int, found: list[Span]) -> int:
    for start in _START.finditer(text, max(0, at - REACH), at):
        length = LENGTHS.get(start[0][:2].upper())
        if length is None:
            continue
        end, taken = start.start(), 0
        limit = min(len(text), end + 3 * _LONGEST)
        while end < limit and taken < length:
            char = text[end]
            if char.isascii() and char.isalnum():
                taken += 1
            elif char not in " -":
                break
            end += 1
        value = text[start.start() : end]
        if taken < length or text[end : end + 1].isalnum() or "  " in value or "--" in value:
            continue
        if not standard.is_valid(value, check_country=False):
            continue
        named = Context(text, start.start(), end).says("iban")
        upper = value.upper() == value
        found.append(Span(IBAN, start.start(), end, 0.99 if named or upper else 0.8))
        return end
    return at
