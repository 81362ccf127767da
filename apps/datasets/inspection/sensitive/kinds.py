"""The kinds of personal data and secrets that a scan tells apart, and what a find is."""

from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal, NamedTuple, Protocol

Group = Literal["contact", "identity", "financial", "network", "secret"]
LIKELY = 0.6


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind: a stable key, a title for people, the marker that stands for a masked value, and its group."""

    key: str
    title: str
    marker: str
    group: Group


KINDS: tuple[Kind, ...] = (
    Kind("email", "E-mail address", "[e-mail]", "contact"),
    Kind("phone", "Phone number", "[phone]", "contact"),
    Kind("iban", "IBAN", "[IBAN]", "financial"),
    Kind("card_number", "Payment card number", "[card number]", "financial"),
    Kind("us_ssn", "US social security number", "[US SSN]", "identity"),
    Kind("national_id", "National identity number", "[national id]", "identity"),
    Kind("ip_address", "IP address", "[IP address]", "network"),
    Kind("mac_address", "MAC address", "[MAC address]", "network"),
    Kind("date_of_birth", "Date of birth", "[date of birth]", "identity"),
    Kind("street_address", "Street address", "[street address]", "contact"),
    Kind("url_credentials", "URL with credentials", "[URL with credentials]", "secret"),
    Kind("api_key", "API key or token", "[API key]", "secret"),
    Kind("password", "Password", "[password]", "secret"),
    Kind("private_key", "Private key", "[private key]", "secret"),
    Kind("person_name", "Person's name", "[name]", "identity"),
)
INDEX: dict[str, int] = {kind.key: index for index, kind in enumerate(KINDS)}


class Span(NamedTuple):
    """A find in one text: index into ``KINDS``, character offsets (end is exclusive), confidence from 0 to 1."""

    kind: int
    start: int
    end: int
    confidence: float


@dataclass(frozen=True, slots=True)
class Finding:
    """A find in one text by the key of its kind; offsets are characters, ``end`` is exclusive."""

    kind: str
    start: int
    end: int
    confidence: float


class Plugin(Protocol):
    """An optional recogniser, for instance of persons' names: the keys it may yield, and its reading of one text.

    A text's finds depend on that text alone. Where it has a ``version``, results name it: another one asks anew.
    """

    kinds: tuple[str, ...]

    def find(self, text: str) -> Iterable[Finding]: ...


def best(spans: list[Span]) -> list[Span]:
    """Return the spans that do not overlap, in order of place: the surer and the longer win, then the earlier kind."""
    if len(spans) < 2:
        return spans
    by_place = sorted(set(spans), key=lambda span: (span.start, span.end))
    if all(left.end <= right.start for left, right in pairwise(by_place)):
        return by_place
    return _without_overlaps(sorted(by_place, key=_rank))


def _rank(span: Span) -> tuple[float, int, int]:
    """Order by confidence, to which each character adds a hundredth: a number of 16 digits beats its first 12."""
    return -span.confidence - min(span.end - span.start, 60) / 100, span.kind, span.start


def _without_overlaps(ranked: list[Span]) -> list[Span]:
    kept: list[Span] = []
    starts: list[int] = []
    for span in ranked:
        at = bisect_left(starts, span.start)
        if at < len(starts) and kept[at].start < span.end:
            continue
        if at and kept[at - 1].end > span.start:
            continue
        starts.insert(at, span.start)
        kept.insert(at, span)
    return kept
