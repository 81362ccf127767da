"""Which two responsibilities one person may not hold on the same chain of subjects, and why.

Source: the readiness framework's section on governance: who builds does not approve, who labels does not audit.
"""

from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from apps.core.errors import Text


@dataclass(frozen=True, slots=True)
class Separation:
    """Two responsibilities that need two people, and the reason."""

    first: str
    second: str
    reason: Text

    @property
    def pair(self) -> frozenset[str]:
        return frozenset({self.first, self.second})


_REVIEW = _("Whoever reviews privacy and retention must not review what they answer for themselves")
SEPARATIONS = (
    Separation("business_owner", "technical_owner", _("Whoever wants the result must not also vouch for its making")),
    Separation(
        "business_owner", "governance_owner", _("Whoever gains from an exception must not be the one who grants it")
    ),
    Separation("technical_owner", "governance_owner", _("Whoever builds must not judge whether the rules were kept")),
    Separation("compliance_reviewer", "business_owner", _REVIEW),
    Separation("compliance_reviewer", "technical_owner", _REVIEW),
    Separation("compliance_reviewer", "model_owner", _REVIEW),
    Separation("compliance_reviewer", "data_steward", _REVIEW),
    Separation("compliance_reviewer", "sponsor", _REVIEW),
    Separation("annotation_owner", "review_lead", _("Whoever decides on the labels must not audit them")),
)
_APART = {row.pair: row for row in SEPARATIONS}


def between(first: str, second: str) -> Separation | None:
    """Return the separation of the two responsibilities, or None where one person may hold both."""
    return _APART.get(frozenset({first, second}))


def apart_from(responsibility: str) -> list[str]:
    """Return the responsibilities that need another person than this one."""
    return sorted(next(iter(row.pair - {responsibility})) for row in SEPARATIONS if responsibility in row.pair)
