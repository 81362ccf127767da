"""What a requirement asks for, in words; the same in the dossier and on the policy's page."""

import datetime as dt
from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

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
        text = _("A document of the kind “%(kind)s”") % {"kind": DOCUMENT_KINDS[row.document].title}
        if row.max_age_days is None:
            return text
        return _("%(document)s, at most %(n)d days old") % {"document": text, "n": row.max_age_days}
    if row.attestation:
        known = ATTESTATIONS[row.attestation]
        return _("Stated by the %(who)s: “%(statement)s”") % {
            "who": title(row.by or known.responsibility),
            "statement": row.statement or known.statement,
        }
    if row.gate:
        return _("An approved gate of the kind “%(kind)s” on everything that this rests on") % {"kind": row.gate}
    if row.waiting_days is not None:
        starts = {"opened": _("the gate was opened"), "change": _("the dossier last changed")}
        return ngettext("%(n)d day since %(start)s", "%(n)d days since %(start)s", row.waiting_days) % {
            "n": row.waiting_days,
            "start": starts[row.since],
        }
    meanings = meanings_of(row.fact)
    return f" {_('or')} ".join(_limit(condition, meanings) for condition in row.conditions)


def instant(moment: dt.datetime) -> str:
    """Return a moment as a sentence of a dossier tells it: to the minute, in UTC."""
    return f"{moment.astimezone(dt.UTC):%Y-%m-%d %H:%M} UTC"


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
