"""Sets of word n-grams, and the part of each set that two similar sets must share.

Near duplicates are found without sampling. Put the n-grams of every text into one and the same order. Two sets x, y
with Jaccard similarity >= t overlap in at least ceil(t * |x|) of x's n-grams, so their first |x| - ceil(t * |x|) + 1
and |y| - ceil(t * |y|) + 1 have one in common (prefix filtering: Chaudhuri, Ganti, Kaushik 2006; Bayardo, Ma, Srikant
2007; positions: Xiao et al. 2008). Rows that share none can't be near, hence no pair is missed, which MinHash with
bands can't promise. The order is that of the n-grams' hashes, with those that a sample shows to be common put last.
"""

import hashlib
import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

Hashes = npt.NDArray[np.uint64]
Indices = npt.NDArray[np.int64]
BITS = 49
HEAVY = np.uint64(1 << BITS)
ROW = np.uint64(BITS + 1)
MIX = (np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB))
ODD = np.uint64(0x9E3779B97F4A7C15)
UNDO = np.uint64(pow(int(ODD), -1, 1 << 64))
TABLE = np.frombuffer(b"".join(hashlib.blake2b(bytes([byte]), digest_size=8).digest() for byte in range(256)), "<u8")
SPACE = 0x20
SLICE = 2048  # what fits the processor's cache


@dataclass(frozen=True, slots=True)
class Sets:
    """The distinct n-grams of each row, rows in order, smallest hash first: row i has ``sizes[i]`` of ``hashes``."""

    sizes: Indices
    hashes: Hashes

    @property
    def starts(self) -> Indices:
        return np.concatenate(([0], np.cumsum(self.sizes)))[:-1].astype(np.int64)


def _mixed(values: Hashes) -> Hashes:
    """Return SplitMix64's finaliser of each value (Steele, Lea, Flood 2014)."""
    values = (values ^ (values >> np.uint64(30))) * MIX[0]
    values = (values ^ (values >> np.uint64(27))) * MIX[1]
    return values ^ (values >> np.uint64(31))


def _words(texts: pa.Array) -> tuple[Hashes, Indices, Indices]:
    """Return the hash of every word of the batch, and for each row its first word and how many it has.

    A word's hash is a polynomial over its bytes, read from running sums, so that no word becomes an object.
    """
    offsets = np.frombuffer(texts.buffers()[1], np.int32)[texts.offset : texts.offset + len(texts) + 1].astype(np.int64)
    buffer = texts.buffers()[2]
    data = np.frombuffer(buffer, np.uint8)[offsets[0] : offsets[-1]] if buffer else np.empty(0, np.uint8)
    offsets = offsets - offsets[0]
    filled = offsets[1:] > offsets[:-1]
    starts_at = np.flatnonzero(data == SPACE) + 1
    begins = np.sort(np.concatenate((starts_at, offsets[:-1][filled])))
    ends = np.sort(np.concatenate((starts_at - 1, offsets[1:][filled])))
    with np.errstate(over="ignore"):
        sums = np.concatenate(([np.uint64(0)], np.cumsum(TABLE[data] * _powers(ODD, len(data)))))
        hashes = _mixed(
            (sums[ends] - sums[begins]) * _powers(UNDO, len(data) + 1)[begins] + (ends - begins).astype(np.uint64)
        )
    first = np.searchsorted(begins, offsets[:-1])
    counts = np.where(filled, np.searchsorted(begins, offsets[1:]) - first, 0)
    return hashes, first.astype(np.int64), counts.astype(np.int64)


_known: dict[int, Hashes] = {}


def _powers(base: np.uint64, count: int) -> Hashes:
    """Return base**0, base**1, … modulo 2**64; kept, for every batch asks for them."""
    if len(_known.get(int(base), ())) < max(count, 1):
        with np.errstate(over="ignore"):
            size = max(count, 1 << 20)
            steps = np.concatenate(([np.uint64(1)], np.full(size - 1, base, np.uint64)))
            _known[int(base)] = np.cumprod(steps, dtype=np.uint64)
    return _known[int(base)][:count]


def shingle(normalised: pa.Array, width: int) -> Sets:
    """Return the set of word n-grams of each normalised text; one of fewer than ``width`` words is one n-gram.

    Words are what spaces divide; a text without spaces of more than 4 × ``width`` characters (Chinese, Japanese, Thai)
    is divided into its characters.
    """
    found = [_shingle(normalised.slice(start, SLICE), width) for start in range(0, len(normalised), SLICE)]
    if not found:
        return Sets(np.empty(0, np.int64), np.empty(0, np.uint64))
    return Sets(np.concatenate([part.sizes for part in found]), np.concatenate([part.hashes for part in found]))


