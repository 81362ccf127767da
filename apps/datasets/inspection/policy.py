"""What an inspection is asked to do; a part of its result."""

from dataclasses import asdict, dataclass, fields
from typing import Any


@dataclass(frozen=True, slots=True)
class Policy:
    """The parameters of an inspection, with their usual values.

    ``near_threshold`` is a Jaccard similarity of word n-grams of ``near_words``; ``ignore_punctuation`` leaves only
    letters and digits when texts are compared; rows dated more than ``stale_days`` before ``as_of`` (days since
    1970-01-01) are stale; rows before ``covers_from`` or after ``covers_to`` (such days too) lie outside the period
    that the sources declare; a label of fewer than ``rare_rows`` rows is rare.
    """

    near_threshold: float = 0.8
    near_words: int = 5
    ignore_punctuation: bool = False
    stale_days: int | None = None
    as_of: int | None = None
    covers_from: int | None = None
    covers_to: int | None = None
    rare_rows: int = 20

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def of(cls, given: dict[str, Any]) -> "Policy":
        """Return the policy of plain values; raise ``ValueError`` with a sentence for one that makes no sense."""
        known = {field.name for field in fields(cls)}
        found = cls(**{name: value for name, value in given.items() if name in known})
        if not 0.5 <= found.near_threshold <= 1:
            raise ValueError("The similarity of near duplicates lies between 0.5 and 1.")
        if not 1 <= found.near_words <= 20:
            raise ValueError("N-grams have 1 to 20 words.")
        if found.stale_days is not None and found.stale_days < 1:
            raise ValueError("Records become stale after at least one day.")
        if found.rare_rows < 1:
            raise ValueError("A rare label has fewer rows than a number of at least one.")
        return found
