"""Street addresses: a street's name with its house number, in the order and words of a dozen languages."""

import re
from functools import partial

from apps.datasets.inspection.sensitive.context import Context
from apps.datasets.inspection.sensitive.kinds import INDEX, Span

ADDRESS = INDEX["street_address"]
REACH = 96
_NUMBERED = (
    "street|st|road|rd|avenue|ave|lane|ln|drive|dr|boulevard|blvd|court|ct|place|pl|square|sq|terrace|way|highway|hwy|"
    "parkway|pkwy|crescent|cres|close|grove|circle|cir|trail|row|alley|mews|esplanade|parade"
)
_SHORT = r"(?:st|rd|ave|ln|dr|blvd|ct|pl|sq|hwy|pkwy|cres|cir)"
_FRENCH = "rue|avenue|boulevard|chemin|impasse|quai|allée|route"
_FRONTED = (
    "rue|avenue|boulevard|chemin|impasse|quai|allée|route|calle|avenida|avda|plaza|paseo|camino|carrera|via|viale|"
    "piazza|corso|vicolo|rua|travessa|praça|ulica|ul|улица|ул|проспект|пр|strada|bulevardul|jalan|jl|οδός|πλατεία|c/"
)
_JOINED = (
    "straße|strasse|str|gasse|weg|platz|allee|ring|damm|ufer|straat|laan|plein|gracht|kade|dreef|steenweg|singel|pad|"
    "hof|boulevard|gata|gatan|vägen|vej|gade|veien|vegen|katu|tie|gürtel|utca|útja|tér|körút"
)
_LIVES = (
    r"(?:live[sd]?|living|reside[sd]?) (?:at|in|on)|address(?: is| to|:)(?: it is)?|(?:ship|deliver|send)(?: it)? to|"
    r"located (?:at|on)|(?:adresse|anschrift|indirizzo|adres)(?: ist|:| è| is)|wohnt in|wohnhaft|moved to|return to"
)
_BOX = r"(?:p\.? ?o\.? ?box|postfach|apartado|boîte postale|bp)"
_LETTER = rb"[a-z\x80-\xf4]"
_NO_NAME = (
    r"(?!(?:than|if|the|per|each|every|my|his|her|its|their|our|your|a|an|and|or|to|on|in|is|are|was|for|with|many|more|"
    r"how|from|at|that|this|of|feet|inch(?:es)?|miles?|km|meters?|hours?|minutes?|days?|years?|percent|people)\b)"
)
_WORD = rf"(?:{_NO_NAME}(?:(?:st|mt|ft|dr|[^\W\d_])\.|[^\W\d_][\w'’-]*))"
_NAME = r"(?:(?!(?:apt|apartment|suite|ste|unit|flat|studio|floor|room)\b)(?-i:[A-ZÀ-ÞΑ-ΩА-Я])[\w'’-]*\.?)"
_HOUSE = r"[0-9]{1,5}(?:[/-][0-9]{1,4})?(?: ?[a-z])?(?!\w)"
_UNIT = r"(?:,? (?:apt|apartment|suite|ste|unit|flat|floor|fl|room|rm|#|no)\.? ?#?[0-9]{1,5}[a-z]?\b)?"
_FLAT = r"(?:(?:flat|studio|apt\.?|unit) [0-9]{1,4}[a-z]?,? )?"


def _pattern(text: str) -> re.Pattern[str]:
    return re.compile(text, re.IGNORECASE)


