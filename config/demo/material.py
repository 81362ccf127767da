"""The demo's files: Banking77 as published, and cleaned parts of it; documents that a team would write."""

import csv
import io
from functools import cache
from pathlib import Path

from apps.datasets.inspection import normalise

FOLDER = Path(__file__).parent / "data" / "banking77"
CARDS = ("card_arrival", "card_not_working", "card_swallowed", "lost_or_stolen_card", "activate_my_card")
DISPUTES = ("card_payment_not_recognised", "transaction_charged_twice", "direct_debit_payment_not_recognised")
REFUNDS = ("request_refund", "reverted_card_payment?", "Refund_not_showing_up")
HELP = ("verify_my_identity", "unable_to_verify_identity", "why_verify_identity", "edit_personal_details")
DOCUMENTS = {
    "exclusions": (
        "Exclusion list",
        "Left out: conversations of minors, complaints under legal hold, anything in another language than English.",
    ),
    "retention_statement": (
        "Retention of training copies",
        "Training copies are kept for 24 months after the model is retired, backups for 35 days.",
    ),
    "sensitive_data_statement": (
        "Sensitive data in the questions",
        "Account numbers and names were removed at the source; free text was sampled for what is left.",
    ),
    "labelling_guideline": (
        "Labelling guideline",
        "One intent a question. Edge case: a lost card that was also charged counts as lost_or_stolen_card.",
    ),
}


CALLBACKS = (
    ("Please call me back on {phone} about my card", "callback"),
    ("You can reach me at {phone}, best after six", "callback"),
    ("Write to {email}, I am hard to reach by phone", "callback"),
    ("My new address is {street}, please send the letter there", "address"),
    ("I moved to {street}. My e-mail stays {email}", "address"),
    ("Refund it to {iban}, not to the card", "refund"),
    ("Two amounts were taken from {card}, I want one back", "refund"),
    ("When does the refund arrive?", "refund"),
    ("Is there a form for a new address?", "address"),
    ("Can somebody call me tomorrow?", "callback"),
)
VALUES = {
    "phone": ("+34 612 345 678", "+1 415-555-2671", "+44 20 7946 0958", "+31 6 12345678", "(020) 7946 0321"),
    "email": ("ana.ruiz@example.com", "j.okafor@example.org", "lena_m@example.net", "t.silva@example.com"),
    "street": ("12 Marlowe Street", "Lindenstraße 8", "7 Harbour Road", "44 Abbey Lane"),
    "iban": ("DE89 3704 0044 0532 0130 00", "GB29 NWBK 6016 1331 9268 19", "ES91 2100 0418 4502 0005 1332"),
    "card": ("4111 1111 1111 1111", "5500 0055 5555 5559", "4012 8888 8888 1881"),
}


def callbacks() -> dict[str, bytes]:
    """Return train, validation and test of requests in which customers left made-up contact and account data."""
    rows = []
    for number, name in enumerate(("", "Hello. ", "Good morning, ", "Second time I ask: ", "Thanks in advance. ")):
        for place, (text, category) in enumerate(CALLBACKS):
            values = {key: found[(number + place) % len(found)] for key, found in VALUES.items()}
            rows.append((name + text.format(**values), category))
    return {"train": _csv(rows[:36]), "validation": _csv(rows[36:43]), "test": _csv(rows[43:])}


def published(name: str) -> bytes:
    """Return one of the published files, byte by byte."""
    return (FOLDER / name).read_bytes()


@cache
def _rows(name: str) -> tuple[tuple[str, str], ...]:
    with (FOLDER / name).open(encoding="utf-8", newline="") as file:
        return tuple((row["text"].strip(), row["category"]) for row in csv.DictReader(file))


def _csv(rows: list[tuple[str, str]]) -> bytes:
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(("text", "category"))
    writer.writerows(rows)
    return buffer.getvalue().encode()


def cleaned(categories: tuple[str, ...] = ()) -> dict[str, bytes]:
    """Return train, validation and test of the categories (all without one), without repeats in or between them."""
    seen: set[str] = set()
    splits: dict[str, list[tuple[str, str]]] = {"train": [], "validation": [], "test": []}
    for file, targets in (("test.csv", ("test",)), ("train.csv", ("train", "validation"))):
        for number, (text, category) in enumerate(_rows(file)):
            key = normalise(text)
            if (categories and category not in categories) or key in seen:
                continue
            seen.add(key)
            splits[targets[1 if len(targets) > 1 and number % 10 == 0 else 0]].append((text, category))
    return {split: _csv(rows) for split, rows in splits.items()}
