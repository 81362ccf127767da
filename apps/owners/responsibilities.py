"""The responsibilities: what one named person decides, and on what it can be held.

Source: the readiness framework's sections on data quality ownership and on governance (who answers for what).
"""

from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from apps.core.errors import Text


@dataclass(frozen=True, slots=True)
class Responsibility:
    """One job: its title, what its holder decides, where it can be held, where it must be held."""

    key: str
    title: Text
    decides: Text
    held_on: frozenset[str]
    required_on: frozenset[str] = frozenset()


def _table(*rows: Responsibility) -> dict[str, Responsibility]:
    return {row.key: row for row in rows}


USE_CASE, DATASET, MODEL = "use_case", "dataset", "model"
RESPONSIBILITIES = _table(
    Responsibility(
        "business_owner",
        _("Business owner"),
        _("Whether the task, the data and the result serve the business, and which thresholds are good enough"),
        frozenset({USE_CASE, DATASET}),
        frozenset({USE_CASE}),
    ),
    Responsibility(
        "technical_owner",
        _("Technical owner"),
        _("How it is built: training runs, lineage, versions, and the way back when a release must be undone"),
        frozenset({USE_CASE}),
        frozenset({USE_CASE}),
    ),
    Responsibility(
        "governance_owner",
        _("Governance owner"),
        _("Whether the rules were kept: approvals, exceptions from them, and a trail that an auditor can follow"),
        frozenset({USE_CASE}),
        frozenset({USE_CASE}),
    ),
    Responsibility(
        "sponsor",
        _("Sponsor"),
        _("Whether the outcome is worth its budget, and whether the use case goes on"),
        frozenset({USE_CASE}),
        frozenset({USE_CASE}),
    ),
    Responsibility(
        "compliance_reviewer",
        _("Compliance reviewer"),
        _("Whether privacy, sensitive data and retention are dealt with as the law and the house rules ask"),
        frozenset({USE_CASE, DATASET}),
        frozenset({USE_CASE}),
    ),
    Responsibility(
        "source_owner",
        _("Source owner"),
        _("Which systems are authoritative, and which of their records are excluded"),
        frozenset({DATASET}),
        frozenset({DATASET}),
    ),
    Responsibility(
        "data_steward",
        _("Data steward"),
        _("Whether the records are complete, current and free of duplicates, and what is mended first"),
        frozenset({DATASET}),
        frozenset({DATASET}),
    ),
    Responsibility(
        "annotation_owner",
        _("Annotation owner"),
        _("How examples are labelled, edge cases included, and what the guideline says"),
        frozenset({DATASET}),
        frozenset({DATASET}),
    ),
    Responsibility(
        "review_lead",
        _("Review lead"),
        _("Whether sampled records hold up: before tuning, and after every change"),
        frozenset({DATASET}),
        frozenset({DATASET}),
    ),
    Responsibility(
        "model_owner",
        _("Model owner"),
        _("Which version of a model is proposed, what it may be used for, and when it is retired"),
        frozenset({MODEL, USE_CASE}),
        frozenset({MODEL}),
    ),
)


def title(key: str) -> Text:
    """Return the responsibility's title, or the key of one that is no longer in the table."""
    return RESPONSIBILITIES[key].title if key in RESPONSIBILITIES else key


def held_on(subject_type: str) -> list[Responsibility]:
    """Return the responsibilities that can be held on subjects of this type, in the table's order."""
    return [row for row in RESPONSIBILITIES.values() if subject_type in row.held_on]


def required_on(subject_type: str) -> list[Responsibility]:
    """Return those whose lack is a vacancy."""
    return [row for row in RESPONSIBILITIES.values() if subject_type in row.required_on]
