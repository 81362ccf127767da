"""What only its context makes personal: dates of birth and street addresses."""

import re

from apps.datasets.inspection.sensitive.context import Context
from apps.datasets.inspection.sensitive.kinds import INDEX, Span

BIRTH, ADDRESS = INDEX["date_of_birth"], INDEX["street_address"]

BIRTH_TRIGGER = (
    rb"\b(?:born|birth(?:day|date)?|d\.?o\.?b|geb(?:oren|urtsdatum|urtstag)?|n\xc3\xa9e?|naissance|nacid[oa]|nacimiento|"
    rb"nat[oa]|nascita|nascid[oa]|nascimento|geboortedatum|f\xc3\xb6dd|f\xc3\xb8dt|urodzon[ya]|urodzenia)\b"
    rb"|\xd1\x80\xd0\xbe\xd0\xb4\xd0\xb8\xd0\xbb\xd1|\xd1\x80\xd0\xbe\xd0\xb6\xd0\xb4\xd0\xb5\xd0\xbd\xd0\xb8\xd1\x8f"
)
_MONTHS = (
    r"(?:jan|feb|fév|fev|mar|mär|mär|apr|avr|abr|may|mai|maj|mei|mag|jun|juin|giu|jul|juil|lug|aug|août|ago|sep|set|oct|okt|"
    r"ott|out|nov|dec|déc|dez|dic|ene|gen|янв|фев|мар|апр|мая|июн|июл|авг|сен|окт|ноя|дек)[^\W\d_]{0,7}\.?"
)
_DATE = re.compile(
    r"(?<![\w/.-])(?:(?:19|20|18)[0-9]{2}[-/.](?:1[0-2]|0?[1-9])[-/.](?:3[01]|[12][0-9]|0?[1-9])"
    r"|(?:3[01]|[12][0-9]|0?[1-9])[-/. ]{1,2}(?:3[01]|[12][0-9]|0?[1-9])[-/. ]{1,2}(?:(?:18|19|20)[0-9]{2}|[0-9]{2})"
    rf"|(?:3[01]|[12][0-9]|0?[1-9])(?:st|nd|rd|th|\.|º|er)?(?: of| de)?[ -]{_MONTHS}(?: de)?,?[ -](?:18|19|20)[0-9]{{2}}"
    rf"|{_MONTHS} (?:3[01]|[12][0-9]|0?[1-9])(?:st|nd|rd|th)?,? (?:18|19|20)[0-9]{{2}}"
    r"|(?:18|19|20)[0-9]{2}年[0-9]{1,2}月[0-9]{1,2}日)(?![\w/-])",
    re.IGNORECASE,
)
_BETWEEN_ENDS = re.compile(r"[.!?;]\s+(?=[A-ZÀ-Þ])|\n\s*\n")
BIRTH_AHEAD, BIRTH_BACK = 64, 40


def date_of_birth(text: str, at: int, found: list[Span]) -> int:
    """Read the date that follows a word for birth, or stands just before it in the same sentence."""
    match = _DATE.search(text, at, at + BIRTH_AHEAD)
    if match and not _BETWEEN_ENDS.search(text, at, match.start()):
        found.append(Span(BIRTH, *match.span(), 0.9 if match.start() - at < 30 else 0.75))
        return match.end()
    before = [*_DATE.finditer(text, max(0, at - BIRTH_BACK), at)]
    if before and not _BETWEEN_ENDS.search(text, before[-1].end(), at):
        found.append(Span(BIRTH, *before[-1].span(), 0.75))
    return at


_ENGLISH = (
    "street|st|road|rd|avenue|ave|lane|ln|drive|dr|boulevard|blvd|court|ct|place|pl|square|sq|terrace|way|highway|hwy|"
    "parkway|pkwy|crescent|cres|close|grove|circle|cir|trail|row|alley|mews|esplanade|parade"
)
_FRONTED = (
    "rue|avenue|boulevard|chemin|impasse|quai|allée|route|calle|avenida|avda|plaza|paseo|camino|carrera|via|viale|piazza|"
    "corso|vicolo|rua|travessa|praça|ulica|ul|улица|ул|проспект|пр|strada|bulevardul|jalan|jl|οδός|πλατεία|c/"
)
_JOINED = (
    "straße|strasse|str|gasse|weg|platz|allee|ring|damm|ufer|straat|laan|plein|gracht|kade|dreef|steenweg|gata|gatan|"
    "vägen|vej|gade|veien|vegen|katu|tie|gürtel|utca|útja|tér|körút"
)


def _bytes(words: str) -> bytes:
    return words.encode()


