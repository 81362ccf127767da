"""When two texts are the same to a reader."""

import hashlib
import unicodedata


def normalise(text: str) -> str:
    """Return the text in Unicode NFKC, case-folded, with white space collapsed.

    NFKC is applied again after folding, for folding can undo it (Unicode Standard, 3.13, D146).
    """
    folded = unicodedata.normalize("NFKC", text).casefold()
    return " ".join(unicodedata.normalize("NFKC", folded).split())


def fingerprint(text: str) -> bytes:
    """Return the first 16 bytes of the SHA-256 of the text: the same on every engine."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()[:16]
