"""The support team's model, told last: a run on approved data, one on data that is not, and what came out."""

import datetime as dt
import hashlib
import json
import struct
from decimal import Decimal
from typing import Any

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from apps.core import clock, jobs
from apps.datasets import actions as datasets
from apps.datasets.models import DatasetVersion, Guideline
from apps.evidence import actions as evidence
from apps.gates import actions as gates
from apps.registry import actions
from apps.registry.models import Model, TrainingRun
from apps.registry.refs import model_ref, run_ref
from apps.usecases.models import UseCase

BASE = "sha256:" + hashlib.sha256(b"mini-chat-0.4b").hexdigest()
RECIPE: dict[str, Any] = {
    "method": "lora",
    "rank": 16,
    "learning_rate": 0.0002,
    "epochs": 3,
    "batch_size": 32,
    "scheduler": {"name": "cosine", "warmup_percent": 5},
}
MACHINE: dict[str, Any] = {
    "hardware": "1 × L4, 24 GB",
    "image_digest": "sha256:" + hashlib.sha256(b"train-image-2026-03").hexdigest(),
    "libraries": {"python": "3.11.9", "torch": "2.7.0", "transformers": "4.51.3", "peft": "0.15.2"},
}


def tell(story: Any) -> None:
    use_case = UseCase.objects.get(name="Support assistant")
    with story.later(hours=3):
        model = actions.create_model(
            use_case,
            by=story.who("teodora"),
            name="Intent classifier",
            purpose="Names the intent of a customer’s question, so that the right queue or answer comes first.",
            base_model="mini-chat-0.4b",
            base_provider="Open Minis",
            base_revision="2026-01-15",
            licence="Apache-2.0",
            base_source="https://models.demo.example/open-minis/mini-chat-0.4b",
            base_digest=BASE,
            provenance="Taken from the provider by Teodora; its digest was compared with the provider’s page.",
            limitations="English only. Knows the intents that it was tuned on and no others: a question about a"
            " product that is newer than the data gets the nearest old intent.",
        )
    story.ask(model_ref(model), "model_owner", "ravi", "ines", "You know the labels, and you build none of it.")
    cards = DatasetVersion.objects.get(dataset__name="Card questions", number=1)
    with story.later(hours=2):
        draft = datasets.draft_guideline(
            cards.dataset,
            by=story.who("sanne"),
            note="The five intents about cards",
            rules=["Label what the customer wants done, not what they complain about.", "One question, one intent."],
            examples=[
                {
                    "text": "My card has not come and I paid for express.",
                    "label": "card_delivery_estimate",
                    "why": "They ask when it comes; the fee is beside the point.",
                }
            ],
        )
    with story.later(hours=1):
        guideline = datasets.publish_guideline(draft.pk, by=story.who("ravi"), revision=draft.revision)
    first = _run(story, model, cards, [guideline], 18, "4.10", "0.42", note="Five intents, to begin with")
    _versions(story, first)
    _ask_for_build(story, first)
    whole = DatasetVersion.objects.get(dataset__name__startswith="Customer questions", number=1)
    published = whole.dataset.guidelines.published().order_by("-number")[:1]
    _run(story, model, whole, list(published), 19, "61.80", "6.20", note="All 77, before the start gate decided")


def _run(
    story: Any,
    model: Model,
    version: DatasetVersion,
    guidelines: list[Guideline],
    seed: int,
    cost: str,
    gpu_hours: str,
    note: str,
) -> TrainingRun:
    with story.later(hours=4):
        ended = clock.now() - dt.timedelta(minutes=9)
        return actions.register_run(
            model,
            [actions.DataUse(digest=version.digest)],
            by=story.who("teodora"),
            trained_by=story.people["teodora"],
            guidelines=guidelines,
            started_at=ended - dt.timedelta(hours=float(gpu_hours)),
            finished_at=ended,
            code_repository="https://git.demo.example/support/intents",
            code_commit=hashlib.sha1(note.encode(), usedforsecurity=False).hexdigest(),
            base_digest=BASE,
            hyperparameters=RECIPE,
            environment=MACHINE,
            cost_amount=Decimal(cost),
            cost_currency="EUR",
            gpu_hours=Decimal(gpu_hours),
            seed=seed,
            note=note,
        )


def _adapter() -> bytes:
    """Return a small safetensors file: a header, then one matrix."""
    rows, columns = 5, 64
    values = struct.pack(f"<{rows * columns}f", *((number % 7 - 3) / 10 for number in range(rows * columns)))
    shape = {"dtype": "F32", "shape": [rows, columns], "data_offsets": [0, len(values)]}
    header = json.dumps({"classifier.weight": shape}).encode()
    return struct.pack("<Q", len(header)) + header + values


def _versions(story: Any, run: TrainingRun) -> None:
    data = _adapter()
    name = default_storage.save("incoming/intents-0.1.0.safetensors", ContentFile(data))
    with story.later(hours=1):
        actions.register_model_version(
            run,
            "0.1.0",
            by=story.who("teodora"),
            artefact_digest="sha256:" + hashlib.sha256(data).hexdigest(),
            size=len(data),
            place=f"file:///{name}",
            format="safetensors",
            notes="The adapter alone, as the run wrote it.",
        )
    with story.later(minutes=20):
        actions.register_model_version(
            run,
            "0.1.0-q4",
            by=story.who("teodora"),
            artefact_digest="sha256:" + hashlib.sha256(b"intents-0.1.0-q4").hexdigest(),
            size=271_446_016,
            place="s3://models.demo.example/intents/0.1.0/intents-q4_k_m.gguf",
            format="GGUF",
            quantisation="Q4_K_M",
            notes="Merged with the base and quantised for the support desk’s own server.",
        )
    with story.later(minutes=1):
        jobs.run_waiting()


def _ask_for_build(story: Any, run: TrainingRun) -> None:
    with story.later(hours=2):
        evidence.add_document(
            run_ref(run),
            "sensitive_data_statement",
            "What the model may repeat",
            by=story.who("sanne"),
            link="https://wiki.demo.example/intents/what-it-may-repeat",
            note="The data was inspected; the model answers with a label and never with text.",
        )
    with story.later(hours=1):
        gates.open_gate("build", run_ref(run), by=story.who("teodora"))