_LETTER = rb"[a-z\x80-\xf4]"
ENGLISH_TRIGGER = (
    rb"\b[0-9]{1,5}[a-z]?,? (?:(?:" + _LETTER + rb"|[0-9]){1,20}[.']? ?){1,4}\b(?:" + _bytes(_ENGLISH) + rb")\b"
)
FRONTED_TRIGGER = (
    rb"\b[0-9]{1,4}(?: ?(?:bis|ter|[a-d]))?,? (?:"
    + _bytes("rue|avenue|boulevard|chemin|impasse|quai|allée|route")
    + rb") "
    rb"|(?:"
    + _bytes(_FRONTED)
    + rb")\.? (?:"
    + _LETTER
    + rb"{1,20}[.'\- ]{1,2}){1,5},? ?(?:n[o\xc2\xb0.\xba]{0,3} ?)?[0-9]"
)
JOINED_TRIGGER = _LETTER + rb"{2}[ \-]?(?:" + _bytes(_JOINED) + rb")\.? [0-9]"
BOX_TRIGGER = rb"\b(?:p\.? ?o\.? ?box|postfach|apartado|bo\xc3\xaete postale|bp) [0-9]"
_CAPITAL = r"(?:[^\W\d_][\w'’-]*\.?)"
_UNIT = r"(?:,? (?:apt|apartment|suite|ste|unit|flat|floor|fl|room|rm|#|no)\.? ?#?[0-9]{1,5}[a-z]?\b)?"
_PLACES: tuple[re.Pattern[str], ...] = (
    re.compile(
        rf"(?<![\w.,/-])(?<![0-9] )[0-9]{{1,5}}[a-z]?,? (?:[0-9]{{1,5}} )?(?:[nsew]\.? )?"
        rf"(?:(?:{_CAPITAL}|[0-9]{{1,3}}(?:st|nd|rd|th)) ){{1,4}}(?:{_ENGLISH})\b\.?(?! of\b){_UNIT}",
        re.IGNORECASE,
    ),
    re.compile(
        rf"(?<![\w.,/-])[0-9]{{1,4}}(?: ?(?:bis|ter|[a-d]))?,? (?:rue|avenue|boulevard|chemin|impasse|quai|allée|route)"
        rf"(?: (?:de|du|des|la|le|les|l'|d')){{0,2}} ?{_CAPITAL}(?: {_CAPITAL}){{0,3}}{_UNIT}",
        re.IGNORECASE,
    ),
    re.compile(
        rf"(?<!\w)(?:{_FRONTED})\.? (?:{_CAPITAL}[ -]?){{1,5}},? ?(?:n[o°.º]{{0,3}} ?)?[0-9]{{1,5}}[a-z]?\b{_UNIT}",
        re.IGNORECASE,
    ),
    re.compile(
        rf"(?<!\w)(?:{_CAPITAL}[ -]){{0,3}}[^\W\d_]{{0,30}}(?:{_JOINED})\.? [0-9]{{1,5}} ?[a-z]?\b{_UNIT}",
        re.IGNORECASE,
    ),
    re.compile(
        r"(?<!\w)(?:p\.? ?o\.? ?box|postfach|apartado|boîte postale|bp) [0-9]{1,6}\b",
        re.IGNORECASE,
    ),
)
_POSTCODE = re.compile(
    r"[\s,]{1,3}(?:[^\W\d_]+[\s,]{1,3}){0,3}[A-Z]{0,2}[ -]?[0-9]{4,5}\b|.{0,40}\b[A-Z]{1,2}[0-9]{1,2}[A-Z]? [0-9][A-Z]{2}\b"
)
_WEAK = re.compile(
    r"(?:way|close|place|row|court|drive|ring|tie|str|via|bp|route|trail|circle|parade)\b", re.IGNORECASE
)
REACH = 96


def _street(which: int, text: str, at: int, found: list[Span]) -> int:
    for match in _PLACES[which].finditer(text, max(0, at - REACH), min(len(text), at + REACH)):
        if match.end() < at:
            continue
        context = Context(text, match.start(), match.end())
        named = "address" in context.around
        coded = _POSTCODE.match(text, match.end()) is not None
        capital = any(char.isupper() for char in match[0])
        if named or coded or (capital and not _WEAK.search(match[0])):
            sure = 0.5 + 0.2 * named + 0.15 * coded + 0.1 * capital
            found.append(Span(ADDRESS, *match.span(), sure))
        return match.end()
    return at


def english(text: str, at: int, found: list[Span]) -> int:
    return _street(0, text, at, found)


def fronted(text: str, at: int, found: list[Span]) -> int:
    before = len(found)
    end = _street(1, text, at, found)
    return end if len(found) > before else _street(2, text, at, found)


def joined(text: str, at: int, found: list[Span]) -> int:
    return _street(3, text, at, found)


def box(text: str, at: int, found: list[Span]) -> int:
    return _street(4, text, at, found)
