"""Personal data: rates beside Presidio's pattern recognisers and bare hyperscan, and precision and recall by kind.

Presidio is in the optional group ``bench`` (requirements/bench.txt). Without it the rest is measured, and it is said.
"""

import logging
import random
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import hyperscan
import pyarrow as pa

from bench.harness import Figure, benchmark, seconds
from bench.personal_texts import Labelled, texts

ROWS = 200_000
BATCH = 16_384
LABELLED = 3_000
PRESIDIO_ROWS = 1_500
WITH_SOMETHING = 20
MAILBOX = """
    the customer asked about a refund for her last parcel and why nobody wrote back when it should have arrived in
    march please check what happened with delivery thanks for your patience we are looking into it now
"""
WORDS = tuple(MAILBOX.split())
COMPARED = ("email", "phone", "iban", "card_number", "us_ssn", "ip_address", "mac_address")
MISSING = "presidio-analyzer is not installed: install requirements/bench.txt to compare"
SEPARATOR = b"\xff"
Found = list[tuple[str, int, int]]
Find = Callable[[str], Found]

BARE = (
    rb"\b[a-z0-9._%+\-]+@[a-z0-9.\-]+\.[a-z]{2,24}\b",
    rb"\b(?:\+?[0-9]{1,3}[ .\-]?)?\(?[0-9]{2,4}\)?[ .\-][0-9]{3,4}[ .\-]?[0-9]{3,4}\b",
    rb"\b[a-z]{2}[0-9]{2}(?: ?[a-z0-9]{4}){2,7}(?: ?[a-z0-9]{1,3})?\b",
    rb"\b[0-9]{4}[ \-]?[0-9]{4}[ \-]?[0-9]{4}[ \-]?[0-9]{1,7}\b",
    rb"\b[0-9]{3}-[0-9]{2}-[0-9]{4}\b",
    rb"\b(?:[0-9]{1,3}\.){3}[0-9]{1,3}\b",
    rb"\b(?:[0-9a-f]{1,4}:){7}[0-9a-f]{1,4}\b",
    rb"\b(?:[0-9a-f]{2}[:\-]){5}[0-9a-f]{2}\b",
    rb"\b(?:19|20)[0-9]{2}-[01][0-9]-[0-3][0-9]\b|\b[0-3]?[0-9][./][0-3]?[0-9][./](?:19|20)[0-9]{2}\b",
    rb"\b[0-9]{8}[a-z]\b",
    rb"[a-z]{3,10}://[^\s:@/]+:[^\s@/]+@[a-z0-9.\-]+\b",
    rb"\b(?:AKIA[0-9A-Z]{16}|ghp_[A-Za-z0-9]{36}|sk-[A-Za-z0-9\-]{20})\b",
)


def ordinary(rows: int) -> list[str]:
    """Return rows of a support mailbox: sentences of 30 words, one in twenty with a sentence that may hold values."""
    dice = random.Random(5)
    labelled = texts(2_000, seed=99)
    return [
        " ".join(dice.choices(WORDS, k=30)) + (f" {dice.choice(labelled).text}" if number % WITH_SOMETHING == 0 else "")
        for number in range(rows)
    ]


def _batches(rows: list[str]) -> list[pa.Array]:
    return [pa.array(rows[at : at + BATCH], pa.string()) for at in range(0, len(rows), BATCH)]


def _presidio() -> Find | None:
    """Return Presidio's pattern recognisers for the twelve kinds, each asked in turn; None when it is missing."""
    try:
        from presidio_analyzer import predefined_recognizers as presidio
    except ImportError:
        return None
    for noisy in ("presidio-analyzer", "tldextract"):
        logging.getLogger(noisy).setLevel(logging.CRITICAL)
    kinds = {
        "EmailRecognizer": "email",
        "PhoneRecognizer": "phone",
        "IbanRecognizer": "iban",
        "CreditCardRecognizer": "card_number",
        "UsSsnRecognizer": "us_ssn",
        "IpRecognizer": "ip_address",
        "MacAddressRecognizer": "mac_address",
        "DateRecognizer": "date",
        "EsNifRecognizer": "national_id",
        "ItFiscalCodeRecognizer": "national_id",
        "UrlRecognizer": "url",
        "CryptoRecognizer": "crypto",
    }
    asked = [(getattr(presidio, name)(), kind) for name, kind in kinds.items()]

    def find(text: str) -> Found:
        return [
            (kind, found.start, found.end)
            for recogniser, kind in asked
            for found in recogniser.analyze(text, recogniser.supported_entities, None) or []
            if found.score >= 0.3
        ]

    return find


def _ours(text: str) -> Found:
    from apps.datasets.inspection.sensitive import find

    return [(found.kind, found.start, found.end) for found in find(text)]


def _bare() -> Any:
    database = hyperscan.Database(mode=hyperscan.HS_MODE_BLOCK)
    flags = hyperscan.HS_FLAG_CASELESS | hyperscan.HS_FLAG_SOM_LEFTMOST
    database.compile(BARE, list(range(len(BARE))), len(BARE), [flags] * len(BARE))
    return database


def _match_rows(database: Any, rows: list[str]) -> int:
    """Match each row's bytes, as hyperscan is ordinarily called; validate nothing."""
    found: list[tuple[int, int, int]] = []

    def matched(kind: int, start: int, end: int, _flags: int, _context: Any) -> None:
        found.append((kind, start, end))

    for row in rows:
        database.scan(row.encode(), match_event_handler=matched)
    return len(found)


