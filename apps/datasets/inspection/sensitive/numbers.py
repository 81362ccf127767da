"""Runs of digits with separators: telephone, card, social security and national identity numbers."""

import re

from apps.datasets.inspection.sensitive import identifiers, phones
from apps.datasets.inspection.sensitive.context import Context
from apps.datasets.inspection.sensitive.kinds import INDEX, Span
from apps.datasets.inspection.sensitive.phones import EXTENSION, Shape

SEPARATORS = r" .()/+\-\u00a0\u2010-\u2015\u202f"
TRIGGER = rb"[^0-9A-Za-z][0-9](?:(?:[ .()/\-]|\xc2\xa0|\xe2\x80[\x90-\x95\xaf]){0,3}[0-9]){6}"
REACH = 64
MOST_GROUPS = 7
LEAST_DIGITS, MOST_DIGITS = 7, 19
LEAST_CARD = 12
LEAST = 0.4
CUT = 0.15
_BACK = re.compile(rf"[0-9{SEPARATORS}]+\Z")
_AHEAD = re.compile(rf"[0-9{SEPARATORS}]*")
_RUN = re.compile(r"[0-9]+")
_GAP = re.compile(r"(?:[ .\-/\u00a0\u2010-\u2015\u202f]|\)| ?\(|\)[ .\-/]| [\-/\u2010-\u2015] |[\-/ .]\(|[ \-./]\+)\Z")
_SUM = re.compile(r" ?[=*×÷<>]")
_JOINED = frozenset("-_./\u2010\u2011")
_BOUND = frozenset(",:")
PHONE, CARD, SSN, NATIONAL = (INDEX[key] for key in ("phone", "card_number", "us_ssn", "national_id"))
_ISSUERS = re.compile(r"4|5[0-8]|6[0-9]|3[04-9]|22[2-9]|2[3-6]|27[01]|2720|2131|1800|81")
_CARD_SHAPES: frozenset[Shape] = frozenset(
    {
        (4, 4, 4, 4),
        (4, 6, 5),
        (4, 6, 4),
        (4, 4, 4, 4, 3),
        (4, 4, 4, 1),
        (4, 4, 5),
        (4, 4, 4),
        (8, 8),
        (4, 4, 4, 3),
        (6, 13),
    }
)
_DOUBLED = str.maketrans("0123456789", "0246813579")


def luhn(digits: str) -> bool:
    """Tell whether the check digit holds (ISO/IEC 7812-1, annex B)."""
    return (sum(map(int, digits[-1::-2])) + sum(map(int, digits[-2::-2].translate(_DOUBLED)))) % 10 == 0


def _card_confidence(digits: str, written: str, grouped: bool, context: Context) -> float:
    total = len(digits)
    if not luhn(digits) or len(set(digits)) == 1 or len({char for char in written if not char.isdigit()}) > 1:
        return 0.0
    if context.says("card"):
        return 0.98
    if not _ISSUERS.match(digits):
        return 0.0
    if context.contradicts:
        return 0.5 if total in (15, 16) and grouped else 0.0
    return {15: 0.85, 16: 0.9}.get(total, 0.0) or (0.5 if total > 13 or grouped else 0.0)


def recognise(text: str, at: int, found: list[Span]) -> int:
    """Add what the run of digits around ``at`` holds to ``found``; return where the run ends."""
    back = _BACK.search(text, max(0, at - REACH), at)
    if back is None:
        return at
    ahead = _AHEAD.match(text, at)
    end = ahead.end() if ahead else at
    chunk: list[tuple[int, int]] = []
    for run in _RUN.finditer(text, back.start(), end):
        if chunk and not _GAP.match(text, chunk[-1][1], run.start()):
            _examine(text, chunk, found)
            chunk = []
        chunk.append(run.span())
    _examine(text, chunk, found)
    return end


