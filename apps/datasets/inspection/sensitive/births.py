"""Dates that a word beside them makes a date of birth."""

import re

from apps.datasets.inspection.sensitive.kinds import INDEX, Span

BIRTH = INDEX["date_of_birth"]

TRIGGER = (
    rb"\b(?:born|birth(?:day|date)?|d\.?o\.?b|geb(?:oren|urtsdatum|urtstag)?|naissance|nacid[oa]|nacimiento|"
    rb"nat[oa]|nascita|nascid[oa]|nascimento|geboortedatum|f\xc3\xb6dd|f\xc3\xb8dt|urodzon[ya]|urodzenia)\b"
    rb"|\bn\xc3\xa9e? (?:le|en)\b"
    rb"|\xd1\x80\xd0\xbe\xd0\xb4\xd0\xb8\xd0\xbb\xd1|\xd1\x80\xd0\xbe\xd0\xb6\xd0\xb4\xd0\xb5\xd0\xbd\xd0\xb8\xd1\x8f"
)
_MONTHS = (
    r"(?:jan|feb|fév|fev|mar|mär|apr|avr|abr|may|mai|maj|mei|mag|jun|juin|giu|jul|juil|lug|aug|août|ago|sep|set|oct|okt|"
    r"ott|out|nov|dec|déc|dez|dic|ene|gen|янв|фев|мар|апр|мая|июн|июл|авг|сен|окт|ноя|дек)[^\W\d_]{0,7}\.?"
)
_DATE = re.compile(
    r"(?<![\w/.-])(?:(?:19|20|18)[0-9]{2}[-/.](?:1[0-2]|0?[1-9])[-/.](?:3[01]|[12][0-9]|0?[1-9])"
    r"|(?:3[01]|[12][0-9]|0?[1-9])[-/. ]{1,2}(?:3[01]|[12][0-9]|0?[1-9])[-/. ]{1,2}(?:(?:18|19|20)[0-9]{2}|[0-9]{2})"
    rf"|(?:3[01]|[12][0-9]|0?[1-9])(?:st|nd|rd|th|\.|º|er)?(?: of| de)?[ -]{_MONTHS}(?: de)?,?[ -]"
    r"(?:18|19|20)[0-9]{2}"
    rf"|{_MONTHS} (?:3[01]|[12][0-9]|0?[1-9])(?:st|nd|rd|th)?,? (?:18|19|20)[0-9]{{2}}"
    r"|(?:18|19|20)[0-9]{2}年[0-9]{1,2}月[0-9]{1,2}日)(?![\w/-])",
    re.IGNORECASE,
)
_BETWEEN_ENDS = re.compile(r"[.!?;]\s+(?=[A-ZÀ-Þ])|\n\s*\n")
BIRTH_AHEAD, BIRTH_BACK = 64, 40


def recognise(text: str, at: int, found: list[Span]) -> int:
    """Read the date that follows a word for birth, or stands just before it in the same sentence."""
    match = _DATE.search(text, at, at + BIRTH_AHEAD)
    if match and not _BETWEEN_ENDS.search(text, at, match.start()):
        found.append(Span(BIRTH, *match.span(), 0.9 if match.start() - at < 30 else 0.75))
        return match.end()
    before = [*_DATE.finditer(text, max(0, at - BIRTH_BACK), at)]
    if before and not _BETWEEN_ENDS.search(text, before[-1].end(), at):
        found.append(Span(BIRTH, *before[-1].span(), 0.75))
    return at
