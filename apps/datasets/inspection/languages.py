"""The language of a text."""

import py3langid

SHORTEST, LONGEST = 20, 1000
UNDETERMINED = "und"


def identify(text: str) -> str:
    """Return the text's language (ISO 639-1), “und” (ISO 639-2, undetermined) for fewer than 20 characters."""
    if len(text) < SHORTEST:
        return UNDETERMINED
    return str(py3langid.classify(text[:LONGEST])[0])
