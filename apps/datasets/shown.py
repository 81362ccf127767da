"""How pieces of data are shown to people who need to see what it is about, and no more."""

from apps.datasets.views.findings import masked


def shown_item(item: str) -> str:
    """Return an annotated item as it is shown: an identifier as it is, a text with what looks personal masked."""
    return masked(item) if " " in item or "@" in item else item
