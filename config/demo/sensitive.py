"""What customers left in their messages, what was decided about it, and the version without it."""

from typing import TYPE_CHECKING

from apps.core import jobs
from apps.datasets import actions
from apps.datasets.facts.sensitive import kinds_found
from apps.datasets.models import Inspection, Source
from apps.usecases.models import UseCase
from config.demo import material

if TYPE_CHECKING:
    from config.demo.story import Story

DECISIONS = {
    "phone": ("masked", "The model must not learn numbers; that somebody left one is enough."),
    "email": ("masked", "As with telephone numbers."),
    "card_number": ("excluded", "Card numbers leave the card system for nothing (PCI DSS)."),
    "iban": ("excluded", "Account numbers are not needed to sort a message."),
    "street_address": ("accepted", "Streets without names; the address team needs them to tell the intents apart."),
}


def tell(story: "Story", use_case: UseCase) -> None:
    """Register messages with contact and account data, decide on each kind that was found, derive a version."""
    source = Source.objects.get(name="Dispute inbox")
    dataset = story._dataset(
        "claims", "oskar", use_case, "Callback requests", "Messages that ask to be called or written to.", source
    )
    version = story._version(dataset, "oskar", material.callbacks(), note="As exported")
    story._attach(version, "sanne")
    kinds = [row.key for row in kinds_found(version, Inspection.objects.get(version=version))]
    for kind in kinds:
        decision, reason = DECISIONS.get(kind, ("masked", ""))
        with story.later(minutes=17):
            actions.decide_sensitive(version, kind, decision, by=story.who("kofi"), reason=reason)
    if kinds:
        with story.later(hours=2):
            actions.derive_version(version, by=story.who("oskar"))
            jobs.run_waiting()
        with story.later(minutes=2):
            jobs.run_waiting()
