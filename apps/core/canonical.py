"""One canonical form for everything that is hashed or signed."""

import datetime as dt
import hashlib
from typing import Any

import rfc8785


def canonical_json(value: Any) -> bytes:
    """Return the RFC 8785 form of ``value``: str, int, float, bool, None, list, tuple and dict only.

    Raise ``ValueError`` for what has no canonical form (NaN, integers beyond 2^53, lone surrogates).
    """
    try:
        return rfc8785.dumps(value)
    except rfc8785.CanonicalizationError as error:
        raise ValueError(str(error)) from error


def sha256_digest(data: bytes) -> str:
    """Return ``sha256:`` and the lower-case hexadecimal SHA-256 of ``data``."""
    return "sha256:" + hashlib.sha256(data).hexdigest()


def digest_of(value: Any) -> str:
    """Return the digest of the canonical form of ``value``."""
    return sha256_digest(canonical_json(value))


def moment_text(moment: dt.datetime) -> str:
    """Return the moment as the ledger writes it: UTC, microseconds, ``Z``; it sorts as text."""
    return moment.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
