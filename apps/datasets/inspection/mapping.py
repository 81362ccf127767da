"""Which column a model is given, which it must answer with, and the shape that records have."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

Shape = Literal["chat", "prompt_completion", "instruction", "question_answer", "text_label", "other"]
KNOWN: tuple[tuple[Shape, tuple[str, ...], tuple[str, ...]], ...] = (
    ("chat", ("messages", "conversations", "conversation"), ()),
    ("instruction", ("instruction",), ("output", "response", "completion", "answer")),
    ("prompt_completion", ("prompt",), ("completion", "chosen", "response", "output")),
    ("question_answer", ("question", "query"), ("answer", "response", "output")),
    (
        "text_label",
        ("text", "utterance", "sentence", "document", "input"),
        ("label", "category", "intent", "class", "target"),
    ),
)
INPUTS = ("text", "input", "question", "prompt", "instruction", "utterance", "query", "sentence", "document")
LABELS = ("category", "label", "intent", "answer", "output", "completion", "response", "target", "class")
CONTEXTS = ("input", "context")
DATES = ("date", "created_at", "updated_at", "timestamp", "created", "modified", "modified_at", "time", "day")


@dataclass(frozen=True, slots=True)
class Mapping:
    """The columns of a record: its input, its label or answer, what else belongs to the input, and its date."""

    input: str
    label: str = ""
    shape: Shape = "other"
    context: str = ""
    date: str = ""

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)

    @property
    def columns(self) -> tuple[str, ...]:
        """Return the columns that must be there."""
        return tuple(filter(None, (self.input, self.label, self.context, self.date)))


def guess_mapping(columns: Sequence[str]) -> Mapping:
    """Guess from the columns' names; the first column is the input when no name speaks for itself."""
    by_name = {column.casefold(): column for column in columns}

    def first(names: Sequence[str], *but: str) -> str:
        return next((by_name[name] for name in names if name in by_name and by_name[name] not in but), "")

    date = first(DATES)
    for shape, inputs, labels in KNOWN:
        found, label = first(inputs), first(labels, first(inputs))
        if found and (label or not labels):
            context = first(CONTEXTS, found, label) if shape == "instruction" else ""
            return Mapping(found, label, shape, context, date)
    found = first(INPUTS) or (columns[0] if columns else "")
    return Mapping(found, first(LABELS, found), "other", "", date)


def shape_of(mapping: Mapping, columns: Sequence[str]) -> Shape:
    """Return the shape that the columns announce when the mapping reads them as a guess would, else “other”."""
    guessed = guess_mapping(columns)
    same = guessed.input == mapping.input and guessed.label in (mapping.label, "")
    return guessed.shape if same else "other"