_ENGLISH = _pattern(
    rf"(?<![\w.,/-])(?<![0-9] ){_FLAT}[0-9]{{1,5}}[a-z]?,? (?:[0-9]{{1,5}} )?(?:[nsew]\.? )?"
    rf"(?:(?:{_WORD}|[0-9]{{1,3}}(?:st|nd|rd|th)) ){{1,4}}(?:{_SHORT}\.|(?:{_NUMBERED})\b)(?! of\b){_UNIT}"
)
_ROMANCE = _pattern(
    rf"(?<![\w.,/-])[0-9]{{1,4}}(?: ?(?:bis|ter|[a-d]))?,? (?:{_FRENCH})"
    rf"(?: (?:de|du|des|la|le|les|l'|d')){{0,2}} ?{_WORD}(?: {_NAME}){{0,3}}{_UNIT}"
    rf"|(?<!\w)(?:(?:ul|ул|пр|jl|avda)\.|{_FRONTED}) (?:{_WORD}[ -]?){{1,5}}"
    rf",? ?(?:n[o°.º]{{0,3}} ?)?[0-9]{{1,5}}[a-z]?\b{_UNIT}"
)
_GERMANIC = _pattern(
    rf"(?<!\w)(?:{_NAME}[ -]){{0,3}}(?:[^\W\d_]{{1,30}}-){{0,3}}[^\W\d_]{{0,30}}(?:{_JOINED})\.? {_HOUSE}{_UNIT}"
)
_POSTAL_BOX = _pattern(rf"(?<!\w){_BOX} [0-9]{{1,6}}\b")
_TOLD = _pattern(
    rf"\W{{0,3}}(?P<place>(?:flat|studio) [0-9]{{1,4}}[a-z]?,(?: {_NAME}){{1,3}}"
    rf"|{_FLAT}[0-9]{{1,5}}[a-z]?,? {_NAME}(?: {_NAME}){{0,3}}(?: {_HOUSE})?{_UNIT}"
    rf"|{_FLAT}(?:{_NAME}[ -]){{0,3}}{_NAME} {_HOUSE}{_UNIT})"
)
_POSTCODE = re.compile(
    r"[\s,]{1,3}(?:[^\W\d_]+[\s,]{1,3}){0,3}[A-Z]{0,2}[ -]?[0-9]{4,5}\b"
    r"|.{0,40}\b[A-Z]{1,2}[0-9]{1,2}[A-Z]? [0-9][A-Z]{2}\b"
)
_WEAK = _pattern(
    r"(?:way|close|place|row|court|drive|ring|tie|str|via|bp|route|trail|circle|parade|square|pad|hof|\bper|in|at)\b"
)


def _street(pattern: re.Pattern[str], text: str, at: int, found: list[Span]) -> int:
    for match in pattern.finditer(text, max(0, at - REACH), min(len(text), at + REACH)):
        if match.end() < at:
            continue
        named = "address" in Context(text, *match.span()).around
        coded = _POSTCODE.match(text, match.end()) is not None
        capital = any(char.isupper() for char in match[0])
        weak = _WEAK.search(match[0]) is not None
        if (capital and not weak) or ((named or coded) and (capital or not weak)):
            found.append(Span(ADDRESS, *match.span(), 0.5 + 0.2 * named + 0.15 * coded + 0.1 * capital))
        return match.end()
    return at


def _told(text: str, at: int, found: list[Span]) -> int:
    """Read what follows words such as “lives at”: a house number and a name need no word for a street there."""
    match = _TOLD.match(text, at, min(len(text), at + REACH))
    if match is None:
        return at
    found.append(Span(ADDRESS, *match.span("place"), 0.6))
    return match.end()


TRIGGERS = (
    (
        rb"\b[0-9]{1,5}[a-z]?,? (?:(?:" + _LETTER + rb"|[0-9]){1,20}[.']? ?){1,4}\b(?:" + _NUMBERED.encode() + rb")\b",
        partial(_street, _ENGLISH),
    ),
    (
        rb"\b[0-9]{1,4}(?: ?(?:bis|ter|[a-d]))?,? (?:" + _FRENCH.encode() + rb") " + _LETTER + rb"|(?:"
        rb"\b(?:" + _FRONTED.encode() + rb"))\.? (?:" + _LETTER + rb"{1,20}[.'\- ]{1,2}){1,5}"
        rb",? ?(?:n[o\xc2\xb0.\xba]{0,3} ?)?[0-9]",
        partial(_street, _ROMANCE),
    ),
    (_LETTER + rb"{2}[ \-]?(?:" + _JOINED.encode() + rb")\.? [0-9]", partial(_street, _GERMANIC)),
    (rb"\b" + _BOX.encode() + rb" [0-9]", partial(_street, _POSTAL_BOX)),
    (rb"\b(?:" + _LIVES.encode() + rb") ?", _told),
)
