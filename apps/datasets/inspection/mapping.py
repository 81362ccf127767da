"""Which column a model is given, and which it must answer with."""

from collections.abc import Sequence
from dataclasses import dataclass

INPUTS = ("text", "input", "question", "prompt", "instruction", "utterance", "query", "sentence", "document")
LABELS = ("category", "label", "intent", "answer", "output", "completion", "response", "target", "class")


@dataclass(frozen=True, slots=True)
class Mapping:
    """The input column, and the label column where there is one."""

    input: str
    label: str = ""


def guess_mapping(columns: Sequence[str]) -> Mapping:
    """Guess from the columns' names; the first column is the input when no name speaks for itself."""
    by_name = {column.casefold(): column for column in columns}
    found = next((by_name[name] for name in INPUTS if name in by_name), columns[0] if columns else "")
    label = next((by_name[name] for name in LABELS if name in by_name and by_name[name] != found), "")
    return Mapping(found, label)
