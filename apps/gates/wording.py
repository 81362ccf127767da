"""What a requirement asks for, in words; the same in the dossier and on the policy's page."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from apps.core.lined import Condition
from apps.evidence import facts
from apps.evidence.kinds import ATTESTATIONS, DOCUMENT_KINDS
from apps.gates.policy import Requirement
from apps.owners.responsibilities import title


def asked_for(row: Requirement) -> str:
    """Return in one phrase what meets the requirement."""
    if row.owners:
        return ", ".join(str(title(name)) for name in row.owners)
    if row.document:
        return _("A document of the kind “%(kind)s”") % {"kind": DOCUMENT_KINDS[row.document].title}
    if row.attestation:
        known = ATTESTATIONS[row.attestation]
        return _("Stated by the %(who)s: “%(statement)s”") % {
            "who": title(known.responsibility),
            "statement": known.statement,
        }
    meanings = meanings_of(row.fact)
    return f" {_('or')} ".join(_limit(condition, meanings) for condition in row.conditions)


def meanings_of(fact: str) -> Mapping[str, str]:
    """Return what each figure of the fact means, by its name."""
    definition = facts.definition(fact)
    return {name: str(text) for name, text in definition.figures.items()} if definition else {}


def _number(value: Any) -> str:
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    return f"{value:,.4g}" if isinstance(value, float) else f"{value:,}" if isinstance(value, int) else str(value)


def _limit(condition: Condition, meanings: Mapping[str, str]) -> str:
    words = {"at_most": _("at most"), "at_least": _("at least"), "equals": _("exactly")}
    figure = meanings.get(condition.figure, condition.figure)
    return f"{figure}: {words[condition.comparison]} {_number(condition.limit)}"
