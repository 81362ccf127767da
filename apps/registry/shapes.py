"""What digests, commits, version numbers and free JSON objects must look like."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from django.utils.translation import gettext as _

from apps.core.canonical import canonical_json
from apps.registry.errors import CommitMalformed, DigestMalformed, NumberMalformed, ObjectTooLarge

DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
NUMBER = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]{0,59}")
MOST_BYTES, MOST_DEPTH, MOST_KEYS = 32_768, 6, 500
LARGEST_NUMBER = 2**53


def checked_digest(text: str, field: str) -> str:
    """Return a digest in lower case (empty stays empty), or raise ``DigestMalformed``."""
    found = text.strip().lower()
    if found and not DIGEST.fullmatch(found):
        raise DigestMalformed(
            _("A digest is written as sha256: and 64 hexadecimal digits."),
            errors={f"/{field}": [_("Write sha256: and 64 hexadecimal digits.")]},
        )
    return found


def checked_commit(text: str, field: str = "code_commit") -> str:
    """Return a whole commit in lower case (empty stays empty): 40 or 64 hexadecimal digits."""
    found = text.strip().lower()
    if found and not COMMIT.fullmatch(found):
        raise CommitMalformed(
            _("Give the whole commit, 40 or 64 hexadecimal digits: a branch can come to mean another one."),
            errors={f"/{field}": [_("Give the whole commit: 40 or 64 hexadecimal digits.")]},
        )
    return found


def checked_number(text: str, field: str = "number") -> str:
    found = text.strip()
    if not NUMBER.fullmatch(found):
        raise NumberMalformed(
            _("A version is named by up to 60 letters, digits, “.”, “-”, “_” and “+”, as in 1.2.0 or 2026-03-rc1."),
            errors={f"/{field}": [_("Use letters, digits, “.”, “-”, “_” and “+”.")]},
        )
    return found


def checked_object(value: Any, field: str) -> dict[str, Any]:
    """Return a JSON object of at most 32 KiB, 6 levels and 500 keys numbers up to 2^53; else ``ObjectTooLarge``."""
    problem = _problem(value)
    if problem:
        raise ObjectTooLarge(problem, errors={f"/{field}": [problem]})
    return dict(value)


def _problem(value: Any) -> str:
    if not isinstance(value, Mapping):
        return _("Give a JSON object: names in quotes, each with its value.")
    keys = 0
    for depth, found in _walk(value):
        if depth > MOST_DEPTH and isinstance(found, Mapping | list):
            return _("Nest at most %(n)d levels deep.") % {"n": MOST_DEPTH}
        keys += len(found) if isinstance(found, Mapping) else 0
        if keys > MOST_KEYS:
            return _("Give at most %(n)d names.") % {"n": MOST_KEYS}
        if isinstance(found, int | float) and not abs(found) <= LARGEST_NUMBER:
            return _("Write numbers beyond 2^53 as text.")
        if isinstance(found, str) and "\x00" in found:
            return _("A text holds a NUL character; remove it.")
    try:
        size = len(canonical_json(value))
    except ValueError:
        return _("Give texts, numbers, true, false, null, lists and objects only.")
    return _("Give at most %(n)d bytes.") % {"n": MOST_BYTES} if size > MOST_BYTES else ""


def _walk(value: Any) -> Iterator[tuple[int, Any]]:
    """Yield every key and value with its depth, the object itself at 1; deeper than allowed only once."""
    level, depth = [value], 1
    while level and depth <= MOST_DEPTH + 1:
        following: list[Any] = []
        for found in level:
            yield depth, found
            if isinstance(found, Mapping):
                for key in found:
                    yield depth, key
                following += found.values()
            elif isinstance(found, list):
                following += found
        level, depth = following, depth + 1
