"""Identifiers: UUIDs of version 7, so that a key sorts by the time it was made and is never used again."""

from uuid import UUID

from uuid_utils.compat import uuid7


def new_id() -> UUID:
    """Return a fresh UUIDv7 (RFC 9562)."""
    return uuid7()
