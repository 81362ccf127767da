"""The sample rows that an inspection or a comparison kept: how many there are, and the rest without them."""

from typing import Any

NAMES = ("samples", "near_samples")


def count(findings: Any) -> int:
    """Return how many rows stand in the samples, at any depth."""
    if isinstance(findings, dict):
        return sum(_rows(value) if key in NAMES else count(value) for key, value in findings.items())
    return sum(map(count, findings)) if isinstance(findings, list) else 0


def _rows(value: Any) -> int:
    return sum(map(_rows, value)) if isinstance(value, list) else 1


def without(findings: Any) -> Any:
    """Return the findings with every list of samples emptied, at any depth; the figures stay.

    The database knows the same function as ``datasets_without_rows``.
    """
    if isinstance(findings, dict):
        return {key: [] if key in NAMES else without(value) for key, value in findings.items()}
    return [without(value) for value in findings] if isinstance(findings, list) else findings


def count_shown(result: Any) -> int:
    """Return how many sampled pairs and named labels stand in a difference."""
    if not result:
        return 0
    lists = [*result["samples"].values(), result["label_moves"]["moves"]]
    return sum(map(len, [*lists, *(row["labels"] for row in result["labels"].values())]))


def without_shown(result: Any) -> Any:
    """Return a difference without sampled rows and names of labels, for an answer is a label too; the figures stay.

    The database knows the same function as ``datasets_difference_without_rows``.
    """
    if not result:
        return result
    return {
        **result,
        "samples": {kind: [] for kind in result["samples"]},
        "label_moves": {**result["label_moves"], "moves": []},
        "labels": {key: {**row, "labels": []} for key, row in result["labels"].items()},
    }