def _match_batches(database: Any, batches: list[bytes]) -> int:
    found: list[tuple[int, int, int]] = []

    def matched(kind: int, start: int, end: int, _flags: int, _context: Any) -> None:
        found.append((kind, start, end))

    for batch in batches:
        database.scan(batch, match_event_handler=matched)
    return len(found)


def scored(labelled: Iterable[Labelled], find: Find) -> dict[str, tuple[int, int, int]]:
    """Return by kind how many values were found, were found where none is, and were missed; overlap counts as found."""
    found, wrong, missed = Counter[str](), Counter[str](), Counter[str]()
    for one in labelled:
        got = find(one.text)
        for kind, start, end in one.spans:
            hit = any(kind == also and start < until and begin < end for also, begin, until in got)
            (found if hit else missed)[kind] += 1
        for kind, begin, until in got:
            if not any(start < until and begin < end for _kind, start, end in one.spans):
                wrong[kind] += 1
    return {kind: (found[kind], wrong[kind], missed[kind]) for kind in sorted({*found, *wrong, *missed})}


def _rates(counts: tuple[int, int, int]) -> tuple[float, float, float]:
    found, wrong, missed = counts
    precision = found / (found + wrong) if found + wrong else 0.0
    recall = found / (found + missed) if found + missed else 0.0
    return precision, recall, 2 * precision * recall / (precision + recall) if precision + recall else 0.0


def _print_table(ours: dict[str, tuple[int, int, int]], theirs: dict[str, tuple[int, int, int]]) -> None:
    print(
        f"{'':<14}{'kind':<18}{'values':>7}{'precision':>11}{'recall':>8}{'F1':>8}   Presidio's precision, recall, F1"
    )
    for kind, counts in ours.items():
        precision, recall, harmonic = _rates(counts)
        beside = "".join(f"{rate:>8.3f}" for rate in _rates(theirs[kind])) if kind in theirs else "      none"
        print(
            f"{'':<14}{kind:<18}{counts[0] + counts[2]:>7}{precision:>11.3f}{recall:>8.3f}{harmonic:>8.3f}   {beside}",
            flush=True,
        )


@benchmark("sensitive")
def sensitive(scale: float) -> Iterator[Figure]:
    from apps.datasets.inspection.sensitive import Scanner, scanning

    rows = ordinary(max(int(ROWS * scale), BATCH))
    batches = _batches(rows)
    scanner = Scanner()
    scanner.scan(batches[0])
    ours = len(rows) / seconds(lambda: [scanner.scan(batch) for batch in batches])
    database = _bare()
    bare = len(rows) / seconds(lambda: _match_rows(database, rows))
    joined = [SEPARATOR.join(text.encode() for text in rows[at : at + BATCH]) for at in range(0, len(rows), BATCH)]
    once = len(rows) / seconds(lambda: _match_batches(database, joined))
    presidio = _presidio()
    yield Figure(
        "scan with validators / bare hyperscan, row by row",
        "hyperscan's bare matching",
        ours,
        bare,
        "rows/s",
        "at least",
        goal=0.4,
    )
    yield Figure(
        "scan with validators / bare hyperscan, a call a batch",
        "the same, one call a batch",
        ours,
        once,
        "rows/s",
        "at least",
        goal=0.4,
    )
    runs = [SEPARATOR + batch for batch in joined]
    own = len(rows) / seconds(lambda: _match_batches(scanning.database(), runs))
    yield Figure("scan with validators / its own triggers alone", "its own triggers", ours, own, "rows/s", "at least")
    if presidio:
        few = rows[:PRESIDIO_ROWS]
        theirs = len(few) / seconds(lambda: [presidio(row) for row in few])
        yield Figure(
            "scan with validators / Presidio", "Presidio's recognisers", ours, theirs, "rows/s", "at least", goal=100
        )
    else:
        yield Figure("scan with validators / Presidio: not installed", "Presidio", ours, 0, "rows/s", note=MISSING)
    yield from _beside(presidio)


def _beside(presidio: Find | None) -> Iterator[Figure]:
    labelled = texts(LABELLED)
    dense = [one.text for one in labelled]
    from apps.datasets.inspection.sensitive import Scanner

    scanner, batch = Scanner(), pa.array(dense)
    ours = len(dense) / seconds(lambda: scanner.scan(batch))
    found = scored(labelled, _ours)
    theirs: dict[str, tuple[int, int, int]] = {}
    rate = 0.0
    if presidio:
        start = time.perf_counter()
        theirs = scored(labelled[:PRESIDIO_ROWS], presidio)
        rate = PRESIDIO_ROWS / (time.perf_counter() - start)
        found = scored(labelled[:PRESIDIO_ROWS], _ours)
    _print_table(found, {kind: theirs[kind] for kind in COMPARED if kind in theirs})
    yield Figure(
        "sentences that nearly all hold values / Presidio", "Presidio's recognisers", ours, rate, "rows/s", "at least"
    )
    for kind in COMPARED if presidio else ():
        yield Figure(
            f"F1, {kind}", "Presidio's", _rates(found[kind])[2], _rates(theirs[kind])[2], "", "at least", goal=1
        )
