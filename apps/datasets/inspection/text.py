"""When two texts are the same to a reader, and fingerprints that are equal on every engine."""

import hashlib
import unicodedata

import pyarrow as pa
import pyarrow.compute as pc

SIZE = 12
PUNCTUATION = r"[^\p{L}\p{N}\s]+"
SPACE = r"[\s\x1c-\x1f]+"


def normalise(text: str) -> str:
    """Return the text in Unicode NFKC, case-folded, with white space collapsed.

    NFKC is applied again after folding, for folding can undo it (Unicode Standard, 3.13, D146).
    """
    folded = unicodedata.normalize("NFKC", text).casefold()
    return " ".join(unicodedata.normalize("NFKC", folded).split())


def normalise_all(texts: pa.Array, *, punctuation: bool = True) -> pa.Array:
    """Return ``normalise`` of every text (null is empty); without ``punctuation`` only letters and digits are left.

    What is pure ASCII is done by Arrow at once, the rest one by one.
    """
    texts = texts.fill_null("")
    plain = pc.string_is_ascii(texts)
    if pc.all(plain).as_py() is not False:
        found = _ascii(texts)
    else:
        other = pa.array([normalise(text) for text in texts.filter(pc.invert(plain)).to_pylist()], pa.string())
        fast = _ascii(pc.if_else(plain, texts, ""))
        found = pc.replace_with_mask(fast, pc.invert(plain), other)
    if not punctuation:
        bare = pc.replace_substring_regex(found, PUNCTUATION, " ")
        found = pc.utf8_trim_whitespace(pc.replace_substring_regex(bare, SPACE, " "))
    return found


def _ascii(texts: pa.Array) -> pa.Array:
    lower = pc.ascii_lower(texts)
    if pc.any(pc.match_substring_regex(lower, r"[\t-\r\x1c-\x1f]|  |^ | $")).as_py():
        lower = pc.ascii_trim(pc.replace_substring_regex(lower, SPACE, " "), " ")
    return lower


def fingerprint(text: str) -> bytes:
    """Return BLAKE2b of the text in 12 bytes (RFC 7693): the same on every engine.

    Among a thousand million different texts two share it with a chance of 10**-11; 12 bytes are what DuckDB compares
    without following a pointer.
    """
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=SIZE).digest()


def fingerprints(texts: pa.Array) -> pa.Array:
    """Return the fingerprint of every text; null is empty."""
    blake2b = hashlib.blake2b
    found = [blake2b(text, digest_size=SIZE).digest() for text in texts.fill_null("").cast(pa.binary()).to_pylist()]
    return pa.array(found, pa.binary())


def fingerprints_of_few(texts: pa.Array) -> pa.Array:
    """Return ``fingerprints``, each different text hashed once: for labels, of which there are few."""
    encoded = texts.fill_null("").dictionary_encode()
    return fingerprints(encoded.dictionary).take(encoded.indices)
