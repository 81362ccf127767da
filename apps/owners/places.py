"""Ownerships and offers beside the label and the address of their subjects."""

from collections.abc import Sequence
from typing import Any

from apps.core import subjects
from apps.core.subjects import SubjectRef
from apps.owners.models import Ownership, OwnershipOffer


def place(ref: SubjectRef, obj: Any) -> dict[str, Any]:
    """Return label, address and kind of a subject; of one that is gone or hidden, what is left."""
    if obj is None:
        return {"label": str(ref.id), "url": "", "kind": ref.type}
    kind = subjects.kind(ref.type)
    return {"label": kind.label(obj), "url": kind.url(obj), "kind": kind.title}


def with_subjects(rows: Sequence[Ownership | OwnershipOffer]) -> list[dict[str, Any]]:
    """Return each row, as ``ownership`` or ``offer``, beside its subject; one query a kind of subject."""
    found = subjects.find(row.ref for row in rows)
    return [
        {"ownership" if isinstance(row, Ownership) else "offer": row, **place(row.ref, found.get(row.ref))}
        for row in rows
    ]
