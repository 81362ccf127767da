"""The demo's annotators: three people label Banking77 questions, confuse what is near, and one of them drifts."""

import csv
import datetime as dt
import io
import random
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile

from apps.core import jobs
from apps.datasets import actions as datasets
from apps.datasets.models import Dataset, DatasetVersion
from config.demo import material

ANNOTATORS = ("Amira Haddad", "Jonas Weber", "Priya Nair")
NEAR = (
    ("card_arrival", "card_delivery_estimate", 0.22),
    ("transfer_not_received_by_recipient", "transfer_timing", 0.16),
    ("pending_card_payment", "card_payment_not_recognised", 0.08),
    ("Refund_not_showing_up", "request_refund", 0.12),
    ("top_up_failed", "pending_top_up", 0.10),
    ("lost_or_stolen_card", "compromised_card", 0.06),
)
ASTRAY = ("card_arrival", "transfer_timing", "request_refund", "pending_top_up")
EACH = 22
BETTER = 0.45
WISH = "Label what the customer wants done, not the words they use."
ONE_INTENT = "Give one intent a question. When two fit, take the one that must be dealt with first."
STOLEN = ("My card was stolen and somebody paid with it.", "lost_or_stolen_card", "Blocking the card comes first.")
AGAIN = ("I asked for my money back last week.", "request_refund", "It repeats a request; nothing was granted.")
GUIDELINES = (
    (
        "First version",
        (
            WISH,
            ONE_INTENT,
            "A question about when a card comes is card_arrival.",
            "Skip a question that is not about the bank's own services.",
        ),
        (STOLEN, AGAIN),
    ),
    (
        "Tells arrival from delivery, and what is pending from what failed",
        (
            WISH,
            ONE_INTENT,
            "A card that was ordered and is late is card_arrival; how long delivery takes is card_delivery_estimate.",
            "Money that is on its way is pending; money that came back or was refused has failed.",
            "A refund that was granted and is not there is Refund_not_showing_up, one asked for is request_refund.",
        ),
        (
            STOLEN,
            AGAIN,
            ("Do you deliver cards abroad?", "card_delivery_estimate", "Nothing was ordered, so nothing is late."),
            (
                "I sent rent on Friday and my landlord has nothing.",
                "transfer_not_received_by_recipient",
                "It names a transfer that should be there; transfer_timing asks in general.",
            ),
            (
                "Somebody used my details online, I have the card.",
                "compromised_card",
                "The card is not lost, its number is.",
            ),
        ),
    ),
)


def tell(story: Any, dataset: Dataset, version: DatasetVersion) -> None:
    """Write two versions of the guideline and the start of a third, and label a part of the questions."""
    for note, rules, examples in GUIDELINES:
        with story.later(hours=3):
            draft = datasets.draft_guideline(
                dataset,
                by=story.who("sanne"),
                note=note,
                rules=rules,
                examples=[{"text": text, "label": label, "why": why} for text, label, why in examples],
            )
        with story.later(hours=5):
            datasets.publish_guideline(draft.pk, by=story.who("ravi"), revision=draft.revision)
    with story.later(hours=1):
        datasets.draft_guideline(
            dataset,
            by=story.who("sanne"),
            note="Takes the open questions of the last round",
            rules=[*GUIDELINES[1][1], "A card that was never received is card_arrival, not lost."],
        )
    with story.later(hours=2):
        data = table(story.moment - dt.timedelta(weeks=3))
        file = SimpleUploadedFile("banking77-three-annotators.csv", b"")
        file.file, file.size = io.BytesIO(data), len(data)
        upload = datasets.take_file(dataset, file, by=story.who("teodora"))
        note = f"{2 * EACH * len(NEAR)} questions whose intents are near each other"
        datasets.add_annotations(version, upload.pk, by=story.who("teodora"), note=note)
    with story.later(minutes=1):
        jobs.run_waiting()


def table(first_day: dt.datetime) -> bytes:
    """Return who labelled which question how and when, over three weeks; guideline 2 applies from the middle on."""
    chance = random.Random(77)
    found = [(text, label, other, odds) for one in NEAR for text, label, other, odds in _questions(*one)]
    chance.shuffle(found)
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(("item", "annotator", "label", "time", "guideline"))
    for at, (text, truth, other, odds) in enumerate(found):
        late = at >= len(found) // 2
        for place, who in enumerate(ANNOTATORS):
            drifts = who == ANNOTATORS[2] and late
            slips = odds * (BETTER if late else 1) + (0.48 * at / len(found) if drifts else 0)
            label = truth
            if chance.random() < slips:
                label = other if chance.random() < 0.8 else chance.choice(ASTRAY)
            moment = first_day + dt.timedelta(minutes=80 * at + 7 * place + chance.randrange(5))
            writer.writerow((text, who, label, moment.strftime("%Y-%m-%dT%H:%M:%SZ"), 2 if late else 1))
    return buffer.getvalue().encode()


def _questions(one: str, other: str, odds: float) -> list[tuple[str, str, str, float]]:
    rows = list(csv.DictReader(io.StringIO(material.published("train.csv").decode())))
    first = [row["text"].strip() for row in rows if row["category"] == one][:EACH]
    second = [row["text"].strip() for row in rows if row["category"] == other][:EACH]
    return [(text, one, other, odds) for text in first] + [(text, other, one, odds) for text in second]
