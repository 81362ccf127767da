"""Who holds the demo's rows: copies with their days, links that were followed, looks at rows, files that went."""

import datetime as dt
from typing import Any

from apps.core import clock
from apps.datasets import actions
from apps.datasets.models import Copy, DatasetVersion, Source

DAY = dt.timedelta(days=1)
WHOLE, DESK = "Customer questions (Banking77)", "Identity questions"
COPIES = (
    ("training", "s3://service-training/banking77/v1/", "teodora", "Run 12, baseline of the classifier", 24, 66),
    ("training", "gpu-2:/scratch/run-14", "teodora", "Run 14, longer context", 9, 21),
    ("backup", "Nightly backup, set 7", "ravi", "Restoring the bucket above", 23, 4),
    ("derived", "Vector store support-v1, embeddings of every question", "sanne", "Search over examples", 20, -3),
    ("working", "Notebook server, home of Ravi", "ravi", "Looking at confusions between card intents", 18, 12),
    ("working", "Laptop of Sanne", "sanne", "Reading the guideline against examples", 16, 0),
)
PROOFS = (
    (
        "Notebook server, home of Ravi",
        "ravi",
        "removed",
        "rm -rf ~/banking77: 2 files; `find / -name '*banking77*'` empty.",
    ),
)


def _version(dataset: str, number: int) -> DatasetVersion:
    rows = DatasetVersion.objects.select_related("dataset__use_case__team")
    return rows.get(dataset__name=dataset, number=number)


def tell(story: Any) -> None:
    """Register, extend and end copies, make links, look at rows, and delete the files of a superseded version."""
    version = _version(WHOLE, 1)
    _looked(story, version)
    _copies(story, version)
    _links(story, version)
    _terms(story)
    with story.later(hours=2):
        old = _version(DESK, 1)
        reason = "Superseded by version 2, which no gate of version 1 was ever approved for."
        actions.erase_files(old, by=story.who("ravi"), confirm=str(old), reason=reason)


def _looked(story: Any, version: DatasetVersion) -> None:
    for person in ("bruno", "kofi", "sanne"):
        with story.later(minutes=25):
            actions.view_samples(version, by=story.who(person))
    with story.later(minutes=5):
        reason = "Three rows are masked as numbers: are they amounts, or account numbers?"
        actions.unmask_samples(version, by=story.who("kofi"), reason=reason)


def _copies(story: Any, version: DatasetVersion) -> None:
    today = dt.datetime.now(dt.UTC).date()
    for kind, place, owner, purpose, age, left in COPIES:
        with story.later(minutes=12):
            actions.register_copy(
                version,
                kind,
                place,
                story.who(owner),
                purpose,
                by=story.who("teodora"),
                made_on=min(today - age * DAY, clock.today()),
                keep_until=today + left * DAY,
            )
    for place, owner, method, proof in PROOFS:
        with story.later(minutes=40):
            actions.record_deletion(Copy.objects.get(place=place), method, by=story.who(owner), proof=proof)
    with story.later(minutes=30):
        backup = Copy.objects.get(place__startswith="Nightly backup")
        actions.extend_copy(
            backup,
            today + 11 * DAY,
            by=story.who("kofi"),
            reason="The audit of the classifier wants to restore run 12.",
        )


def share(story: Any) -> None:
    """Make the link that is still open: told last, for no link lives longer than a week."""
    version = _version(WHOLE, 1)
    with story.later(minutes=4):
        actions.create_export(
            version,
            "jsonl",
            by=story.who("teodora"),
            reason="Run 15 on the cluster",
            delete_by=dt.datetime.now(dt.UTC).date() + 45 * DAY,
            hours=168,
            most_downloads=5,
        )


def _links(story: Any, version: DatasetVersion) -> None:
    today = dt.datetime.now(dt.UTC).date()
    with story.later(minutes=20):
        mine = actions.create_export(
            version,
            "csv",
            by=story.who("sanne"),
            reason="To read two hundred questions beside the guideline",
            file=version.files.get(split="test"),
            delete_by=today + 20 * DAY,
        )
    with story.later(minutes=3):
        actions.download_export(mine, by=story.who("sanne"))
    with story.later(minutes=50):
        shared = actions.create_export(
            version,
            "jsonl",
            by=story.who("teodora"),
            reason="For the agency that writes paraphrases",
            delete_by=today + 30 * DAY,
            is_for_anyone=True,
            hours=48,
        )
    with story.later(minutes=9):
        actions.download_export(shared, by=None)
    with story.later(minutes=30):
        actions.revoke_export(shared, by=story.who("ines"), reason="The agency has its own account now.")


def _terms(story: Any) -> None:
    for name, person, days in (("Dispute inbox", "oskar", 365), ("Help desk export", "hana", 180)):
        with story.later(minutes=30):
            source = Source.objects.get(name=name)
            actions.edit_source(source.pk, by=story.who(person), revision=None, retention_days=days)
