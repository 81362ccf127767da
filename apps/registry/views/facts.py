"""Facts of one thing as its page shows them."""

from collections.abc import Callable, Mapping
from typing import Any

from apps.evidence import facts as registry
from apps.evidence.facts import Fact

GOOD: dict[str, tuple[str, Any]] = {
    "model.licence": ("named", True),
    "model.base": ("complete", True),
    "run.start_gates": ("approved_percent", 100),
    "run.lineage": ("complete", True),
    "run.guidelines": ("datasets_without", 0),
    "run.recipe": ("complete", True),
    "model_version.artefact": ("digest_matches", True),
    "model_version.standing": ("withdrawn", False),
}


def offer_good(found: Mapping[str, tuple[str, Any]]) -> None:
    """Say of facts of the floors above which figure has which value when all is well."""
    GOOD.update(found)


def _state(fact: Fact) -> str:
    """Return the state that the reader sees at once: what is merely declared is neither good nor missing."""
    if fact.status != "known":
        return fact.status
    if fact.figures.get("declared_only"):
        return "declared"
    if fact.figures.get("withdrawn"):
        return "withdrawn"
    if fact.name not in GOOD:
        return "known"
    figure, wanted = GOOD[fact.name]
    return "good" if fact.figures.get(figure) == wanted else "missing"


def shown(known: Mapping[str, Fact], state_of: Callable[[Fact], str] = _state) -> list[dict[str, Any]]:
    """Return each fact with its title, its figures in words, and whether it is as one would wish."""
    found = []
    for name, fact in known.items():
        definition = registry.definition(name)
        if definition is None or fact.status == "unknown":
            continue
        figures = [(definition.figures.get(key, key), value) for key, value in fact.figures.items()]
        found.append(
            {
                "fact": fact,
                "title": definition.title,
                "about": definition.description,
                "figures": figures,
                "state": state_of(fact),
            }
        )
    return found
