"""Texts without the values that were found in them."""

from collections.abc import Iterable

from apps.datasets.inspection.sensitive.kinds import INDEX, KINDS, Finding
from apps.datasets.inspection.sensitive.scanning import find


def mask(text: str, findings: Iterable[Finding] | None = None, recognisers: tuple[str, ...] = ()) -> str:
    """Return the text with each value replaced by a marker that names its kind, as in ``[e-mail]``.

    ``findings`` may not overlap; without them the text is searched, by the plug-ins at these paths too.
    Masking twice changes nothing more.
    """
    parts: list[str] = []
    done = 0
    for finding in sorted(find(text, recognisers) if findings is None else findings, key=lambda found: found.start):
        parts += text[done : finding.start], KINDS[INDEX[finding.kind]].marker
        done = finding.end
    return "".join([*parts, text[done:]])