def _shingle(normalised: pa.Array, width: int) -> Sets:
    solid = pc.and_(pc.greater(pc.utf8_length(normalised), 4 * width), pc.invert(pc.match_substring(normalised, " ")))
    if pc.any(solid).as_py():
        apart = pa.array([" ".join(text) for text in normalised.filter(solid).to_pylist()], pa.string())
        normalised = pc.replace_with_mask(normalised, solid, apart)
    hashes, first, counts = _words(normalised)
    return _distinct(*_grams(hashes, first, counts, width), len(counts))


def _grams(hashes: Hashes, starts: Indices, counts: Indices, width: int) -> tuple[Indices, Hashes]:
    """Return (row, hash) of every n-gram: a polynomial over the words' hashes, mixed."""
    with np.errstate(over="ignore"):
        powers = np.cumprod(np.full(width, ODD, np.uint64))
        padded = np.concatenate((hashes, np.zeros(width, np.uint64)))
        every = np.zeros(len(hashes), np.uint64)
        for offset in range(width):
            every += padded[offset : offset + len(hashes)] * powers[offset]
        grams = np.maximum(counts - width + 1, 0)
        rows = np.repeat(np.arange(len(counts)), grams)
        at = np.repeat(starts - np.cumsum(grams) + grams, grams) + np.arange(len(rows))
        found = every[at]
        short = np.flatnonzero((counts > 0) & (counts < width))
        whole = counts[short].astype(np.uint64) * ODD
        for offset in range(width - 1):
            inside = counts[short] > offset
            place = np.where(inside, starts[short] + offset, 0)
            whole += np.where(inside, padded[place] * powers[offset], np.uint64(0))
        rows, found = np.concatenate((rows, short)), np.concatenate((found, whole))
        return rows, _mixed(found) >> np.uint64(64 - BITS)


def _distinct(rows: Indices, hashes: Hashes, count: int) -> Sets:
    found = (rows.astype(np.uint64) << ROW) | hashes
    found.sort()
    new = np.ones(len(found), bool)
    new[1:] = found[1:] != found[:-1]
    found = found[new]
    sizes = np.bincount((found >> ROW).astype(np.int64), minlength=count).astype(np.int64)
    return Sets(sizes, found & np.uint64((1 << BITS) - 1))


def common(sets: Sets, share: float = 0.005, least: int = 20) -> Hashes:
    """Return the n-grams that stand in more than ``share`` of the rows (and in more than ``least``), sorted."""
    found, counts = np.unique(sets.hashes, return_counts=True)
    return found[counts > max(least, share * len(sets.sizes))]


@dataclass(frozen=True, slots=True)
class Prefixes:
    """For each row the ``counts[i]`` n-grams that it must share with a near row, in the common order."""

    counts: Indices
    tokens: npt.NDArray[np.int64]


def prefixes(sets: Sets, threshold: float, heavy: Hashes) -> Prefixes:
    """Return the prefix of each set for Jaccard >= ``threshold``; the ``heavy`` n-grams come last in the order."""
    sizes, hashes = sets.sizes, sets.hashes
    rows = np.repeat(np.arange(len(sizes)), sizes)
    if len(heavy) and len(hashes):
        place = np.minimum(np.searchsorted(heavy, hashes), len(heavy) - 1)
        ordered = (rows.astype(np.uint64) << ROW) | np.where(heavy[place] == hashes, hashes | HEAVY, hashes)
        ordered.sort()
        hashes = ordered & np.uint64((1 << BITS + 1) - 1)
    needed = np.ceil(threshold * sizes - 1e-9).astype(np.int64)
    counts = np.where(sizes > 0, sizes - needed + 1, 0)
    within = np.arange(len(hashes)) - np.repeat(sets.starts, sizes)
    kept = within < np.repeat(counts, sizes)
    return Prefixes(counts, hashes[kept].view(np.int64))


def overlap_needed(left: int, right: int, threshold: float) -> int:
    """Return how many n-grams sets of these sizes share at Jaccard ``threshold``."""
    return math.ceil(threshold / (1 + threshold) * (left + right) - 1e-9)


def jaccard(left: Sets, right: Sets) -> npt.NDArray[np.float64]:
    """Return the exact Jaccard similarity of row i of ``left`` and row i of ``right``."""
    count = len(left.sizes)
    rows = np.concatenate((np.repeat(np.arange(count), left.sizes), np.repeat(np.arange(count), right.sizes)))
    found = (rows.astype(np.uint64) << ROW) | np.concatenate((left.hashes, right.hashes))
    found.sort()
    twice = found[1:][found[1:] == found[:-1]]
    shared = np.bincount((twice >> ROW).astype(np.int64), minlength=count)
    union = left.sizes + right.sizes - shared
    return np.where(union > 0, shared / np.maximum(union, 1), 0.0)
