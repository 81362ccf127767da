"""Computed statements about model versions, from the evaluations that count."""

from collections.abc import Iterator

from apps.evaluations.facts import leakage, measured, people
from apps.evaluations.reading import standings
from apps.evidence.facts import Fact, FactProvider
from apps.registry.models import ModelVersion


def read(version: ModelVersion) -> Iterator[Fact]:
    """Yield the facts of the model version; at most nine queries, however many suites and runs there are."""
    found = standings(version)
    yield from measured.read(found)
    yield leakage.read(version, found)
    yield from people.read(version)


FACTS = FactProvider("model_version", (*measured.DEFINITIONS, leakage.DEFINITION, *people.DEFINITIONS), read)
GOOD = {
    measured.THRESHOLDS: ("all_met", True),
    measured.MEASURED: ("groups", 3),
    measured.BASELINE: ("worse", 0),
    leakage.NAME: ("normalised_rows", 0),
    people.FAILURES: ("open", 0),
    people.RED_TEAM: ("open_critical_or_high", 0),
}
