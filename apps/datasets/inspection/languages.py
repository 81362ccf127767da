"""The mix of languages, estimated from a sample that the content itself draws."""

import numpy as np
import py3langid
import pyarrow as pa

FIRST, LATER = 2000, 64
SHORTEST, LONGEST = 20, 1000
UNDETERMINED = "und"


def mix(texts: pa.Array, keys: pa.Array, *, first: bool) -> dict[str, float]:
    """Return how many rows of the batch each language (ISO 639-1) stands for, as estimated from a sample.

    ``keys`` are the texts' fingerprints. The sample is the rows with the smallest: 2,000 of a file's first batch, 64 of
    each later one.
    """
    wanted, drawn = FIRST if first else LATER, texts
    if len(texts) > wanted:
        order = np.frombuffer(b"".join(key[:8] for key in keys.to_pylist()), ">u8")
        drawn = texts.take(pa.array(np.argpartition(order, wanted)[:wanted]))
    rows = drawn.to_pylist()
    found: dict[str, float] = {}
    for text in rows:
        code = identify(text)
        found[code] = found.get(code, 0) + len(texts) / len(rows)
    return found


def identify(text: str) -> str:
    """Return the text's language, “und” (ISO 639-2, undetermined) for fewer than 20 characters."""
    if len(text) < SHORTEST:
        return UNDETERMINED
    return str(py3langid.classify(text[:LONGEST])[0])
