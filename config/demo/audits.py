"""Sample audits and a second version, told after the rest: what was judged, where two differed, what followed."""

import csv
import io
from typing import Any

from apps.core import jobs
from apps.datasets import actions as datasets
from apps.datasets import auditing
from apps.datasets.models import Dataset, DatasetVersion, SampleAudit
from config.demo import material

SECOND = {"card_arrival": "card_delivery_estimate", "pending_transfer": "transfer_timing"}
DUPLICATED, WRONG, UNCLEAR = 41, 29, 53
NOTES = {
    "wrong_label": "The customer asks when it comes, not where it is.",
    "duplicate": "Nearly the same words stand two rows on.",
    "unreadable": "Half a sentence; no intent can be read from it.",
}


def tell(story: Any) -> None:
    published = DatasetVersion.objects.get(dataset__name__startswith="Customer questions", number=1)
    _close(story, published)
    cards = DatasetVersion.objects.get(dataset__name="Card questions", number=1)
    _begin(story, cards)
    _second_version(story, published.dataset)


def _draw(story: Any, version: DatasetVersion, margin: float, *reviewers: str, each: int = 1) -> SampleAudit:
    with story.later(hours=2):
        audit = datasets.draw_sample(
            version,
            by=story.who("sanne"),
            reviewers=[story.who(key) for key in reviewers],
            confidence_percent=95,
            margin_percent=margin,
            reviewers_per_row=each,
        )
    with story.later(minutes=1):
        jobs.run_waiting()
    audit.refresh_from_db()
    return audit


def _said(position: int, reviewer: int) -> tuple[str, str]:
    """Return verdict and defect of the told reviewers: mostly good, some defects, a few on which they differ."""
    if position % WRONG == 7:
        return "defective", "wrong_label"
    if position % DUPLICATED == 5:
        return "defective", "duplicate"
    if position % UNCLEAR == 11:
        return ("unsure", "") if reviewer else ("defective", "unreadable")
    return "good", ""


def _judge(story: Any, audit: SampleAudit, position: int, key: str, number: int, at_second: float) -> None:
    verdict, defect = _said(position, number)
    with story.later(seconds=at_second):
        datasets.judge(audit, position, by=story.who(key), verdict=verdict, defect=defect, note=NOTES.get(defect, ""))


def _close(story: Any, version: DatasetVersion) -> None:
    """Audit the published version with two reviewers a row, decide where they differ, and close it."""
    audit = _draw(story, version, 7.0, "bruno", "kofi", each=2)
    for number, key in enumerate(("bruno", "kofi")):
        for row in audit.rows.all():
            _judge(story, audit, row.position, key, number, 2)
    rows = auditing.with_outcomes(audit.rows.all())
    for row in rows.filter(outcome=auditing.DISPUTED).order_by("position"):
        with story.later(minutes=1):
            datasets.adjudicate(
                audit,
                row.position,
                by=story.who("sanne"),
                verdict="defective",
                defect="unreadable",
                note="The guideline leaves such fragments out.",
            )
    with story.later(hours=1):
        datasets.close_audit(
            audit,
            by=story.who("sanne"),
            conclusion="Good enough to tune on. Delivery questions are labelled again before version 2; the fragments"
            " go out.",
        )


def find_sound(story: Any, version: DatasetVersion, *reviewers: str) -> None:
    """Audit a version before its start gate, and find nothing wrong with it."""
    audit = _draw(story, version, 7.0, *reviewers)
    for row in audit.rows.all():
        with story.later(seconds=4):
            datasets.judge(audit, row.position, by=story.who(reviewers[0]), verdict="good")
    with story.later(hours=1):
        datasets.close_audit(audit, by=story.who("sanne"), conclusion="Nothing was wrong; fit to tune on.")


def _begin(story: Any, version: DatasetVersion) -> None:
    """Leave an audit under way, with rows that wait for its reviewers."""
    audit = _draw(story, version, 7.0, "ravi", "bruno")
    for row in audit.rows.all()[:38]:
        _judge(story, audit, row.position, "ravi", 1, 4)


def _second_version(story: Any, dataset: Dataset) -> None:
    """Register what the audit asked for: other labels, fragments gone, some questions new, a few moved."""
    files = {name: _mended(material.published(f"{name}.csv"), name) for name in ("train", "test")}
    story._version(
        dataset,
        "teodora",
        files,
        note="Delivery questions labelled again, fragments left out",
        fewer_splits_reason="The publisher made two splits; validation is cut from train when a run starts.",
    )
    with story.later(minutes=1):
        jobs.run_waiting()


def _mended(data: bytes, split: str) -> bytes:
    rows = list(csv.DictReader(io.StringIO(data.decode())))
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(("text", "category"))
    for number, row in enumerate(rows):
        text, label = row["text"], row["category"]
        if len(text.split()) < 4:
            continue
        asks_when = any(word in text.casefold() for word in ("when", "how long"))
        writer.writerow((" ".join(text.split()), SECOND.get(label, label) if asks_when else label))
        if split == "train" and number % 400 == 0:
            writer.writerow((f"{text} I asked this last week as well.", label))
    return buffer.getvalue().encode()
