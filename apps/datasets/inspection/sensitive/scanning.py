"""One pass of hyperscan over a batch of texts, and Python only where it found something."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import hyperscan
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from apps.datasets.inspection.sensitive.kinds import INDEX, KINDS, Finding, Plugin, Span, best
from apps.datasets.inspection.sensitive.plugins import load_all
from apps.datasets.inspection.sensitive.recognisers import RECOGNISERS

SEPARATOR = b"\xff"
MOST_BYTES = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Hits:
    """What a batch holds, as parallel arrays sorted by row and then start; no two hits of a row overlap.

    ``row`` (int64) is the position in the batch, ``kind`` (int16) an index into ``KINDS``, ``start`` and ``end``
    (int32) are offsets in characters, ``confidence`` (float32) goes from 0 to 1.
    """

    row: np.ndarray
    kind: np.ndarray
    start: np.ndarray
    end: np.ndarray
    confidence: np.ndarray

    def __len__(self) -> int:
        return len(self.row)


def _hits(rows: Sequence[int], spans: Sequence[Span]) -> Hits:
    kinds, starts, ends, sure = np.asarray(spans, np.float64).reshape(-1, 4).T
    return Hits(
        np.asarray(rows, np.int64),
        kinds.astype(np.int16),
        starts.astype(np.int32),
        ends.astype(np.int32),
        sure.astype(np.float32),
    )


def _decoded(data: bytes) -> str:
    try:
        return data.decode("utf-8", "surrogatepass")
    except UnicodeDecodeError:
        return data.decode("latin-1")


@lru_cache(maxsize=1)
def database() -> Any:
    """Compile the triggers; the database is shared by every scanner of the process, which brings its own scratch."""
    made = hyperscan.Database(mode=hyperscan.HS_MODE_BLOCK)
    plain = hyperscan.HS_FLAG_DOTALL
    made.compile(
        expressions=[recogniser.trigger for recogniser in RECOGNISERS],
        ids=list(range(len(RECOGNISERS))),
        elements=len(RECOGNISERS),
        flags=[plain | (hyperscan.HS_FLAG_CASELESS if found.caseless else 0) for found in RECOGNISERS],
    )
    return made


def compiled() -> bytes:
    """Return the compiled triggers, for a scanner in another process of this machine."""
    data: bytes = hyperscan.dumpb(database())
    return data


class Scanner:
    """Finds personal data and secrets in batches of texts. Make one for each thread, and use it again.

    ``recognisers`` are optional plug-ins, which read every text in Python: the scan is as slow as they are.
    ``triggers`` are what ``compiled`` gave, so that they need not be compiled again.
    """

    def __init__(self, recognisers: Iterable[Plugin] = (), *, triggers: bytes = b"") -> None:
        self._plugins = tuple(recognisers)
        for plugin in self._plugins:
            if unknown := set(plugin.kinds) - INDEX.keys():
                raise ValueError(f"There is no kind {sorted(unknown)[0]!r}. There are: {', '.join(INDEX)}.")
        self._database = hyperscan.loadb(triggers, hyperscan.HS_MODE_BLOCK) if triggers else database()
        self._scratch = hyperscan.Scratch(self._database)

    def scan(self, texts: pa.Array) -> Hits:
        """Return what the texts (``pa.string`` or ``pa.large_string``, nulls allowed) hold.

        A text's hits depend on that text alone. Memory: a copy of the batch, at most 64 MiB of it at a time unless
        one text is longer.
        """
        rows: list[int] = []
        spans: list[Span] = []
        for first, part in _parts(texts):
            self._scan_part(part, first, rows, spans)
        return _hits(rows, spans)

    def find(self, text: str) -> list[Finding]:
        """Return what one text holds, in order of place; the same as a scan of a batch with this text in it."""
        data = pa.array([text.encode("utf-8", "surrogatepass")], pa.large_binary())
        hits = self.scan(data.view(pa.large_string()))
        return [
            Finding(KINDS[kind].key, start, end, round(sure, 4))
            for kind, start, end, sure in zip(
                hits.kind.tolist(), hits.start.tolist(), hits.end.tolist(), hits.confidence.tolist(), strict=True
            )
        ]

    def _scan_part(self, texts: pa.Array, first: int, rows: list[int], spans: list[Span]) -> None:
        data, starts = _joined(texts)
        found = self._candidates(data, starts)
        if self._plugins:
            self._ask_plugins(texts, found)
        for row in sorted(found):
            kept = best(found[row])
            rows.extend([first + row] * len(kept))
            spans.extend(kept)

    def _candidates(self, data: bytes, starts: np.ndarray) -> dict[int, list[Span]]:
        """Return what the recognisers read where a trigger matched, by row."""
        events = self._events(data)
        if not events:
            return {}
        which, ends = np.asarray(events, np.int64).T
        at_row = np.searchsorted(starts, ends - 1, side="right") - 1
        offsets = _characters(data, starts[at_row], ends)
        order = np.lexsort((offsets, which, at_row))
        found: dict[int, list[Span]] = {}
        text = ""
        candidates: list[Span] = []
        current = done = last = -1
        bounds = np.append(starts, len(data) + 1)
        for row, trigger, at in zip(
            at_row[order].tolist(), which[order].tolist(), offsets[order].tolist(), strict=True
        ):
            if row != current:
                if candidates:
                    found[current] = candidates
                current, candidates, last = row, [], -1
                text = _decoded(data[bounds[row] : bounds[row + 1] - 1])
            if trigger != last:
                last, done = trigger, -1
            if at > done:
                done = RECOGNISERS[trigger].read(text, at, candidates)
        if candidates:
            found[current] = candidates
        return found

    def _events(self, data: bytes) -> list[tuple[int, int]]:
        events: list[tuple[int, int]] = []
        keep = events.append

        def matched(trigger: int, _start: int, end: int, _flags: int, _context: Any) -> None:
            keep((trigger, end))

        self._database.scan(data, match_event_handler=matched, scratch=self._scratch)
        return events

    def _ask_plugins(self, texts: pa.Array, found: dict[int, list[Span]]) -> None:
        for row, text in enumerate(texts.to_pylist()):
            for plugin in self._plugins if text else ():
                for finding in plugin.find(text):
                    if not 0 <= finding.start < finding.end <= len(text):
                        raise ValueError(f"A plug-in found {finding.kind} at {finding.start} to {finding.end}.")
                    span = Span(INDEX[finding.kind], finding.start, finding.end, finding.confidence)
                    found.setdefault(row, []).append(span)


def _parts(texts: pa.Array) -> Iterable[tuple[int, pa.Array]]:
    """Cut a batch into runs of rows of at most ``MOST_BYTES`` together, each with the position of its first row."""
    if len(texts) == 0:
        return
    if texts.nbytes <= MOST_BYTES:
        yield 0, texts
        return
    lengths = pc.binary_length(texts).fill_null(0).to_numpy(zero_copy_only=False)
    upto = np.cumsum(lengths, dtype=np.int64)
    first = 0
    while first < len(texts):
        before = int(upto[first - 1]) if first else 0
        end = max(int(np.searchsorted(upto, before + MOST_BYTES, side="right")), first + 1)
        yield first, texts.slice(first, end - first)
        first = end


def _joined(texts: pa.Array) -> tuple[bytes, np.ndarray]:
    """Return the texts as one run of bytes, a separator before each, and where each begins in it."""
    values = texts.cast(pa.binary() if pa.types.is_string(texts.type) else pa.large_binary()).fill_null(b"")
    lengths = pc.binary_length(values).to_numpy(zero_copy_only=False).astype(np.int64)
    whole = pa.LargeListArray if pa.types.is_large_binary(values.type) else pa.ListArray
    kind = pa.int64() if whole is pa.LargeListArray else pa.int32()
    nested = whole.from_arrays(pa.array([0, len(values)], kind), values)
    data = SEPARATOR + pc.binary_join(nested, pa.scalar(SEPARATOR, values.type))[0].as_py()
    starts = np.cumsum(lengths + 1) - lengths
    return data, starts


def _characters(data: bytes, starts: np.ndarray, ends: np.ndarray) -> np.ndarray:
    """Return how many characters lie between byte offsets: bytes that do not continue a character (RFC 3629, 3)."""
    continuing = np.flatnonzero(np.frombuffer(data, np.int8) < -64)
    lengths: np.ndarray = ends - starts
    if len(continuing):
        lengths = lengths - (np.searchsorted(continuing, ends) - np.searchsorted(continuing, starts))
    return lengths


@lru_cache(maxsize=4)
def _own(recognisers: tuple[str, ...]) -> Scanner:
    return Scanner(load_all(recognisers))


def find(text: str, recognisers: tuple[str, ...] = ()) -> list[Finding]:
    """Return what one text holds, in order of place; ``recognisers`` are the dotted paths of plug-ins to ask too."""
    return _own(recognisers).find(text)
