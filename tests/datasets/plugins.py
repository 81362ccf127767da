"""Recognisers as somebody who runs Fourgate would write them, good and bad."""

import re
from collections.abc import Iterator

from apps.datasets.inspection.sensitive import Finding


class Names:
    """Finds two people of the help desk by name."""

    kinds = ("person_name",)
    version = "2"

    def find(self, text: str) -> Iterator[Finding]:
        for match in re.finditer(r"Ann Miller|Zoë Ó Briain", text):
            yield Finding("person_name", *match.span(), 0.9)


class OfNoKind:
    kinds = ("shoe_size",)

    def find(self, text: str) -> list[Finding]:
        return []


class Breaking:
    kinds = ("person_name",)

    def __init__(self) -> None:
        raise OSError("no list of names")
