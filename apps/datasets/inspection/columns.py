"""What each column holds: types, missing values, constants; and cells that are unsafe to open."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

TYPES: tuple[tuple[str, str], ...] = (
    ("integer", r"^[+-]?\d{1,18}$"),
    ("number", r"^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$"),
    ("boolean", r"^(?i:true|false|yes|no)$"),
    ("date", r"^\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:?\d{2})?)?$"),
    ("json", r"^(\{[\s\S]*\}|\[[\s\S]*\])$"),
)
UNSAFE: dict[str, str] = {
    "formula": r"^\s*(=[^=]|@[A-Za-z]+\(|[+-][A-Za-z]+\()",
    "html": r"(?i)<(script|iframe|object|embed|img|svg|style|link|form|a|div|span|p|br|table|td|b|i)\b[^>]*>",
    "script_link": r"(?i)\b(javascript|vbscript|data:text/html)\s*:",
}
NEEDED = {"html": "<", "script_link": ":"}
"""A character without which there is no such content: it is looked for first, for it is found faster."""
UNSAFE_BEYOND_ASCII: dict[str, str] = {
    "zero_width": "[\u200b\u200c\u2060\ufeff\u00ad]",
    "bidirectional": "[\u202a-\u202e\u2066-\u2069]",
    "mojibake": "\ufffd|Ã[\u0080-\u00bf]|â€[\u0090-\u00bf™œ\u009d“”]|Â[\u00a0-\u00bf]",
}
UNSAFE_KINDS = (*UNSAFE, *UNSAFE_BEYOND_ASCII)
SAMPLES = 20


@dataclass
class Profile:
    """One column so far: counts by type of the values that are there, and the value while there is only one."""

    missing: int = 0
    types: Counter[str] = field(default_factory=Counter)
    only: str | None = None
    varies: bool = False

    def add(self, other: "Profile") -> None:
        self.missing += other.missing
        self.types += other.types
        if other.only is not None or other.varies:
            self.varies |= other.varies or (self.only is not None and self.only != other.only)
            self.only = other.only if self.only is None else self.only

    def as_dict(self) -> dict[str, Any]:
        return {"missing": self.missing, "types": dict(self.types), "only": self.only, "varies": self.varies}

    @classmethod
    def of(cls, found: dict[str, Any]) -> "Profile":
        return cls(found["missing"], Counter(found["types"]), found["only"], found["varies"])

    @property
    def type(self) -> str:
        """Return the narrowest type that every value has; text when they differ."""
        kinds = set(self.types)
        if not kinds:
            return "empty"
        if kinds <= {"integer", "number"}:
            return "number" if "number" in kinds else "integer"
        return kinds.pop() if len(kinds) == 1 else "text"


def profile(values: pa.Array) -> Profile:
    """Return what a batch of a column holds; missing is null or blank."""
    blank = pc.equal(pc.utf8_trim_whitespace(values.fill_null("")), "")
    there = values.filter(pc.invert(blank))
    found = Profile(missing=len(values) - len(there))
    if not len(there):
        return found
    found.only = there[0].as_py()
    found.varies = not pc.all(pc.equal(there, there[0])).as_py()
    if found.varies:
        found.only = found.only[:200]
    rest = there
    for kind, pattern in TYPES:
        matched = pc.match_substring_regex(rest, pattern)
        count = pc.sum(matched).as_py() or 0
        if count:
            found.types[kind] += count
            rest = rest.filter(pc.invert(matched))
        if not len(rest):
            return found
    found.types["text"] += len(rest)
    return found


def unsafe(values: pa.Array) -> dict[str, list[int]]:
    """Return the rows of the batch that hold each kind of unsafe content.

    A formula is what a spreadsheet would run (OWASP, CSV injection); zero-width and bidirectional characters hide text
    from a reader (Unicode TR 36); mojibake is UTF-8 that was read as something else.
    """
    texts = values.fill_null("")
    patterns = dict(UNSAFE)
    if not pc.all(pc.string_is_ascii(texts)).as_py():
        patterns |= UNSAFE_BEYOND_ASCII
    found = {}
    for kind, pattern in patterns.items():
        near = pc.indices_nonzero(pc.match_substring(texts, NEEDED[kind])) if kind in NEEDED else None
        asked = texts if near is None else texts.take(near)
        rows = pc.indices_nonzero(pc.match_substring_regex(asked, pattern))
        if len(rows):
            found[kind] = (rows if near is None else near.take(rows)).to_pylist()
    return found


def days(values: pa.Array) -> pa.Array:
    """Return each date as days since 1970-01-01, null where there is none (ISO 8601 dates, or seconds since 1970)."""
    texts = pc.utf8_trim_whitespace(values.fill_null(""))
    iso = pc.match_substring_regex(texts, r"^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])([T ].*)?$")
    heads = pc.if_else(iso, pc.utf8_slice_codeunits(texts, 0, 10), None)
    found = pc.strptime(heads, format="%Y-%m-%d", unit="s", error_is_null=True).cast(pa.int64())
    epoch = pc.match_substring_regex(texts, r"^\d{9,10}$")
    seconds = pc.if_else(epoch, texts, None).cast(pa.int64())
    return pc.floor(pc.divide(pc.coalesce(found, seconds).cast(pa.float64()), 86_400.0)).cast(pa.int32())
