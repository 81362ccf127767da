"""What is known of production feedback in a version: how much, and whether the data steward accepted it."""

from collections.abc import Iterable
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.utils.translation import ngettext

from apps.core.canonical import digest_of
from apps.datasets.models import DatasetVersion, FeedbackDecision, FileOrigin, SplitFile
from apps.evidence.facts import Fact, FactDefinition

NAME = "dataset.feedback"
DEFINITION = FactDefinition(
    NAME,
    lazy("Production feedback"),
    lazy("Rows that come from the use of a model in production, and whether the data steward accepted them."),
    {
        "feedback_rows": lazy("Rows from production feedback"),
        "feedback_files": lazy("Files with production feedback"),
        "accepted": lazy("the data steward accepted them (only where there are any)"),
    },
)


def of_feedback(files: Iterable[SplitFile]) -> list[SplitFile]:
    return [file for file in files if file.origin == FileOrigin.PRODUCTION_FEEDBACK]


def standing(version: DatasetVersion) -> FeedbackDecision | None:
    """Return the decision that nothing supersedes; one query."""
    rows = FeedbackDecision.objects.filter(version=version, superseded_by=None)
    return rows.select_related("decided_by").first()


def read(version: DatasetVersion, files: Iterable[SplitFile]) -> Fact:
    """Return the fact; one query where there is any feedback, none where there is none."""
    found = of_feedback(files)
    if not found:
        figures: dict[str, Any] = {"feedback_rows": 0, "feedback_files": 0}
        text = _("No row was declared to come from production feedback.")
        return Fact(NAME, "known", text, figures, {"version": version.digest})
    last, rows = standing(version), sum(file.rows for file in found)
    accepted = last is not None and last.decision == FeedbackDecision.Decision.ACCEPTED
    figures = {"feedback_rows": rows, "feedback_files": len(found), "accepted": accepted}
    decided = digest_of([str(last.pk), last.decision] if last else [])
    return Fact(NAME, "known", sentence(rows, last), figures, {"version": version.digest, "decision": decided})


def sentence(rows: int, last: FeedbackDecision | None) -> str:
    """Return in words how many rows there are and what was decided."""
    text = ngettext("%(n)s row comes from production feedback", "%(n)s rows come from production feedback", rows) % {
        "n": f"{rows:,}"
    }
    if last is None:
        return f"{text}; " + _("proposed: the data steward has not decided yet.")
    told = {"who": last.decided_by.name, "why": last.reason}
    if last.decision == FeedbackDecision.Decision.ACCEPTED:
        return f"{text}; " + _("accepted by %(who)s.") % told
    return f"{text}; " + _("declined by %(who)s: %(why)s") % told
