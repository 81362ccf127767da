"""The sample rows that an inspection kept: how many there are, and the findings without them."""

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