def _starts_well(text: str, start: int) -> bool:
    if start == 0:
        return True
    before = text[start - 1]
    if before.isalnum() or (
        before in "_$€£¥%#@=&" and not (before == "=" or (before == "#" and text[start - 2 : start - 1] == " "))
    ):
        return False
    if start > 1 and before in _JOINED and text[start - 2].isalnum():
        return False
    return not (start > 1 and before in _BOUND and text[start - 2].isdigit())


def _ends_well(text: str, end: int) -> bool:
    after = text[end : end + 2]
    if not after:
        return True
    if after[0].isalnum() or after[0] in "_%":
        return False
    if len(after) == 1:
        return True
    return not ((after[0] in _JOINED and after[1].isalnum()) or (after[0] in _BOUND and after[1].isdigit()))


def _examine(text: str, chunk: list[tuple[int, int]], found: list[Span]) -> None:
    """Judge every run of neighbouring groups; a number with a plus sign takes its groups for itself."""
    taken = 0
    for first in range(len(chunk)):
        if first < taken:
            continue
        opening = _opening(text, chunk[first][0])
        if not _starts_well(text, opening):
            continue
        plus = "+" in text[opening : chunk[first][0]]
        total, best = 0, 0.0
        for last in range(first, min(len(chunk), first + MOST_GROUPS)):
            total += chunk[last][1] - chunk[last][0]
            if total > MOST_DIGITS:
                break
            if total < LEAST_DIGITS:
                continue
            sure = _judge(text, opening, chunk, first, last, found)
            if plus and sure > 0 and sure >= best:
                best, taken = sure, last + 1


def _opening(text: str, start: int) -> int:
    """Return where a value begins whose first digit is at ``start``: at its plus sign or bracket."""
    while start and text[start - 1] in "+(":
        start -= 1
    return start


def _judge(text: str, opening: int, chunk: list[tuple[int, int]], first: int, last: int, found: list[Span]) -> float:
    """Add what the groups from ``first`` to ``last`` may be, and return how sure it is that they are a telephone's."""
    start, end = chunk[first][0], chunk[last][1]
    shape = tuple(close - begin for begin, close in chunk[first : last + 1])
    plus = "+" in text[opening:start]
    if not plus and len(shape) > 5 and shape not in identifiers.BY_SHAPE:
        return 0.0
    digits = "".join([text[begin:close] for begin, close in chunk[first : last + 1]])
    context = Context(text, opening, end)
    whole = text[opening:end]
    while whole[0] == "(" and whole.count("(") > whole.count(")"):
        opening, whole = opening + 1, whole[1:]
    if whole.count("(") != whole.count(")"):
        return 0.0
    if _SUM.match(text, end) or (not plus and text.endswith("<<", 0, opening)):
        return 0.0
    sure = phones.confidence(shape, digits, whole, plus, context)
    sure -= CUT * ((first > 0) + (last + 1 < len(chunk)))
    extension = EXTENSION.match(text, end) if sure >= LEAST else None
    if extension:
        found.append(Span(PHONE, opening, extension.end(), sure))
        return sure
    if not _ends_well(text, end):
        return 0.0
    if sure >= LEAST:
        found.append(Span(PHONE, opening, end, sure))
    if not plus:
        _judge_plain(shape, digits, text[start:end], start, context, found)
    return sure


def _judge_plain(shape: Shape, digits: str, written: str, start: int, context: Context, found: list[Span]) -> None:
    judged: list[tuple[int, float]] = []
    if len(digits) >= LEAST_CARD and (len(shape) == 1 or shape in _CARD_SHAPES):
        judged.append((CARD, _card_confidence(digits, written, len(shape) > 1, context)))
    if shape in identifiers.SOCIAL_SECURITY:
        judged.append((SSN, identifiers.social_security_confidence(shape, digits, written, context)))
    if shape in identifiers.BY_SHAPE:
        judged.append((NATIONAL, identifiers.confidence(shape, digits, written, context)))
    found += [Span(kind, start, start + len(written), sure) for kind, sure in judged if sure >= LEAST]
