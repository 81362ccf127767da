"""The state of a gate: one pure function of its outcomes and its sign-offs."""

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from apps.gates.models import GateState


@dataclass(frozen=True, slots=True)
class Signed:
    """What the state needs to know of one sign-off; ``counts`` is false once its signer is deactivated."""

    digest: str
    person: uuid.UUID
    responsibility: str
    verdict: str
    counts: bool = True


def matched(needed: Sequence[str], people: Mapping[str, Iterable[uuid.UUID]]) -> dict[str, uuid.UUID]:
    """Return a largest matching of responsibilities to distinct people (Kuhn's augmenting paths).

    Enough people and enough responsibilities is not enough: each needs a person of its own.
    """
    given: dict[uuid.UUID, str] = {}

    def place(responsibility: str, tried: set[uuid.UUID]) -> bool:
        for person in people.get(responsibility, ()):
            if person in tried:
                continue
            tried.add(person)
            if person not in given or place(given[person], tried):
                given[person] = responsibility
                return True
        return False

    for responsibility in needed:
        place(responsibility, set())
    return {responsibility: person for person, responsibility in given.items()}


def is_complete(needed: Sequence[str], sign_offs: Iterable[Signed], digest: str) -> bool:
    """Tell whether every needed responsibility was approved by a person of its own on this very dossier."""
    people: dict[str, list[uuid.UUID]] = {}
    for row in sign_offs:
        if row.digest == digest and row.verdict == "approve" and row.counts:
            people.setdefault(row.responsibility, []).append(row.person)
    return len(matched(needed, people)) == len(needed)


def are_changes_asked(sign_offs: Iterable[Signed], digest: str) -> bool:
    """Tell whether somebody asked for changes to this very dossier: it can't be approved, another one can."""
    return any(row.verdict == "request_changes" and row.digest == digest for row in sign_offs)


def state_of(
    *, digest: str, unmet: int, needed: Sequence[str], sign_offs: Sequence[Signed], withdrawn: bool = False
) -> GateState:
    """Return the state of a gate whose dossier has this digest now.

    Withdrawal and rejection end a gate. Signatures count on the current digest alone. A gate that was approved
    and is no longer has lapsed, until it is approved again.
    """
    if withdrawn:
        return GateState.WITHDRAWN
    if any(row.verdict == "reject" for row in sign_offs):
        return GateState.REJECTED
    was_approved = any(
        is_complete(needed, [_counting(row) for row in sign_offs], past) for past in {row.digest for row in sign_offs}
    )
    asked = are_changes_asked(sign_offs, digest)
    if not unmet and not asked and is_complete(needed, sign_offs, digest):
        return GateState.APPROVED
    if was_approved:
        return GateState.LAPSED
    return GateState.OPEN if unmet or asked else GateState.IN_REVIEW


def _counting(row: Signed) -> Signed:
    return Signed(row.digest, row.person, row.responsibility, row.verdict)
