"""Which documents and attestations there are: one table each."""

from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from apps.core.errors import Text


@dataclass(frozen=True, slots=True)
class DocumentKind:
    key: str
    title: Text
    says: Text


@dataclass(frozen=True, slots=True)
class AttestationKind:
    """A statement that one person makes under a responsibility.

    Of the kind without either, the words and the responsibility are what a policy gives.
    """

    key: str
    title: Text
    statement: Text
    responsibility: str


DOCUMENT_KINDS = {
    row.key: row
    for row in (
        DocumentKind(
            "exclusions",
            _("Exclusions"),
            _("Which records were left out of the data, by which rule, and who decided it."),
        ),
        DocumentKind(
            "retention_statement",
            _("Retention statement"),
            _("How long each copy of the data is kept, and how it is deleted."),
        ),
        DocumentKind(
            "sensitive_data_statement",
            _("Sensitive-data statement"),
            _("Which personal or restricted data may be inside, and how it was minimised or masked."),
        ),
        DocumentKind(
            "labelling_guideline",
            _("Labelling guideline"),
            _("How examples are labelled, with examples of edge cases."),
        ),
        DocumentKind(
            "red_team_report",
            _("Red-team report"),
            _("Who tried to make the model do harm, how, and what came of it; nothing found is a result as well."),
        ),
        DocumentKind(
            "rehearsal_record",
            _("Record of a rehearsal"),
            _("How going back to the earlier release was rehearsed, and what was seen."),
        ),
        DocumentKind("other", _("Other document"), _("Anything else that a signer should read.")),
    )
}
ATTESTATIONS = {
    row.key: row
    for row in (
        AttestationKind(
            "sources_eligible",
            _("Sources are eligible"),
            _("I have checked that the declared sources may be used to tune a model for this use case."),
            "source_owner",
        ),
        AttestationKind(
            "labels_reviewed",
            _("Labels are reviewed"),
            _("I have read a sample of the labels against the guideline and found them fit to tune on."),
            "annotation_owner",
        ),
        AttestationKind(
            "sample_audited",
            _("A sample is audited"),
            _("I have audited a sample of the records of this version."),
            "review_lead",
        ),
        AttestationKind("stated", _("A statement that a policy asks for"), "", ""),
    )
}
STATED = "stated"
