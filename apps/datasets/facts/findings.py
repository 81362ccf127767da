"""The facts that come from an inspection: what each says, its figures and its sentence."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.utils.translation import ngettext

from apps.core.errors import Text
from apps.datasets.facts import sentences as say
from apps.datasets.facts.sentences import Figures, Findings
from apps.evidence.facts import FactDefinition


@dataclass(frozen=True, slots=True)
class FoundFact:
    """One fact: ``key`` is its part of the findings; ``figures`` and ``sentence`` read that part and the whole."""

    key: str
    definition: FactDefinition
    figures: Callable[[Any, Findings], Figures]
    sentence: Callable[[Any, Findings], str]
    absent: Text = ""
    zeros: tuple[str, ...] = ()

    def read(self, findings: Findings) -> tuple[Figures, str] | None:
        """Return (figures, sentence), None when an older inspection did not look for it."""
        if self.key not in findings:
            return None
        part = findings[self.key]
        if part is None:
            return dict.fromkeys(self.zeros, 0), str(self.absent)
        return self.figures(part, findings), self.sentence(part, findings)


VIOLATIONS: dict[str, Text] = {
    "not_messages": lazy("not a list of messages"),
    "unknown_role": lazy("an unknown role"),
    "empty_turn": lazy("a turn without content"),
    "no_user_turn": lazy("no turn of the user"),
    "no_assistant_turn": lazy("no turn of the assistant"),
    "not_alternating": lazy("two turns of the same side in a row"),
    "late_system": lazy("a system turn after the beginning"),
    "ends_without_answer": lazy("the last turn is not the assistant's"),
    "broken_tool_call": lazy("a tool call without a name or with arguments that are not JSON"),
    "orphan_tool_result": lazy("a tool result that answers no call"),
    "empty_input": lazy("an empty input"),
    "empty_answer": lazy("an empty answer"),
}
UNSAFE: dict[str, Text] = {
    "formula": lazy("cells that a spreadsheet would run"),
    "html": lazy("HTML"),
    "script_link": lazy("links that run a script"),
    "zero_width": lazy("invisible characters"),
    "bidirectional": lazy("characters that turn the reading direction"),
    "mojibake": lazy("characters damaged by a wrong encoding"),
}
AGE = "dataset.stale_records"
OF_THE_PERIOD = ("before_period_rows", "after_period_rows")
FACTS = (
    FoundFact(
        "shape",
        FactDefinition(
            "dataset.shape",
            lazy("Shape"),
            lazy("Rows and columns."),
            {"rows": lazy("Rows"), "columns": lazy("Columns")},
        ),
        say.shape,
        lambda part, findings: (
            _("%(rows)s rows, %(columns)d columns.")
            % {"rows": say.counted(part["rows"]), "columns": say.shape(part, findings)["columns"]}
        ),
    ),
    FoundFact(
        "fingerprint",
        FactDefinition(
            "dataset.fingerprint",
            lazy("Fingerprint of the content"),
            lazy("Equal for equal rows in any order, any number of files and any format; doubled rows count."),
            {"content": lazy("SHA-256 over the sums of the rows' SHA-256 modulo 2^256")},
        ),
        lambda part, _findings: {"content": part["content"]},
        lambda part, _findings: _("The content is %(digest)s…") % {"digest": part["content"][:19]},
    ),
    FoundFact(
        "empty_fields",
        FactDefinition(
            "dataset.empty_fields",
            lazy("Empty fields"),
            lazy("Rows without an input or without a label or answer."),
            {"empty_inputs": lazy("Rows with an empty input"), "empty_labels": lazy("Rows with an empty label")},
        ),
        say.pick("empty_inputs", "empty_labels"),
        lambda part, _findings: (
            _("%(inputs)d empty inputs, %(labels)d empty labels.")
            % {"inputs": part["empty_inputs"], "labels": part["empty_labels"]}
        ),
    ),
    FoundFact(
        "duplicates",
        FactDefinition(
            "dataset.duplicates",
            lazy("Duplicates"),
            lazy(
                "Surplus rows with the same input within a split; normalised: Unicode NFKC, case and white space; "
                "near: rows with a partner in their split at the policy's Jaccard similarity of word n-grams, each "
                "pair verified."
            ),
            {
                "exact_rows": lazy("Exact surplus rows"),
                "normalised_rows": lazy("Normalised surplus rows"),
                "normalised_percent": lazy("Normalised surplus rows, per cent of all"),
                "near_rows": lazy("Rows that nearly equal another one of their split"),
                "near_percent": lazy("Rows that nearly equal another one, per cent of all"),
                "clusters": lazy("Clusters of nearly equal inputs, over all splits"),
                "largest_cluster": lazy("Inputs in the largest cluster"),
            },
        ),
        say.duplicates,
        say.duplicates_said,
    ),
    FoundFact(
        "split_leakage",
        FactDefinition(
            "dataset.split_leakage",
            lazy("Leakage between splits"),
            lazy("Validation and test rows whose input also stands in the training split, exactly or nearly."),
            {
                "exact_rows": lazy("Rows that leak, exact"),
                "normalised_rows": lazy("Rows that leak, normalised"),
                "near_rows": lazy("Rows that leak nearly, besides the normalised"),
            },
        ),
        say.pick("exact_rows", "normalised_rows", "near_rows"),
        lambda _part, findings: say.leakage_sentence(findings),
    ),
    FoundFact(
        "label_conflicts",
        FactDefinition(
            "dataset.label_conflicts",
            lazy("Conflicting labels"),
            lazy("Inputs (normalised) that carry more than one label or answer; near pairs whose labels differ."),
            {
                "conflicting_inputs": lazy("Inputs with more than one label"),
                "conflicting_rows": lazy("Their rows"),
                "conflicting_percent": lazy("Rows with conflicting labels, per cent of all"),
                "near_pairs": lazy("Nearly equal inputs with different labels, pairs"),
            },
        ),
        say.pick("conflicting_inputs", "conflicting_rows", "conflicting_percent", "near_pairs"),
        lambda part, _findings: (
            ngettext(
                "%(n)d input carries more than one label.",
                "%(n)d inputs carry more than one label.",
                part["conflicting_inputs"],
            )
            % {"n": part["conflicting_inputs"]}
        ),
        lazy("The version has no label column."),
        ("conflicting_inputs", "conflicting_rows", "conflicting_percent", "near_pairs"),
    ),
    FoundFact(
        "label_balance",
        FactDefinition(
            "dataset.label_balance",
            lazy("Label balance"),
            lazy("How many labels there are and how unequal they are. Answers in free text are not counted as labels."),
            {
                "labels": lazy("Labels"),
                "smallest_rows": lazy("Rows of the rarest label"),
                "largest_rows": lazy("Rows of the commonest label"),
                "imbalance": lazy("Rows of the commonest for each row of the rarest"),
                "rare_labels": lazy("Labels with fewer rows than the policy asks for"),
                "untrained_labels": lazy("Labels that never stand in train"),
                "missing_rows": lazy("Rows without a label"),
            },
        ),
        say.pick(
            "labels",
            "smallest_rows",
            "largest_rows",
            "imbalance",
            "rare_labels",
            "untrained_labels",
            "missing_rows",
        ),
        say.balance_said,
        lazy("The version has no labels to count."),
        ("labels", "smallest_rows", "largest_rows"),
    ),
    FoundFact(
        "text_length",
        FactDefinition(
            "dataset.text_length",
            lazy("Length of the inputs"),
            lazy("Characters an input; tokens of a record are approximated by its bytes in UTF-8 divided by four."),
            {
                "shortest": lazy("Shortest, characters"),
                "median": lazy("Median, characters"),
                "p95": lazy("95th percentile, characters"),
                "longest": lazy("Longest, characters"),
                "tokens_total": lazy("Approximate tokens of all records"),
                "tokens_p95": lazy("Approximate tokens of a record, 95th percentile"),
                "tokens_longest": lazy("Approximate tokens of the longest record"),
            },
        ),
        say.pick("shortest", "median", "p95", "longest", "tokens_total", "tokens_p95", "tokens_longest"),
        say.lengths_said,
    ),
    FoundFact(
        "dates",
        FactDefinition(
            AGE,
            lazy("Age of the records"),
            lazy(
                "Rows by the date column: older than the policy allows, outside the period that the sources declare, "
                "or dated ahead."
            ),
            {
                "dated_rows": lazy("Rows with a date"),
                "undated_rows": lazy("Rows without a date"),
                "stale_rows": lazy("Stale rows"),
                "stale_percent": lazy("Stale rows, per cent of all"),
                "before_period_rows": lazy("Rows older than the first day that the sources declare"),
                "after_period_rows": lazy("Rows newer than the last day that the sources declare"),
                "future_rows": lazy("Rows dated after the day of the inspection"),
            },
        ),
        say.dates,
        say.dates_said,
        lazy("The version has no date column."),
        ("dated_rows", "stale_rows", *OF_THE_PERIOD),
    ),
    FoundFact(
        "languages",
        FactDefinition(
            "dataset.languages",
            lazy("Languages"),
            lazy("The mix of languages of the inputs, estimated from a sample."),
            {
                "languages": lazy("Languages of at least one per cent"),
                "main": lazy("Main language"),
                "main_percent": lazy("Main language, per cent of the rows"),
            },
        ),
        say.languages,
        say.languages_said,
    ),
    FoundFact(
        "violations",
        FactDefinition(
            "dataset.format",
            lazy("Form of the records"),
            lazy("Rows whose form breaks the shape that the version announces: roles, turns, tool calls, empty parts."),
            {"violating_rows": lazy("Rows of the commonest violation"), "kinds": lazy("Kinds of violation")},
        ),
        lambda part, _findings: {"violating_rows": say.touched(part), "kinds": len(part)},
        say.by_kind(VIOLATIONS, lazy("Every record has the form that it should.")),
    ),
    FoundFact(
        "unsafe",
        FactDefinition(
            "dataset.unsafe_content",
            lazy("Unsafe content"),
            lazy("Cells that would run in a spreadsheet or a browser, or that hide or damage text."),
            {
                "kinds": lazy("Kinds of unsafe content"),
                "rows": lazy("Rows of the commonest kind"),
                "hidden_rows": lazy("Rows with invisible or direction-turning characters"),
            },
        ),
        lambda part, _findings: {
            "kinds": len(part),
            "rows": say.touched(part),
            "hidden_rows": max(part.get(kind, {"rows": 0})["rows"] for kind in ("zero_width", "bidirectional")),
        },
        say.by_kind(UNSAFE, lazy("No unsafe content found.")),
    ),
    FoundFact(
        "sensitive",
        FactDefinition(
            "dataset.sensitive_data",
            lazy("Sensitive data"),
            lazy("Personal data and secrets found by patterns with validators and context words."),
            {
                "kinds": lazy("Kinds found"),
                "values": lazy("Values found"),
                "likely_values": lazy("Values that are likely right"),
                "rows": lazy("Rows of the commonest kind"),
            },
        ),
        say.sensitive,
        lambda _part, findings: say.sensitive_sentence(findings),
    ),
)
