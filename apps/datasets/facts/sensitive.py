"""What is known of sensitive data in a version: the kinds that the machine found, and what was decided about each."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.utils.translation import ngettext

from apps.core.canonical import digest_of
from apps.datasets.inspection.sensitive import INDEX, KINDS
from apps.datasets.models import DatasetVersion, Inspection, SensitiveDecision
from apps.evidence.facts import Fact, FactDefinition, FactProvider

NAME = "dataset.sensitive_decisions"
Decision = SensitiveDecision.Decision
DEFINITION = FactDefinition(
    NAME,
    lazy("Decisions on sensitive data"),
    lazy(
        "Kinds of personal data and secrets that the inspection found in any column, and what the compliance reviewer "
        "decided about each in this version."
    ),
    {
        "kinds_found": lazy("Kinds found"),
        "undecided_kinds": lazy("Kinds without a decision"),
        "accepted_kinds": lazy("Kinds accepted as they are"),
        "untreated_kinds": lazy("Kinds that are to be masked, left out or minimised, and still stand here"),
    },
)


@dataclass(frozen=True, slots=True)
class KindFound:
    """One kind in one version: its counts, and the decision that stands."""

    key: str
    rows: int
    values: int
    likely: int
    by_column: dict[str, int] = field(default_factory=dict)
    by_split: dict[str, int] = field(default_factory=dict)
    decision: SensitiveDecision | None = None

    @property
    def title(self) -> str:
        return KINDS[INDEX[self.key]].title if self.key in INDEX else self.key


def is_searched(found: Inspection | None) -> bool:
    """Tell whether the inspection is done and looked for sensitive data; earlier ones did not."""
    return found is not None and found.state == Inspection.State.DONE and "sensitive" in found.findings


def standing(version_ids: Iterable[UUID]) -> dict[tuple[UUID, str], SensitiveDecision]:
    """Return the decisions that nothing supersedes, by version and kind; one query."""
    rows = SensitiveDecision.objects.filter(version__in=list(version_ids), superseded_by=None)
    return {(row.version_id, row.kind): row for row in rows.select_related("decided_by")}


def kinds_found(version: DatasetVersion, found: Inspection | None) -> list[KindFound]:
    """Return the kinds in the version with their decisions, most values first; at most one query."""
    if found is None or not is_searched(found):
        return []
    counts: dict[str, dict[str, Any]] = found.findings["sensitive"]["kinds"]
    decided = standing([version.pk]) if counts else {}
    rows = [
        KindFound(
            key,
            count["rows"],
            count["values"],
            count.get("likely", 0),
            count.get("by_column", {}),
            count.get("by_split", {}),
            decided.get((version.pk, key)),
        )
        for key, count in counts.items()
        if count["values"]
    ]
    return sorted(rows, key=lambda row: (-row.values, row.key))


def read(version: DatasetVersion) -> list[Fact]:
    """Return the one fact; two queries."""
    found = Inspection.objects.filter(version=version).select_related("result").first()
    if found is None or found.state == Inspection.State.PENDING:
        return [Fact(NAME, "pending", _("The inspection is running."))]
    if found.state == Inspection.State.CANCELLED:
        return [Fact(NAME, "failed", _("The inspection was stopped. Start it again."))]
    if found.state == Inspection.State.FAILED:
        return [Fact(NAME, "failed", _("The inspection failed: %(why)s") % {"why": found.error})]
    if not is_searched(found):
        return [Fact(NAME, "unknown", _("Nobody looked for sensitive data in this version yet. Inspect it again."))]
    return [_fact(version, found, kinds_found(version, found))]


def _fact(version: DatasetVersion, found: Inspection, kinds: list[KindFound]) -> Fact:
    undecided = [row for row in kinds if row.decision is None]
    accepted = [row for row in kinds if row.decision and row.decision.decision == Decision.ACCEPTED]
    figures = {
        "kinds_found": len(kinds),
        "undecided_kinds": len(undecided),
        "accepted_kinds": len(accepted),
        "untreated_kinds": len(kinds) - len(undecided) - len(accepted),
    }
    decided = digest_of([[row.key, row.decision.decision, row.decision.reason] for row in kinds if row.decision])
    origin = {"version": version.digest, "findings": digest_of(found.findings["sensitive"]), "decisions": decided}
    return Fact(NAME, "known", sentence(kinds), figures, origin)


def sentence(kinds: list[KindFound]) -> str:
    """Return in words what was found and what is still to be decided."""
    if not kinds:
        return _("No personal data and no secret was found.")
    undecided = [row.title for row in kinds if row.decision is None]
    text = ngettext("%(n)d kind was found.", "%(n)d kinds were found.", len(kinds)) % {"n": len(kinds)}
    if undecided:
        return f"{text} " + _("Not decided: %(names)s.") % {"names": ", ".join(undecided)}
    to_treat = [row.title for row in kinds if row.decision and row.decision.decision != Decision.ACCEPTED]
    if to_treat:
        return f"{text} " + _("Decided, and still in this version: %(names)s.") % {"names": ", ".join(to_treat)}
    return f"{text} " + _("All are accepted, with a reason each.")


PROVIDER = FactProvider("dataset_version", (DEFINITION,), read)
